// The listeners that serve certificates, and how a certificate gets into their lists.
import { change, draftedOf } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { isSame, type JsonMap } from '../../data/merge.ts'
import type { Reached } from './acme-checks.ts'

export interface ServingListener extends Reached {
  readonly resource: string
  readonly etag: string
  readonly configured: JsonMap
  /** As the draft would have it. */
  readonly certificates: readonly string[]
  /** It can have certificates: https, and tcp that ends TLS. */
  readonly canServe: boolean
}

interface Told {
  readonly id: string
  readonly etag: string
  readonly configured: JsonMap
  readonly effective: JsonMap
}

/** Null: not known yet. */
export function useListeners(): readonly ServingListener[] | null {
  const { value } = useHeld('GET /api/v1/listeners', {}, { isWhole: true, topics: ['config'] }).value
  return value === null ? null : (value.items as unknown as readonly Told[]).map(listenerOf)
}

function listenerOf({ id, etag, configured, effective }: Told): ServingListener {
  const resource = `listeners/${encodeURIComponent(id)}`
  const drafted = draftedOf(resource, configured) ?? configured
  const protocol = String(effective['protocol'] ?? 'http')
  return {
    ...{ name: id, resource, etag, configured, protocol },
    bind: [effective['bind'] ?? []].flat().map(String),
    certificates: [drafted['certificates'] ?? []].flat().map(String),
    canServe: protocol === 'https' || (protocol === 'tcp' && 'certificates' in effective),
  }
}

/** The draft has them name the certificate, as the last one of theirs. */
export function draftServing(
  name: string,
  chosen: readonly string[],
  listeners: readonly ServingListener[],
): void {
  for (const one of listeners)
    if (chosen.includes(one.name) && !one.certificates.includes(name))
      change(one.resource, one, { certificates: [...one.certificates, name] })
}

/** The draft has none of them name it. */
export function draftWithout(name: string, listeners: readonly ServingListener[]): void {
  for (const one of listeners)
    if (one.certificates.includes(name))
      change(one.resource, one, {
        certificates: one.certificates.filter((certificate) => certificate !== name),
      })
}

/** The draft took it out of their lists; they have it again, in its place. */
export function keepServing(name: string, listeners: readonly ServingListener[]): void {
  for (const one of listeners) {
    const written = one.configured['certificates']
    const was = [written ?? []].flat().map(String)
    if (!was.includes(name) || one.certificates.includes(name)) continue
    const back = was.filter((other) => other === name || one.certificates.includes(other))
    const next = [...back, ...one.certificates.filter((other) => !was.includes(other))]
    // As it is written, which may be a name alone: then nothing of it is left in the draft.
    change(one.resource, one, { certificates: isSame(next, was) ? written : next })
  }
}
