// What users of balancers with one list of servers send: servers as if they were backends.
import { problem } from '../problem.ts'
import type { KnownConfig } from './known-config.ts'
import { type Collection, collectionOf, idsOf, pathOf, type Resource, serversOf } from './resource.ts'

/**
 * `{ url, weight }` is a server: of the only backend. Null: it is a backend after all. An answer where nobody
 * knows of which.
 */
export function onlyBackend(known: KnownConfig | null, body: unknown): Collection | Response | null {
  const sent = body as Readonly<Record<string, unknown>>
  if (known === null || typeof sent['url'] !== 'string' || 'servers' in sent) return null
  const backends = idsOf(known.value, collectionOf('backends'))
  const [only] = backends
  if (only !== undefined && backends.length === 1) return serversOf(only)
  const named = backends.slice(0, 20)
  return problem('conflict', `A server belongs to a backend, and there are ${backends.length}.`, {
    hint: 'POST it to /api/v1/backends/{backend}/servers',
    members: { backends: named },
  })
}

/** A server that is called for as a backend, where there is no backend and one server of that name. */
export function legacyServer(known: KnownConfig, of: Resource): Resource | null {
  if (of.kind !== 'backends' || pathOf(known.value, of) !== null) return null
  const found = idsOf(known.value, of).flatMap((backend) => {
    const server: Resource = { ...serversOf(backend), id: of.id }
    return pathOf(known.value, server, known.config) === null ? [] : [server]
  })
  return found.length === 1 ? (found[0] ?? null) : null
}
