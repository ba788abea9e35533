// What is decided before any rule is asked: requests that nobody may have, and our own paths on the listeners themselves.
import type { Answer } from '../head/answer.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { bitOf } from '../head/write.ts'
import { isLoopback } from '../lib/ranges.ts'
import type { FaultCode } from '../tables/faults.ts'
import { METHOD_CONNECT, METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_TRACE } from '../tables/methods.ts'
import { passesBefore } from './forwarded-headers.ts'
import type { Proxied } from './proxy.ts'

/** A request that passed here this often goes round in circles. */
const PASSES_MAX = 4

/** Why nobody may have this request; null: it may go on. */
export function refusedAtOnce({ request, engine }: Proxied): FaultCode | null {
  const { methodId } = request
  if (methodId === METHOD_TRACE || methodId === METHOD_CONNECT) return 'method_refused'
  if (request.fields.has(KNOWN.expect) && !isExpectationKnown(request)) return 'expectation_unknown'
  return passesBefore(request, engine.name) >= PASSES_MAX ? 'loop' : null
}

/** RFC 9110 §10.1.1; HTTP/1.0 knows no expectations at all. */
function isExpectationKnown(request: RequestHead): boolean {
  return request.version === 10 || request.get('expect')?.toLowerCase() === '100-continue'
}

/**
 * The answer to one of our own paths, only for sockets that are loopback or trusted, never by what a header says; null: this
 * request is for the rules.
 */
export function ownDocument(x: Proxied): Answer | null {
  const { request } = x
  if (request.methodId !== METHOD_GET && request.methodId !== METHOD_HEAD) return null
  if (request.fields.bytes[request.targetStart + 1] !== 95) return null // "_"
  const { path } = request
  if (path !== '/_health' && path !== '/_metrics') return null
  if (!isDirect(request) || !isOurs(x)) return null
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

/** Who may see how the gateway is: sockets that are loopback or in `admin.trusted`, whatever their headers say. */
export function isInsider({ client, listener }: Proxied): boolean {
  return isLoopback(client.socketAddress) || listener.admin.has(client.socketAddress)
}

/** A page in a browser on this machine must not read our documents under a name of its own (DNS rebinding). */
function isOurs(x: Proxied): boolean {
  if (x.listener.admin.has(x.client.socketAddress)) return true
  return isLoopback(x.client.socketAddress) && /^(?:|localhost|[0-9.]+|\[.*\])$/.test(x.request.host)
}

/** A proxy on this machine speaks for others: what it forwards is not loopback's own. */
function isDirect({ fields }: RequestHead): boolean {
  return (fields.seen & PROXY_FIELDS) === 0
}

const PROXY_FIELDS =
  bitOf(KNOWN.xForwardedFor) | bitOf(KNOWN.forwarded) | bitOf(KNOWN.via) | bitOf(KNOWN.xRealIp)

/** The answer to OPTIONS for which this hop is the last (RFC 9110 §7.6.2); counts Max-Forwards down for those that go on. */
export function lastHop(request: RequestHead): Answer | null {
  if (request.methodId !== METHOD_OPTIONS || !request.fields.has(KNOWN.maxForwards)) return null
  const value = request.get('max-forwards') ?? ''
  if (!/^[0-9]{1,9}$/.test(value)) return null
  if (Number(value) === 0) return { status: 200, headers: [['Allow', ALLOWED]], body: '', fault: null }
  request.set('Max-Forwards', String(Number(value) - 1))
  return null
}

const ALLOWED = 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH'
