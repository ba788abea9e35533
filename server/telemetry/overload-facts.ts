// What workers refuse that have more to do than they can, as of the last second.
import type { Config } from '../config/schema.ts'
import type { Totals } from './registry.ts'

export interface OverloadFacts {
  /** Of new requests, 0 to 1, at the worker that refuses most. */
  readonly share: number
  /** So many refuse. */
  readonly workers: number
  readonly mode: 'enforce' | 'shadow'
}

interface Served {
  readonly running: { readonly edition: { readonly config: Pick<Config, 'overload'> } } | null
  readonly totals: Totals
}

/** Of the workers that refuse something, or would; left out: none does. */
export function overloadOf({ running, totals }: Served): { overload?: OverloadFacts } {
  const mode = running?.edition.config.overload.mode ?? 'off'
  const shares = totals.gaugesOf('overload_share').flatMap(({ value }) => (value > 0 ? [value] : []))
  if (mode === 'off' || shares.length === 0) return {}
  return { overload: { share: Math.max(...shares), workers: shares.length, mode } }
}
