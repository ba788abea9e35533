// The time of the gateway, as ages and ends are of its clock: that of a browser may be minutes or hours off.
import { signal } from '@preact/signals'

/** Below that it is what networks and a busy machine make of a frame that comes each second. */
const LEAST_MS = 5000
/** Of the last so many the one that came fastest: what waited in a tab that was asleep tells nothing. */
const HEARD_MAX = 5

/** ms that the gateway is ahead of this browser. */
const aheadMs = signal(0)
let heard: readonly number[] = []

/** `time` (RFC 3339) came just now from the gateway. */
export function heardTime(time: string): void {
  const ms = Date.parse(time) - Date.now()
  if (Number.isNaN(ms)) return
  heard = [...heard.slice(1 - HEARD_MAX), ms]
  const least = Math.max(...heard)
  aheadMs.value = Math.abs(least) < LEAST_MS ? 0 : least
}

/** Whole minutes that the gateway is ahead of this browser: for what is not asked anew with each frame. */
export const minutesAhead = (): number => Math.round(aheadMs.value / 60_000)

/** ms since 1970, by the clock of the gateway. */
export const gatewayNow = (): number => Date.now() + aheadMs.value
