// A connection to a server as the stream of one attempt after the other: a request goes out, its answer is
// read strictly, then it is idle in its server's pool or ends.
import { type Fields, SCAN } from '../head/fields.ts'
import { type Framing, bodyBytes, isPersistent } from '../head/framing.ts'
import { KNOWN } from '../head/known-fields.ts'
import { grants, whyNotGranted } from '../head/protocols.ts'
import { mayEnd } from '../head/request-head.ts'
import { type ResponseHead, takeHead } from '../head/response-head.ts'
import { whyUnframed } from '../head/why-answer.ts'
import type { BodyForm, Outlet, ServerEvents, ServerStream } from '../http/ends.ts'
import { nowMs } from '../lib/clock.ts'
import { flush } from '../lib/stage.ts'
import type { Dialler, Socket } from '../sockets/socket.ts'
import { type FaultCode, isTlsFault } from '../tables/faults.ts'
import type { OutboundEvents } from './dial-server.ts'
import { answerForm, answerFraming } from './answer-framing.ts'
import { MALFORMED, type PieceTaker } from './body.ts'
import { Interims } from './interims.ts'
import { learnKeepAlive, putIdle } from './pool.ts'
import { RequestWriter } from './request-writer.ts'

const NOTHING = Buffer.alloc(0)

export class Outbound extends RequestWriter<OutboundEvents> implements ServerStream, PieceTaker, Dialler {
  readonly takesFraming = true
  /** Who asks; null: nobody does. */
  #events: ServerEvents | null = null
  #interims: Interims | null = null
  /** The head of this answer, once it is handed on. */
  #told: ResponseHead | null = null

  // ── the request ──

  onConnected(socket: Socket): void {
    this.stands(socket)?.serverOpen(this)
  }

  /** Takes the connection for an attempt, from the pool or as soon as it stands; or to read it on. */
  take(events: ServerEvents): void {
    this.#events = events
  }

  override begin(isHeadRequest: boolean, upgrades: readonly string[]): void {
    super.begin(isHeadRequest, upgrades)
    this.#interims = null
    this.#told = null
    this.hasAnswered = false
    this.place = 'head'
    this.dueMs = 0
  }

  takeContent(): void {
    this.reader.contentOnly()
  }

  /** Also where it says that it ends behind its answer: its own half may be all that it means. */
  get persists(): boolean {
    return !this.reader.isCloseDelimited
  }

  // ── reading ──

  onData(bytes: Buffer): void {
    if (this.isFinishing) return this.linger(bytes.length)
    this.#read(bytes)
    const told = this.#told
    if (told !== null && told.fields.bytes === bytes) keepHead(told)
  }

  #read(bytes: Buffer): void {
    switch (this.place) {
      case 'head':
        this.hasAnswered = true
        return this.held.bytes ? this.#readMore(bytes, this.held.length) : this.#readHeads(bytes)
      case 'body':
        return this.#readBody(bytes, 0)
      case 'tunnel':
        this.#events?.serverBody(bytes, 0, bytes.length, bytes.length)
        return this.readOn(bytes.length)
      case 'rest':
        this.#dropSurplus()
        return this.endRest()
      case 'whole':
        return this.#dropSurplus()
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
    const all = this.held.add(bytes)
    const isDue = this.held.isCheap || all.length > this.limits.headBytes
    if (!isDue && !mayEnd(all, Math.max(0, scanned - 3), all.length)) return
    this.held.take()
    this.#readHeads(all)
    if (this.held.bytes === null) this.held.clear()
  }

  #readHeads(bytes: Buffer): void {
    let at = 0
    while (this.place === 'head') {
      const end = this.head.scan(bytes, at, bytes.length, this.limits)
      if (typeof end === 'string') return this.refuseHead(end, bytes, at)
      if (end === SCAN.incomplete) {
        this.held.keep(at === 0 ? bytes : bytes.subarray(at))
        return
      }
      at = end
      if (this.head.status === 101) return this.#switchProtocol(bytes, at)
      if (this.head.status >= 200) return this.#answer(bytes, at)
      // 1xx: passed on at once (RFC 9110 §15.2), but not without end. Each is a sign of life: silence counts
      // from it.
      const refused = (this.#interims ??= new Interims()).fault(this.head, nowMs)
      if (refused)
        return this.fail(refused, 'interim answers: of HTTP/1.0, or more than 64 KiB of them in short time')
      this.#events?.serverInterim(this.head)
      this.head.release()
      this.awaitHead()
      if (at >= bytes.length) return
    }
  }

  #switchProtocol(bytes: Buffer, at: number): void {
    // Behind a request that is not whole yet, its rest would pass for the other protocol's.
    if (!this.isRequestWhole || !grants(this.head, this.upgrades))
      return this.fail('server_malformed', whyNotGranted(this.head, this.upgrades, this.isRequestWhole))
    this.place = 'tunnel'
    this.dueMs = 0
    this.asksForEnd(false)
    this.#tell(this.head, 'content')
    const count = bytes.length - at
    if (count > 0 && this.place === 'tunnel') this.#events?.serverBody(bytes, at, bytes.length, count)
  }

  #answer(bytes: Buffer, at: number): void {
    const { head } = this
    const framing = answerFraming(head, this.isHeadRequest, this.limits)
    if (framing === null)
      return this.fail('server_malformed', whyUnframed(head.fields, this.limits.tolerance))
    this.isKept = framing !== 'close' && isPersistent(head.fields, head.version === 10)
    if (head.fields.has(KNOWN.keepAlive)) learnKeepAlive(this.endpoint.live, head.get('keep-alive') ?? '')
    this.isRefusal = head.status >= 400
    this.place = 'body'
    const length = framing === 'none' ? 0 : framing === 'length' ? bodyBytes : Number.POSITIVE_INFINITY
    if (at + length <= bytes.length) return this.#answerAtOnce(framing, bytes, at, at + length)
    this.reader.begin(framing, bodyBytes, true)
    this.asksForEnd(framing === 'close')
    this.#tell(head, answerForm(framing))
    if (this.place !== 'body') return
    this.beginReading()
    this.wheel.due(this, nowMs + this.idleMs)
    if (at < bytes.length) this.#readBody(bytes, at)
  }

  /** All of a body of known length has come with its head: there is nothing to be read. */
  #answerAtOnce(framing: Framing, bytes: Buffer, from: number, to: number): void {
    this.#tell(this.head, answerForm(framing))
    if (this.place !== 'body') return // whoever asked gave up
    if (to > from) this.#events?.serverBody(bytes, from, to, to - from)
    if (this.place === 'body') this.#bodyWhole(bytes, to, null)
  }

  /** The head is the asker's from here on. */
  #tell(head: ResponseHead, form: BodyForm): void {
    this.head = takeHead()
    this.#told = head
    this.#events?.serverAnswer(head, form)
  }

  #readBody(bytes: Buffer, from: number): void {
    this.noteRead(bytes.length - from)
    const end = this.reader.read(bytes, from, bytes.length, this)
    if (this.place !== 'body') return // the exchange gave up meanwhile
    if (end === MALFORMED) return this.fail('server_malformed', this.reader.whyMalformed)
    if (!this.reader.isDone) return this.readOn(bytes.length)
    this.#bodyWhole(bytes, end, this.reader.takeTrailers())
  }

  /** The body ends at `end` of what was read. */
  #bodyWhole(bytes: Buffer, end: number, trailers: Fields | null): void {
    if (end < bytes.length) this.#dropSurplus()
    // What follows may be read only now, or be the server's FIN: it must not meet the next request.
    const { socket } = this
    if (socket?.mayHoldMore && !socket.isQuiet) this.isKept = false
    this.endVolume()
    this.#answerWhole(trailers)
  }

  /** An answer that came at once has no body to come: its reader has not begun. */
  override pourTo(outlet: Outlet): void {
    if (this.place === 'tunnel' || !this.reader.isDone) super.pourTo(outlet)
  }

  protected bodyOver(): void {
    this.#bodyWhole(NOTHING, 0, null)
  }

  piece(bytes: Buffer, from: number, to: number, content: number): void {
    this.#events?.serverBody(bytes, from, to, content)
  }

  /**
   * What follows a complete answer belongs to nobody: the server and we do not agree where it ends. The
   * answer stands, however its bytes were cut; but the connection ends with it, as what follows must not
   * become the answer to the next request.
   */
  #dropSurplus(): void {
    if (this.isKept) this.endpoint.live.surplus++
    this.isKept = false
  }

  // ── behind the answer ──

  /** The body ended with the server's FIN. */
  protected readToClose(): void {
    this.reader.isDone = true
    this.isKept = false
    this.#answerWhole(null)
  }

  /** The answer is complete; its request may not be. */
  #answerWhole(trailers: Fields | null): void {
    if (this.takesRest) {
      this.place = 'rest'
      this.resume()
      this.wheel.due(this, this.nextLook(nowMs))
    } else {
      this.place = 'whole'
      this.dueMs = 0
    }
    this.#events?.serverEnd(trailers)
  }

  /** The rest of the request is sent too, or the server takes no more of it. */
  protected endRest(): void {
    this.place = 'whole'
    this.dueMs = 0
    this.#events?.uploadOver()
  }

  /** Back to the pool, or to an orderly end. */
  override finish(): void {
    this.#events = null
    if (this.place !== 'whole') return this.finishServer()
    if (!this.isRequestWhole) return this.drop() // the request must never look whole
    const keepMs = this.isKept && this.waitingBytes === 0 && !this.isClosed ? putIdle(this) : 0
    if (keepMs === 0) return this.finishServer()
    this.place = 'idle'
    this.isReused = true
    this.head.release()
    if (this.isPaused) this.resume()
    this.wheel.due(this, nowMs + keepMs)
  }

  cancel(): void {
    this.drop()
  }

  protected forget(): void {
    this.#events = null
  }

  protected tellLost(code: FaultCode, detail: string | null): void {
    const events = this.#events
    const isStale = this.isReused && code === 'server_closed'
    // Who refuses us by TLS has read nothing of it.
    const reached = this.hasAnswered ? 'answer' : isTlsFault(code) ? 'nothing' : 'request'
    this.drop()
    events?.serverLost({ code, reached, isStale, detail })
  }

  protected tunnelEnded(): void {
    this.#events?.serverEnd(null)
  }

  protected uploadStalls(): void {
    this.#events?.uploadStalled()
  }

  protected drained(): void {
    this.shutIfAsked()
    this.awaitHead()
    this.#events?.serverDrained()
  }
}

/** Its answer goes on behind the bytes that brought it, which are lent: what is to leave of them does now. */
function keepHead(head: ResponseHead): void {
  flush()
  head.detach()
}
