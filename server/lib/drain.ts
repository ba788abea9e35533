// How a stop goes on, as the config's `drain` has it: a time, or a map.

export interface DrainTimes {
  /** How long exchanges in flight may take, in ms. */
  readonly finish: number
  /** How long connections are still taken before that, in ms. */
  readonly accept: number
}

/** How long workers still take connections without a supervisor: another one may be about to start. */
export const ORPHAN_ACCEPT_MS = 5000

export type Drain = number | DrainTimes

export const finishMs = (drain: Drain): number => (typeof drain === 'number' ? drain : drain.finish)

export const acceptMs = (drain: Drain): number => (typeof drain === 'number' ? 0 : drain.accept)

/** Both of a stop's steps. */
export const drainTimes = (drain: Drain): DrainTimes => ({ accept: acceptMs(drain), finish: finishMs(drain) })
