// Which lines differ between two lists of them, by Myers' algorithm ("An O(ND) Difference Algorithm and Its
// Variations", 1986). Where very much differs, lines that are in both once are found first, and the algorithm
// looks between them ("patience diff"): its work grows by the square of what differs.
import { rising } from './rising.ts'
import type { Steps } from './slices.ts'

/** Lines that went, and those that came in their place; places from 0. */
export interface LineChange {
  readonly oldAt: number
  readonly oldCount: number
  readonly newAt: number
  readonly newCount: number
}

/** As many changed lines are matched with as few as can be. */
const CHANGES_MAX = 1_000
/** The same of a stretch between two lines that are in both once; of one with more all goes and all comes. */
const STRETCH_MAX = 200
/** Rounds of the algorithm between two places where the work may pause. */
const ROUNDS = 16
/** Lines that are looked at between two such places. */
const LINES = 4096

type Place = readonly [old: number, now: number]

export function* lineChanges(old: readonly string[], now: readonly string[]): Steps<LineChange[]> {
  // 1. What is the same at both ends is none.
  let start = 0
  const shorter = Math.min(old.length, now.length)
  while (start < shorter && old[start] === now[start]) start++
  let tail = 0
  while (tail < shorter - start && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  // 2. Between them each line is a number: that of its text.
  const ids = new Map<string, number>()
  const a = yield* numbered(old.slice(start, old.length - tail), ids)
  const b = yield* numbered(now.slice(start, now.length - tail), ids)
  // 3. Those that stay.
  const kept = (yield* sameLines(a, b, CHANGES_MAX)) ?? (yield* anchored(a, b, ids.size))
  // 4. What is between two that stay has changed.
  const changes: LineChange[] = []
  let [x, y] = [0, 0]
  for (const [keptX, keptY] of [...kept, [a.length, b.length] as const]) {
    if (keptX > x || keptY > y)
      changes.push({ oldAt: start + x, oldCount: keptX - x, newAt: start + y, newCount: keptY - y })
    x = keptX + 1
    y = keptY + 1
  }
  return changes
}

function* numbered(lines: readonly string[], ids: Map<string, number>): Steps<Int32Array> {
  const numbers = new Int32Array(lines.length)
  for (const [at, line] of lines.entries()) {
    let id = ids.get(line)
    if (id === undefined) ids.set(line, (id = ids.size))
    numbers[at] = id
    if (at % LINES === LINES - 1) yield
  }
  return numbers
}

/** Lines that stay, where too much has changed to find all of them. */
function* anchored(a: Int32Array, b: Int32Array, ids: number): Steps<Place[]> {
  const anchors = anchorsOf(a, b, ids)
  yield
  const kept: Place[] = []
  let [x, y] = [0, 0]
  for (const [toX, toY] of [...anchors, [a.length, b.length] as const]) {
    const between = yield* sameLines(a.subarray(x, toX), b.subarray(y, toY), STRETCH_MAX)
    for (const [keptX, keptY] of between ?? []) kept.push([x + keptX, y + keptY])
    if (toX < a.length || toY < b.length) kept.push([toX, toY])
    x = toX + 1
    y = toY + 1
    yield
  }
  return kept
}

/** Lines that are once in each and in the same order, as many as can be. */
function anchorsOf(a: Int32Array, b: Int32Array, ids: number): Place[] {
  const [inA, inB] = [onceIn(a, ids), onceIn(b, ids)]
  const common: Place[] = []
  for (const [at, id] of b.entries()) {
    const old = inA[id] ?? ABSENT
    if (old >= 0 && inB[id] === at) common.push([old, at])
  }
  const still = rising(common.map(([old]) => old))
  return common.filter((_, index) => still.has(index))
}

const ABSENT = -1
const OFTEN = -2

/** Of each line its place, where it has one and no other. */
function onceIn(list: Int32Array, ids: number): Int32Array {
  const places = new Int32Array(ids).fill(ABSENT)
  for (const [at, id] of list.entries()) places[id] = places[id] === ABSENT ? at : OFTEN
  return places
}

/** Places of lines that stay, in both; null: more than `most` has changed. */
function* sameLines(a: Int32Array, b: Int32Array, most: number): Steps<Place[] | null> {
  if (a.length === 0 || b.length === 0) return []
  if (Math.abs(a.length - b.length) > most) return null
  const limit = Math.min(a.length + b.length, most)
  // Diagonal k is at `limit + 1 + k`.
  const middle = limit + 1
  const furthest = new Int32Array(2 * middle + 1)
  /** What was known before each round, of the diagonals that it asks for: -edits - 1 to edits + 1. */
  const rounds: Int32Array[] = []
  for (let edits = 0; edits <= limit; edits++) {
    rounds.push(furthest.slice(middle - edits - 1, middle + edits + 2))
    for (let k = -edits; k <= edits; k += 2) {
      const [above, left] = [furthest[middle + k + 1] ?? 0, furthest[middle + k - 1] ?? 0]
      let x = k === -edits || (k !== edits && left < above) ? above : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[middle + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(rounds, a.length, b.length)
    }
    if (edits % ROUNDS === ROUNDS - 1) yield
  }
  return null
}

/** From the end to the beginning by the ways that were found. */
function walkBack(rounds: readonly Int32Array[], endX: number, endY: number): Place[] {
  const kept: Place[] = []
  let [x, y] = [endX, endY]
  for (let edits = rounds.length - 1; edits >= 0; edits--) {
    const known = rounds[edits] ?? new Int32Array()
    const k = x - y
    const [above, left] = [known[edits + 2 + k] ?? 0, known[edits + k] ?? 0]
    const isDown = k === -edits || (k !== edits && left < above)
    const beforeX = edits === 0 ? 0 : isDown ? above : left
    const beforeY = edits === 0 ? 0 : isDown ? above - (k + 1) : left - (k - 1)
    const startX = edits === 0 ? 0 : isDown ? beforeX : beforeX + 1
    for (; x > startX; x--, y--) kept.push([x - 1, y - 1])
    ;[x, y] = [beforeX, beforeY]
  }
  return kept.reverse()
}
