// What became of an attempt, told to who reads the log; its server is judged in backends/.
import type { Server } from '../backends/server.ts'
import { nowMs } from '../lib/clock.ts'
import { type FaultCode, type Loss, isTlsFault } from '../tables/faults.ts'
import type { AttemptRecord } from './asker.ts'
import type { Phase, Try } from './exchange.ts'
import { tellFailure } from './tell-attempt.ts'

/** Attempts that an exchange remembers: retries are few, but not for ever. */
const TRIES_MAX = 16

/** The head of an answer is here, after others have failed. */
export function attemptAnswered(
  tries: Try[],
  { server, sinceMs, connectMs }: Omit<LostAttempt, 'code' | 'phase'>,
): void {
  const { name } = server
  tries.push({ server: name, phase: null, fault: null, atMs: sinceMs, connectMs, ms: nowMs - sinceMs })
}

interface LostAttempt {
  readonly server: Server
  readonly code: FaultCode
  readonly phase: Phase
  readonly sinceMs: number
  /** Until a connection was there; null: none was. */
  readonly connectMs: number | null
}

/** The server gave no answer, or broke off in the middle of one. */
export function attemptLost(
  record: AttemptRecord,
  { isDebugging }: { readonly isDebugging: boolean },
  { server, code, phase, sinceMs, connectMs }: LostAttempt,
): void {
  if (isDebugging) tellFailure(record, server, code, phase)
  const ms = nowMs - sinceMs
  const failed = { server: server.name, phase, fault: code, atMs: sinceMs, connectMs, ms }
  record.tries ??= []
  // One that breaks off in its answer may be told as answered by now: it is one attempt, and this is how it
  // ended.
  if (record.tries.at(-1)?.fault === null) record.tries[record.tries.length - 1] = failed
  else if (record.tries.length < TRIES_MAX) record.tries.push(failed)
}

/** What an attempt without an answer was doing when it was lost. */
export function phaseOf({ code, reached }: Loss, isRequestWhole: boolean): Phase {
  if (isTlsFault(code)) return 'tls'
  if (reached === 'nothing') return code === 'dns_failed' ? 'resolve' : 'connect'
  return isRequestWhole ? 'wait' : 'send'
}
