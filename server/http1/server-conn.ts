// What a connection to a server is, apart from the request and answer that are on it: whose it is, where it
// stands, how long it may be silent, and how it ends.
import { type AnswerFault, type AnswerLimits, takeHead } from '../head/response-head.ts'
import { whyAnswer } from '../head/why-answer.ts'
import { nowMs } from '../lib/clock.ts'
import { connectionBegins, connectionEnds } from '../lib/descriptor-budget.ts'
import type { Listed } from '../lib/recent.ts'
import type { Dial, DialFailure, Socket } from '../sockets/socket.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { FaultCode } from '../tables/faults.ts'
import { whyLate } from '../tls/server-handshakes.ts'
import { BodyReader } from './body.ts'
import { Conn } from './conn.ts'
import type { Endpoint, EndpointTimeouts } from './endpoint.ts'
import { Held } from './held.ts'

/** connecting · idle: in the pool · head: an answer is awaited · body: an answer is read · rest: it is read, and more of the
 *  request goes out · whole: both are over · tunnel · over: nothing more is read. */
type Place = 'connecting' | 'idle' | 'head' | 'body' | 'rest' | 'whole' | 'tunnel' | 'over'

const LINGER_BYTES_MAX = 64 * 1024
/** Of those of whom nothing else is said: one that takes less of a request is as good as stalled. */
const LEAST_RATE = 240

/** Who dials, as far as it matters here. */
export interface Caller {
  serverGone(code: FaultCode, detail: string | null): void
}

export abstract class ServerConn<C extends Caller> extends Conn implements Listed {
  readonly endpoint: Endpoint
  /** How long its server may take for what is asked on it now. */
  timeouts: EndpointTimeouts
  /** What its handshake was made with; undefined: it is plain. */
  readonly #madeWith: object | undefined
  place: Place = 'connecting'
  // Its place in the pool.
  older: Listed | null = null
  newer: Listed | null = null
  isListed = false
  /** Of the answer that is read now; who is told of it owns it. */
  protected head = takeHead()
  readonly wheel: Wheel
  readonly reader = new BodyReader()
  /** It has served an exchange before: its server may have closed it meanwhile. */
  isReused = false
  /** At least one byte of the present answer has come. */
  protected hasAnswered = false
  /** All of the request is written. */
  protected isRequestWhole = false
  /** The connection outlives the present answer, as far as its server is concerned. */
  protected isKept = false
  /** Part of a head. */
  protected readonly held = new Held()
  /** Who dials; null once the connection stands. */
  #dialler: C | null
  #dial: Dial | null = null

  constructor(endpoint: Endpoint, wheel: Wheel, dialler: C) {
    super()
    this.wheel = wheel
    this.endpoint = endpoint
    this.timeouts = endpoint.timeouts
    this.#madeWith = endpoint.tls?.client.context
    this.#dialler = dialler
    endpoint.live.open++
    connectionBegins()
  }

  protected override get lingerBytesMax(): number {
    return LINGER_BYTES_MAX
  }

  /** The answer is over, or what is left of the request is. */
  protected abstract readToClose(): void
  protected abstract endRest(): void
  protected abstract tunnelEnded(): void
  protected abstract forget(): void
  protected abstract tellLost(code: FaultCode, detail: string | null): void
  protected abstract uploadStalls(): void

  /**
   * Nothing has come meanwhile on an idle connection, not even its end: what must not be sent twice may be
   * sent on it.
   */
  get isFit(): boolean {
    return this.socket?.isQuiet === true
  }

  /** What TLS is made with is another by now: it serves nobody any more. */
  get isOutdated(): boolean {
    return this.endpoint.tls?.client.context !== this.#madeWith
  }

  /** It neither stands nor has failed. */
  get isDialling(): boolean {
    return this.place === 'connecting'
  }

  get isShaking(): boolean {
    return this.#dial?.isShaking === true
  }

  protected get limits(): AnswerLimits {
    return this.endpoint.answers
  }

  protected get leastRate(): number {
    return this.timeouts.rate_min ?? LEAST_RATE
  }

  protected get idleMs(): number {
    return this.timeouts.idle
  }

  /**
   * How long the answer may be silent: one of no known length is a stream where it pauses between two pieces.
   */
  get #silenceMs(): number {
    const { idle, stream } = this.timeouts
    return this.reader.isBetweenPieces ? Math.max(idle, stream) : idle
  }

  /** A piece of the request's body. While its answer comes already, it is a sign of life. */
  override pouredInto(came: number, gone: number): void {
    super.pouredInto(came, gone)
    if (this.place === 'body') this.touch()
  }

  /** Whether an answer is over where its connection ends, and nothing else says so. */
  protected asksForEnd(isWanted: boolean): void {
    const end = this.socket?.tlsEnd
    if (end !== undefined) end.isWanted = isWanted
  }

  /** Silence counts from now, if all of the request is sent. */
  protected awaitHead(): void {
    if (this.place === 'head' && this.isRequestWhole && this.waitingBytes === 0)
      this.wheel.due(this, nowMs + this.timeouts.response)
  }

  // ── ends ──

  /** Ends the connection in order; who asked has what it wanted. */
  finishServer(): void {
    this.#leave()
    this.place = 'over'
    super.finish()
  }

  /** Gives the connection up at once, without a word to who asked. */
  drop(): void {
    const isDialling = this.place === 'connecting'
    this.#leave()
    this.#dialler = null
    this.forget()
    this.place = 'over'
    if (isDialling) this.#endDial()
    else this.terminate()
  }

  /** It never stood: no event of a socket says so. */
  #endDial(): void {
    this.#dial?.cancel()
    this.#dial = null
    if (this.isClosed) return
    this.#gone()
    this.release()
  }

  /** The head, or what has come of one, is no answer's. */
  protected refuseHead(code: AnswerFault, bytes: Buffer | null, from: number): void {
    const isTold = code === 'server_malformed' && bytes !== null
    this.fail(code, isTold ? whyAnswer(bytes, from, bytes.length, this.limits.tolerance) : null)
  }

  /** Gives the connection up and tells who asked why. */
  fail(code: FaultCode, detail: string | null = null): void {
    if (this.#dialler === null) return this.tellLost(code, detail)
    const dialler = this.#dialler
    this.drop()
    dialler.serverGone(code, detail)
  }

  #leave(): void {
    const { live, onBehalf } = this.endpoint
    if (this.isListed) live.idle.remove(this)
    onBehalf?.kept.delete(this)
    this.head.release()
  }

  #gone(): void {
    this.endpoint.live.open--
    connectionEnds()
  }

  // ── events ──

  /** What it may give up, unless it was over before that was known. */
  dialling(dial: Dial): void {
    if (this.place === 'connecting') this.#dial = dial
  }

  onDialFailed(failure: DialFailure, detail: string | null = null): void {
    this.#dial = null
    this.fail(failure, detail)
  }

  /** The connection stands: whom that is to be told; null: nobody. */
  protected stands(socket: Socket): C | null {
    this.socket = socket
    this.#dial = null
    this.dueMs = 0
    this.place = 'head'
    const { onBehalf, tls } = this.endpoint
    // By TLS it went out before the handshake.
    if (onBehalf !== null && tls === null) this.writeSmall(onBehalf.header)
    const dialler = this.#dialler
    this.#dialler = null
    return dialler
  }

  /**
   * The server sent FIN. Behind its answer it may only have ended its own half, and takes the rest of the
   * request yet: one that is gone resets the connection as soon as more of that comes. No other answer does.
   */
  onEnd(): void {
    if (this.isFinishing) return
    this.isKept = false
    if (this.place === 'rest' && !this.hasFailed) return
    if (this.place === 'tunnel') return this.tunnelEnded()
    const isWhole = this.reader.isCloseDelimited && !this.hasFailed && this.socket?.tlsEnd?.isCut !== true
    if (this.place === 'body' && isWhole) return this.readToClose()
    this.#broken()
  }

  /** The socket is gone: broken, or both halves have ended (a FIN behind our own shows only here). */
  onClose(isBroken: boolean): void {
    this.isClosed = true
    this.held.clear()
    this.#gone()
    if (this.place === 'tunnel' && !isBroken) this.tunnelEnded()
    if (this.place !== 'over') this.#broken()
    this.release()
  }

  #broken(): void {
    if (this.place === 'rest') return this.endRest()
    this.isKept = false
    if (this.place === 'whole') return
    const refusal = this.hasAnswered ? null : this.socket?.tlsEnd?.refusal
    if (refusal && this.place === 'head') return this.fail(refusal.code, refusal.detail)
    const part = this.place === 'head' ? this.held.bytes : null
    const malformed = this.head.faultOfPart(part, this.limits)
    if (malformed) return this.refuseHead(malformed, part, 0)
    if (this.place === 'tunnel' || this.place === 'body') return this.fail('server_truncated')
    this.fail(this.hasAnswered ? 'server_truncated' : 'server_closed')
  }

  expire(now: number): void {
    if (this.expireFinishing(now)) return
    switch (this.place) {
      case 'connecting':
        return this.fail(whyLate(this.#dial))
      case 'idle':
        return this.finishServer()
      case 'head':
        return this.#expireHead(now)
      case 'body':
        return this.#expireBody(now)
      case 'rest':
        if (this.isWriteStalled(now)) return this.endRest()
        return this.wheel.due(this, this.nextLook(now))
      default:
    }
  }

  /**
   * No least rate: events may come seldom and be small. A server that answers need not take the rest of its
   * request.
   */
  #expireBody(now: number): void {
    if (this.isReadIdle(now, this.#silenceMs)) return this.fail('server_stalled')
    if (this.isWriteStalled(now)) this.uploadStalls()
    const isWatched = this.isPaused || this.waitingBytes > 0
    this.wheel.due(this, isWatched ? this.nextLook(now) : this.readLastMs + this.#silenceMs)
  }

  #expireHead(now: number): void {
    if (this.waitingBytes === 0 && !this.isRequestWhole) return // the client's own pace is watched at its end
    if (this.waitingBytes === 0) {
      const malformed = this.head.faultOfPart(this.held.bytes, this.limits)
      return malformed ? this.refuseHead(malformed, this.held.bytes, 0) : this.fail('response_timeout')
    }
    if (this.isWriteStalled(now)) return this.fail('server_stalled')
    this.wheel.due(this, this.nextLook(now))
  }
}
