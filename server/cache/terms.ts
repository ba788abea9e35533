// For how long an answer is good, and on what terms, once it is stored (RFC 9111 §4.2, RFC 5861).
import type { Directives } from './directives.ts'
import { readDate } from './http-date.ts'
import { type StoredHead, valueOf, valuesOf } from './stored-head.ts'

/** What the config says of answers that say nothing of it. */
export interface FreshnessRules {
  /** How long those are fresh that say nothing at all, in ms. */
  readonly default_ttl: number
  /** Percent of the time since Last-Modified; 0: it tells nothing. */
  readonly heuristic: number
  readonly stale_while_revalidate: number
  readonly stale_if_error: number
  /** Answers say what the cache did. */
  readonly status_header: boolean
}

export interface Terms {
  /** For so long after it was made, in ms. */
  readonly lifetimeMs: number
  /** It is asked about each time (§5.2.2.4). */
  readonly isAlwaysAsked: boolean
  /** It is not used once it is stale (§4.2.4). */
  readonly isNeverStale: boolean
  /** It is used so long after that, while it is asked about. */
  readonly staleWhileRevalidateMs: number
  /** The same where its server fails. */
  readonly staleIfErrorMs: number
}

/** RFC 9110 §15.1: those that may be kept although nothing is said of it, if all of one is here. */
export const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
const HEURISTIC_MAX_MS = 24 * 3_600_000

export function termsOf(head: StoredHead, said: Directives, dateMs: number, rules: FreshnessRules): Terms {
  const lifetimeMs = explicitLifetime(head, said, dateMs) ?? usualLifetime(head, said, dateMs, rules)
  const isNeverStale =
    said.has('must-revalidate') ||
    said.has('proxy-revalidate') ||
    said.has('s-maxage') ||
    said.has('no-cache')
  return {
    lifetimeMs,
    // With names of fields it holds of those alone, which are not stored.
    isAlwaysAsked: said.has('no-cache') && said.fields('no-cache').length === 0,
    isNeverStale,
    staleWhileRevalidateMs: said.ms('stale-while-revalidate') ?? rules.stale_while_revalidate,
    staleIfErrorMs: said.ms('stale-if-error') ?? rules.stale_if_error,
  }
}

/** §4.2.1; null: nothing is said. */
export function explicitLifetime(head: StoredHead, said: Directives, dateMs: number): number | null {
  // 1. s-maxage, as this cache is shared.
  const shared = said.ms('s-maxage')
  if (shared !== null) return shared
  // 2. max-age.
  const own = said.ms('max-age')
  if (own !== null) return own
  // 3. Expires minus Date; one that is no date, or not the only one, is in the past (RFC 9111 §5.3).
  const expires = valuesOf(head, 'expires')
  if (expires.length === 0) return null
  const untilMs = expires.length === 1 ? readDate(expires[0] ?? '', dateMs) : NaN
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - dateMs)
}

/** 4. A part of the time that it has not changed for (§4.2.2); or what the config says. */
function usualLifetime(head: StoredHead, said: Directives, dateMs: number, rules: FreshnessRules): number {
  if (!HEURISTIC.has(head.status) && !said.has('public')) return 0
  const changedMs = readDate(valueOf(head, 'last-modified') ?? '', dateMs)
  if (rules.heuristic > 0 && changedMs < dateMs)
    return Math.min(HEURISTIC_MAX_MS, ((dateMs - changedMs) * rules.heuristic) / 100)
  return rules.default_ttl
}

/** When an answer was asked for and came, on the clock of the day. */
export interface Came {
  readonly askedMs: number
  readonly answeredMs: number
}

/** Its Date; where that is none, when it came. */
export function dateOf(head: StoredHead, { answeredMs }: Came): number {
  const date = readDate(valueOf(head, 'date') ?? '', answeredMs)
  return Number.isNaN(date) ? answeredMs : date
}

/** §4.2.3: how old it was when it came, in ms; Infinity: it says so in a way that nobody can read. */
export function initialAge(head: StoredHead, came: Came): number {
  const ages = valuesOf(head, 'age')
  const said = ages.length === 0 ? '0' : ages.length === 1 ? (ages[0] ?? '') : ''
  if (!/^[0-9]+$/.test(said)) return Infinity
  const apparent = Math.max(0, came.answeredMs - dateOf(head, came))
  const corrected = Number(said) * 1000 + (came.answeredMs - came.askedMs)
  return Math.max(apparent, corrected)
}
