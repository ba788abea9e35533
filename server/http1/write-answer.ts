// An answer on its way to the client, the half of a stream that is written: how it is framed there, what is
// said about the connection, and its bytes.
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
  readonly place: string
  /** Something moved in a tunnel. */
  touch(): void
  write(bytes: Buffer, from: number, to: number): void
  writeSmall(bytes: Buffer, from?: number, to?: number): void
}

/** The answers of one connection, one after the other. */
export abstract class AnswerWriter {
  abstract readonly request: RequestHead
  abstract readonly connection: Writer
  sentBytes = 0
  /** Another request may follow on this connection, as far as client and exchange are concerned. */
  keeps = true
  /** Content is put into chunks for a client that can take them. */
  #wrapsChunks = false
  /** A head that goes out as it came, until something of its body does or the event is over. */
  #heldBytes: Buffer | null = null
  #heldFrom = 0
  #heldTo = 0

  /** Its head is written, and says where its body ends: one that breaks off is not taken for whole. */
  protected showsEnd = false

  /** Another answer is to come; what was held of one that was given up leaves no more. */
  protected beginAnswer(keeps: boolean): void {
    this.keeps = keeps
    this.sentBytes = 0
    this.showsEnd = false
    this.#heldBytes = null
  }

  /**
   * Decides on framing and connection, and writes the head. A head that needs no change is held, so that it
   * leaves in one write with the body that follows it.
   */
  head(head: ResponseHead, form: BodyForm): void {
    const isHttp10 = this.request.version === 10
    lines.isChunked = this.#isChunked(head, form, isHttp10)
    this.showsEnd = form === 'length' || lines.isChunked
    if (head.status === 101) lines.connection = 'upgrade'
    else if (!this.keeps || this.connection.isLast) {
      this.keeps = false
      lines.connection = 'close'
    } else lines.connection = isHttp10 ? 'keep-alive' : null
    lines.date = head.fields.has(KNOWN.date) || head.status < 200 ? null : dateLine()
    // RFC 9110 §8.6: no Content-Length in 204; an answer put into chunks has none that holds.
    lines.drops = head.status === 204 || head.status < 200 || form === 'content' ? CONTENT_LENGTH : 0
    if (passesUnchanged(head, lines)) this.#hold(head)
    else writeResponseHead(head, lines, this.connection)
  }

  /**
   * Whether the client gets chunks. HTTP/1.0 clients get everything up to the close of the connection (RFC
   * 9112 §6.1).
   */
  #isChunked(head: ResponseHead, form: BodyForm, isHttp10: boolean): boolean {
    this.#wrapsChunks = false
    if (head.status === 101) return false
    if (form === 'as_it_came') return true
    if (form === 'content') {
      if (isHttp10) this.keeps = false
      else this.#wrapsChunks = true
      return !isHttp10
    }
    // What a GET would have been framed like may stand in the answer to HEAD and in 304.
    return form === 'none' && !isHttp10 && head.status !== 204 && head.fields.has(KNOWN.transferEncoding)
  }

  #hold(head: ResponseHead): void {
    this.#heldBytes = head.fields.bytes
    this.#heldFrom = head.headStart
    this.#heldTo = head.headEnd
    awaitFlush(this.connection) // its turn comes at the end of the event, if nothing of the body does before
  }

  /** A head is held that must leave once the event is over. */
  get holdsHead(): boolean {
    return this.#heldBytes !== null
  }

  /** Writes a head that is still held: nothing of its body is here yet. */
  flushHead(): void {
    const bytes = this.#heldBytes
    this.#heldBytes = null
    if (bytes) this.#writeHead(bytes, this.#heldFrom, this.#heldTo)
  }

  /** A usual one is copied, as where it lies another head may lie soon. */
  #writeHead(bytes: Buffer, from: number, to: number): void {
    if (to - from <= STAGED_ANSWER_MAX) this.connection.writeSmall(bytes, from, to)
    else this.connection.write(bytes, from, to)
  }

  /** Writes a piece of the answer's body, behind the head if that is still held. */
  write(bytes: Buffer, from: number, to: number, content = to - from): void {
    const { connection } = this
    this.sentBytes += content
    if (this.#heldBytes === bytes && this.#heldTo === from && !this.#wrapsChunks) {
      this.#heldBytes = null
      // An answer that is whole with this piece is logged before the end of the event, and leaves then: none
      // is answered and not logged.
      return this.#writeHead(bytes, this.#heldFrom, to)
    }
    if (this.#heldBytes) this.flushHead()
    if (this.#wrapsChunks) connection.writeSmall(Buffer.from(`${(to - from).toString(16)}\r\n`))
    connection.write(bytes, from, to)
    if (this.#wrapsChunks) connection.writeSmall(CRLF)
    if (connection.place === 'tunnel') connection.touch()
  }

  /** Writes what is left of the answer when there is no more body. */
  writeEnd(trailers: Fields | null): void {
    const { connection } = this
    if (this.#heldBytes) this.flushHead()
    if (!this.#wrapsChunks || this.request.methodId === METHOD_HEAD) return
    connection.writeSmall(LAST_CHUNK)
    if (trailers) connection.writeSmall(trailers.bytes, trailers.start, trailers.end)
    connection.writeSmall(CRLF)
  }

  /** Writes a 1xx head: nothing is added, and it has no framing. */
  interim(head: ResponseHead): void {
    // RFC 9110 §15.2: an HTTP/1.0 client knows none.
    if (this.request.version !== 11) return
    lines.isChunked = false
    lines.connection = null
    lines.date = null
    lines.drops = CONTENT_LENGTH
    writeResponseHead(head, lines, this.connection)
  }
}
