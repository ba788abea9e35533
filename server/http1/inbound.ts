// A client's connection: reads requests one after the other (pipelined ones wait), and writes their answers
// in order.
import type { Socket } from 'bun'
import type { Accepted } from '../accept/entry.ts'
import { SCAN } from '../head/fields.ts'
import { type Framing, bodyBytes, requestFraming } from '../head/framing.ts'
import { type HeadFault, RequestHead } from '../head/request-head.ts'
import { nowMs } from '../lib/clock.ts'
import type { SocketEvents } from '../lib/socket-events.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import { holdIfFull, letGo } from '../lib/buffers.ts'
import { BodyReader, MALFORMED, type PieceTaker } from './body.ts'
import { Conn } from './conn.ts'
import type { ClientEvents } from './ends.ts'
import { faultOfPart, findHead } from './find-head.ts'
import { Held } from './held.ts'
import type { Port } from './port.ts'
import { unpump } from './pump.ts'
import { inTurn } from '../lib/event.ts'
import { keepable } from '../lib/read-piece.ts'

/** head: none or part of one has arrived · body: of the request being served · busy: request read, answer under way ·
 *  tunnel: raw bytes both ways · over: nothing more is read. */
type Place = 'head' | 'body' | 'busy' | 'tunnel' | 'over'

/** How many requests of one client are served before others have their turn. */
const TURN_REQUESTS = 64
/** How long a drain waits for the request that may be on its way on a connection. */
const NEXT_REQUEST_MS = 1000

export class Inbound extends Conn implements PieceTaker {
  readonly port: Port
  readonly from: Accepted
  /**
   * The proxy's own notes on this client, made at its first request and kept while `listener` stays the same.
   */
  client: object | null = null
  clientOf: Listener | null = null
  place: Place = 'head'
  head = new RequestHead()
  framing: Framing = 'none'
  bodyBytes = 0
  readonly reader = new BodyReader()
  #exchange: ClientEvents | null = null
  /** Bytes of an incomplete head, or read ahead while an exchange runs. */
  readonly #held = new Held()
  #isConsuming = false
  /** What is held holds more requests, whose turn comes after that of others. */
  #isYielding = false
  /** Something of this client follows the request being served. */
  #hasMore = false
  #hasHeadDeadline = true
  #served = 0
  #answeredMs = 0
  /** The client sent FIN. */
  hasEnded = false

  constructor(port: Port, socket: Socket<SocketEvents>, from: Accepted) {
    // the rest of an upload is read and dropped: its client may read the answer only then
    super(port.wheel, Infinity)
    this.port = port
    this.socket = socket
    this.from = from
    const { head } = port.listener.options.timeouts
    this.setDue(nowMs + (port.requests.isDraining ? Math.min(NEXT_REQUEST_MS, head) : head))
  }

  /** This connection takes no further request after the one being served. */
  get isLast(): boolean {
    return (
      (this.hasEnded && !this.#hasMore && this.#held.bytes === null) ||
      this.#served >= this.port.listener.options.limits.requests ||
      this.port.requests.isDraining
    )
  }

  override get isIdle(): boolean {
    return this.place === 'head' && this.#held.bytes === null
  }

  /** What was read ahead is enough until its turn comes, however well the server takes what it was sent. */
  override resume(): void {
    if (this.place !== 'busy' || this.isFinishing || !this.#held.isAhead) super.resume()
  }

  // ── reading ──

  onData(bytes: Buffer): void {
    if (this.isFinishing) return this.linger(bytes.length)
    if (this.place === 'over') return // an answer is under way that ends the connection: dropped, as the client's end must be seen
    if (this.place === 'busy' || this.#isYielding) return this.#readAhead(bytes)
    if (this.place === 'head') {
      const held = this.#held.bytes
      if (!held) return this.#consume(bytes, 0)
      this.#held.add(bytes)
      return this.#consumeHeld(this.#held.isCheap ? 0 : held.length)
    }
    if (this.place === 'body') {
      const end = this.#readBody(bytes, 0)
      if (end < 0 || end >= bytes.length || this.isFinishing) return
      // Its answer may be over already: then the next request is served at once.
      const rest = keepable(bytes, end, bytes.length)
      return this.isBetween ? this.#consume(rest, 0) : this.#readAhead(rest)
    }
    this.touch()
    this.#exchange?.requestBody(bytes, 0, bytes.length)
    this.readOn(bytes.length)
  }

  #readAhead(bytes: Buffer): void {
    this.#held.put(bytes)
    if (this.#held.isAhead) this.pause()
    holdIfFull(this)
  }

  #consumeHeld(seen: number): void {
    const held = this.#held.take()
    if (held) this.#consume(held, seen)
  }

  /**
   * Serves what `bytes` holds, request by request, until one's answer must be waited for, or others have
   * their turn. The first `seen` bytes were scanned before.
   */
  #consume(bytes: Buffer, seen: number): void {
    this.#isConsuming = true
    let at = 0
    let scanned = seen
    let count = 0
    while (at < bytes.length && this.place === 'head' && !this.isLost) {
      if (count++ === TURN_REQUESTS) {
        this.#yield()
        break
      }
      const end = this.#scanHead(bytes, at, scanned)
      scanned = 0
      at = end < 0 ? -1 : this.#begin(bytes, end)
      if (at < 0) break
    }
    this.#isConsuming = false
    if (this.isLost || at < 0) return
    if (at < bytes.length && this.place !== 'tunnel') this.#readAhead(at === 0 ? bytes : bytes.subarray(at))
    else if (this.place === 'head') this.#next()
  }

  /**
   * A client that sends requests without end must not keep others waiting: the rest is served after what has
   * come from them.
   */
  #yield(): void {
    this.#isYielding = true
    inTurn(this, () => this.#goOn())
  }

  #goOn(): void {
    this.#isYielding = false
    if (this.place !== 'head' || this.isLost) return
    this.resume() // until what is left is too much again
    this.#consumeHeld(0)
    if (this.hasEnded && ['busy', 'body'].includes(this.place)) this.#endedEarly()
  }

  /** Where the head that begins at `from` ends; -1: not here yet, or refused. */
  #scanHead(bytes: Buffer, from: number, scanned: number): number {
    const end = findHead(this.head, bytes, from, scanned, this.port.limits)
    if (typeof end === 'string') {
      this.#refuse(end)
      return -1
    }
    return end === SCAN.incomplete ? this.#holdHead(bytes, from) : end
  }

  #holdHead(bytes: Buffer, from: number): number {
    if (this.hasEnded) {
      this.place = 'over' // the rest of this head will never come
      this.finish()
      return -1
    }
    this.#held.keep(from === 0 ? bytes : Buffer.from(bytes.subarray(from)))
    letGo(this)
    if (!this.#hasHeadDeadline) {
      this.#hasHeadDeadline = true
      this.setDue(nowMs + this.port.listener.options.timeouts.head)
    }
    return -1
  }

  #refuse(code: HeadFault | 'framing_ambiguous' | 'coding_unsupported' | 'request_timeout'): void {
    this.place = 'over'
    this.framing = 'none'
    this.#held.clear()
    const exchange = this.port.requests.refuse(this, code)
    if (this.isFinishing || this.isClosed) return
    // The refusal waits behind answers that the client has not taken yet.
    this.#exchange = exchange
    this.setDue(this.nextLook(nowMs))
  }

  /**
   * A whole head is here: begins its exchange and reads its body as far as it is here. Where the next message
   * begins; -1: refused.
   */
  #begin(bytes: Buffer, end: number): number {
    const framing = requestFraming(this.head.fields, this.head.version === 10)
    if (framing === 'framing_ambiguous' || framing === 'coding_unsupported') {
      this.#refuse(framing)
      return -1
    }
    this.#served++
    this.#held.clear() // the head has its memory now
    this.#hasHeadDeadline = false
    this.#hasMore = framing === 'none' && end < bytes.length
    this.framing = framing
    this.bodyBytes = framing === 'length' ? bodyBytes : 0
    if (framing === 'none') this.place = 'busy'
    else {
      this.place = 'body'
      this.reader.begin(framing, this.bodyBytes, true)
      letGo(this)
      this.beginReading()
    }
    this.watchBytes(this.place === 'body')
    this.#exchange = null
    const exchange = this.port.requests.begin(this)
    // An answer made at once may have ended the exchange already: then `place` is 'head' again, or the
    // connection finishes.
    if (this.isBetween) return end
    this.#exchange = exchange
    return this.place === 'body' ? this.#readBody(bytes, end) : end
  }

  /** No exchange is being served. */
  get isBetween(): boolean {
    return this.place === 'head' || this.place === 'over' || this.isFinishing || this.isClosed
  }

  /** Reads body bytes; where the body ends, or -1 when it broke. */
  #readBody(bytes: Buffer, from: number): number {
    this.noteRead(bytes.length - from)
    const end = this.reader.read(bytes, from, bytes.length, this)
    if (this.place !== 'body') return end // the exchange ended meanwhile
    if (end === MALFORMED) {
      this.place = 'over'
      this.#exchange?.requestFault('chunk_malformed')
      return -1
    }
    if (!this.reader.isDone) this.readOn(bytes.length)
    else {
      unpump(this)
      this.place = 'busy'
      this.#hasMore = end < bytes.length
      this.watchBytes(false)
      this.#exchange?.requestEnd()
    }
    return end
  }

  piece(bytes: Buffer, from: number, to: number): void {
    this.#exchange?.requestBody(bytes, from, to)
  }

  // ── what the exchange asks for ──

  /** The answer is written to its end. Goes on to the next request, or ends the connection. */
  answered(keeps: boolean): void {
    const isWhole = this.place === 'busy'
    this.#exchange = null
    if (!keeps || !isWhole) {
      this.place = 'over'
      return this.finish()
    }
    this.place = 'head'
    if (this.#isConsuming || this.hasFailed) return
    this.resume()
    this.#next()
  }

  #next(): void {
    if (this.#held.bytes) return this.#consumeHeld(0)
    if (this.hasEnded || this.port.requests.isDraining) return this.finish()
    this.#answeredMs = nowMs
    holdIfFull(this)
    this.#awaitHead()
  }

  #awaitHead(): void {
    const { head, keep_alive } = this.port.listener.options.timeouts
    this.setDue(nowMs + (this.#held.bytes ? head : keep_alive))
  }

  /** From now on bytes pass as they are; those read ahead are the first. */
  becomeTunnel(): void {
    this.place = 'tunnel'
    letGo(this)
    const held = this.#held.take()
    this.#held.clear()
    this.resume()
    this.touch()
    this.setDue(nowMs + this.port.listener.options.timeouts.tunnel)
    if (held) this.#exchange?.requestBody(held, 0, held.length)
    if (this.hasEnded) this.#exchange?.requestEnd()
  }

  /** Breaks the connection so that an unfinished answer is seen as such. */
  abort(): void {
    this.place = 'over'
    this.#exchange = null
    this.terminate()
  }

  /** An exchange is under way, or its answer has not left yet. */
  get isServing(): boolean {
    return this.#exchange !== null || this.waitingBytes > 0
  }

  // ── events ──

  protected get leastRate(): number {
    return this.port.listener.options.limits.rate_min
  }

  protected get idleMs(): number {
    return this.port.listener.options.timeouts.idle
  }

  protected drained(): void {
    this.shutIfAsked()
    if (this.place === 'busy') this.setDue(0)
    else if (this.place === 'head') this.#awaitHead()
    this.#exchange?.clientDrained()
  }

  /**
   * The client was reset: its end is here, though Bun may not tell. In a tunnel, what it had sent goes on to
   * a server that takes it.
   */
  protected override writeFailed(): void {
    if (this.place !== 'tunnel' || this.isPaused) inTurn(this, () => this.giveUp('client_abort'))
  }

  /** The client sent FIN. */
  onEnd(): void {
    this.hasEnded = true
    // One that is finishing closes by itself once our own FIN is out; what came before the end of one that
    // yields has its turn yet.
    if (this.isFinishing || this.#isYielding) return
    if (this.place === 'tunnel') return this.#exchange?.requestEnd()
    if (this.place === 'head') {
      const malformed = faultOfPart(this.head, this.#held.bytes, this.port.limits)
      if (malformed) return this.#refuse(malformed)
      this.place = 'over'
      return this.finish()
    }
    this.#endedEarly()
  }

  /**
   * Decided: a client that closes before its answer is complete has gone, unless the listener answers
   * half-closed ones.
   */
  #endedEarly(): void {
    if (this.place === 'busy' && this.port.listener.options.half_close === 'answer') return
    this.giveUp('client_abort')
  }

  /** The socket is gone: broken, or both halves have ended (a FIN behind our own shows only here). */
  onClose(isBroken: boolean): void {
    this.isClosed = true
    this.port.requests.closed(this)
    if (this.place === 'tunnel' && !isBroken) this.#exchange?.requestEnd()
    this.giveUp('client_abort')
    this.release()
    this.#held.clear()
  }

  /** Ends the connection and whatever is served on it, and says why. */
  giveUp(code: FaultCode): void {
    const exchange = this.#exchange
    this.#exchange = null
    this.place = 'over'
    exchange?.clientGone(code)
    if (!this.isClosed && !this.isFinishing) this.abort()
  }

  expire(now: number): void {
    const { timeouts } = this.port.listener.options
    if (this.expireFinishing(now)) return
    if (this.place === 'tunnel') {
      const dueMs = this.silentUntil(timeouts.tunnel)
      return now < dueMs ? this.setDue(dueMs) : this.giveUp('tunnel_timeout')
    }
    if (this.isWriteStalled(now)) return this.giveUp('client_stalled')
    if (this.place === 'head' && this.waitingBytes === 0) return this.#expireHead()
    if (this.place === 'body' && this.isReadStalled(now)) {
      // An answer that is under way goes on: the body is read as before, so that the client's end is seen.
      this.beginReading()
      this.#exchange?.requestFault('request_timeout')
    }
    if (this.isFinishing || this.isClosed) return
    if (this.place === 'over' && this.#exchange === null) return this.finish()
    if (this.place === 'body' || this.place === 'over' || this.waitingBytes > 0)
      this.setDue(this.nextLook(now))
  }

  #expireHead(): void {
    if (this.#isYielding) return this.#awaitHead()
    // An idle one is closed without a word, as a 408 could be taken for the answer to a request just sent.
    const { bytes } = this.#held
    if (bytes) return this.#refuse(faultOfPart(this.head, bytes, this.port.limits) ?? 'request_timeout')
    this.place = 'over'
    this.finish()
  }

  /** Ends an idle connection: a drain. */
  endIfIdle(): void {
    if (!this.isIdle) return
    // The first request of a connection just accepted, or the next of one that is busy, may be on its way: it
    // is worth a short wait, and its answer says that the connection ends.
    if (this.#served === 0 || nowMs - this.#answeredMs < NEXT_REQUEST_MS)
      return this.heed(nowMs + NEXT_REQUEST_MS)
    this.place = 'over'
    this.finish()
  }
}
