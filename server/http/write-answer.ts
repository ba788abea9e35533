// An answer on its way to the client: how it is framed there, what is said about the connection, and its
// bytes.
import type { Framing } from '../head/framing.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { bitOf, passesUnchanged, writeResponseHead } from '../head/write.ts'
import type { Inbound } from '../http1/inbound.ts'
import { dateLine } from '../lib/clock.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import type { Proxied } from './proxy.ts'

/** Copying so little costs less than is seen. */
const STAGED_ANSWER_MAX = 4096

const CONTENT_LENGTH = bitOf(KNOWN.contentLength)
const CRLF = Buffer.from('\r\n')
const CHUNKED_END = Buffer.from('0\r\n\r\n')

// One object for all answers: it lives only while a head is written.
const lines = {
  isChunked: false,
  connection: null as 'close' | 'keep-alive' | 'upgrade' | null,
  date: null as Buffer | null,
  drops: 0,
}

/**
 * Decides on framing and connection, and writes the head. A head that needs no change is held, so that it
 * leaves in one write with the body that follows it.
 */
export function writeAnswer(x: Proxied, head: ResponseHead, framing: Framing): void {
  const isHttp10 = x.request.version === 10
  lines.isChunked = isChunkedTo(x, head, framing, isHttp10)
  if (x.tunnel) lines.connection = 'upgrade'
  else if (!x.keeps || x.inbound.isLast) {
    x.keeps = false
    lines.connection = 'close'
  } else lines.connection = isHttp10 ? 'keep-alive' : null
  lines.date = head.fields.has(KNOWN.date) || head.status < 200 ? null : dateLine()
  // RFC 9110 §8.6: no Content-Length in 204; an answer put into chunks has none that holds.
  lines.drops = head.status === 204 || head.status < 200 || x.wrapsChunks ? CONTENT_LENGTH : 0
  if (passesUnchanged(head, lines)) holdHead(x, head)
  else writeResponseHead(head, lines, x.inbound)
}

/**
 * Whether the client gets chunks. HTTP/1.0 clients get everything up to the close of the connection (RFC 9112
 * §6.1).
 */
function isChunkedTo(x: Proxied, head: ResponseHead, framing: Framing, isHttp10: boolean): boolean {
  x.wrapsChunks = false
  if (x.tunnel) return false
  if (framing === 'chunked' || framing === 'close') {
    if (isHttp10) {
      x.keeps = false
      return false
    }
    x.wrapsChunks = framing === 'close'
    return true
  }
  // What a GET would have been framed like may stand in the answer to HEAD and in 304.
  return framing === 'none' && !isHttp10 && head.status !== 204 && head.fields.has(KNOWN.transferEncoding)
}

function holdHead(x: Proxied, head: ResponseHead): void {
  x.heldBytes = head.fields.bytes
  x.heldFrom = head.headStart
  x.heldTo = head.headEnd
}

/** Writes a head that is still held: nothing of its body is here yet. */
export function writeHeldHead(x: Proxied): void {
  const bytes = x.heldBytes
  x.heldBytes = null
  if (bytes) x.inbound.write(bytes, x.heldFrom, x.heldTo)
}

/** Writes a piece of the answer's body, behind the head if that is still held. */
export function writeBody(x: Proxied, bytes: Buffer, from: number, to: number): void {
  if (x.heldBytes === bytes && x.heldTo === from && !x.wrapsChunks) {
    x.heldBytes = null
    // An answer that is whole with this piece is logged before the end of the event, and leaves then: none is
    // answered and not logged.
    if (to - x.heldFrom <= STAGED_ANSWER_MAX) return x.inbound.writeSmall(bytes, x.heldFrom, to)
    return x.inbound.write(bytes, x.heldFrom, to)
  }
  if (x.heldBytes) writeHeldHead(x)
  if (x.wrapsChunks) x.inbound.writeSmall(Buffer.from(`${(to - from).toString(16)}\r\n`))
  x.inbound.write(bytes, from, to)
  if (x.wrapsChunks) x.inbound.writeSmall(CRLF)
}

/** Writes what is left of the answer when there is no more body. */
export function writeEnd(x: Proxied): void {
  if (x.heldBytes) writeHeldHead(x)
  if (x.wrapsChunks && x.request.methodId !== METHOD_HEAD) x.inbound.writeSmall(CHUNKED_END)
}

/** Writes a 1xx head: nothing is added, and it has no framing. */
export function writeInterim(inbound: Inbound, head: ResponseHead): void {
  lines.isChunked = false
  lines.connection = null
  lines.date = null
  lines.drops = CONTENT_LENGTH
  writeResponseHead(head, lines, inbound)
}
