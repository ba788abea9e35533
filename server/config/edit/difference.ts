// The fewest edits that make one value of another: what is the same in both is not touched, so that its
// comments and its form stay.
import type { Plain } from '../spell.ts'
import type { Path } from '../tree.ts'
import { asRead, type Edit, isList, isMap, isSame, type Value } from './values.ts'

/** Edits in the order in which they are to be made. */
export function difference(path: Path, from: Value, to: Plain): Edit[] {
  if (isSame(from, asRead(to))) return []
  if (isMap(from) && typeof to === 'object' && !isList(to)) return ofMaps(path, from, to)
  if (isList<Value>(from) && isList(to) && to.length > 0) return ofLists(path, from, to)
  return [{ do: 'set', path, to }]
}

function ofMaps(path: Path, from: ReadonlyMap<string, Value>, to: Readonly<Record<string, Plain>>): Edit[] {
  const gone = [...from.keys()].filter((key) => !Object.hasOwn(to, key))
  const kept = Object.entries(to).flatMap(([key, value]): Edit[] =>
    from.has(key) && from.get(key) !== null
      ? difference([...path, key], from.get(key), value)
      : [{ do: 'set', path: [...path, key], to: value }],
  )
  // What goes goes last: a map that loses all it had would lose its form.
  return [...kept, ...gone.map((key): Edit => ({ do: 'remove', path: [...path, key] }))]
}

/** More items than this are not matched one by one: it takes the square of them. */
const MATCHED_MAX = 2_000

function ofLists(path: Path, from: readonly Value[], to: readonly Plain[]): Edit[] {
  if (from.length === 0 || from.length * to.length > MATCHED_MAX * MATCHED_MAX)
    return [{ do: 'set', path, to }]
  const places = placesOf(from, to.map(asRead))
  if (!places.some((place) => place !== null)) return [{ do: 'set', path, to }]
  const edits: Edit[] = []
  const left = [...from.keys()]
  // 1. What is nowhere any more goes, from the end on: places before it stay.
  for (const index of left.toReversed())
    if (!places.includes(index)) edits.push({ do: 'remove', path: [...path, index] })
  const order = left.filter((index) => places.includes(index))
  // 2. Each place gets what belongs there: what was further down, or something new.
  for (const [index, value] of to.entries()) {
    const place = places[index] ?? null
    const at = place === null ? -1 : order.indexOf(place)
    if (place === null) {
      edits.push({ do: 'insert', path: [...path, index], to: value })
      order.splice(index, 0, -1)
    } else if (at !== index) {
      edits.push(moved(path, order, { at, index, wanted: places }))
    }
    // 3. What it says is changed in its place.
    if (place !== null) edits.push(...difference([...path, index], from[place], value))
  }
  return edits
}

/** An item comes up, or where one only has to go down it is that which moves. */
function moved(
  path: Path,
  order: number[],
  { at, index, wanted }: { at: number; index: number; wanted: readonly (number | null)[] },
): Edit {
  const [here] = order.slice(index, index + 1)
  const goal = wanted.indexOf(here ?? -1)
  const isDown = at === index + 1 && goal > at
  const [from, to] = isDown ? [index, Math.min(goal, order.length - 1)] : [at, index]
  order.splice(to, 0, ...order.splice(from, 1))
  return { do: 'move', path: [...path, from], to }
}

/** For each new item the old one that it was made of; null: it is new. */
function placesOf(from: readonly Value[], to: readonly Value[]): (number | null)[] {
  const free = new Set(from.keys())
  const places: (number | null)[] = to.map(() => null)
  const take = (index: number, isSo: (item: Value) => boolean): void => {
    if (places[index] !== null) return
    for (const place of free)
      if (isSo(from[place])) {
        free.delete(place)
        places[index] = place
        return
      }
  }
  // The same thing first, then what has the same name.
  for (const [index, item] of to.entries()) take(index, (old) => isSame(old, item))
  for (const [index, item] of to.entries()) {
    const name = nameOf(item)
    if (name !== null) take(index, (old) => nameOf(old) === name)
  }
  return places
}

const NAMES = ['name', 'id', 'url', 'address']

/** What an item is known by; a step of middleware by its one key. */
function nameOf(item: Value): string | null {
  if (!isMap(item)) return null
  for (const key of NAMES) {
    const value = item.get(key)
    if (typeof value === 'string') return `${key} ${value}`
  }
  return item.size === 1 ? `key ${[...item.keys()][0]}` : null
}
