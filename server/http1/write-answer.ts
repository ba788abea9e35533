// An answer on its way to the client: how it is framed there, what is said about the connection, and its
// bytes.
import type { Fields } from '../head/fields.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { bitOf, passesUnchanged, writeResponseHead } from '../head/write.ts'
import type { BodyForm } from '../http/ends.ts'
import { dateLine } from '../lib/clock.ts'
import { type StageOwner, awaitFlush } from '../lib/stage.ts'
import { METHOD_HEAD } from '../tables/methods.ts'

/** Copying so little costs less than is seen. */
const STAGED_ANSWER_MAX = 4096

const CONTENT_LENGTH = bitOf(KNOWN.contentLength)
const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n')

// One object for all answers: it lives only while a head is written.
const lines = {
  isChunked: false,
  connection: null as 'close' | 'keep-alive' | 'upgrade' | null,
  date: null as Buffer | null,
  drops: 0,
}

/** Where answers are written. */
export interface Writer extends StageOwner {
  /** It takes no further request behind the answer. */
  readonly isLast: boolean
  write(bytes: Buffer, from: number, to: number): void
  writeSmall(bytes: Buffer, from?: number, to?: number): void
}

/** Whose answer it is. */
export interface Answered {
  readonly request: RequestHead
  readonly connection: Writer
  readonly answer: AnswerState
  /** Another request may follow on this connection. */
  keeps: boolean
}

/** How far one answer is. */
export class AnswerState {
  /** Content is put into chunks for a client that can take them. */
  wrapsChunks = false
  /** A head that goes out as it came, until something of its body does or the event is over. */
  heldBytes: Buffer | null = null
  heldFrom = 0
  heldTo = 0
}

/**
 * Decides on framing and connection, and writes the head. A head that needs no change is held, so that it
 * leaves in one write with the body that follows it.
 */
export function writeHead(stream: Answered, head: ResponseHead, form: BodyForm): void {
  const isHttp10 = stream.request.version === 10
  lines.isChunked = isChunkedTo(stream, head, form, isHttp10)
  if (head.status === 101) lines.connection = 'upgrade'
  else if (!stream.keeps || stream.connection.isLast) {
    stream.keeps = false
    lines.connection = 'close'
  } else lines.connection = isHttp10 ? 'keep-alive' : null
  lines.date = head.fields.has(KNOWN.date) || head.status < 200 ? null : dateLine()
  // RFC 9110 §8.6: no Content-Length in 204; an answer put into chunks has none that holds.
  lines.drops = head.status === 204 || head.status < 200 || form === 'content' ? CONTENT_LENGTH : 0
  if (passesUnchanged(head, lines)) holdHead(stream, head)
  else writeResponseHead(head, lines, stream.connection)
}

/**
 * Whether the client gets chunks. HTTP/1.0 clients get everything up to the close of the connection (RFC 9112
 * §6.1).
 */
function isChunkedTo(stream: Answered, head: ResponseHead, form: BodyForm, isHttp10: boolean): boolean {
  const { answer } = stream
  answer.wrapsChunks = false
  if (head.status === 101) return false
  if (form === 'as_it_came') return true
  if (form === 'content') {
    if (isHttp10) stream.keeps = false
    else answer.wrapsChunks = true
    return !isHttp10
  }
  // What a GET would have been framed like may stand in the answer to HEAD and in 304.
  return form === 'none' && !isHttp10 && head.status !== 204 && head.fields.has(KNOWN.transferEncoding)
}

function holdHead({ answer, connection }: Answered, head: ResponseHead): void {
  answer.heldBytes = head.fields.bytes
  answer.heldFrom = head.headStart
  answer.heldTo = head.headEnd
  awaitFlush(connection) // its turn comes at the end of the event, if nothing of the body does before
}

/** Writes a head that is still held: nothing of its body is here yet. */
export function writeHeldHead({ answer, connection }: Answered): void {
  const bytes = answer.heldBytes
  answer.heldBytes = null
  if (bytes) connection.write(bytes, answer.heldFrom, answer.heldTo)
}

/** Writes a piece of the answer's body, behind the head if that is still held. */
export function writeBody(stream: Answered, bytes: Buffer, from: number, to: number): void {
  const { answer, connection } = stream
  if (answer.heldBytes === bytes && answer.heldTo === from && !answer.wrapsChunks) {
    answer.heldBytes = null
    // An answer that is whole with this piece is logged before the end of the event, and leaves then: none is
    // answered and not logged.
    if (to - answer.heldFrom <= STAGED_ANSWER_MAX) return connection.writeSmall(bytes, answer.heldFrom, to)
    return connection.write(bytes, answer.heldFrom, to)
  }
  if (answer.heldBytes) writeHeldHead(stream)
  if (answer.wrapsChunks) connection.writeSmall(Buffer.from(`${(to - from).toString(16)}\r\n`))
  connection.write(bytes, from, to)
  if (answer.wrapsChunks) connection.writeSmall(CRLF)
}

/** Writes what is left of the answer when there is no more body. */
export function writeEnd(stream: Answered, trailers: Fields | null): void {
  const { answer, connection } = stream
  if (answer.heldBytes) writeHeldHead(stream)
  if (!answer.wrapsChunks || stream.request.methodId === METHOD_HEAD) return
  connection.writeSmall(LAST_CHUNK)
  if (trailers) connection.writeSmall(trailers.bytes, trailers.start, trailers.end)
  connection.writeSmall(CRLF)
}

/** Writes a 1xx head: nothing is added, and it has no framing. */
export function writeInterim(connection: Writer, head: ResponseHead): void {
  lines.isChunked = false
  lines.connection = null
  lines.date = null
  lines.drops = CONTENT_LENGTH
  writeResponseHead(head, lines, connection)
}
