// What is written into each request beside its own fields: who it is from (forwarded-lines.ts), X-Request-Id,
// Host where it lacks one.
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { FORWARDED_FIELDS, REQUEST_DROPS, type RequestLines, bitOf } from '../head/write.ts'
import type { Server } from '../backends/server.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { Client, KnownClient } from './exchange.ts'
import type { Protocol } from './ends.ts'
import { viaOf } from './forwarded-lines.ts'

/** X-Request-Id of a trusted proxy, when it is sane; null otherwise. */
export function givenRequestId(request: RequestHead, client: Client): string | null {
  if (!client.trusted) return null
  const given = request.get('x-request-id')
  return given !== null && /^[!-~]{1,128}$/.test(given) ? given : null
}

/** How often this request has passed through here. */
export function passesBefore(request: RequestHead, gateway: string): number {
  if (!request.fields.has(KNOWN.via)) return 0
  return request
    .values('via')
    .join(',')
    .split(',')
    .filter((hop) => hop.trim().split(/\s+/)[1] === gateway).length
}

// What is hidden of the request is dropped too: http/client.ts says what is not believed.
const KEEPS_UNDERSCORE = REQUEST_DROPS | FORWARDED_FIELDS | bitOf(KNOWN.xRequestId) | bitOf(KNOWN.disguised)
const DROPS_UNDERSCORE = KEEPS_UNDERSCORE | bitOf(KNOWN.underscore)

// One object for all requests: it lives only while a head is written.
const lines = {
  drops: 0,
  ours: Buffer.alloc(0) as Buffer,
  requestId: '',
  host: null as Buffer | null,
}

/** What a request says of itself, beside its own fields. */
interface Sender {
  readonly id: string
  readonly client: KnownClient
  readonly listener: Listener
  readonly request: RequestHead
  readonly stream: { readonly protocol: Protocol }
}

/**
 * What is written into the request beside its own fields for this server. Valid until the next call.
 */
export function requestLines(
  { id, client, listener, request, stream }: Sender,
  { authority, options }: Pick<Server, 'authority' | 'options'>,
): RequestLines {
  const isKept = listener.options.underscore_fields === 'keep'
  lines.drops = (isKept ? KEEPS_UNDERSCORE : DROPS_UNDERSCORE) | request.fields.hidden
  lines.ours = stream.protocol === 'HTTP/1.1' ? client.ours : viaOf(client.ours, stream.protocol)
  lines.host = null
  if (request.isAbsolute) {
    lines.drops |= bitOf(KNOWN.host)
    lines.host = request.authority.raw
  } else if (!request.fields.has(KNOWN.host)) lines.host = Buffer.from(authority)
  // Whoever has such a cookie is signed in: a server that is no dashboard is not to.
  if (request.fields.has(KNOWN.cookie) && !options.dashboard) lines.drops |= bitOf(KNOWN.cookie)
  lines.requestId = id
  return lines
}
