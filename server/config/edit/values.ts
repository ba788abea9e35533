// What a config says, without places: what an edit is to make of it, and whether that was made.
import type { Steps } from '../../lib/slices.ts'
import type { Plain } from '../spell.ts'
import { type Path, type Tree, writePath } from '../tree.ts'

/** One change of a text. */
export type Edit =
  /** What stands there becomes `to`; what would hold it and is not there yet comes with it. */
  | { readonly do: 'set'; readonly path: Path; readonly to: Plain }
  | { readonly do: 'remove'; readonly path: Path }
  /** A new item, which stands at this place of its list; those from there on go one further. */
  | { readonly do: 'insert'; readonly path: Path; readonly to: Plain }
  /** An item goes to another place of its list, counted without it. */
  | { readonly do: 'move'; readonly path: Path; readonly to: number }
  /** A key of a map gets another name. */
  | { readonly do: 'rename'; readonly path: Path; readonly to: string }

/** Undefined: a problem was told there. The order of keys is of no account. */
export type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Value[]
  | ReadonlyMap<string, Value>

/** What became of one edit. */
export type EditedOnce =
  | { readonly text: string; readonly isReformatted: boolean }
  | { readonly refused: string }

/** Why an edit cannot be. */
export class Impossible extends Error {
  override readonly name = 'Impossible'
}

/** What a tree says. */
export function valueOf(tree: Tree): Value {
  if (tree.is === 'scalar') return tree.value
  if (tree.is === 'list') return tree.items.map(valueOf)
  const map = new Map<string, Value>()
  for (const [key, { value }] of tree.entries) map.set(key, valueOf(value))
  return map
}

/** The same in short turns, between the items of what stands outermost. */
export function* valueSteps(tree: Tree, depth = 0): Steps<Value> {
  if (tree.is === 'scalar' || depth > 1) return valueOf(tree)
  if (tree.is === 'list') {
    const list: Value[] = []
    for (const item of tree.items) {
      list.push(valueOf(item))
      yield
    }
    return list
  }
  const map = new Map<string, Value>()
  for (const [key, { value }] of tree.entries) {
    map.set(key, yield* valueSteps(value, depth + 1))
    yield
  }
  return map
}

/** A value as it is read of a file. */
export function asRead(value: Plain): Value {
  if (isList(value)) return value.map(asRead)
  if (typeof value !== 'object') return value
  return new Map(Object.entries(value).map(([key, item]) => [key, asRead(item)]))
}

/** The same as it is given; what is nothing is left out. */
export function asGiven(value: Value): Plain | null {
  if (value === undefined || value === null) return null
  if (isList<Value>(value)) return value.map(asGiven).filter((item) => item !== null)
  if (!(value instanceof Map)) return value as Plain
  const entries = [...value].flatMap(([key, item]) => {
    const given = asGiven(item)
    return given === null ? [] : [[key, given] as const]
  })
  return Object.fromEntries(entries)
}

export const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value)
export const isMap = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map

/** Undefined: there is nothing. */
export function valueAt(value: Value, path: Path): Value {
  let found = value
  for (const step of path) {
    if (isMap(found)) found = found.get(String(step))
    else if (isList<Value>(found) && typeof step === 'number') found = found[step]
    // One value where a list may stand: it is the item itself.
    else if (step !== 0) return undefined
  }
  return found
}

export function isSame(a: Value, b: Value): boolean {
  if (a === b) return true
  if (isMap(a)) {
    if (!isMap(b) || a.size !== b.size) return false
    for (const [key, item] of a) if (!b.has(key) || !isSame(item, b.get(key))) return false
    return true
  }
  if (!isList<Value>(a) || !isList<Value>(b) || a.length !== b.length) return false
  return a.every((item, index) => isSame(item, b[index]))
}

/** What an edit is to make of a value, which stays as it is; throws Impossible. */
export function withEdit(value: Value, edit: Edit): Value {
  const { path } = edit
  if (path.length === 0) throw new Impossible('the name of a setting is missing')
  return inHolder(value, path, 0, (holder, step) => edited(holder, step, edit))
}

/** With what holds the last step of the path changed. */
function inHolder(
  value: Value,
  path: Path,
  depth: number,
  change: (holder: Value, step: string | number) => Value,
): Value {
  const step = path[depth] ?? ''
  if (depth === path.length - 1) return change(value, step)
  const deeper = (inner: Value): Value => inHolder(inner, path, depth + 1, change)
  if (isList<Value>(value) && typeof step === 'number') {
    if (step >= value.length) throw new Impossible(noPlace(value, path.slice(0, depth + 1)))
    return value.with(step, deeper(value[step]))
  }
  const key = String(step)
  if (isMap(value)) return new Map(value).set(key, deeper(value.get(key)))
  if (value === null || value === undefined) {
    if (typeof step !== 'number') return new Map([[key, deeper(undefined)]])
    if (step === 0) return [deeper(undefined)]
  }
  throw new Impossible(noPlace(value, path.slice(0, depth + 1)))
}

function edited(holder: Value, step: string | number, edit: Edit): Value {
  const { path } = edit
  if (isList<Value>(holder) && typeof step === 'number') return editedList(holder, step, edit)
  const isNew = edit.do === 'set' || edit.do === 'insert'
  if (isNew && (holder === null || holder === undefined)) return newHolder(step, asRead(edit.to), path)
  if (!isMap(holder)) throw new Impossible(noPlace(holder, path))
  return editedMap(holder, String(step), edit)
}

function newHolder(step: string | number, value: Value, path: Path): Value {
  if (typeof step !== 'number') return new Map([[step, value]])
  if (step === 0) return [value]
  throw new Impossible(noPlace([], path))
}

function editedList(holder: readonly Value[], step: number, edit: Edit): Value {
  const isNew = edit.do === 'set' || edit.do === 'insert'
  if (step > holder.length || (!isNew && step === holder.length))
    throw new Impossible(noPlace(holder, edit.path))
  switch (edit.do) {
    case 'set':
      return holder.toSpliced(step, 1, asRead(edit.to))
    case 'insert':
      return holder.toSpliced(step, 0, asRead(edit.to))
    case 'remove':
      return holder.toSpliced(step, 1)
    case 'move':
      if (edit.to >= holder.length)
        throw new Impossible(noPlace(holder, [...edit.path.slice(0, -1), edit.to]))
      return holder.toSpliced(step, 1).toSpliced(edit.to, 0, holder[step])
    case 'rename':
      throw new Impossible(`${writePath(edit.path)} is an item of a list: it has no key`)
  }
}

function editedMap(holder: ReadonlyMap<string, Value>, key: string, edit: Edit): Value {
  const copy = new Map(holder)
  if (edit.do === 'set') return copy.set(key, asRead(edit.to))
  if (edit.do === 'insert') {
    if (holder.has(key)) throw new Impossible(`${writePath(edit.path)} is there already`)
    return copy.set(key, asRead(edit.to))
  }
  if (!holder.has(key)) throw new Impossible('there is no such setting')
  if (edit.do === 'move') throw new Impossible(`${writePath(edit.path)} is no item of a list`)
  copy.delete(key)
  if (edit.do === 'remove') return copy
  if (holder.has(edit.to))
    throw new Impossible(`${writePath([...edit.path.slice(0, -1), edit.to])} is there already`)
  return copy.set(edit.to, holder.get(key))
}

/** Why nothing can stand at this path: maps take any key. */
function noPlace(holder: Value, path: Path): string {
  const name = writePath(path.slice(0, -1))
  if (!isList<Value>(holder)) return `there is no such place: ${name} is one value`
  const end = holder.length
  return `there is no such place: ${name} is a list, whose places are ${name}[0] to ${name}[${end}], where ${end} adds one`
}
