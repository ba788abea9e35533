// Which backends a listener may lead to.
import type { Change } from '../../data/change.ts'
import { type Protocol, PROTOCOLS } from './listener-fields.ts'

interface Written {
  readonly id: string
  readonly configured: unknown
}

/** Told by the schemes of their servers; those that the draft adds too, and not those it takes away. */
export function backendsFor(
  protocol: Protocol,
  written: readonly Written[],
  changes: readonly Change[],
): readonly string[] {
  const gone = new Set(changes.filter(({ op }) => op === 'delete').map(({ resource }) => resource))
  const drafted = changes.flatMap((one) =>
    one.op === 'create' && /^backends\/[^/]+$/.test(one.resource)
      ? [{ id: String(one.value['name'] ?? ''), configured: one.value }]
      : [],
  )
  return [...written.filter(({ id }) => !gone.has(`backends/${encodeURIComponent(id)}`)), ...drafted]
    .filter(({ configured }) => fits(configured, PROTOCOLS[protocol].schemes))
    .map(({ id }) => id)
}

/** One without servers yet may still become anything. */
function fits(configured: unknown, schemes: readonly string[]): boolean {
  const { servers = [] } = (configured ?? {}) as { readonly servers?: readonly { readonly url?: string }[] }
  const scheme = /^([a-z]+):/.exec(servers[0]?.url ?? '')?.[1]
  return scheme === undefined || schemes.includes(scheme)
}
