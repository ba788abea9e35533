// /_health and /_metrics on the listeners themselves: only for sockets that are loopback or trusted, never by what a
// header says; for all others these paths belong to the rules.
import type { Answer } from '../head/answer.ts'
import { isLoopback } from '../lib/ranges.ts'
import { METHOD_GET, METHOD_HEAD } from '../tables/methods.ts'
import type { Proxied } from './proxy.ts'

/** The answer to one of our own paths; null: this request is not for us. */
export function ownDocument(x: Proxied): Answer | null {
  const { request, client } = x
  if (request.methodId !== METHOD_GET && request.methodId !== METHOD_HEAD) return null
  if (request.fields.bytes[request.targetStart + 1] !== 95) return null // "_"
  const { path } = request
  if (path !== '/_health' && path !== '/_metrics') return null
  if (!isDirect(x) || !(isLoopback(client.peer) || x.listener.admin.has(client.peer))) return null
  const { status, body } = x.engine.documents(path)
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body,
    fault: null,
  }
}

/** A proxy on this machine speaks for others: what it forwards is not loopback's own. */
function isDirect({ request }: Proxied): boolean {
  return request.get('x-forwarded-for') === null && request.get('forwarded') === null
}
