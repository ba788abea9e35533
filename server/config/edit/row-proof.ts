// Whether a large text says what was wanted, by reading no more of it than the top-level key that was
// changed, and of a long list or map there no more than the items around the change: in plain YAML each of
// them is read by itself.
import { readPlainYaml } from '../plain-yaml.ts'
import type { Offset } from '../tree.ts'
import { lineStart, type Piece } from './piece.ts'
import type { Sheet } from './sheet.ts'
import { isList, isMap, isSame, type Value, valueOf } from './values.ts'

/** Shorter texts are read as a whole: it takes no time. */
const CHARS_MIN = 32 * 1024

/** Null: this cannot be told so, and the whole is to be read. */
export function rowProof(sheet: Sheet, candidate: string, goal: Value): boolean | null {
  const { text, root, value } = sheet
  if (!sheet.isPlain || root.isFlow || text.length < CHARS_MIN || !isMap(value) || !isMap(goal)) return null
  const [from, tail] = sameEnds(text, candidate)
  const end = text.length - tail
  // What comes right before a key belongs to the one above it.
  const index = root.members.findLastIndex(({ at }) => at < from)
  const member = root.members[index]
  const next = root.members[index + 1]
  // The change must lie behind the key, and before the line of the next.
  const rowAt = member === undefined ? -1 : lineStart(text, member.at)
  const rowEnd = next === undefined ? text.length : lineStart(text, next.at)
  if (member === undefined || member.key === null || rowAt !== member.at) return null
  if (from < member.end + 1 || end > rowEnd) return null
  if (goal.size !== value.size) return null
  const { key } = member
  for (const [other, item] of goal) if (other !== key && item !== value.get(other)) return null
  const grown = candidate.length - text.length
  const piece = member.value
  const proven = itemsProof({
    ...{ text, candidate, piece, from, end, rowEnd },
    ...{ before: value.get(key), goal: goal.get(key) },
  })
  if (proven === true) return true
  const own = readOnly(candidate.slice(rowAt, rowEnd + grown), key)
  return own === undefined ? null : isSame(own, goal.get(key))
}

/** What stands at a key in a text that has no other; undefined: it cannot be read so. */
function readOnly(row: string, key: string): Value {
  const tree = row.endsWith('\n') ? readPlainYaml(row) : null
  const own = tree?.is === 'map' && tree.entries.size === 1 ? tree.entries.get(key) : undefined
  return own && valueOf(own.value)
}

/** Fewer are read in no time. */
const ITEMS_MIN = 64

interface Changed {
  readonly text: string
  readonly candidate: string
  /** The list or map that was changed, as it was. */
  readonly piece: Piece
  /** Where in the text the change begins and ends. */
  readonly from: Offset
  readonly end: Offset
  /** Where the lines of the piece end. */
  readonly rowEnd: Offset
  readonly before: Value
  readonly goal: Value
}

/** Reads the items that were changed, and one on either side. Null: this cannot be told so. */
function itemsProof(changed: Changed): boolean | null {
  const { text, candidate, piece, from, end, rowEnd, before, goal } = changed
  const { members } = piece
  if (piece.isFlow || members.length < ITEMS_MIN) return null
  const first = members.findLastIndex(({ at }) => at <= from) - 1
  const behind = members.findIndex(({ at }) => lineStart(text, at) >= end)
  const last = behind < 0 ? members.length : Math.min(behind + 1, members.length)
  const [begin, next] = [members[first], members[last]]
  if (begin === undefined || !beginsLine(text, begin.at)) return null
  if (next !== undefined && !beginsLine(text, next.at)) return null
  const stop = next === undefined ? rowEnd : lineStart(text, next.at)
  const lines = candidate.slice(lineStart(text, begin.at), stop + candidate.length - text.length)
  const read = readOnly(`items:\n${lines}`, 'items')
  if (isList<Value>(read)) return isGoalList(read, { before, goal, first, last, count: members.length })
  return isMap(read) ? isGoalMap(read, { before, goal, first, last, count: members.length }) : null
}

const beginsLine = (text: string, at: Offset): boolean => /^ *$/.test(text.slice(lineStart(text, at), at))

interface Among {
  readonly before: Value
  readonly goal: Value
  /** What was read stands for those from here to before that. */
  readonly first: number
  readonly last: number
  readonly count: number
}

function isGoalList(read: readonly Value[], { before, goal, first, last, count }: Among): boolean {
  if (!isList<Value>(before) || !isList<Value>(goal) || before.length !== count) return false
  const more = goal.length - count
  return (
    read.length === last - first + more &&
    before.every((item, index) => {
      if (index < first) return item === goal[index]
      return index < last || item === goal[index + more]
    }) &&
    read.every((item, index) => isSame(item, goal[first + index]))
  )
}

/** The sizes add up: no key of those that were read stands elsewhere, too. */
function isGoalMap(read: ReadonlyMap<string, Value>, { before, goal, first, last, count }: Among): boolean {
  if (!isMap(before) || !isMap(goal) || before.size !== count) return false
  if (goal.size !== count - (last - first) + read.size) return false
  const others = new Map([...before].filter((_, index) => index < first || index >= last))
  for (const [key, item] of others) if (!goal.has(key) || goal.get(key) !== item) return false
  for (const [key, item] of read)
    if (others.has(key) || !goal.has(key) || !isSame(item, goal.get(key))) return false
  return true
}

/** How many characters are the same at the beginning, and at the end. */
function sameEnds(a: string, b: string): readonly [number, number] {
  const most = Math.min(a.length, b.length)
  const from = sameUpTo(most, (count) => a.slice(0, count) === b.slice(0, count))
  const tail = sameUpTo(most - from, (count) => a.slice(a.length - count) === b.slice(b.length - count))
  return [from, tail]
}

/** The largest count for which it is so; halving is fast, as texts are compared as a whole. */
function sameUpTo(most: number, isSo: (count: number) => boolean): number {
  let [low, high] = [0, most]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (isSo(middle)) low = middle
    else high = middle - 1
  }
  return low
}
