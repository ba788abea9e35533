// The time of the socket event being handled: read once where the event begins, so that an exchange costs two
// readings.

/** performance.now() as of the latest `tick()`, in ms. */
export let nowMs = performance.now()

/** Reads the clock; each socket event and timer begins with it. */
export function tick(): number {
  nowMs = performance.now()
  return nowMs
}

/** From performance.now() of this process to the clock that all processes of this machine share. */
const SINCE_BOOT_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/**
 * `nowMs` on that clock: for what processes decide together. It is never set, and stands while the machine
 * sleeps.
 */
export const machineMs = (): number => nowMs + SINCE_BOOT_MS

/**
 * Seconds since 1970, for what other processes compare with their own clocks: performance.now() knows nothing
 * of a clock that is set.
 */
export const unixSeconds = (): number => Math.floor(Date.now() / 1000)

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
