// A config file as it was written: maps, lists and scalars, each with its place. Every format is read into
// this.

/** How many characters into the text. */
export type Offset = number

export type Tree = Scalar | List | MapTree

export interface Scalar {
  readonly is: 'scalar'
  /** Undefined: a problem was reported here already, so nothing more is said of it. */
  value: string | number | boolean | null | undefined
  readonly at: Offset
  /**
   * As written when something was put in place of ${…}; its value may be a secret. Null: the value is what
   * was written.
   */
  written: string | null
  /** The whole scalar was one ${…}: it may stand for a number or a truth value as well. */
  loose: boolean
}

export interface List {
  readonly is: 'list'
  readonly at: Offset
  readonly items: readonly Tree[]
}

export interface MapTree {
  readonly is: 'map'
  readonly at: Offset
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  readonly at: Offset
  readonly value: Tree
}

/** Keys that are the user's own, as those that hold anchors: nothing is read from them. */
export const isExtension = (key: string): boolean => key.startsWith('x-')

/** How many levels a file may have. */
export const DEPTH_MAX = 64

/** Keys and places in lists, from the root. */
export type Path = readonly (string | number)[]

export const scalarAt = (at: Offset, value: Scalar['value']): Scalar => ({
  is: 'scalar',
  value,
  at,
  written: null,
  loose: false,
})

/** A value, such as a default of the schema, as if it had been written there. */
export function treeOf(value: unknown, at: Offset): Tree {
  if (Array.isArray(value)) return { is: 'list', at, items: value.map((item: unknown) => treeOf(item, at)) }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return scalarAt(at, value)
  const entries = Object.entries(value ?? {}).map(
    ([key, item]) => [key, { at, value: treeOf(item, at) }] as const,
  )
  return { is: 'map', at, entries: new Map(entries) }
}

/**
 * The place of what stands at `path`: of its key in a map. What is not there has the place of what would hold
 * it.
 */
export function locate(root: Tree, path: Path): Offset {
  let tree = root
  let at = root.at
  for (const step of path) {
    if (tree.is === 'map') {
      const entry = tree.entries.get(String(step))
      if (entry === undefined) return at
      at = entry.at
      tree = entry.value
    } else if (tree.is === 'list' && typeof step === 'number') {
      const item = tree.items[step]
      if (item === undefined) return at
      at = item.at
      tree = item
    } else {
      // One value where a list may stand: it is the item itself.
      if (step !== 0) return at
    }
  }
  return at
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

/** Turns offsets into lines and columns, both from 1. */
export class Lines {
  readonly #starts: readonly Offset[]

  constructor(text: string) {
    const starts = [0]
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
    this.#starts = starts
  }

  place(at: Offset): { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return { line: low, column: at - (this.#starts[low - 1] ?? 0) + 1 }
  }

  /** The offset of a line and column. */
  offset(line: number, column: number): Offset {
    return (this.#starts[line - 1] ?? 0) + Math.max(column, 1) - 1
  }
}
