// A connection to a server: one request at a time, its answer read strictly, then idle in its server's pool
// or ended.
import type { Socket } from 'bun'
import { SCAN } from '../head/fields.ts'
import { bodyBytes, isPersistent, responseFraming } from '../head/framing.ts'
import { KNOWN } from '../head/known-fields.ts'
import { mayEnd } from '../head/request-head.ts'
import type { AnswerFault } from '../head/response-head.ts'
import { whyAnswer, whyUnframed } from '../head/why-answer.ts'
import { nowMs } from '../lib/clock.ts'
import type { SocketEvents } from '../lib/socket-events.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { FaultCode } from '../tables/faults.ts'
import { MALFORMED, type PieceTaker } from './body.ts'
import type { Endpoint } from './endpoint.ts'
import type { DialEvents, ServerEvents } from './ends.ts'
import { Held } from './held.ts'
import { Interims } from './interims.ts'
import { learnKeepAlive, putIdle, removeIdle } from './pool.ts'
import { grants, whyNotGranted } from '../head/protocols.ts'
import { READ_BYTES_MAX, isQuiet, unpump } from './pump.ts'
import { ServerConn } from './server-conn.ts'

export class Outbound extends ServerConn implements PieceTaker {
  /** Who dials; null once the connection stands. */
  #dialler: DialEvents | null
  #exchange: ServerEvents | null = null
  readonly #held = new Held()
  #interims: Interims | null = null
  #isHeadRequest = false
  #upgrades: readonly string[] = []
  #keepsFraming = true
  #persists = false
  /** The answer refuses its request: what is left of that ends with it. */
  #isRefusal = false
  #isRequestWhole = false
  /** What is left of the request goes to nobody. */
  #isUploadStopped = false

  constructor(endpoint: Endpoint, wheel: Wheel, dialler: DialEvents) {
    super(endpoint, wheel)
    this.#dialler = dialler
  }

  /** Takes the connection for an exchange: from the pool, or as soon as it is connected. */
  begin(
    exchange: ServerEvents,
    isHeadRequest: boolean,
    upgrades: readonly string[],
    keepsFraming: boolean,
  ): void {
    this.#exchange = exchange
    this.#isHeadRequest = isHeadRequest
    this.#upgrades = upgrades
    this.#keepsFraming = keepsFraming
    this.#isRequestWhole = false
    this.#isUploadStopped = false
    this.hasAnswered = false
    this.#interims = null
    this.place = 'head'
    this.setDue(0)
  }

  /**
   * The whole request is written: from now on its answer is awaited. Not so where its rest was dropped: then
   * it never becomes whole.
   */
  requestWhole(): void {
    if (this.#isUploadStopped) return
    this.#isRequestWhole = true
    if (this.place === 'rest') this.#endRest()
    else this.#awaitHead()
  }

  /** Silence counts from now, if all of the request is sent. */
  #awaitHead(): void {
    if (this.place === 'head' && this.#isRequestWhole && this.waitingBytes === 0)
      this.setDue(nowMs + this.endpoint.timeouts.response)
  }

  /** What is left of the request is of no use: only the answer is read. */
  stopUpload(): void {
    this.#isUploadStopped = true
    if (this.place === 'rest') this.#breakRest()
    else this.mute()
  }

  /** A piece of the request's body. While its answer comes already, it is a sign of life. */
  writeRequest(bytes: Buffer, from: number, to: number): void {
    this.write(bytes, from, to)
    if (this.place === 'body') this.touch()
  }

  /** The connection outlives the present answer, as far as its server is concerned. */
  get persists(): boolean {
    return this.#persists
  }

  // ── reading ──

  onData(bytes: Buffer): void {
    if (this.isFinishing) return this.linger(bytes.length)
    switch (this.place) {
      case 'head':
        this.hasAnswered = true
        return this.#held.bytes ? this.#readMore(bytes, this.#held.length) : this.#readHeads(bytes)
      case 'body':
        return this.#readBody(bytes, 0)
      case 'tunnel':
        this.#exchange?.serverBody(bytes, 0, bytes.length)
        return this.readOn(bytes.length)
      case 'rest':
        this.#dropSurplus()
        return this.#breakRest()
      case 'idle':
        this.#dropSurplus()
        return this.drop()
      default:
        this.drop()
    }
  }

  /**
   * Scans a head of which more has come; one in very many pieces only when its end may have come, as it must
   * cost no quadratic time.
   */
  #readMore(bytes: Buffer, scanned: number): void {
    const all = this.#held.add(bytes)
    const isDue = this.#held.isCheap || all.length > this.limits.headBytes
    if (isDue || mayEnd(all, Math.max(0, scanned - 3), all.length)) this.#readHeads(all)
  }

  #readHeads(bytes: Buffer): void {
    this.#held.take()
    let at = 0
    while (this.place === 'head') {
      const end = this.head.scan(bytes, at, bytes.length, this.limits)
      if (typeof end === 'string') return this.#refuseHead(end, bytes, at)
      if (end === SCAN.incomplete) {
        this.#held.keep(at === 0 ? bytes : bytes.subarray(at))
        return
      }
      at = end
      if (this.head.status === 101) return this.#switchProtocol(bytes, at)
      if (this.head.status >= 200) return this.#answer(bytes, at)
      // 1xx: passed on at once (RFC 9110 §15.2), but not without end. Each is a sign of life: silence counts
      // from it.
      const refused = (this.#interims ??= new Interims()).fault(this.head, nowMs)
      if (refused)
        return this.#refuse(
          refused,
          'interim answers: of HTTP/1.0, or more than 64 KiB of them in short time',
        )
      this.#exchange?.serverInterim(this.head)
      this.head.release()
      this.#awaitHead()
      if (at >= bytes.length) return
    }
  }

  #switchProtocol(bytes: Buffer, at: number): void {
    // Behind a request that is not whole yet, its rest would pass for the other protocol's.
    if (!this.#isRequestWhole || !grants(this.head, this.#upgrades))
      return this.#refuse('server_malformed', whyNotGranted(this.head, this.#upgrades, this.#isRequestWhole))
    this.place = 'tunnel'
    this.setDue(0)
    this.#exchange?.serverAnswer(this.head, 'close', at >= bytes.length)
    if (at < bytes.length && this.place === 'tunnel') this.#exchange?.serverBody(bytes, at, bytes.length)
  }

  #answer(bytes: Buffer, at: number): void {
    const { head } = this
    const isHttp10 = head.version === 10
    let framing = responseFraming(head.fields, head.status, this.#isHeadRequest, isHttp10)
    if (framing === null && head.mendLengths(this.limits))
      framing = responseFraming(head.fields, head.status, this.#isHeadRequest, isHttp10)
    if (framing === null)
      return this.#refuse('server_malformed', whyUnframed(head.fields, this.limits.tolerance))
    const length = framing === 'length' ? bodyBytes : 0
    this.#persists = framing !== 'close' && isPersistent(head.fields, isHttp10)
    if (head.fields.has(KNOWN.keepAlive)) learnKeepAlive(this.endpoint.live, head.get('keep-alive') ?? '')
    this.#isRefusal = head.status >= 400
    this.place = 'body'
    this.#held.clear()
    this.reader.begin(framing, length, this.#keepsFraming)
    this.#exchange?.serverAnswer(head, framing, at >= bytes.length)
    if (this.place !== 'body') return
    if (framing === 'none') {
      if (at < bytes.length) this.#dropSurplus()
      return this.#answerWhole()
    }
    this.beginReading()
    this.setDue(nowMs + this.idleMs)
    if (at < bytes.length) this.#readBody(bytes, at)
  }

  #readBody(bytes: Buffer, from: number): void {
    this.noteRead(bytes.length - from)
    const end = this.reader.read(bytes, from, bytes.length, this)
    if (this.place !== 'body') return // the exchange gave up meanwhile
    if (end === MALFORMED) return this.#refuse('server_malformed', this.reader.whyMalformed)
    if (!this.reader.isDone) return this.readOn(bytes.length)
    if (end < bytes.length) this.#dropSurplus()
    // What follows may be read only now, or be the server's FIN: it must not meet the next request.
    if ((this.isPumped || bytes.length >= READ_BYTES_MAX) && !isQuiet(this.rawFd)) this.#persists = false
    unpump(this)
    this.#answerWhole()
  }

  piece(bytes: Buffer, from: number, to: number): void {
    this.#exchange?.serverBody(bytes, from, to)
  }

  /**
   * What follows a complete answer belongs to nobody: the server and we do not agree where it ends. The
   * answer stands, however its bytes were cut; but the connection ends with it, as what follows must not
   * become the answer to the next request.
   */
  #dropSurplus(): void {
    if (this.#persists) this.endpoint.live.surplus++
    this.#persists = false
  }

  /** The answer is complete: back to the pool, or to its end. */
  #answerWhole(): void {
    if (this.#goesOn) return this.#awaitRest()
    const exchange = this.#exchange
    this.#exchange = null
    if (!this.#isRequestWhole) this.drop() // the request must never look whole
    else if (this.#persists && this.waitingBytes === 0) this.#rest()
    else this.finishServer()
    exchange?.serverEnd()
  }

  /** The answer is complete before its request, whose rest the server may still want. */
  get #goesOn(): boolean {
    const isTaken = !this.#isUploadStopped && !this.#isRefusal && !this.hasFailed
    return !this.#isRequestWhole && isTaken && !this.reader.isCloseDelimited
  }

  #awaitRest(): void {
    this.place = 'rest'
    this.resume()
    this.setDue(this.nextLook(nowMs))
    this.#exchange?.serverEnd()
  }

  /** The rest of the request is sent too. */
  #endRest(): void {
    const exchange = this.#exchange
    this.#exchange = null
    if (this.#persists && this.waitingBytes === 0) this.#rest()
    else this.finishServer()
    exchange?.uploadOver()
  }

  /** The server takes no more of the request. */
  #breakRest(): void {
    const exchange = this.#exchange
    this.drop()
    exchange?.uploadOver()
  }

  #rest(): void {
    const keepMs = putIdle(this)
    if (keepMs === 0) return this.finishServer()
    this.place = 'idle'
    this.isReused = true
    this.head.release()
    if (this.isPaused) this.resume()
    this.setDue(nowMs + keepMs)
  }

  // ── ends ──

  /** Ends the connection in order; the exchange has what it wanted. */
  finishServer(): void {
    this.#leave()
    this.place = 'over'
    this.finish()
  }

  /** Gives the connection up at once, without a word to the exchange. */
  drop(): void {
    this.#leave()
    this.#exchange = this.#dialler = null
    this.place = 'over'
    this.terminate()
  }

  /** The head, or what has come of one, is no answer's. */
  #refuseHead(code: AnswerFault, bytes: Buffer | null, from: number): void {
    const isTold = code === 'server_malformed' && bytes !== null
    this.#refuse(code, isTold ? whyAnswer(bytes, from, bytes.length, this.limits.tolerance) : null)
  }

  #refuse(code: FaultCode, why: string | null): void {
    this.why = why
    this.fail(code)
  }

  /** Gives the connection up and tells the exchange why. */
  fail(code: FaultCode): void {
    const waiting = this.#dialler ?? this.#exchange
    this.drop()
    waiting?.serverGone(code)
  }

  #leave(): void {
    if (this.place === 'idle') removeIdle(this)
    this.head.release()
  }

  // ── events ──

  /** The connection stands. */
  connected(socket: Socket<SocketEvents>): void {
    this.socket = socket
    this.setDue(0)
    this.place = 'head'
    const dialler = this.#dialler
    this.#dialler = null
    dialler?.serverOpen(this)
  }

  protected drained(): void {
    this.shutIfAsked()
    this.#awaitHead()
    this.#exchange?.serverDrained()
  }

  /** The server sent FIN. */
  onEnd(): void {
    if (this.isFinishing) return
    if (this.place === 'tunnel') return this.#exchange?.serverEnd()
    if (this.place === 'body' && this.reader.isCloseDelimited && !this.hasFailed) {
      this.reader.isDone = true
      this.#persists = false
      return this.#answerWhole()
    }
    this.#broken()
  }

  /** The socket is gone: broken, or both halves have ended (a FIN behind our own shows only here). */
  onClose(isBroken: boolean): void {
    this.isClosed = true
    this.#held.clear()
    this.endpoint.live.open--
    if (this.place === 'tunnel' && !isBroken) this.#exchange?.serverEnd()
    if (this.place !== 'over') this.#broken()
    this.release()
  }

  #broken(): void {
    if (this.place === 'rest') return this.#breakRest()
    const part = this.place === 'head' ? this.#held.bytes : null
    const malformed = this.head.faultOfPart(part, this.limits)
    if (malformed) return this.#refuseHead(malformed, part, 0)
    if (this.place === 'tunnel' || this.place === 'body') return this.fail('server_truncated')
    this.fail(
      this.place === 'connecting'
        ? 'connect_failed'
        : this.hasAnswered
          ? 'server_truncated'
          : 'server_closed',
    )
  }

  expire(now: number): void {
    if (this.expireFinishing(now)) return
    switch (this.place) {
      case 'connecting':
        return this.fail('connect_timeout')
      case 'idle':
        return this.finishServer()
      case 'head':
        return this.#expireHead(now)
      case 'body':
        return this.#expireBody(now)
      case 'rest':
        if (this.isWriteStalled(now)) return this.#breakRest()
        return this.setDue(this.nextLook(now))
      default:
    }
  }

  /**
   * No least rate: events may come seldom and be small. A server that answers need not take the rest of its
   * request.
   */
  #expireBody(now: number): void {
    if (this.isReadIdle(now, this.silenceMs)) return this.fail('server_stalled')
    if (this.isWriteStalled(now)) this.#exchange?.uploadStalled()
    const isWatched = this.isPaused || this.waitingBytes > 0
    this.setDue(isWatched ? this.nextLook(now) : this.readLastMs + this.silenceMs)
  }

  #expireHead(now: number): void {
    if (this.waitingBytes === 0 && !this.#isRequestWhole) return // the client's own pace is watched at its end
    if (this.waitingBytes === 0) {
      const malformed = this.head.faultOfPart(this.#held.bytes, this.limits)
      return malformed ? this.#refuseHead(malformed, this.#held.bytes, 0) : this.fail('response_timeout')
    }
    if (this.isWriteStalled(now)) return this.fail('server_stalled')
    this.setDue(this.nextLook(now))
  }
}
