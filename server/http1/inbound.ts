// A client's connection: reads requests one after the other (pipelined ones wait), and writes their answers in order.
import type { Socket } from 'bun'
import { LF, CR } from '../head/bytes.ts'
import { SCAN } from '../head/fields.ts'
import { type Framing, bodyBytes, requestFraming } from '../head/framing.ts'
import { type HeadFault, type HeadLimits, RequestHead, mayEnd } from '../head/request-head.ts'
import { nowMs } from '../lib/clock.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import { BodyReader, MALFORMED, type PieceTaker } from './body.ts'
import { readOn } from './bulk.ts'
import { Conn } from './conn.ts'
import type { ClientEvents, Requests } from './ends.ts'

/** head: none or part of one has arrived · body: of the request being served · busy: request read, answer under way ·
 *  tunnel: raw bytes both ways · over: nothing more is read. */
type Place = 'head' | 'body' | 'busy' | 'tunnel' | 'over'

/** How much may be read ahead while an exchange runs: an abort shows only to who reads. */
const AHEAD_BYTES_MAX = 64 * 1024
/** How long a drain waits for the first request of a connection. */
const FIRST_REQUEST_MS = 1000

/** What all connections of a listener share; replaced as a whole when config changes. */
export interface Port {
  listener: Listener
  limits: HeadLimits
  readonly requests: Requests
  readonly wheel: Wheel
}

export class Inbound extends Conn implements PieceTaker {
  readonly port: Port
  readonly peer: string
  readonly peerPort: number
  /** The proxy's own notes on this client, made at its first request and kept while `listener` stays the same. */
  client: object | null = null
  clientOf: Listener | null = null
  place: Place = 'head'
  head = new RequestHead()
  framing: Framing = 'none'
  bodyBytes = 0
  readonly reader = new BodyReader()
  #exchange: ClientEvents | null = null
  /** Bytes of an incomplete head, or read ahead while an exchange runs. */
  #held: Buffer | null = null
  #isConsuming = false
  #served = 0
  /** The client sent FIN. */
  hasEnded = false

  constructor(port: Port, socket: Socket<Conn>) {
    super(port.wheel)
    this.port = port
    this.socket = socket
    this.peer = socket.remoteAddress
    this.peerPort = (socket as unknown as { remotePort: number }).remotePort
    const { head } = port.listener.options.timeouts
    this.setDue(nowMs + (port.requests.isDraining ? Math.min(FIRST_REQUEST_MS, head) : head))
  }

  /** This connection takes no further request after the one being served. */
  get isLast(): boolean {
    return (
      (this.hasEnded && this.#held === null) ||
      this.#served >= this.port.listener.options.limits.requests ||
      this.port.requests.isDraining
    )
  }

  get isIdle(): boolean {
    return this.place === 'head' && this.#held === null
  }

  // ── reading ──

  onData(bytes: Buffer): void {
    if (this.isFinishing || this.place === 'over') return this.linger(bytes.length)
    if (this.place === 'head')
      return this.#consume(this.#held ? this.#join(bytes) : bytes, this.#held ? this.#held.length : 0)
    if (this.place === 'body') {
      const end = this.#readBody(bytes, 0)
      if (end >= 0 && end < bytes.length && !this.isFinishing) this.#readAhead(bytes.subarray(end))
      return
    }
    if (this.place === 'busy') return this.#readAhead(bytes)
    this.touch()
    this.#exchange?.requestBody(bytes, 0, bytes.length)
  }

  #join(bytes: Buffer): Buffer {
    return Buffer.concat([this.#held as Buffer, bytes])
  }

  #readAhead(bytes: Buffer): void {
    // An ordinary client sends nothing while it waits; what a pipelining one sends is bounded by not reading on.
    this.#held = this.#held ? this.#join(bytes) : bytes.length > 4096 ? bytes : Buffer.from(bytes)
    if (this.#held.length > AHEAD_BYTES_MAX) this.pause()
  }

  /** Serves what `bytes` holds, request by request, until one's answer must be waited for. The first `seen` bytes were scanned before. */
  #consume(bytes: Buffer, seen: number): void {
    this.#held = null
    this.#isConsuming = true
    let at = 0
    let scanned = seen
    while (at < bytes.length && this.place === 'head' && !this.isFinishing && !this.isClosed) {
      const end = this.#scanHead(bytes, at, scanned)
      if (end < 0) {
        this.#isConsuming = false
        return
      }
      scanned = 0
      at = this.#begin(bytes, end)
      if (at < 0) break
    }
    this.#isConsuming = false
    if (this.isFinishing || this.isClosed || at < 0) return
    if (at < bytes.length && this.place !== 'tunnel') this.#readAhead(at === 0 ? bytes : bytes.subarray(at))
    else if (this.place === 'head') this.#awaitNext()
  }

  /** Where the head that begins at `from` ends; -1: not here yet, or refused. */
  #scanHead(bytes: Buffer, from: number, scanned: number): number {
    // RFC 9112 §2.2: one empty line before a request is ignored.
    let at = from
    if (bytes[at] === CR && (at + 1 >= bytes.length || bytes[at + 1] === LF)) at += 2
    if (at >= bytes.length) return this.#holdHead(bytes, from)
    const { limits } = this.port
    // Scan again only when an empty line may have come, so that a head sent byte by byte costs no quadratic time.
    if (
      scanned > 0 &&
      bytes.length - at <= limits.headBytes &&
      !mayEnd(bytes, Math.max(at, scanned - 3), bytes.length)
    ) {
      return this.#holdHead(bytes, from)
    }
    const end = this.head.scan(bytes, at, bytes.length, limits)
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
    const { timeouts } = this.port.listener.options
    this.#held = from === 0 ? bytes : Buffer.from(bytes.subarray(from))
    if (!this.#hasHeadDeadline) {
      this.#hasHeadDeadline = true
      this.setDue(nowMs + timeouts.head)
    }
    return -1
  }
  #hasHeadDeadline = true

  #refuse(code: HeadFault | 'framing_ambiguous' | 'coding_unsupported' | 'request_timeout'): void {
    this.place = 'over'
    this.framing = 'none'
    this.port.requests.refuse(this, code)
  }

  /** A whole head is here: begins its exchange and reads its body as far as it is here. Where the next message begins; -1: refused. */
  #begin(bytes: Buffer, end: number): number {
    const framing = requestFraming(this.head.fields, this.head.version === 10)
    if (framing === 'framing_ambiguous' || framing === 'coding_unsupported') {
      this.#refuse(framing)
      return -1
    }
    this.#served++
    this.#hasHeadDeadline = false
    this.framing = framing
    this.bodyBytes = framing === 'length' ? bodyBytes : 0
    if (framing === 'none') this.place = 'busy'
    else {
      this.place = 'body'
      this.reader.begin(framing, this.bodyBytes, true)
      this.beginReading()
    }
    this.#watchBytes()
    this.#exchange = null
    const exchange = this.port.requests.begin(this)
    // An answer made at once may have ended the exchange already: then `place` is 'head' again, or the connection finishes.
    if (this.isBetween) return end
    this.#exchange = exchange
    if (framing === 'none') {
      exchange.requestEnd()
      return end
    }
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
    if (end !== MALFORMED && !this.reader.isDone) readOn(this, this.reader)
    if (this.place !== 'body') return end // the exchange ended meanwhile
    if (end === MALFORMED) {
      this.place = 'over'
      this.#exchange?.requestFault('chunk_malformed')
      return -1
    }
    if (this.reader.isDone) {
      this.place = 'busy'
      this.#watchBytes()
      this.#exchange?.requestEnd()
    }
    return end
  }

  /** Looks again at bytes in motion: those of a body, and those that a slow client has not taken yet. */
  #watchBytes(): void {
    this.setDue(this.place === 'body' || this.waitingBytes > 0 ? this.nextLook(nowMs) : 0)
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
    if (this.#isConsuming) return
    const held = this.#held
    this.#held = null
    this.resume()
    if (held) this.#consume(held, 0)
    else this.#awaitNext()
  }

  #awaitNext(): void {
    if (this.hasEnded || this.port.requests.isDraining) return this.finish()
    this.#awaitHead()
  }

  #awaitHead(): void {
    const { head, keep_alive } = this.port.listener.options.timeouts
    this.setDue(nowMs + (this.#held ? head : keep_alive))
  }

  /** From now on bytes pass as they are; those read ahead are the first. */
  becomeTunnel(): void {
    this.place = 'tunnel'
    const held = this.#held
    this.#held = null
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

  /** Ends the connection and whatever is served on it, and says why. */
  giveUp(code: FaultCode): void {
    this.#gone(code)
  }

  /** An exchange is under way, or its answer has not left yet. */
  get isServing(): boolean {
    return this.#exchange !== null || this.waitingBytes > 0
  }

  /** Something moved in a tunnel, in either direction. */
  touch(): void {
    this.readLastMs = nowMs
  }

  // ── events ──

  protected get idleMs(): number {
    return this.port.listener.options.timeouts.idle
  }

  protected drained(): void {
    this.shutIfAsked()
    if (this.place === 'busy') this.setDue(0)
    else if (this.place === 'head') this.#awaitHead()
    this.#exchange?.clientDrained()
  }

  /** The client sent FIN. */
  onEnd(): void {
    this.hasEnded = true
    if (this.isFinishing) return // closes by itself once our own FIN is out
    if (this.place === 'tunnel') return this.#exchange?.requestEnd()
    if (this.place === 'head') {
      this.place = 'over'
      return this.finish()
    }
    // Decided: a client that closes before its answer is complete has gone, unless the listener answers half-closed ones.
    if (this.place === 'busy' && this.port.listener.options.half_close === 'answer') return
    this.#gone('client_abort')
    this.wheel.remove(this)
  }

  /** The socket is gone: broken, or both halves have ended (a FIN behind our own shows only here). */
  onClose(isBroken: boolean): void {
    this.isClosed = true
    this.port.requests.closed(this)
    if (this.place === 'tunnel' && !isBroken) this.#exchange?.requestEnd()
    this.#gone('client_abort')
  }

  #gone(code: FaultCode): void {
    const exchange = this.#exchange
    this.#exchange = null
    this.place = 'over'
    exchange?.clientGone(code)
    if (!this.isClosed) this.abort()
  }

  expire(now: number): void {
    const { timeouts } = this.port.listener.options
    if (this.expireFinishing(now)) return
    if (this.place === 'tunnel') return this.#expireTunnel(now, timeouts.tunnel)
    if (this.isWriteStalled(now)) return this.#gone('client_stalled')
    if (this.place === 'head' && this.waitingBytes === 0) return this.#expireHead()
    if (this.place === 'body' && this.isReadStalled(now)) {
      this.place = 'over'
      this.#exchange?.requestFault('request_timeout')
    }
    if (this.place === 'body' || this.waitingBytes > 0) this.setDue(this.nextLook(now))
  }

  #expireHead(): void {
    // An idle one is closed without a word, as a 408 could be taken for the answer to a request just sent.
    if (this.#held !== null) return this.#refuse('request_timeout')
    this.place = 'over'
    this.finish()
  }

  #expireTunnel(now: number, silentMs: number): void {
    const lastMs = Math.max(this.readLastMs, this.writeLastMs)
    if (now - lastMs < silentMs) this.setDue(lastMs + silentMs)
    else this.#gone('tunnel_timeout')
  }

  /** Ends an idle connection: a drain. */
  endIfIdle(): void {
    if (!this.isIdle) return
    // The first request of a connection just accepted is on its way; nobody waits long for it, though.
    if (this.#served === 0) return this.heed(nowMs + FIRST_REQUEST_MS)
    this.place = 'over'
    this.finish()
  }
}
