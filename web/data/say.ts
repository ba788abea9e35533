// Words for numbers, sizes and times: in one place, so that the same thing reads the same everywhere.
import { gatewayNow } from './clock.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** 1,204; 12.4; 0.31: no more digits than are read. `–`: not known. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  if (size >= 100 || Number.isInteger(value)) return grouped.format(value)
  return size >= 10 ? value.toFixed(1) : size >= 0.005 || size === 0 ? value.toFixed(2) : '< 0.01'
}

/** So many a second, with a digit behind the point where they are few: 1,204; 22.5; 0.3. */
export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  return value === 0 || value >= 100 ? grouped.format(value) : value < 0.05 ? '< 0.1' : value.toFixed(1)
}

/** A share of 0 to 1 as a number of percent, without its sign: 0.31, 100. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return '–'
  return share === 0 ? '0' : share >= 0.9995 ? '100' : number(share * 100)
}

/** Milliseconds: 0.4, 61, 1,240. */
export const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value >= 10 ? grouped.format(value) : value.toFixed(1)

/** Milliseconds as [number, unit]: [61, ms], and from ten seconds on [58.5, s]. */
export const latency = (value: number | null | undefined): readonly [string, string] =>
  value === null || value === undefined || value < 10_000 ? [ms(value), 'ms'] : [number(value / 1000), 's']

/** How long something takes, from milliseconds: `0.4 ms`, `61 ms`, `1.24 s`, `3 min`. */
export function took(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  return value < 1000
    ? `${ms(value)} ms`
    : value < 60_000
      ? `${(value / 1000).toFixed(2)} s`
      : age(value / 1000)
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `340 B`, `12.4 KiB`. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  let [left, unit] = [value, 0]
  while (left >= 1024 && unit < BYTE_UNITS.length - 1) [left, unit] = [left / 1024, unit + 1]
  return `${unit === 0 ? left : number(left)} ${BYTE_UNITS[unit]}`
}

/** Bytes a second as [number, unit] of bits: [447, Mbit/s]. */
export function bitRate(bytesPerS: number | null | undefined): readonly [string, string] {
  if (bytesPerS === null || bytesPerS === undefined) return ['–', 'bit/s']
  let [left, unit] = [bytesPerS * 8, 0]
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'] as const
  while (left >= 1000 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1]
  return [number(left >= 100 ? Math.round(left) : left), units[unit] ?? 'bit/s']
}

/** How long ago or how long: `4 s`, `8 min`, `3 h`, `19 d`. One unit: it is read at a glance. */
export function age(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < MINUTE) return `${s} s`
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)} h`
  return `${Math.floor(s / DAY)} d`
}

/** How long until: what was to be 24 h a moment ago is so still. */
export const left = (seconds: number): string => age(seconds < MINUTE ? seconds : seconds + MINUTE / 2)

/** Two units where one is too rough: `41 d 6 h`, `3 h 20 min`. */
export function longAge(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < HOUR) return age(s)
  if (s < DAY) return `${Math.floor(s / HOUR)} h ${Math.floor((s % HOUR) / MINUTE)} min`
  return `${Math.floor(s / DAY)} d ${Math.floor((s % DAY) / HOUR)} h`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `03:12`; of another day with its date. In the time zone of who looks. */
export function clock(time: string | number | Date, now = new Date(gatewayNow())): string {
  const date = new Date(time)
  const at = `${two(date.getHours())}:${two(date.getMinutes())}`
  return date.toDateString() === now.toDateString() ? at : `${day(date, now)} ${at}`
}

/** `03:12:44.018`, for lists of requests. */
export function exactClock(time: string | number | Date): string {
  const date = new Date(time)
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `28 Nov`, of another year `28 Nov 2025`. */
export function day(time: string | number | Date, now = new Date(gatewayNow())): string {
  const date = new Date(time)
  const year = date.getFullYear() === now.getFullYear() ? '' : ` ${date.getFullYear()}`
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${year}`
}

/** The whole time, for tooltips: `2026-12-16 08:00:00 UTC`. */
export const whole = (time: string | number | Date): string =>
  `${new Date(time).toISOString().replace('T', ' ').slice(0, 19)} UTC`

/** `1 server`, `3 servers`; with another plural where there is one. */
export const count = (n: number, noun: string, plural = `${noun}s`): string =>
  `${number(n)} ${n === 1 ? noun : plural}`

/** `1,000 of 2,500` while some are still to come, else `2,500`. */
export const soFar = (shown: number, total: number): string =>
  shown < total ? `${number(shown)} of ${number(total)}` : number(shown)

/** `a, b and c`. */
export const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** `5s` as `5 s`. */
export const spaced = (duration: string): string =>
  duration.replaceAll(/(\d)(ms|[smhd])/g, '$1 $2').replaceAll(/ m(?!s)/g, ' min')
