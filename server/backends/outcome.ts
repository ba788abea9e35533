// How a pick ended, and what that tells of its server: to who counts (the scoreboard) and to who picks (its
// record). This is the one place where attempts are judged.
import type { Loss } from '../tables/faults.ts'
import { nowMs, unixSeconds } from '../lib/clock.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { FAULTS, faultPlace } from '../tables/faults.ts'
import type { Server } from './server.ts'

export type Outcome =
  /** It was answered (`Backend.answered` told how), and that is over: it ended, or nobody wanted the rest. */
  | { readonly is: 'answered' }
  /** `waitedMs`: how long the server let wait; `wasAnswered`: its answer broke off. */
  | { readonly is: 'lost'; readonly loss: Loss; readonly waitedMs: number; readonly wasAnswered: boolean }
  /** Whoever asked did not wait for the answer. */
  | { readonly is: 'given_up'; readonly waitedMs: number }

/** One for all: an ordinary pick makes no object. */
export const ANSWERED: Outcome = { is: 'answered' }

/**
 * The head of an answer is here, `firstByteMs` after the server was asked; less than 0: it was not asked to
 * the end yet, and what its client takes is not its time. Told at once, as tunnels and streams last for
 * hours.
 */
export function judgeAnswer(board: Scoreboard, server: Server, status: number, firstByteMs: number): void {
  board.attemptAnswered(server.slot)
  const { record } = server.live
  if (status >= 500) record.failed(Math.max(firstByteMs, 0), nowMs)
  else if (firstByteMs >= 0) record.answered(firstByteMs, nowMs)
}

/** What is not its server's fault is not counted against it, nor a connection that was stale. */
export function judge(board: Scoreboard, server: Server, outcome: Outcome): void {
  if (outcome.is === 'answered') return
  const { record } = server.live
  if (outcome.is === 'given_up') return record.abandoned(outcome.waitedMs, nowMs)
  const { loss, waitedMs, wasAnswered } = outcome
  if (loss.isStale || FAULTS[loss.code].side !== 'server') return
  board.attemptFailed(server.slot, faultPlace(loss.code), wasAnswered, unixSeconds())
  if (loss.reached === 'nothing') board.attemptRefused(server.slot)
  record.failed(wasAnswered ? 0 : waitedMs, nowMs)
}
