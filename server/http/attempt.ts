// What became of an attempt, told to who counts (the scoreboard), to who reads the log (the exchange) and to
// who picks servers (their records).
import type { Server } from '../backends/server.ts'
import { nowMs, unixSeconds } from '../lib/clock.ts'
import { FAULTS, type FaultCode, faultPlace } from '../tables/faults.ts'
import type { Phase } from './exchange.ts'
import type { Proxied } from './proxy.ts'
import { tellFailure } from './tell-exchange.ts'

/** Attempts that an exchange remembers: retries are few, but not for ever. */
const TRIES_MAX = 16

/** The head of an answer is here. */
export function attemptAnswered(x: Proxied, server: Server, sinceMs: number): void {
  x.engine.board.attemptAnswered(server.slot)
  // Told only after another has failed: the log says who answered in the end all the same.
  x.tries?.push({ server: server.name, phase: null, fault: null, ms: nowMs - sinceMs })
}

/**
 * The server gave no answer, or broke off in the middle of one. What is not its fault is not counted against
 * it, and nor is the end of a tunnel: WebSockets are ended by resets, and its server has answered long ago.
 */
export function attemptFailed(
  x: Proxied,
  server: Server,
  code: FaultCode,
  phase: Phase,
  sinceMs: number,
): void {
  if (FAULTS[code].side === 'server' && !x.tunnel)
    x.engine.board.attemptFailed(server.slot, faultPlace(code), phase === 'answer', unixSeconds())
  if (x.engine.isDebugging) tellFailure(x, server, code, phase)
  const failed = { server: server.name, phase, fault: code, ms: nowMs - sinceMs }
  x.tries ??= []
  // One that breaks off in its answer may be told as answered by now: it is one attempt, and this is how it
  // ended.
  if (x.tries.at(-1)?.fault === null) x.tries[x.tries.length - 1] = failed
  else if (x.tries.length < TRIES_MAX) x.tries.push(failed)
}

/** What an answer tells of its server. What a client takes to send its request is not its server's time. */
export function learnFromAnswer(x: Proxied, { live }: Server, status: number, waitedMs: number): void {
  if (status >= 500) live.record.failed(waitedMs, nowMs)
  else if (x.isRequestWhole) live.record.answered(waitedMs, nowMs)
}

/** And what it tells that there is none, or that it breaks off. */
export function learnFromFailure(x: Proxied, { live }: Server, code: FaultCode, waitedMs: number): void {
  if (FAULTS[code].side === 'server' && !x.tunnel) live.record.failed(x.hasBegun ? 0 : waitedMs, nowMs)
}

/** What an attempt that failed so was doing. */
export function phaseOf(x: Proxied, code: FaultCode, isSent: boolean): Phase {
  if (x.hasBegun) return 'answer'
  if (!isSent) return code === 'dns_failed' ? 'resolve' : 'connect'
  return x.isRequestWhole ? 'wait' : 'send'
}
