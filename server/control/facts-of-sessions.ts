// Backends whose sessions stay with their servers: by what, and how many of their requests did.
import { stickyWords } from '../backends/sticky-words.ts'
import type { Config } from '../config/schema.ts'
import { backendCounts, type Counts } from '../telemetry/backend-counts.ts'
import type { Totals } from '../telemetry/registry.ts'

export interface StickyFacts {
  readonly backend: string
  /** learn: by a cookie that servers set. */
  readonly by: 'cookie' | 'header' | 'client_ip' | 'learn'
  /** The name of the cookie or field; null: it is the address. */
  readonly name: string | null
  /** Requests by what became of their session, since the start; left out: there is no cookie of ours. */
  readonly requests?: Counts
}

interface Served {
  readonly running: { readonly edition: { readonly config: Pick<Config, 'backends'> } } | null
  readonly totals: Totals
}

/** In the order of the config; left out: there is none. */
export function stickyOf({ running, totals }: Served): { readonly sticky?: readonly StickyFacts[] } {
  const known = Object.entries(running?.edition.config.backends ?? {}).flatMap(([backend, options]) => {
    const words = stickyWords(options)
    return words === null ? [] : [{ backend, words }]
  })
  if (known.length === 0) return {}
  totals.collectAll()
  const counts = backendCounts(totals, 'sticky_total')
  const sticky = known.map(({ backend, words: { by, header, cookie, learn } }): StickyFacts => {
    const name = by === 'header' ? header : by === 'learn' ? learn : by === 'cookie' ? cookie : undefined
    const isCounted = by === 'cookie' || by === 'learn'
    return { backend, by, name: name ?? null, ...(isCounted && { requests: counts.get(backend) ?? {} }) }
  })
  return { sticky }
}
