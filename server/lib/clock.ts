// The time of the socket event being handled: read where the event begins, so that an exchange costs two
// readings; a few events that follow one another without a sleep between them share one.
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'

/** performance.now() as of the latest `tick()`, in ms. */
export let nowMs = performance.now()

/** A reading takes 0.1 µs, an event ten at most in the mean: so many share one. */
const SHARED_BY = 8
let left = 0

/** Reads the clock; each socket event and timer begins with it. */
export function tick(): number {
  left = SHARED_BY - 1
  nowMs = performance.now()
  return nowMs
}

/** The same for one of the many events of a turn, which one of them was read for. */
export function tickOfTurn(): void {
  if (left-- <= 0) tick()
}

/** A turn begins: its first event reads the clock. */
export function beginTurn(): void {
  left = 0
}

/** From performance.now() of this process to the clock of the machine; read when first used. */
let sinceBootMs = Number.NaN

/**
 * `nowMs` on that clock: for what processes decide together. It is never set, and stands while the machine
 * sleeps.
 */
export function machineMs(): number {
  if (Number.isNaN(sinceBootMs)) sinceBootMs = between(() => performance.now(), bootMs)
  return nowMs + sinceBootMs
}

const LOOKS = 16

/**
 * How far another clock is ahead of ours. A process that starts is held up between two readings, by what is
 * made at the first use and by others on its core; of several looks the one that took the shortest is right.
 */
export function between(ours: () => number, other: () => number): number {
  let ahead = 0
  let shortest = Infinity
  for (let look = 0; look < LOOKS; look++) {
    const before = ours()
    const there = other()
    const took = ours() - before
    if (took >= shortest) continue
    shortest = took
    ahead = there - before - took / 2
  }
  return ahead
}

const CLOCK_MONOTONIC = 1

/** Since the machine started. Bun's own clocks, hrtime too, begin with the process. */
function bootMs(): number {
  // There is one process only where there is no such libc.
  if (process.platform !== 'linux') return performance.now()
  const time = new BigInt64Array(2)
  libc().clock_gettime(CLOCK_MONOTONIC, ptr(time))
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6
}

/**
 * Seconds since 1970, for what other processes compare with their own clocks: performance.now() knows nothing
 * of a clock that is set.
 */
export const unixSeconds = (): number => Math.floor(Date.now() / 1000)

const READ_AGAIN_MS = 250
let readMs = -Infinity
let seconds = 0

/** The same as of up to a quarter of a second ago: for what is asked with each request. */
export function recentUnixSeconds(): number {
  if (nowMs - readMs >= READ_AGAIN_MS) {
    readMs = nowMs
    seconds = unixSeconds()
  }
  return seconds
}

let dateSecond = -1
let date = Buffer.alloc(0)

/** A whole `Date` line (RFC 9110 §6.6.1), made once a second. */
export function dateLine(): Buffer {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = Buffer.from(`Date: ${new Date().toUTCString()}\r\n`)
  }
  return date
}
