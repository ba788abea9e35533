// How numbers, ages and lists are said in sentences.

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** "8 min", "3 h", "2 d": one unit, rounded down, as it is said of what has passed or is left. */
export function ageOf(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < MINUTE_MS) return `${Math.floor(whole / 1000)} s`
  if (whole < HOUR_MS) return `${Math.floor(whole / MINUTE_MS)} min`
  if (whole < 2 * DAY_MS) return `${Math.floor(whole / HOUR_MS)} h`
  return `${Math.floor(whole / DAY_MS)} d`
}

/** "8 minutes", "1 hour". */
export function longAge(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < MINUTE_MS) return counted(Math.floor(whole / 1000), 'second')
  if (whole < HOUR_MS) return counted(Math.floor(whole / MINUTE_MS), 'minute')
  if (whole < 2 * DAY_MS) return counted(Math.floor(whole / HOUR_MS), 'hour')
  return counted(Math.floor(whole / DAY_MS), 'day')
}

/** "1 server", "1,200 servers". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${numberOf(count)} ${count === 1 ? one : many}`

/** "1,234". */
export const numberOf = (count: number): string => String(count).replaceAll(/\B(?=(?:[0-9]{3})+$)/g, ',')

/** "0.08 %", "3.2 %", "41 %": all and none are said only of all and none. */
export function percentOf(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %'
  if (part >= whole) return '100 %'
  const percent = (part / whole) * 100
  if (percent >= 99.5) return 'over 99 %'
  if (percent < 0.01) return 'under 0.01 %'
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} %`
}

/** "a", "a and b", "a, b and 3 more". */
export function listOf(all: readonly string[], most = 3): string {
  const shown = all.length <= most ? all : [...all.slice(0, most - 1), `${all.length - most + 1} more`]
  const [last = '', ...before] = shown.toReversed()
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`
}

/** "Both servers", "All 5 servers", "The only server", "api-1 and api-2". */
export function someOf(names: readonly string[], all: number): string {
  if (names.length < all) return listOf(names)
  if (all === 1) return 'Its only server'
  return all === 2 ? 'Both servers' : `All ${all} servers`
}

const SMALL = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']

/** "two", "12": in the middle of a sentence. */
export const spelled = (count: number): string => SMALL[count] ?? numberOf(count)

export const asSentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

export const timeOf = (ms: number): string => new Date(ms).toISOString()
