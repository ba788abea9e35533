// What the supervisor asks the caches of its workers, and what these answer and tell. Types only.
import type { Purge } from './purge.ts'
import type { StoreFigures } from './store.ts'

export type CacheQuestion =
  | { readonly is: 'cache' }
  | { readonly is: 'cache_purge'; readonly purges: readonly Purge[] }

/** Of a worker. */
export interface CacheAnswer extends StoreFigures {
  /** Answers that were taken out for it. */
  readonly removed: number
}

/** Requests have changed what caches may have stored: for those of the other workers. */
export interface CacheChanged {
  readonly type: 'cache-changed'
  readonly purges: readonly Purge[]
}
