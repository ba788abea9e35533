// What is answered here before any rule is asked: OPTIONS that may go no further (RFC 9110 §7.6.2), and
// /_health and /_metrics on the listeners themselves: only for sockets that are loopback or trusted, never by what a
// header says; for all others these paths belong to the rules.
import type { Answer } from '../head/answer.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { isLoopback } from '../lib/ranges.ts'
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS } from '../tables/methods.ts'
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

/** The answer to OPTIONS that this hop is the last for; counts Max-Forwards down for others. The only method that has it here, as TRACE is refused. */
export function lastHop(request: RequestHead): Answer | null {
  if (request.methodId !== METHOD_OPTIONS || !request.fields.has(KNOWN.maxForwards)) return null
  const value = request.get('max-forwards') ?? ''
  if (!/^[0-9]{1,9}$/.test(value)) return null
  if (Number(value) === 0) return { status: 200, headers: [['Allow', ALLOWED]], body: '', fault: null }
  request.set('Max-Forwards', String(Number(value) - 1))
  return null
}

const ALLOWED = 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH'
