// How a pick ended, and what one that was not answered tells of its server: to who counts (the scoreboard)
// and to who picks (its record). Answers are judged as soon as their heads are here: Backend.answered.
import { nowMs, unixSeconds } from '../lib/clock.ts'
import { GOOD_AFTER_MS } from '../scoreboard/failure-row.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { type FaultCode, FAULTS, faultPlace } from '../tables/faults.ts'
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

/** The head of an answer is here: see Backend.answered. */
export function judgeHead(board: Scoreboard, server: Server, status: number, firstByteMs: number): void {
  const { breaker, passive, permit, slot } = server
  if (breaker !== null) breaker.answered(server, status, firstByteMs)
  if (permit !== null) permit.answered(status)
  if (passive !== null) passive.answered(board, slot, status)
  const { record } = server.live
  if (status >= 500) record.failed(Math.max(firstByteMs, 0), nowMs)
  else if (firstByteMs >= 0) record.answered(firstByteMs, nowMs)
}

/** An answer is here to its end: that it began well did not tell yet that its server gives whole ones. */
export function judgeWhole(board: Scoreboard, server: Server, status: number): void {
  const { breaker, passive, slot } = server
  if (breaker !== null) breaker.whole(server, status)
  if (passive !== null) passive.whole(board, slot, status)
}

/** How an answer ends whose server does. */
const CUT: ReadonlySet<FaultCode> = new Set(['server_truncated', 'server_closed', 'server_reset'])

/**
 * A server that is started anew cuts all that streams from it, and may be well again at once: of an answer
 * that had come for long that is nothing to take it out for. Silence in the midst of one is.
 */
const isCutLate = ({ loss, wasAnswered, cameMs = 0 }: Lost): boolean =>
  wasAnswered && cameMs >= GOOD_AFTER_MS && CUT.has(loss.code)

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
  if (!wasIdle && !isCutLate(outcome)) {
    server.passive?.lost(board, server.slot, outcome)
    server.breaker?.lost(server, outcome)
  }
  if (status < 500) record.failed(wasAnswered ? 0 : waitedMs, nowMs)
}
