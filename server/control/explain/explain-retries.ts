// When a request would be asked again, and how many may be at once.
import type { BackendConfig } from '../../backends/backend.options.ts'
import { RetryBudget } from '../../backends/retry-budget.ts'
import type { RequestHead } from '../../head/request-head.ts'
import { familyOf } from '../../lib/server-url.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { IDEMPOTENT } from '../../tables/methods.ts'

export interface ExplainedRetries {
  /** All of them, the first included. */
  readonly attempts: number
  /** It may be asked again though a server had it; else only where it had reached nobody. */
  readonly is_idempotent: boolean
  /** Answers in whose place another attempt is made, as ranges. */
  readonly statuses: readonly string[]
  /** Another attempt may be made beside one that lets wait. */
  readonly is_hedged: boolean
  /** Of the backend's budget: how many further attempts are under way, and how many may be now. */
  readonly under_way: number
  readonly most: number
}

interface Asked {
  readonly options: BackendConfig
  readonly slot: number | undefined
  readonly servers: readonly { readonly slot: number }[]
  readonly board: Scoreboard
}

/** Null: it is no request, or there is one attempt. */
export function explainRetries(
  { options: { retry, servers: words }, slot, servers, board }: Asked,
  { methodId }: RequestHead,
): ExplainedRetries | null {
  if (familyOf(words) !== 'http' || retry.attempts === 1) return null
  const isIdempotent = IDEMPOTENT[methodId] === true
  const budget = new RetryBudget(board, slot ?? 0, retry.budget)
  return {
    attempts: retry.attempts,
    is_idempotent: isIdempotent,
    statuses: isIdempotent ? retry.statuses.map(shortRange) : [],
    is_hedged: isIdempotent && retry.hedge !== undefined && words.length > 1,
    under_way: slot === undefined ? 0 : budget.inUse,
    most: budget.most(servers),
  }
}

/** "503-503" is 503. */
const shortRange = (range: string): string => {
  const [from, to] = range.split('-')
  return from === to || to === undefined ? String(from) : range
}
