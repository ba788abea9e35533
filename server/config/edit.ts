// Changes one setting in the text of a config and leaves all else as it stands: comments, quotes,
// indentation, anchors, line ends. The text is spliced; what comes of it is read again, and is only given
// when it says what was wanted and nothing else.
import { isDeepStrictEqual } from 'node:util'
import { Problems } from './problem.ts'
import { readTree } from './read.ts'
import { type Edit, spliced } from './splice.ts'
import type { Plain } from './spell.ts'
import { Lines, type MapTree, type Path, type Tree, treeAt, writePath } from './tree.ts'

/** The text with the change, or why there is none. */
export type Edited = { readonly text: string } | { readonly refused: string }

/** Edits the text of a config file that can be read. */
export function edit(file: string, text: string, asked: Edit): Edited {
  const isToml = file.toLowerCase().endsWith('.toml')
  if (isToml) return { refused: 'TOML is not edited, only YAML and JSON' }
  const tree = treeOf(file, text)
  if (tree === null) return { refused: 'the file cannot be read' }
  const wanted = withAbove(tree, asked)
  const why = whyNot(tree, wanted)
  if (why !== null) return { refused: why }
  const goal = changed(plainOf(tree), wanted.path, wanted.to)
  if (goal === NOWHERE) return { refused: `there is no such place: ${whereItEnds(tree, wanted.path)}` }
  for (const candidate of spliced(file, text, tree, wanted)) {
    const made = treeOf(file, candidate)
    if (made !== null && isDeepStrictEqual(plainOf(made), goal)) return { text: candidate }
  }
  const isShared = treeAt(tree, wanted.path)?.isShared === true
  return { refused: isShared ? SHARED : 'it cannot be changed alone: edit the file by hand' }
}

function treeOf(file: string, text: string): MapTree | null {
  const lines = new Lines(file, text)
  const problems = new Problems(lines)
  const tree = readTree(text, lines, problems)
  return problems.hasErrors ? null : tree
}

const SHARED = 'it comes from an anchor, which other places use as well: edit the file by hand'

/** What would hold a new setting, and is not there yet, comes with it. */
function withAbove(tree: MapTree, { path, to }: Edit): Edit {
  let length = path.length
  while (length > 1 && isNothing(treeAt(tree, path.slice(0, length - 1)))) length--
  const inner = path.slice(length)
  if (to === null || inner.some((step) => typeof step === 'number')) return { path, to }
  return { path: path.slice(0, length), to: inner.reduceRight<Plain>((held, key) => ({ [key]: held }), to) }
}

const isNothing = (tree: Tree | null): boolean =>
  tree === null || (tree.is === 'scalar' && tree.value === null)

/** Why nothing can stand at this path: maps take any key. */
function whereItEnds(tree: MapTree, path: Path): string {
  let above = path.slice(0, -1)
  while (treeAt(tree, above) === null) above = above.slice(0, -1)
  const holder = treeAt(tree, above)
  const name = writePath(above)
  if (holder?.is !== 'list') return `${name} is one value`
  const end = holder.items.length
  return `${name} is a list, whose places are ${name}[0] to ${name}[${end}], where ${end} adds one`
}

/** What several places share is not changed for all of them in silence. */
function whyNot(tree: MapTree, { path, to }: Edit): string | null {
  if (path.length === 0) return 'the name of a setting is missing'
  if (to === null && treeAt(tree, path) === null) return 'there is no such setting'
  // The value itself may get another one in its own place.
  const above = path.slice(0, -1)
  const isShared = above.some((_, depth) => treeAt(tree, above.slice(0, depth + 1))?.isShared === true)
  return isShared ? SHARED : null
}

/** What a tree says, in the order of keys that are of no account. */
function plainOf(tree: Tree): unknown {
  if (tree.is === 'scalar') return tree.value
  if (tree.is === 'list') return tree.items.map(plainOf)
  return new Map([...tree.entries].map(([key, { value }]) => [key, plainOf(value)]))
}

const NOWHERE = Symbol('nowhere')

/** The same with the change; nothing in `plain` is touched. */
function changed(plain: unknown, [step, ...rest]: Path, to: Plain | null): unknown {
  if (step === undefined) return asRead(to)
  if (plain instanceof Map) return changedMap(plain, String(step), rest, to)
  if (!Array.isArray(plain) || typeof step !== 'number' || step > plain.length) return NOWHERE
  if (to === null && rest.length === 0) return plain.toSpliced(step, 1)
  const item = changed(plain[step] ?? new Map(), rest, to)
  return item === NOWHERE ? NOWHERE : plain.toSpliced(step, 1, item)
}

function changedMap(plain: Map<unknown, unknown>, key: string, rest: Path, to: Plain | null): unknown {
  const copy = new Map(plain)
  if (to === null && rest.length === 0) {
    copy.delete(key)
    return copy
  }
  if (!plain.has(key) && rest.length > 0) return NOWHERE
  const value = changed(plain.get(key), rest, to)
  return value === NOWHERE ? NOWHERE : copy.set(key, value)
}

/** A value as it is read of a file. */
function asRead(value: Plain | null): unknown {
  if (Array.isArray(value)) return value.map(asRead)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, item]) => [key, asRead(item)]))
}
