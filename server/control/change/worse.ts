// Whether what was measured since a change is worse than what was measured before it: by how many answers are
// 5xx, by latency, and by how many servers are usable. A few requests that failed by chance are no reason.

/** What was measured over some time. */
export interface Measured {
  readonly seconds: number
  readonly requests: number
  /** Answered with 5xx. */
  readonly server_errors: number
  /** Of each second's requests, by how many they were; null: there were none. */
  readonly p95_ms: number | null
  readonly servers: number
  /** Those that are not down. */
  readonly usable: number
}

/** Fewer failures than this, or fewer requests, say nothing. */
const ERRORS_LEAST = 10
const REQUESTS_LEAST = 20
/** The share of 5xx must have grown by this, and by more than chance makes it (standard errors). */
const SHARE_MORE = 0.02
const ERRORS_OFF = 3
/** A latency must be higher by this factor and this much, in as many requests on both sides. */
const LATENCY_TIMES = 1.5
const LATENCY_MORE_MS = 20
const TIMED_LEAST = 100
/** The share of servers that are usable must have sunk by this. */
const USABLE_LESS = 0.1

/** Why it is worse, with the figures; null: it is not. */
export function worse(before: Measured, after: Measured): string | null {
  return moreErrors(before, after) ?? slower(before, after) ?? lessUsable(before, after)
}

function moreErrors(before: Measured, after: Measured): string | null {
  if (after.requests < REQUESTS_LEAST || after.server_errors < ERRORS_LEAST) return null
  const [was, is] = [shareOf(before), shareOf(after)]
  if (is - was < SHARE_MORE) return null
  const all = before.requests + after.requests
  const mean = (before.server_errors + after.server_errors) / all
  const spread = Math.sqrt(mean * (1 - mean) * (1 / after.requests + 1 / Math.max(before.requests, 1)))
  // Where nothing was measured before, any such share is what the change brought.
  if (before.requests > 0 && spread > 0 && (is - was) / spread < ERRORS_OFF) return null
  return `5xx rose from ${percent(was)} of ${before.requests} to ${percent(is)} of ${after.requests} requests`
}

function slower(before: Measured, after: Measured): string | null {
  const [was, is] = [before.p95_ms, after.p95_ms]
  if (was === null || is === null || Math.min(before.requests, after.requests) < TIMED_LEAST) return null
  if (is < was * LATENCY_TIMES || is - was < LATENCY_MORE_MS) return null
  return `the latency that 95 % stay below rose from ${round(was)} to ${round(is)} ms`
}

function lessUsable(before: Measured, after: Measured): string | null {
  if (before.servers === 0 || after.servers === 0) return null
  if (before.usable / before.servers - after.usable / after.servers < USABLE_LESS) return null
  return `${after.usable} of ${after.servers} servers are usable; before it were ${before.usable} of ${before.servers}`
}

const shareOf = ({ requests, server_errors: errors }: Measured): number =>
  requests === 0 ? 0 : errors / requests

const percent = (share: number): string => `${round(share * 100)} %`
const round = (value: number): number => Math.round(value * 10) / 10
