// Two texts as a unified diff, which `patch` takes. The lines that changed are found by Myers' algorithm
// ("An O(ND) Difference Algorithm and Its Variations", 1986).

export interface DiffOptions {
  /** Lines shown before and after each change. */
  readonly context?: number
  /** Of the file, as they stand in the head. */
  readonly names?: readonly [before: string, after: string]
}

/** More changed lines than this are not matched one by one: one stretch goes and another comes. */
const CHANGES_MAX = 1_000

/** Empty: the texts are the same. */
export function unifiedDiff(before: string, after: string, { context = 3, names }: DiffOptions = {}): string {
  if (before === after) return ''
  const [old, now] = [linesOf(before), linesOf(after)]
  const changes = changesBetween(old, now)
  const [from, to] = names ?? ['before', 'after']
  let diff = `--- ${from}\n+++ ${to}\n`
  let near: Change[] = []
  for (const change of changes) {
    const last = near.at(-1)
    if (last !== undefined && change.oldAt - endOf(last) > 2 * context) {
      diff += hunk(near, { old, now, context })
      near = []
    }
    near.push(change)
  }
  return diff + hunk(near, { old, now, context })
}

/** How many lines went and came. */
export function changedLines(
  before: string,
  after: string,
): { readonly went: number; readonly came: number } {
  const sum = { went: 0, came: 0 }
  for (const { oldCount, newCount } of changesBetween(linesOf(before), linesOf(after))) {
    sum.went += oldCount
    sum.came += newCount
  }
  return sum
}

/** Lines that went, and those that came in their place; places from 0. */
interface Change {
  readonly oldAt: number
  readonly oldCount: number
  readonly newAt: number
  readonly newCount: number
}

const endOf = ({ oldAt, oldCount }: Change): number => oldAt + oldCount

/** With their line ends; the last may have none. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

function hunk(
  changes: readonly Change[],
  { old, now, context }: { old: readonly string[]; now: readonly string[]; context: number },
): string {
  const [first, last] = [changes[0], changes.at(-1)]
  if (first === undefined || last === undefined) return ''
  const oldFrom = Math.max(first.oldAt - context, 0)
  const newFrom = first.newAt - (first.oldAt - oldFrom)
  const oldTo = Math.min(endOf(last) + context, old.length)
  const newTo = last.newAt + last.newCount + (oldTo - endOf(last))
  let lines = ''
  let at = oldFrom
  for (const { oldAt, oldCount, newAt, newCount } of changes) {
    lines += shown(' ', old.slice(at, oldAt))
    lines += shown('-', old.slice(oldAt, oldAt + oldCount))
    lines += shown('+', now.slice(newAt, newAt + newCount))
    at = oldAt + oldCount
  }
  lines += shown(' ', old.slice(at, oldTo))
  return `@@ -${range(oldFrom, oldTo)} +${range(newFrom, newTo)} @@\n${lines}`
}

const shown = (mark: string, lines: readonly string[]): string =>
  lines
    .map((line) => mark + (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`))
    .join('')

/** An empty one names the line before it. */
const range = (from: number, to: number): string => {
  const count = to - from
  return count === 1 ? String(from + 1) : `${count === 0 ? from : from + 1},${count}`
}

function changesBetween(old: readonly string[], now: readonly string[]): Change[] {
  let start = 0
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++
  let tail = 0
  const most = Math.min(old.length, now.length) - start
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const a = old.slice(start, old.length - tail)
  const b = now.slice(start, now.length - tail)
  const kept = sameLines(a, b)
  if (kept === null) return [{ oldAt: start, oldCount: a.length, newAt: start, newCount: b.length }]
  const changes: Change[] = []
  let [x, y] = [0, 0]
  for (const [keptX, keptY] of [...kept, [a.length, b.length] as const]) {
    if (keptX > x || keptY > y)
      changes.push({ oldAt: start + x, oldCount: keptX - x, newAt: start + y, newCount: keptY - y })
    x = keptX + 1
    y = keptY + 1
  }
  return changes
}

/** Places of lines that stay, in both; null: too much has changed. */
function sameLines(a: readonly string[], b: readonly string[]): [number, number][] | null {
  const furthest = new Map<number, number>([[1, 0]])
  const steps: Map<number, number>[] = []
  for (let edits = 0; edits <= Math.min(a.length + b.length, CHANGES_MAX); edits++) {
    steps.push(new Map(furthest))
    for (let k = -edits; k <= edits; k += 2) {
      const [above, left] = [furthest.get(k + 1) ?? -1, furthest.get(k - 1) ?? -1]
      let x = k === -edits || (k !== edits && left < above) ? above : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(steps, a.length, b.length)
    }
  }
  return null
}

/** From the end to the beginning by the ways that were found. */
function walkBack(steps: readonly Map<number, number>[], endX: number, endY: number): [number, number][] {
  const kept: [number, number][] = []
  let [x, y] = [endX, endY]
  for (let edits = steps.length - 1; edits >= 0; edits--) {
    const furthest = steps[edits] ?? new Map<number, number>()
    const k = x - y
    const [above, left] = [furthest.get(k + 1) ?? -1, furthest.get(k - 1) ?? -1]
    const isDown = k === -edits || (k !== edits && left < above)
    const beforeX = edits === 0 ? 0 : isDown ? above : left
    const beforeY = edits === 0 ? 0 : isDown ? above - (k + 1) : left - (k - 1)
    const startX = edits === 0 ? 0 : isDown ? beforeX : beforeX + 1
    for (; x > startX; x--, y--) kept.push([x - 1, y - 1])
    ;[x, y] = [beforeX, beforeY]
  }
  return kept.reverse()
}
