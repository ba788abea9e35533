// Whether an answer may be stored (RFC 9111 §3), and as what.
import type { Directives } from './directives.ts'
import { type StoredHead, valuesOf, without } from './stored-head.ts'
import { explicitLifetime, HEURISTIC } from './terms.ts'
import { variesBy } from './vary.ts'

/** Of the request, as far as it matters here. */
export interface AskedToStore {
  /** It asks that nothing be stored (§5.2.1.5). */
  readonly isNoStore: boolean
  /** It has credentials: Authorization, or somebody was let in by it. */
  readonly hasCredentials: boolean
}

export interface StoringRules {
  /** What becomes of an answer that sets cookies. */
  readonly set_cookie: 'refuse' | 'strip' | 'keep'
  /** Answers that say nothing of it are stored for a while. */
  readonly default_ttl: number
  readonly heuristic: number
}

/** Why not: for the log, Cache-Status and who explains. */
export type NotStored =
  | 'ours'
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary'
  | 'set-cookie'
  | 'no-freshness'
  | 'too-large'
  | 'memory'
  | 'purged'
  | 'incomplete'

/** The head to store, without what must not be; or why it is not stored. */
export function storable(
  asked: AskedToStore,
  head: StoredHead,
  said: Directives,
  rules: StoringRules,
): StoredHead | NotStored {
  const { status } = head
  // 1. The method is GET: whoever asks has seen to that. 2. A final status; parts are not put together, and a
  //    304 is no answer of its own.
  if (status < 200 || status === 206 || status === 304) return 'status'
  // 3. must-understand takes the place of no-store where the status is understood (§5.2.2.3).
  if (asked.isNoStore) return 'no-store'
  if (said.has('no-store') && !(said.has('must-understand') && UNDERSTOOD.has(status))) return 'no-store'
  if (said.has('must-understand') && !UNDERSTOOD.has(status)) return 'status'
  // 4. private, unless it holds of some fields alone (§5.2.2.7).
  if (said.has('private') && (said.isBare('private') || said.fields('private').length === 0)) return 'private'
  // 5. Credentials, unless the answer is said to be for others too (§3.5).
  if (asked.hasCredentials && !FOR_OTHERS.some((name) => said.has(name))) return 'authorization'
  // 6. One that nobody else could be given.
  if (variesBy(head) === null) return 'vary'
  if (valuesOf(head, 'set-cookie').length > 0 && rules.set_cookie === 'refuse') return 'set-cookie'
  // 7. It says for how long, or may be kept without that.
  if (!isKeptAtAll(head, said, rules)) return 'no-freshness'
  const left = new Set([...said.fields('private'), ...said.fields('no-cache')])
  if (rules.set_cookie === 'strip') left.add('set-cookie')
  return without(head, left)
}

const FOR_OTHERS = ['must-revalidate', 'public', 's-maxage']

/** What they mean is known here, as far as a cache has to. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501,
])

/** One that is never fresh is worth something if its server can be asked whether it has changed. */
function isKeptAtAll(head: StoredHead, said: Directives, rules: StoringRules): boolean {
  const hasValidator = valuesOf(head, 'etag').length > 0 || valuesOf(head, 'last-modified').length > 0
  const isSaid = said.has('public') || said.has('no-cache') || explicitLifetime(head, said, 0) !== null
  if (isSaid) return true
  return HEURISTIC.has(head.status) && (rules.default_ttl > 0 || hasValidator)
}
