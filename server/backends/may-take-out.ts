// How many servers of a backend may be out because of how their attempts fared: breakers and passive health
// together. Checks and persons take out as many as they like.
import { CLOSED } from '../scoreboard/circuits.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

/** A server, as far as it is counted. */
export interface Counted {
  readonly slot: number
  readonly weight: number
}

/** Shares are written in decimals: 0.29 of 100 are 29. */
const ROUNDING = 1e-9

/** How many of `all` may be out where `maxOut` is the largest share; one always may, unless that is 0. */
export const mostOut = (all: number, maxOut: number): number =>
  maxOut === 0 ? 0 : Math.max(1, Math.floor(maxOut * all + ROUNDING))

/** What says who is out. */
export interface OutBy extends Pick<Scoreboard, 'passive'> {
  /** The breaker at a slot to who asks: one that only watches takes nobody out, but counts among its like. */
  readonly circuitIs: (slot: number) => number
}

/** Whether `server` may be taken out beside those of its backend that are. */
export function mayTakeOut(
  servers: readonly Counted[],
  server: Counted,
  maxOut: number,
  { passive, circuitIs }: OutBy,
): boolean {
  let all = 0
  let out = 0
  for (const { slot, weight } of servers) {
    if (weight === 0) continue
    all++
    if (slot === server.slot) continue
    if (circuitIs(slot) !== CLOSED || passive.isOut(slot)) out++
  }
  return out < mostOut(all, maxOut)
}
