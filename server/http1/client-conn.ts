// What a client's connection is, apart from the requests on it: whose it is, where it stands, how long it may
// be silent, and how it ends.
import type { Server } from '../backends/server.ts'
import type { Accepted } from '../accept/entry.ts'
import type { HeadFault, HeadLimits } from '../head/request-head.ts'
import type { ClientConnection } from '../http/ends.ts'
import type { KnownClient, Told } from '../http/exchange.ts'
import { nowMs } from '../lib/clock.ts'
import { inTurn } from '../lib/event.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { Http1Stream } from './client-stream.ts'
import { Conn } from './conn.ts'
import type { Pipeline } from './pipeline.ts'
import { type Port, isToLeave } from './port.ts'

/** head: none or part of one has arrived · body: of the request being served · busy: request read, answer under way ·
 *  tunnel: raw bytes both ways · over: nothing more is read. */
type Place = 'head' | 'body' | 'busy' | 'tunnel' | 'over'

/** How long a drain waits for a request that may be on its way, and a deadline for one that is unread. */
const NEXT_REQUEST_MS = 1000

export abstract class ClientConn extends Conn implements ClientConnection {
  readonly port: Port
  readonly from: Accepted
  known: KnownClient | null = null
  told: Told | null = null
  place: Place = 'head'
  abstract readonly stream: Http1Stream
  protected abstract readonly pipeline: Pipeline
  /** Of its latest answer, or when it was accepted. */
  protected answeredMs = nowMs
  /** The client sent FIN. */
  protected hasEnded = false

  constructor(port: Port, socket: Socket, from: Accepted) {
    super()
    this.port = port
    this.socket = socket
    this.from = from
    const { head } = port.listener.options.timeouts
    this.wheel.due(this, nowMs + (isToLeave(port) ? Math.min(NEXT_REQUEST_MS, head) : head))
  }

  /** Answers that nothing can be made of what has come, and takes no further request. */
  abstract refuse(code: HeadFault | 'request_timeout'): void

  get wheel(): Port['wheel'] {
    return this.port.wheel
  }

  get limits(): HeadLimits {
    return this.port.limits
  }

  get listener(): Listener {
    return this.port.listener
  }

  override get isIdle(): boolean {
    return this.place === 'head' && this.pipeline.isEmpty
  }

  get idleSinceMs(): number {
    return this.isIdle && !this.isLost && this.waitingBytes === 0 ? this.answeredMs : Number.NaN
  }

  // ── how long it may be silent ──

  protected get leastRate(): number {
    return this.stream.times?.rateMin ?? this.port.listener.options.limits.rate_min
  }

  protected get idleMs(): number {
    return this.stream.times?.idle ?? this.port.listener.options.timeouts.idle
  }

  /** How long a tunnel may be silent. */
  protected get tunnelMs(): number {
    return this.stream.times?.tunnel ?? this.port.listener.options.timeouts.tunnel
  }

  /** The rule of the exchange has times of its own. */
  watchAnew(): void {
    if (this.place === 'body') this.wheel.due(this, this.nextLook(nowMs))
  }

  protected awaitHead(): void {
    const { head, keep_alive } = this.port.listener.options.timeouts
    this.wheel.due(this, nowMs + (this.pipeline.isEmpty ? keep_alive : head))
  }

  expire(now: number): void {
    if (this.expireFinishing(now)) return
    if (this.place === 'tunnel') {
      const dueMs = this.silentUntil(this.tunnelMs)
      return now < dueMs ? this.wheel.due(this, dueMs) : this.fail('tunnel_timeout')
    }
    if (this.isWriteStalled(now)) return this.fail('client_stalled')
    if (this.place === 'head' && this.waitingBytes === 0) return this.#expireHead()
    if (this.place === 'body' && this.isReadStalled(now)) {
      // An answer that is under way goes on: the body is read as before, so that the client's end is seen.
      this.beginReading()
      this.stream.faulty('request_timeout')
    }
    if (this.isFinishing || this.isClosed) return
    if (this.place === 'over' && !this.stream.isServed) return this.finish()
    if (this.place === 'body' || this.place === 'over' || this.waitingBytes > 0)
      this.wheel.due(this, this.nextLook(now))
  }

  #expireHead(): void {
    if (this.pipeline.isYielding) return this.awaitHead()
    if (this.pipeline.mayStillCome(this.socket?.isQuiet !== false)) return this.heed(nowMs + NEXT_REQUEST_MS)
    // An idle one is closed without a word, as a 408 could be taken for the answer to a request just sent.
    if (!this.pipeline.isEmpty) return this.refuse(this.pipeline.fault ?? 'request_timeout')
    this.place = 'over'
    this.finish()
  }

  // ── ends ──

  /** Breaks the connection without a word, so that an unfinished answer is seen as such. */
  drop(): void {
    this.place = 'over'
    this.terminate()
  }

  /** Ends the connection and whatever is served on it, and says why. */
  fail(code: FaultCode): void {
    this.place = 'over'
    this.stream.gone(code)
    if (!this.isClosed && !this.isFinishing) this.drop()
  }

  /** An exchange is under way, or its answer has not left yet. */
  get isServing(): boolean {
    return this.stream.isServed || this.waitingBytes > 0
  }

  get server(): Server | null {
    return this.stream.server
  }

  /** Ends an idle connection: a drain. */
  endIfIdle(): void {
    if (!this.isIdle) return
    // The first request of a connection just accepted, or the next of one that is busy, may be on its way: it
    // is worth a short wait, and its answer says that the connection ends.
    if (nowMs - this.answeredMs < NEXT_REQUEST_MS) return this.heed(nowMs + NEXT_REQUEST_MS)
    this.place = 'over'
    this.finish()
  }

  /**
   * The client was reset: its end is here, though nobody may tell. In a tunnel, what it had sent goes on to
   * a server that takes it.
   */
  protected override writeFailed(): void {
    if (this.place !== 'tunnel' || this.isPaused) inTurn(this, () => this.fail('client_abort'))
  }

  /**
   * Decided: a client that closes before its answer is complete has gone, unless the listener answers
   * half-closed ones.
   */
  protected endedEarly(): void {
    if (this.place === 'busy' && this.port.listener.options.half_close === 'answer') return
    this.fail('client_abort')
  }

  /** The socket is gone: broken, or both halves have ended (a FIN behind our own shows only here). */
  onClose(isBroken: boolean): void {
    this.isClosed = true
    this.port.requests.closed(this)
    if (this.place === 'tunnel' && !isBroken) this.stream.ended()
    this.fail('client_abort')
    this.release()
    this.pipeline.clear()
  }
}
