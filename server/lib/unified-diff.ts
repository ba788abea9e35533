// Two texts as a unified diff, which `patch` takes.
import { type LineChange, lineChanges } from './line-changes.ts'
import { atOnce, type Steps } from './slices.ts'

export interface DiffOptions {
  /** Lines shown before and after each change. */
  readonly context?: number
  /** Of the file, as they stand in the head. */
  readonly names?: readonly [before: string, after: string]
}

export interface Diff {
  /** Empty: the texts are the same. */
  readonly diff: string
  /** How many lines went and came. */
  readonly went: number
  readonly came: number
}

/** Empty: the texts are the same. */
export const unifiedDiff = (before: string, after: string, options?: DiffOptions): string =>
  atOnce(diffSteps(before, after, options)).diff

/** How many lines went and came. */
export function changedLines(
  before: string,
  after: string,
): { readonly went: number; readonly came: number } {
  const { went, came } = atOnce(diffSteps(before, after))
  return { went, came }
}

export function* diffSteps(
  before: string,
  after: string,
  { context = 3, names }: DiffOptions = {},
): Steps<Diff> {
  if (before === after) return { diff: '', went: 0, came: 0 }
  const differing = differingPart(before, after, context)
  yield
  const { skipped } = differing
  const [old, now] = [linesOf(differing.old), linesOf(differing.now)]
  yield
  const sum = { went: 0, came: 0 }
  const [from, to] = names ?? ['before', 'after']
  let diff = `--- ${from}\n+++ ${to}\n`
  let near: LineChange[] = []
  for (const change of yield* lineChanges(old, now)) {
    sum.went += change.oldCount
    sum.came += change.newCount
    const last = near.at(-1)
    if (last !== undefined && change.oldAt - endOf(last) > 2 * context) {
      diff += hunk(near, { old, now, skipped, context })
      near = []
      yield
    }
    near.push(change)
  }
  return { diff: diff + hunk(near, { old, now, skipped, context }), ...sum }
}

/** Of two texts what is not the same at both ends, by whole lines, with as many of those as are shown. */
function differingPart(
  before: string,
  after: string,
  context: number,
): { readonly old: string; readonly now: string; readonly skipped: number } {
  const shorter = Math.min(before.length, after.length)
  const same = sameLength(shorter, (from, to) => before.slice(from, to) === after.slice(from, to))
  const start = same === 0 ? 0 : before.lastIndexOf('\n', same - 1) + 1
  const head = linesBack(before, start, context)
  const tail = sameLength(
    shorter - start,
    (from, to) =>
      before.slice(before.length - to, before.length - from) ===
      after.slice(after.length - to, after.length - from),
  )
  const end = linesOn(before, before.length - tail, context + 1)
  return {
    old: before.slice(head, end),
    now: after.slice(head, after.length - (before.length - end)),
    skipped: linesIn(before, head),
  }
}

const CHARS_AT_ONCE = 16_384

/** How far two texts are the same, of `most`; long pieces are compared as such. */
function sameLength(most: number, isSame: (from: number, to: number) => boolean): number {
  let at = 0
  for (let step = CHARS_AT_ONCE; step >= 1; step = Math.floor(step / 2))
    while (at + step <= most && isSame(at, at + step)) at += step
  return at
}

/** Where the line begins that is so many before the one that begins at a place. */
function linesBack(text: string, from: number, count: number): number {
  let at = from
  for (let left = count; left > 0 && at > 0; left--) at = at === 1 ? 0 : text.lastIndexOf('\n', at - 2) + 1
  return at
}

/** Behind so many ends of lines; what is before the first of them may be no whole line. */
function linesOn(text: string, from: number, count: number): number {
  let at = from
  for (let left = count; left > 0 && at < text.length; left--) at = text.indexOf('\n', at) + 1 || text.length
  return at
}

function linesIn(text: string, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}

const endOf = ({ oldAt, oldCount }: LineChange): number => oldAt + oldCount

/** With their line ends; the last may have none. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

interface Lines {
  readonly old: readonly string[]
  readonly now: readonly string[]
  /** As many are before these, the same in both. */
  readonly skipped: number
  readonly context: number
}

function hunk(changes: readonly LineChange[], { old, now, skipped, context }: Lines): string {
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
  return `@@ -${range(skipped + oldFrom, skipped + oldTo)} +${range(skipped + newFrom, skipped + newTo)} @@\n${lines}`
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
