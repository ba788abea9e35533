// Whether a stored answer may be given (RFC 9111 §4, §5.2.1; RFC 5861).
import type { Directives } from './directives.ts'
import type { Terms } from './terms.ts'

/**
 *   fresh      as it is
 *   stale      as it is, though it is stale
 *   behind     the same, and its server is asked meanwhile
 *   validate   not before its server was asked
 */
export type Reuse = 'fresh' | 'stale' | 'behind' | 'validate'

/** Of a request: null where its words are not heeded, or it says nothing. */
export function reuse(terms: Terms, ageMs: number, asked: Directives | null): Reuse {
  // 1. The answer wants to be asked about (§5.2.2.4), or the request wants it (§5.2.1.4).
  if (terms.isAlwaysAsked || asked?.has('no-cache') === true) return 'validate'
  const staleMs = ageMs - terms.lifetimeMs
  // 2. It is fresh, and as fresh as the request wants it (§5.2.1.1, §5.2.1.3). An age of the very lifetime
  // is stale.
  const isTooOld = asked !== null && ageMs > (asked.ms('max-age') ?? Infinity)
  if (staleMs < 0) return isTooOld || -staleMs < (asked?.ms('min-fresh') ?? 0) ? 'validate' : 'fresh'
  // 3. It is stale, and must not be used so (§4.2.4), or the request does not want it.
  if (terms.isNeverStale || isTooOld || asked?.has('min-fresh') === true) return 'validate'
  // 4. The request takes it (§5.2.1.2): without a number however stale it is.
  if (
    asked?.has('max-stale') === true &&
    (asked.isBare('max-stale') || staleMs <= (asked.ms('max-stale') ?? 0))
  )
    return 'stale'
  // 5. The answer lets it be used while its server is asked (RFC 5861 §3).
  const { staleWhileRevalidateMs: mostMs } = terms
  return mostMs > 0 && staleMs <= mostMs ? 'behind' : 'validate'
}

/** Its server has failed: whether a stored answer may be given in place of that (RFC 5861 §4). */
export function mayStandIn(terms: Terms, ageMs: number, asked: Directives | null): boolean {
  if (terms.isNeverStale || terms.isAlwaysAsked) return false
  const mostMs = Math.max(terms.staleIfErrorMs, asked?.ms('stale-if-error') ?? 0)
  // Before it is stale, too: it was the request that wanted its server asked.
  return mostMs > 0 && ageMs - terms.lifetimeMs <= mostMs
}
