// A client's connection: requests come on it one after the other (pipelined ones wait: pipeline.ts), and
// their answers leave in order. It knows where it stands and what it waits for; what a request and its answer
// are is its stream's.
import type { Accepted } from '../accept/entry.ts'
import type { HeadFault } from '../head/request-head.ts'
import { holdIfFull, letGo } from '../lib/buffers.ts'
import { nowMs } from '../lib/clock.ts'
import type { Socket } from '../sockets/socket.ts'
import { type BodyReader, MALFORMED } from './body.ts'
import { Http1Stream } from './client-stream.ts'
import { ClientConn } from './client-conn.ts'
import { Pipeline } from './pipeline.ts'
import { type Port, isToLeave } from './port.ts'

export class Inbound extends ClientConn {
  readonly stream: Http1Stream
  protected readonly pipeline: Pipeline
  #hasMore = false // something of this client follows the request being served
  #hasHeadDeadline = true
  #served = 0

  constructor(port: Port, socket: Socket, from: Accepted) {
    super(port, socket, from)
    this.stream = new Http1Stream(this)
    this.pipeline = new Pipeline(this)
  }

  get reader(): BodyReader {
    return this.stream.reader
  }

  /** This connection takes no further request after the one being served. */
  get isLast(): boolean {
    return (
      (this.hasEnded && !this.#hasMore && this.pipeline.isEmpty) ||
      this.#served >= this.port.listener.options.limits.requests ||
      isToLeave(this.port)
    )
  }

  /** The next request may begin. */
  get isNext(): boolean {
    return this.place === 'head' && !this.isLost
  }

  /** What was read ahead is enough until its turn comes, however well the server takes what it was sent. */
  override resume(): void {
    if (this.place !== 'busy' || this.isFinishing || !this.pipeline.isAhead) super.resume()
  }

  // ── reading ──

  onData(bytes: Buffer): void {
    if (this.isFinishing) return this.linger(bytes.length)
    switch (this.place) {
      case 'head':
        return this.pipeline.take(bytes)
      case 'busy':
        return this.pipeline.readAhead(bytes)
      case 'body':
        return this.#readOnBody(bytes)
      case 'tunnel':
        this.touch()
        this.stream.tunnelled(bytes)
        return this.readOn(bytes.length)
      default: // an answer is under way that ends the connection: dropped, as the client's end must be seen
    }
  }

  /**
   * A whole head is here: begins its exchange and reads its body as far as it is here. Where the next message
   * begins; -1: refused.
   */
  begin(bytes: Buffer, end: number): number {
    const { stream } = this
    const refused = stream.begin()
    if (refused !== null) {
      this.refuse(refused)
      return -1
    }
    this.#served++
    this.pipeline.clear() // the head has its memory now
    this.#hasHeadDeadline = false
    const hasBody = stream.requestForm !== 'none'
    this.#hasMore = !hasBody && end < bytes.length
    this.place = hasBody ? 'body' : 'busy'
    if (hasBody) {
      letGo(this)
      this.beginReading()
    }
    this.watchBytes(hasBody)
    const exchange = this.port.requests.begin(stream)
    // An answer made at once may have ended the exchange already: then `place` is 'head' again, or the
    // connection finishes.
    if (this.#isBetween) return end
    stream.servedBy(exchange)
    return this.#isReadingBody ? this.#readBody(bytes, end) : end
  }

  refuse(code: HeadFault | 'framing_ambiguous' | 'coding_unsupported' | 'request_timeout'): void {
    const { stream } = this
    this.place = 'over'
    this.pipeline.clear()
    stream.refuse()
    const exchange = this.port.requests.refuse(stream, code)
    if (this.isFinishing || this.isClosed) return
    // The refusal waits behind answers that the client has not taken yet.
    stream.servedBy(exchange)
    this.wheel.due(this, this.nextLook(nowMs))
  }

  /** No exchange is being served. */
  get #isBetween(): boolean {
    return this.place === 'head' || this.place === 'over' || this.isFinishing || this.isClosed
  }

  get #isReadingBody(): boolean {
    return this.place === 'body'
  }

  #readOnBody(bytes: Buffer): void {
    const end = this.#readBody(bytes, 0)
    if (end < 0 || end >= bytes.length || this.isFinishing) return
    // Its answer may be over already: then the next request is served at once.
    const rest = bytes.subarray(end)
    if (this.#isBetween) this.pipeline.consume(rest, 0)
    else this.pipeline.readAhead(rest)
  }

  /** Reads body bytes; where the body ends, or -1 when it broke. */
  #readBody(bytes: Buffer, from: number): number {
    this.noteRead(bytes.length - from)
    const end = this.reader.read(bytes, from, bytes.length, this.stream)
    if (!this.#isReadingBody) return end // the exchange ended meanwhile
    if (end === MALFORMED) {
      this.place = 'over'
      this.stream.faulty('chunk_malformed')
      return -1
    }
    if (!this.reader.isDone) this.readOn(bytes.length)
    else this.bodyOver(end < bytes.length)
    return end
  }

  protected bodyOver(hasMore = false): void {
    this.endVolume()
    this.place = 'busy'
    this.#hasMore = hasMore
    this.watchBytes(false)
    this.stream.ended()
  }

  /** Part of a head is here; false: its rest will never come. */
  awaitRestOfHead(): boolean {
    if (this.hasEnded) {
      this.place = 'over'
      this.finish()
      return false
    }
    if (!this.#hasHeadDeadline) {
      this.#hasHeadDeadline = true
      this.wheel.due(this, nowMs + this.port.listener.options.timeouts.head)
    }
    return true
  }

  // ── from one request to the next ──

  /** The answer is written to its end. Goes on to the next request, or ends the connection. */
  exchangeOver(keeps: boolean): void {
    if (!keeps || this.place !== 'busy') {
      this.place = 'over'
      return this.finish()
    }
    this.place = 'head'
    if (this.pipeline.isConsuming || this.hasFailed) return
    if (this.isPaused) this.resume()
    this.next()
  }

  /** Serves the next request, or waits for it. */
  next(): void {
    if (!this.pipeline.isEmpty) return this.pipeline.goOn()
    if (this.hasEnded || isToLeave(this.port)) return this.finish()
    this.answeredMs = nowMs
    holdIfFull(this)
    this.awaitHead()
  }

  /** Requests that had to wait for others had their turn: an end behind them counts from now. */
  turnTaken(): void {
    if (this.hasEnded && (this.place === 'busy' || this.place === 'body')) this.endedEarly()
  }

  override poured(count: number): void {
    if (this.place !== 'tunnel') return super.poured(count)
    this.touch()
    this.reader.contentBytes += count
  }

  /** From now on bytes pass as they are; those read ahead are the first. */
  becomeTunnel(): void {
    this.place = 'tunnel'
    letGo(this)
    const held = this.pipeline.takeAll()
    this.resume()
    this.touch()
    this.wheel.due(this, nowMs + this.tunnelMs)
    if (held) this.stream.tunnelled(held)
    if (this.hasEnded) this.stream.ended()
  }

  // ── events ──

  /** What is staged leaves, and behind it a head that nothing followed. */
  override flushStage(stage: Buffer, length: number): void {
    super.flushStage(stage, length)
    if (this.stream.holdsHead) this.stream.flushHead()
  }

  protected drained(): void {
    this.shutIfAsked()
    if (this.place === 'busy') this.dueMs = 0
    else if (this.place === 'head') this.awaitHead()
    this.stream.drained()
  }

  /** The client sent FIN. */
  onEnd(): void {
    this.hasEnded = true
    // One that is finishing closes by itself once our own FIN is out; what came before the end of one that
    // yields has its turn yet.
    if (this.isFinishing || this.pipeline.isYielding) return
    if (this.place === 'tunnel') return this.stream.ended()
    if (this.place === 'head') {
      const malformed = this.pipeline.fault
      if (malformed) return this.refuse(malformed)
      this.place = 'over'
      return this.finish()
    }
    this.endedEarly()
  }
}
