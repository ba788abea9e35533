// A config file as it was written: maps, lists and scalars, each with its place. Every format is read into
// this.

/** How many characters into the text. */
export type Offset = number

/** A stretch of the text; empty for what is not written, as a default. */
export interface Span {
  readonly at: Offset
  /** Behind its last character. */
  readonly end: Offset
}

export type Tree = Scalar | List | MapTree

interface Node extends Span {
  /** Its text stands for other places of the config as well, by an alias: who edits it edits those too. */
  isShared: boolean
}

export interface Scalar extends Node {
  readonly is: 'scalar'
  /** Undefined: a problem was reported here already, so nothing more is said of it. */
  value: string | number | boolean | null | undefined
  /**
   * As written when something was put in place of ${…}; its value may be a secret. Null: the value is what
   * was written.
   */
  written: string | null
  /** The whole scalar was one ${…}: it may stand for a number or a truth value as well. */
  loose: boolean
}

export interface List extends Node {
  readonly is: 'list'
  readonly items: readonly Tree[]
}

/** Of a table of TOML the text is its header. */
export interface MapTree extends Node {
  readonly is: 'map'
  readonly entries: ReadonlyMap<string, Entry>
}

/** A key with its value; the span is that of the key. */
export interface Entry extends Span {
  readonly value: Tree
}

/** Keys that are the user's own, as those that hold anchors: nothing is read from them. */
export const isExtension = (key: string): boolean => key.startsWith('x-')

/** How many levels a file may have. */
export const DEPTH_MAX = 64

/** Keys and places in lists, from the root. */
export type Path = readonly (string | number)[]

export const scalarAt = (at: Offset, value: Scalar['value'], end = at): Scalar => ({
  is: 'scalar',
  value,
  at,
  end,
  isShared: false,
  written: null,
  loose: false,
})

export const listAt = (at: Offset, items: readonly Tree[], end = at): List => ({
  is: 'list',
  at,
  end,
  isShared: false,
  items,
})

export const mapAt = (at: Offset, entries: ReadonlyMap<string, Entry>, end = at): MapTree => ({
  is: 'map',
  at,
  end,
  isShared: false,
  entries,
})

/** As plain data. */
export function plainOf(tree: Tree): unknown {
  if (tree.is === 'list') return tree.items.map(plainOf)
  if (tree.is === 'scalar') return tree.value
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plainOf(value)]))
}

/** A value, such as a default of the schema, as if it had been written there. */
export function treeOf(value: unknown, at: Offset): Tree {
  if (Array.isArray(value))
    return listAt(
      at,
      value.map((item: unknown) => treeOf(item, at)),
    )
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return scalarAt(at, value)
  const entries = Object.entries(value ?? {}).map(
    ([key, item]) => [key, { at, end: at, value: treeOf(item, at) }] as const,
  )
  return mapAt(at, new Map(entries))
}

/**
 * The place of what stands at `path`: of its key in a map. What is not there has the place of what would hold
 * it.
 */
export function locate(root: Tree, path: Path): Span {
  let tree = root
  let span: Span = { at: root.at, end: root.at }
  for (const step of path) {
    if (tree.is === 'map') {
      const entry = tree.entries.get(String(step))
      if (entry === undefined) return span
      span = entry
      tree = entry.value
    } else if (tree.is === 'list' && typeof step === 'number') {
      const item = tree.items[step]
      if (item === undefined) return span
      span = item
      tree = item
    } else {
      // One value where a list may stand: it is the item itself.
      if (step !== 0) return span
    }
  }
  return span
}

/** What stands at `path`, or null. */
export function treeAt(root: Tree, path: Path): Tree | null {
  let tree: Tree | undefined = root
  for (const step of path) {
    if (tree?.is === 'map') tree = tree.entries.get(String(step))?.value
    else if (tree?.is === 'list' && typeof step === 'number') tree = tree.items[step]
    // One value where a list may stand: it is the item itself.
    else if (tree?.is !== 'scalar' || step !== 0) return null
  }
  return tree ?? null
}

/** `backends.api.servers[0].url`. */
export function writePath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z0-9_-]+$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step.length > 80 ? `${step.slice(0, 80)}…` : step)}]`
  }
  return text
}

/** `listeners.web.bind` → its steps. Names with dots are written as `["a.b"]`. */
export function readPath(path: string): Path {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  )
}

/** Where something stands; line and column from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Turns offsets into a file's text into places. */
export class Lines {
  readonly file: string
  readonly #starts: readonly Offset[]

  constructor(file: string, text: string) {
    this.file = file
    const starts = [0]
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
    this.#starts = starts
  }

  place(at: Offset): Place {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return { file: this.file, line: low, column: at - (this.#starts[low - 1] ?? 0) + 1 }
  }

  /** The offset of a line and column. */
  offset(line: number, column: number): Offset {
    return (this.#starts[line - 1] ?? 0) + Math.max(column, 1) - 1
  }
}
