// How a pick ended, and what one that was not answered tells of its server: to who counts (the scoreboard)
// and to who picks (its record). Answers are judged as soon as their heads are here: Backend.answered.
import { nowMs, unixSeconds } from '../lib/clock.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { FAULTS, faultPlace } from '../tables/faults.ts'
import type { Lost } from './lost.ts'
import type { Server } from './server.ts'

export type Outcome =
  /** It was answered (`Backend.answered` told how), and that is over: it ended, or nobody wanted the rest. */
  { readonly is: 'answered' } | Failure

export type Failure =
  | Lost
  /** Whoever asked did not wait for the answer. */
  | { readonly is: 'given_up'; readonly waitedMs: number }

/** One for all: an ordinary pick makes no object. */
export const ANSWERED: Outcome = { is: 'answered' }

/**
 * What is not its server's fault is not counted against it, nor a stale connection that was made good. One
 * that could not be is an attempt that failed, but nothing to take its server out for: closing idle
 * connections is its right, and who asks it for much that must not be repeated would find it ill.
 */
export function judgeFailure(board: Scoreboard, server: Server, outcome: Failure): void {
  const { record } = server.live
  if (outcome.is === 'given_up') {
    board.attemptGivenUp(server.slot)
    return record.abandoned(outcome.waitedMs, nowMs)
  }
  const { loss, waitedMs, wasAnswered, wasIdle = false, status = 0 } = outcome
  if (loss.isStale || FAULTS[loss.code].side !== 'server') return
  board.attemptFailed(server.slot, faultPlace(loss.code), wasAnswered, unixSeconds())
  if (loss.reached === 'nothing') board.attemptRefused(server.slot)
  if (!wasIdle) {
    server.passive?.lost(board, server.slot, loss.code, status)
    server.breaker?.lost(server, outcome)
  }
  if (status < 500) record.failed(wasAnswered ? 0 : waitedMs, nowMs)
}
