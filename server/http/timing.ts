// How long servers and exchanges may take, as a rule and its backend say it: prepared once, so that what is
// not written costs nothing.
import type { Backend } from '../backends/backend.ts'
import type { ServerTimeouts } from '../backends/server.ts'
import type { RuleConfig } from '../rules/rule.options.ts'

/** How long the client of an exchange may take, in ms; what is left out is as its listener says. */
export interface ClientTimes {
  readonly idle?: number
  readonly tunnel?: number
  /** Bytes a second. */
  readonly rateMin?: number
}

/** In ms. */
export interface Timing {
  /** What its servers may take; null: what their backend says. */
  readonly server: ServerTimeouts | null
  /** What its clients may take; null: what their listener says. */
  readonly client: ClientTimes | null
  /** An attempt, to the head of its answer; 0: no limit. */
  readonly attemptMs: number
  /** The exchange; 0: no limit; -1: as the listener says. */
  readonly totalMs: number
}

export function timingOf(words: RuleConfig['timeouts'], { options }: Backend): Timing {
  const { connect, response, idle, stream } = { ...options.timeouts, ...words }
  // That of a rule is its clients'.
  const { rate_min } = options.timeouts
  const isOwn = ['connect', 'response', 'idle', 'stream'].some((key) => Object.hasOwn(words ?? {}, key))
  return {
    server: isOwn ? { connect, response, idle, stream, rate_min } : null,
    client: clientTimes(words),
    attemptMs: words?.attempt ?? options.retry.timeout ?? 0,
    totalMs: words?.total ?? options.timeouts.total ?? -1,
  }
}

function clientTimes(words: RuleConfig['timeouts']): ClientTimes | null {
  const { client_idle: idle, tunnel, rate_min: rateMin } = words ?? {}
  if (idle === undefined && tunnel === undefined && rateMin === undefined) return null
  return {
    ...(idle !== undefined && { idle }),
    ...(tunnel !== undefined && { tunnel }),
    ...(rateMin !== undefined && { rateMin }),
  }
}
