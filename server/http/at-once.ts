// What is decided before any rule is asked: requests that nobody may have, and our own documents on the
// listeners themselves.
import { type Answer, faultAnswer } from '../head/answer.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { isLoopback } from '../lib/ip-address.ts'
import { BY_UNIX } from '../lib/ranges.ts'
import type { Redirect } from '../rules/match.ts'
import type { Told } from '../rules/variables.ts'
import type { Listener, OwnDocument } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import { METHOD_CONNECT, METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_TRACE } from '../tables/methods.ts'
import { clientsOf } from '../tls/listener-tls.ts'
import type { ClientPolicies } from '../tls/client-policies.ts'
import { challengeAnswer } from './challenges.ts'
import { isForwarded } from './client.ts'
import { judgeClient } from './client-certificate.ts'
import { passesBefore } from './forwarded-headers.ts'
import type { Client } from './exchange.ts'
import type { ExchangeState } from './exchange-state.ts'

/** A request that passed here this often goes round in circles. */
const PASSES_MAX = 4

/** Why nobody may have this request; null: it may go on. */
export function refusedAtOnce(x: ExchangeState): FaultCode | null {
  const { request, engine } = x
  const refused = refusedAnywhere(request)
  if (refused !== null) return refused
  if (passesBefore(request, engine.name) >= PASSES_MAX) return 'loop'
  const clients = clientsOf(x.listener)
  return clients === null ? null : refusedClient(x, clients)
}

/** Why no listener of ours takes it; null: it may go on. */
export function refusedAnywhere(request: RequestHead): FaultCode | null {
  const { methodId } = request
  if (methodId === METHOD_TRACE || methodId === METHOD_CONNECT) return 'method_refused'
  return request.fields.has(KNOWN.expect) && !isExpectationKnown(request) ? 'expectation_unknown' : null
}

/** By its certificate. CAs that look for an answer of ours have none. */
function refusedClient({ request, stream }: ExchangeState, clients: ClientPolicies): FaultCode | null {
  const { fault } = judgeClient(stream.connection, request.host, clients)
  return fault !== null && challengeAnswer(request) !== null ? null : fault
}

/** RFC 9110 §10.1.1; that of a protocol without expectations reads as none. */
function isExpectationKnown(request: RequestHead): boolean {
  return (request.get('expect')?.toLowerCase() ?? '100-continue') === '100-continue'
}

/**
 * What is answered here, not by a rule; null: this request is for the rules. CAs come first, whatever a
 * listener does with all else.
 */
export const ownAnswer = (x: ExchangeState): Answer | null =>
  challengeAnswer(x.request) ?? ownDocument(x) ?? sentToHttps(x) ?? lastHop(x.request)

/** By this path certificates are obtained, perhaps by a server behind us. */
const CHALLENGES = '/.well-known/acme-challenge/'

/** The answer that sends a client to https; null: it has come by that, or may go on. */
export function sentToHttps(x: Here & Told): Answer | null {
  const { toHttps } = x.listener
  if (toHttps === null || x.client.scheme === 'https' || x.request.path.startsWith(CHALLENGES)) return null
  return redirected(x, toHttps) ?? faultAnswer('host_invalid')
}

/**
 * The answer to one of our own paths, where the listener has them and the client may see; null: this request
 * is for the rules.
 */
function ownDocument(x: ExchangeState): Answer | null {
  const which = documentFor(x)
  if (which === null) return null
  const { status, body } = x.engine.documents(which)
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

/** Which of our own documents it is that is asked for, and may be seen; null: none. */
export function documentFor(x: Here): OwnDocument | null {
  const { request, listener } = x
  if (listener.documents === null) return null
  if (request.methodId !== METHOD_GET && request.methodId !== METHOD_HEAD) return null
  const which = listener.documents.get(request.path)
  return which === undefined || !isInsider(x) || isRebound(x) ? null : which
}

/** What of an exchange says that before any rule is asked. */
export interface Here {
  readonly request: RequestHead
  readonly client: Pick<Client, 'address' | 'trusted' | 'scheme'>
  readonly listener: Pick<Listener, 'documents' | 'admin' | 'toHttps'>
}

/**
 * Who may see how the gateway is: clients that are loopback, come by a Unix socket, or are in
 * `admin.trusted`. A proxy or a tunnel on this machine speaks for others: what it passes on is its own only
 * where the listener trusts it, and then it says who the client is.
 */
export function isInsider({ client, listener, request }: Here): boolean {
  const { address } = client
  if (address === null || (!client.trusted && isForwarded(request))) return false
  return isLoopback(address) || address === BY_UNIX || listener.admin.has(address)
}

/**
 * A page in a browser on this machine must not read our documents under a name of its own (DNS rebinding).
 */
function isRebound({ client, listener, request }: Here): boolean {
  return !listener.admin.has(client.address ?? '') && !/^(?:|localhost|[0-9.]+|\[.*\])$/.test(request.host)
}

/**
 * The answer to OPTIONS for which this hop is the last (RFC 9110 §7.6.2); counts Max-Forwards down for those
 * that go on.
 */
function lastHop(request: RequestHead): Answer | null {
  if (request.methodId !== METHOD_OPTIONS || !request.fields.has(KNOWN.maxForwards)) return null
  const value = request.get('max-forwards') ?? ''
  if (!/^[0-9]{1,9}$/.test(value)) return null
  if (Number(value) === 0) return { status: 200, headers: [['Allow', ALLOWED]], body: '', fault: null }
  request.set('Max-Forwards', String(Number(value) - 1))
  return null
}

const ALLOWED = 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH'

/** The answer that sends a client elsewhere; null: its host cannot be read. */
export function redirected(x: Told, redirect: Redirect): Answer | null {
  const location = redirect.location(x)
  if (location === null) return null
  return { status: redirect.status, headers: [['Location', location]], body: '', fault: null }
}
