// What was written in a config file, for checks: where problems go, and how they quote it.
import type { Finding, Problems } from './problem.ts'
import { nearest } from './nearest.ts'
import { type Plain, spell } from './spell.ts'
import { describe, shown } from './spoken.ts'
import { isStandIn } from './stand-in.ts'
import { locate, type MapTree, type Path, scalarAt, type Tree, treeAt } from './tree.ts'
import type { Machine, World } from './world.ts'

/** Certificates with their chains are a few KiB. */
const FILE_BYTES_MAX = 1_048_576

/** What listeners, certificates and backends there are. */
export interface Names {
  readonly listeners: object
  readonly certificates: object
  readonly backends: object
  readonly plugins: object
}

/** What a check is told of the file beside the words that it checks. */
export class Written {
  readonly nowMs: number
  /** Absolute paths of what was read. */
  readonly files = new Set<string>()
  readonly #tree: MapTree
  readonly #problems: Problems
  readonly #world: World
  readonly #names: Names
  #compared = 0

  constructor(names: Names, tree: MapTree, problems: Problems, world: World) {
    this.#names = names
    this.nowMs = world.nowMs
    this.#tree = tree
    this.#problems = problems
    this.#world = world
  }

  /** The text of a file that the config names; throws as ReadFile does. */
  readText(path: string): string {
    const bytes = this.#world.readFile(path, FILE_BYTES_MAX)
    this.files.add(path)
    return Buffer.from(bytes).toString('latin1')
  }

  /** The machine that it is to run on; null: not asked. */
  get machine(): Machine | null {
    return this.#world.machine
  }

  /** Where relative paths start. */
  get folder(): string {
    return this.#world.folder
  }

  report(finding: Omit<Finding, 'at' | 'end'>): void {
    const { at, end } = locate(this.#tree, finding.path)
    this.#problems.add({ ...finding, at, end })
  }

  warn(finding: Omit<Finding, 'at' | 'end' | 'severity'>): void {
    this.report({ ...finding, severity: 'warning' })
  }

  /** Whether this key was written, rather than filled in by default. */
  isWritten(path: Path): boolean {
    return this.written(path) !== null
  }

  /** What was written there; null: nothing. */
  written(path: Path): Tree | null {
    return treeAt(this.#tree, path)
  }

  /** Whether this value was written there, rather than standing in for a wrong one. */
  isAsWritten(path: Path, value: string): boolean {
    const tree = this.written(path)
    return tree?.is === 'scalar' && tree.value === value
  }

  /** A value as the file says it, for problems: what was put in place of ${…} may be a secret. */
  said(path: Path, value: string | number): string {
    const tree = this.written(path)
    return describe(tree?.is === 'scalar' ? tree : scalarAt(0, value))
  }

  /** The same without telling how long it is. */
  quoted(path: Path, value: string): string {
    const tree = this.written(path)
    if (tree?.is !== 'scalar') return shown(value)
    return shown(tree.written ?? (typeof tree.value === 'string' ? tree.value : value))
  }

  /** A value as it would be written in this file. */
  spelled(value: { readonly [key: string]: Plain }): string {
    const { syntax } = this.#problems
    return spell(value, syntax).slice(2, -2)
  }

  /** Whether something was put in place of ${…} there: hints must not repeat it. */
  isSubstituted(path: Path): boolean {
    const tree = this.written(path)
    return tree?.is === 'scalar' && tree.written !== null
  }

  /** Whether the key is there with a value of another kind: a problem was reported, its names are unknown. */
  isBroken(key: 'listeners' | 'certificates' | 'rules' | 'backends' | 'plugins'): boolean {
    const tree = treeAt(this.#tree, [key])
    return tree !== null && tree.is !== (key === 'rules' ? 'list' : 'map')
  }

  /** Looking for what was meant costs a look at each name: many wrong names among many would take minutes. */
  #mayCompare(count: number): boolean {
    this.#compared += count
    return this.#compared <= COMPARED_MAX
  }

  /** Reports a name that is not among those known. */
  resolve(kind: 'listener' | 'certificate' | 'backend' | 'plugin', name: string, path: Path): void {
    const plural = `${kind}s` as const
    if (isStandIn(name) || this.isBroken(plural) || Object.hasOwn(this.#names[plural], name)) return
    const names = Object.keys(this.#names[plural])
    const near = this.isSubstituted(path) || !this.#mayCompare(names.length) ? null : nearest(name, names)
    this.report({
      code: 'unknown-name',
      path,
      found: this.said(path, name),
      allowed: names.length === 0 ? `a ${kind}, but there is none` : `a ${kind}: ${listed(names)}`,
      hint: near !== null ? `did you mean "${near}"?` : names.length === 0 ? FIRST_OF[kind] : null,
    })
  }
}

/** Where there is none of its kind: how one is written. */
const FIRST_OF = {
  listener: null,
  certificate:
    'write one at the top level: certificates: { NAME: { cert: site.pem, key: site.key } }, or { NAME: { self_signed: true } } for trials',
  plugin: 'write one at the top level: plugins: { NAME: ./name.ts }',
  backend: 'write one at the top level: backends: { NAME: { servers: [{ url: "http://HOST:PORT" }] } }',
} as const

const COMPARED_MAX = 50_000
const NAMES_SHOWN = 12
const listed = (names: readonly string[]): string =>
  names.length <= NAMES_SHOWN ? names.join(', ') : `${names.slice(0, NAMES_SHOWN).join(', ')}, …`
