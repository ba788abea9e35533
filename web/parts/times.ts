// Words for points in time.

/** ms since 1970, or RFC 3339. */
export type When = number | string

const msOf = (at: When): number => (typeof at === 'number' ? at : Date.parse(at))

/** RFC 3339 with ms; a time that is none stays as it came. */
export function exactOf(at: When): string {
  const ms = msOf(at)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : String(at)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** The time between, in the largest unit of which there are two, whichever of them is earlier. */
export function agoOf(at: When, now: number): string {
  const ms = msOf(at)
  if (!Number.isFinite(ms)) return String(at)
  const between = Math.abs(now - ms)
  const [unit, size] = UNITS.find(([, least]) => between >= 2 * least) ?? (['s', 1000] as const)
  return `${Math.floor(between / size)} ${unit}`
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** Today's times with seconds, others with their day, those far away as a date. */
export function clockOf(at: When, now: number): string {
  const ms = msOf(at)
  if (!Number.isFinite(ms)) return String(at)
  const then = new Date(ms)
  if (then.toDateString() === new Date(now).toDateString()) return clock.format(then)
  return Math.abs(now - ms) < 180 * 86_400_000 ? day.format(then).replace(',', '') : date.format(then)
}
