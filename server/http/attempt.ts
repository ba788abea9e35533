// What became of an attempt, told to who reads the log; its server is judged in backends/.
import type { Server } from '../backends/server.ts'
import { nowMs } from '../lib/clock.ts'
import { type FaultCode, type Loss, isTlsFault } from '../tables/faults.ts'
import type { AttemptRecord } from './asker.ts'
import type { Phase, Try } from './exchange.ts'
import type { Reason } from './retry.ts'
import { tellFailure } from './tell-attempt.ts'

/** Attempts that an exchange remembers: retries are few, but not for ever. */
const TRIES_MAX = 16

interface Attempt {
  readonly server: Server
  /** Why it was made; null: it is the first. */
  readonly reason: Reason | null
  readonly sinceMs: number
  /** Until a connection was there; null: none was. */
  readonly connectMs: number | null
}

/** The head of an answer is here: that of an attempt after others, or one that is not passed on. */
export function attemptAnswered(record: AttemptRecord, one: Attempt & { readonly status: number }): void {
  remember(record, { ...tryOf(one), phase: null, fault: null, status: one.status })
}

/** Another one was answered first. */
export function attemptGivenUp(record: AttemptRecord, one: Attempt): void {
  const phase = one.connectMs === null ? 'connect' : 'wait'
  remember(record, { ...tryOf(one), phase, fault: null, status: null })
}

interface LostAttempt extends Attempt {
  readonly code: FaultCode
  readonly phase: Phase
  /** It is told as answered by now, if anything is told of it. */
  readonly wasAnswered?: boolean
}

/** The server gave no answer, or broke off in the middle of one. */
export function attemptLost(
  record: AttemptRecord,
  { isDebugging }: { readonly isDebugging: boolean },
  { code, phase, wasAnswered = false, ...one }: LostAttempt,
): void {
  if (isDebugging) tellFailure(record, one.server, code, phase)
  // It is one attempt, and this is how it ended.
  if (wasAnswered) record.tries?.pop()
  remember(record, { ...tryOf(one), phase, fault: code, status: null })
}

const tryOf = ({ server, reason, sinceMs, connectMs }: Attempt): Omit<Try, 'phase' | 'fault' | 'status'> => ({
  server: server.name,
  reason,
  atMs: sinceMs,
  connectMs,
  ms: nowMs - sinceMs,
})

function remember(record: AttemptRecord, one: Try): void {
  record.tries ??= []
  if (record.tries.length < TRIES_MAX) record.tries.push(one)
}

/** What an attempt without an answer was doing when it was lost. */
export function phaseOf({ code, reached }: Loss, isRequestWhole: boolean): Phase {
  if (isTlsFault(code)) return 'tls'
  if (reached === 'nothing') return code === 'dns_failed' ? 'resolve' : 'connect'
  return isRequestWhole ? 'wait' : 'send'
}
