// Whether a large text says what was wanted, by reading no more of it than the top-level key that was
// changed: in plain YAML each of them is read by itself.
import { readPlainYaml } from '../plain-yaml.ts'
import { lineStart } from './piece.ts'
import type { Sheet } from './sheet.ts'
import { isMap, isSame, type Value, valueOf } from './values.ts'

/** Shorter texts are read as a whole: it takes no time. */
const CHARS_MIN = 32 * 1024

/** Null: this cannot be told so, and the whole is to be read. */
export function rowProof(sheet: Sheet, candidate: string, goal: Value): boolean | null {
  const { text, root, value } = sheet
  if (!sheet.isPlain || root.isFlow || text.length < CHARS_MIN || !isMap(value) || !isMap(goal)) return null
  const [from, tail] = sameEnds(text, candidate)
  const end = text.length - tail
  const index = root.members.findLastIndex(({ at }) => at <= from)
  const member = root.members[index]
  const next = root.members[index + 1]
  // The change must lie behind the key, and before the line of the next.
  const rowAt = member === undefined ? -1 : lineStart(text, member.at)
  const rowEnd = next === undefined ? text.length : lineStart(text, next.at)
  if (member === undefined || member.key === null || rowAt !== member.at) return null
  if (from < member.end + 1 || end > rowEnd) return null
  const row = candidate.slice(rowAt, rowEnd + candidate.length - text.length)
  if (!row.endsWith('\n')) return null
  const tree = readPlainYaml(row)
  const own = tree?.is === 'map' && tree.entries.size === 1 ? tree.entries.get(member.key) : undefined
  if (own === undefined || goal.size !== value.size) return null
  for (const [key, item] of goal) if (key !== member.key && item !== value.get(key)) return null
  return isSame(valueOf(own.value), goal.get(member.key))
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
