// What the way of balancing means for who is taken out or weighed.
import type { HashFields } from './backend-fields.ts'
import { byOf, type Kept } from './session-words.ts'

export const ignoresWeights = (algorithm: string): boolean =>
  algorithm === 'random' || algorithm === 'first_available'

/** What requests carry by which they stay with a server that drains: “the cookie session”. */
export function boundByOf({ algorithm, hash, sticky }: Bound): string | null {
  const kept = byOf(sticky)
  if (kept !== 'nothing') return keptBy(kept, sticky)
  if (algorithm !== 'hash' || hash?.name === undefined) return null
  const kinds: Readonly<Record<string, string>> = {
    cookie: 'the cookie',
    header: 'the header',
    query: 'the parameter',
  }
  const kind = kinds[hash.by ?? '']
  return kind === undefined ? null : `${kind} ${hash.name}`
}

interface Bound {
  readonly algorithm: string
  readonly hash?: HashFields
  readonly sticky?: unknown
}

/** Null: sessions leave a server that drains. */
function keptBy(kept: Kept, sticky: unknown): string | null {
  const words = (typeof sticky === 'object' && sticky !== null ? sticky : {}) as Readonly<
    Record<string, unknown>
  >
  if (words['drain'] !== 'sticky') return null
  if (kept === 'client_ip') return 'their address'
  if (kept === 'header') return `the header ${String(words['header'])}`
  return `the cookie ${String(words['learn'] ?? words['cookie'] ?? 'sluice_sticky')}`
}
