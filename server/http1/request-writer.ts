// What a connection to a server writes: the head of a request, then its body, in chunks of ours where no
// framing came with it; and what becomes of the rest of a request that is answered already.
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { type RequestLines, writeRequestHead } from '../head/write.ts'
import type { BodyForm } from '../http/ends.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { type Caller, ServerConn } from './server-conn.ts'

const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n')

export abstract class RequestWriter<C extends Caller> extends ServerConn<C> {
  protected isHeadRequest = false
  protected upgrades: readonly string[] = []
  /** What is left of the request goes to nobody. */
  protected isUploadStopped = false
  /** The answer refuses its request: what is left of that ends with it. */
  protected isRefusal = false
  /** Content is put into chunks. */
  #wrapsChunks = false

  ask(request: RequestHead, lines: RequestLines, form: BodyForm, upgrades: readonly string[]): void {
    this.begin(request.methodId === METHOD_HEAD, upgrades)
    this.#wrapsChunks = form === 'content'
    framing.isChunked = form === 'as_it_came' || form === 'content'
    framing.isUpgrade = upgrades.length > 0
    writeRequestHead(request, lines, framing, this)
  }

  /** A request begins that was not HEAD, or was; whoever asks writes it. */
  begin(isHeadRequest: boolean, upgrades: readonly string[]): void {
    this.isHeadRequest = isHeadRequest
    this.upgrades = upgrades
    this.#wrapsChunks = false
    this.isUploadStopped = false
    this.isRequestWhole = false
  }

  /** A piece of the request's body. While its answer comes already, it is a sign of life. */
  override write(bytes: Buffer, from: number, to: number): void {
    if (this.#wrapsChunks) this.writeSmall(Buffer.from(`${(to - from).toString(16)}\r\n`))
    super.write(bytes, from, to)
    if (this.#wrapsChunks) this.writeSmall(CRLF)
    if (this.place === 'body') this.touch()
  }

  /** Not so where its rest was dropped: then it never becomes whole. */
  requestEnd(trailers: Fields | null): void {
    if (this.isUploadStopped) return
    if (this.#wrapsChunks) this.#endChunks(trailers)
    this.isRequestWhole = true
    if (this.place === 'rest') this.endRest()
    else this.awaitHead()
  }

  #endChunks(trailers: Fields | null): void {
    this.writeSmall(LAST_CHUNK)
    if (trailers) this.writeSmall(trailers.bytes, trailers.start, trailers.end)
    this.writeSmall(CRLF)
  }

  stopUpload(): void {
    this.isUploadStopped = true
    if (this.waitingBytes > 0) this.isRequestWhole = false // the rest of it never leaves
    if (this.place === 'rest') this.endRest()
    else this.mute()
  }

  /** The answer is complete before its request, whose rest the server may still want. */
  get takesRest(): boolean {
    const isTaken = !this.isUploadStopped && !this.isRefusal && !this.hasFailed
    return !this.isRequestWhole && isTaken && !this.reader.isCloseDelimited
  }

  endWrites(): void {
    this.shutdownWrites()
  }
}

// One object for all requests: it lives only while a head is written.
const framing = { isChunked: false, isUpgrade: false }
