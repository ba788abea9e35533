/**
 * What a cache did of a request:
 *   hit          given from the store
 *   collapsed    the same, once the answer that it waited for was stored
 *   stale        given from the store though it was stale
 *   revalidated  given from the store, as its server says that it has not changed
 *   miss         the server's answer
 *   bypass       the same, and the cache had no say
 */
export type CacheResult = 'hit' | 'collapsed' | 'stale' | 'revalidated' | 'miss' | 'bypass'
