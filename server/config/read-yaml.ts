// YAML, and JSON as a part of it, with the place of every key and value.
import { isAlias, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { jsonSlip } from './json-slip.ts'
import { readPlainYaml } from './plain-yaml.ts'
import type { Problems } from './problem.ts'
import { reportDepth, reportErrors, reportSyntax } from './yaml-errors.ts'
import { lineSlip } from './yaml-slip.ts'
import {
  DEPTH_MAX,
  type Entry,
  listAt,
  mapAt,
  type MapTree,
  type Offset,
  scalarAt,
  type Span,
  type Tree,
} from './tree.ts'

/** Blank lines and comments only. */
const NOTHING = /^(?:[ \t\r]*(?:#[^\n]*)?(?:\n|$))*$/

export const OPTIONS = {
  // We look for duplicates ourselves: the library compares each key with each other one.
  uniqueKeys: false,
  stringKeys: true,
  prettyErrors: false,
  resolveKnownTags: false,
  logLevel: 'error',
} as const

/** What aliases may add to a file: few lines can stand for billions of values. */
const ALIASED_NODES_MAX = 1_000_000

/**
 * Reads YAML or JSON, of which the file's name tells; null when problems were found that leave nothing to
 * check.
 */
export function readYaml(text: string, problems: Problems, isJson = false): Tree | null {
  // Said at once: the whole reader takes long for many lines, also for empty ones.
  if (!isJson && NOTHING.test(text)) return scalarAt(0, null)
  const isBroken = isJson && !isJsonText(text)
  return (isBroken ? null : readPlainYaml(text)) ?? readWholeYaml(text, problems, isBroken)
}

/** The same with all that YAML has, slowly. `isBroken`: it should be JSON, and is not. */
export function readWholeYaml(text: string, problems: Problems, isBroken = false): Tree | null {
  let document: ReturnType<typeof parseDocument>
  try {
    document = parseDocument(text, OPTIONS)
  } catch (error) {
    if (error instanceof RangeError) reportDepth(problems, 0)
    else reportSyntax(problems, 0, error instanceof Error ? error.message : String(error))
    return null
  }
  const errors = [...document.errors, ...document.warnings]
  const slip = isBroken ? jsonSlip(text) : null
  if (slip !== null) {
    problems.add({ code: 'syntax', path: [], ...slip })
    return null
  }
  if (errors.length > 0) {
    reportErrors(problems, errors, text)
    return null
  }
  const reader = new Reader(text, problems)
  const tree = reader.read(document.contents, 0, 0)
  return reader.hasFailed ? null : tree
}

export function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A subtree that has a name. Null: we are still inside it. */
type Anchored = { readonly tree: Tree; readonly nodes: number } | null

class Reader {
  readonly #text: string
  readonly #problems: Problems
  readonly #anchors = new Map<string, Anchored>()
  #nodes = 0
  #aliasedNodes = 0
  hasFailed = false

  constructor(text: string, problems: Problems) {
    this.#text = text
    this.#problems = problems
  }

  /** `at`: the place to name when the node has none, as an empty value. */
  read(node: unknown, at: Offset, depth: number): Tree {
    const start = startOf(node) ?? at
    if (depth > DEPTH_MAX) return this.#fail(start, 'a value nested too deep', `at most ${DEPTH_MAX} levels`)
    if (isAlias(node)) return this.#alias(node.source, start)
    const before = this.#nodes++
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, null)
    const tree = this.#value(node, { at: start, end: endOf(node, this.#text) ?? start }, depth)
    if (anchor !== undefined) this.#anchors.set(anchor, { tree, nodes: this.#nodes - before })
    return tree
  }

  #value(node: unknown, span: Span, depth: number): Tree {
    if (isMap(node)) return this.#map(node, span, depth)
    if (isSeq(node)) return this.#list(node, span, depth)
    const { at, end } = span
    const value: unknown = isScalar(node) ? node.value : null
    if (
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
    )
      return scalarAt(at, value, end)
    return this.#fail(at, 'a value of a kind that config has no use for', 'text, a number, true or false')
  }

  #list(node: YAMLSeq, { at, end }: Span, depth: number): Tree {
    const items: Tree[] = []
    for (const item of node.items) {
      if (this.hasFailed) break
      items.push(this.read(item, at, depth + 1))
    }
    return listAt(at, items, end)
  }

  #map(node: YAMLMap, { at, end }: Span, depth: number): Tree {
    const entries = new Map<string, Entry>()
    const merged: Tree[] = []
    for (const { key, value } of node.items) {
      if (this.hasFailed) break
      const keyAt = startOf(key) ?? at
      const name = isScalar(key) ? (key.source ?? String(key.value)) : null
      if (name !== null && isOdd(name) && isScalar(key) && key.type === 'PLAIN' && this.#isSlip(keyAt)) break
      if (name === null) {
        this.#fail(keyAt, 'a key that is no text', 'a key, then ": "')
        break
      }
      const tree = this.read(value, keyAt, depth + 1)
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') merged.push(tree)
      else if (entries.has(name)) this.#duplicate(name, keyAt)
      else entries.set(name, { at: keyAt, end: endOf(key, this.#text) ?? keyAt, value: tree })
    }
    for (const tree of merged) this.#merge(tree, entries)
    return mapAt(at, entries, end)
  }

  /** A key that begins as no key does: read as one, but hardly meant so. */
  #isSlip(at: Offset): boolean {
    const slip = lineSlip(this.#text, at)
    if (slip === null) return false
    if (!this.hasFailed) this.#problems.add({ code: 'syntax', path: [], ...slip })
    this.hasFailed = true
    return true
  }

  /** `<<: *base` or `<<: [*a, *b]`: keys of the map itself win, then those of the first. */
  #merge(tree: Tree, entries: Map<string, Entry>): void {
    const sources = tree.is === 'list' ? tree.items : [tree]
    const maps = sources.filter((source): source is MapTree => source.is === 'map')
    if (maps.length < sources.length)
      this.#fail(tree.at, '"<<" with something else than maps', 'a map, or a list of maps')
    for (const map of maps)
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry)
  }

  #alias(name: string, at: Offset): Tree {
    const anchored = this.#anchors.get(name)
    // Its name is not told: a password may begin with "*".
    if (anchored === undefined)
      return this.#fail(
        at,
        'text that begins with "*"',
        'it in quotes, or the name of an anchor ("&NAME") before it',
      )
    if (anchored === null)
      return this.#fail(at, `"*${name}" within "&${name}" itself`, 'an anchor that is complete')
    this.#nodes += anchored.nodes
    this.#aliasedNodes += anchored.nodes
    if (this.#aliasedNodes > ALIASED_NODES_MAX)
      return this.#fail(at, 'aliases that stand for too much', `${ALIASED_NODES_MAX} values by aliases`)
    share(anchored.tree)
    return anchored.tree
  }

  #duplicate(name: string, at: Offset): void {
    this.#problems.add({
      code: 'duplicate',
      at,
      path: [],
      found: `the key ${JSON.stringify(name)} a second time in one map`,
      allowed: 'each key once',
      hint: 'remove one of them, or join what they hold',
    })
  }

  #fail(at: Offset, found: string, allowed: string): Tree {
    if (!this.hasFailed) this.#problems.add({ code: 'syntax', at, path: [], found, allowed })
    this.hasFailed = true
    return scalarAt(at, undefined)
  }
}

/** Begins with "-", or with what is no letter of a key. */
const isOdd = (name: string): boolean => name.charCodeAt(0) === 45 || name.charCodeAt(0) > 127

function startOf(node: unknown): Offset | null {
  const isNode = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)
  return isNode && node.range ? node.range[0] : null
}

/**
 * Where a node's own text ends, of a block without the line ends and comments behind it; null: it has none.
 */
export function endOf(node: unknown, text: string): Offset | null {
  if (isMap(node) && !node.flow) {
    const last = node.items.at(-1)
    return last === undefined ? null : (endOf(last.value, text) ?? endOf(last.key, text))
  }
  if (isSeq(node) && !node.flow) return endOf(node.items.at(-1), text)
  const isNode = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)
  if (!isNode || !node.range) return null
  const [start, end] = node.range
  const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
  return isBlock ? start + text.slice(start, end).trimEnd().length : end
}

/** An alias leads to it: its text is there for several places. */
function share(tree: Tree): void {
  if (tree.isShared) return
  tree.isShared = true
  if (tree.is === 'list') for (const item of tree.items) share(item)
  else if (tree.is === 'map') for (const { value } of tree.entries.values()) share(value)
}
