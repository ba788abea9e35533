// A request on its connection, as its exchange knows it: the body as it comes, and the answer on its way
// back. One object for each connection, used again for each of its requests.
import type { Server } from '../backends/server.ts'
import { type Framing, bodyBytes, isPersistent, requestFraming } from '../head/framing.ts'
import { KNOWN } from '../head/known-fields.ts'
import { RequestHead } from '../head/request-head.ts'
import { bitOf } from '../head/write.ts'
import type {
  BodyForm,
  ClientConnection,
  ClientEvents,
  ClientStream,
  Outlet,
  Protocol,
} from '../http/ends.ts'
import type { ClientTimes } from '../http/timing.ts'
import { countBuffered } from '../lib/buffers.ts'
import type { Socket } from '../sockets/socket.ts'
import type { FaultCode } from '../tables/faults.ts'
import { BodyReader, type PieceTaker } from './body.ts'
import { AnswerWriter, type Writer } from './write-answer.ts'

/**
 * What HTTP/1.0 does not know: RFC 9110 §10.1.1 of Expect, §7.8 of Upgrade. It reads as if it had not come.
 */
const UNKNOWN_TO_HTTP10 = bitOf(KNOWN.expect) | bitOf(KNOWN.upgrade)

/** Of requests without a body, whoever's they are: it never begins. */
const NO_BODY = new BodyReader()

/** The connection that it is on. */
interface StreamConnection extends ClientConnection, Writer {
  readonly waitingBytes: number
  pause(): void
  resume(): void
  becomeTunnel(): void
  watchAnew(): void
  shutdownWrites(): void
  readonly socket: Socket | null
  readonly isOpen: boolean
  pouredInto(came: number, gone: number): void
  pourTo(outlet: Outlet): void
  /** The exchange is over: on to the next request, or to the end of the connection. */
  exchangeOver(keeps: boolean): void
  drop(): void
}

export class Http1Stream extends AnswerWriter implements ClientStream, PieceTaker {
  readonly connection: StreamConnection
  readonly request = new RequestHead()
  /** Its own from the first body on, or tunnel. */
  reader = NO_BODY
  /** How long its client may take, where the rule says so. */
  times: ClientTimes | null = null
  requestForm: BodyForm = 'none'
  /** Who serves it; null: nobody does, or not any more. */
  #exchange: ClientEvents | null = null
  /** Bytes kept elsewhere for its exchange. */
  #kept = 0

  constructor(connection: StreamConnection) {
    super()
    this.connection = connection
  }

  // ── what the connection tells ──

  /** A whole head is here; why it cannot be served, or null. */
  begin(): 'framing_ambiguous' | 'coding_unsupported' | null {
    const { request } = this
    const isHttp10 = request.version === 10
    const framing = requestFraming(request.fields, isHttp10)
    if (framing === 'framing_ambiguous' || framing === 'coding_unsupported') return framing
    this.#forget(isPersistent(request.fields, isHttp10))
    this.times = null
    if (isHttp10) request.fields.hidden |= UNKNOWN_TO_HTTP10
    if (framing !== 'none') this.#beginBody(framing)
    return null
  }

  #beginBody(framing: Framing): void {
    this.requestForm = framing === 'length' ? 'length' : 'as_it_came'
    this.#ownReader().begin(framing, bodyBytes, true)
  }

  #ownReader(): BodyReader {
    if (this.reader === NO_BODY) this.reader = new BodyReader()
    return this.reader
  }

  /** A head was refused. */
  refuse(): void {
    this.#forget(false)
  }

  #forget(keeps: boolean): void {
    this.beginAnswer(keeps)
    this.requestForm = 'none'
    if (this.reader !== NO_BODY) this.reader.contentBytes = 0
    this.#exchange = null
  }

  /** This exchange serves it, and is not over with the bytes that began it: the head must outlive them. */
  servedBy(exchange: ClientEvents): void {
    this.#exchange = exchange
    this.request.detach()
  }

  get server(): Server | null {
    return this.#exchange?.server ?? null
  }

  get isServed(): boolean {
    return this.#exchange !== null
  }

  piece(bytes: Buffer, from: number, to: number): void {
    this.#exchange?.requestBody(bytes, from, to)
  }

  /** A piece of a tunnel. */
  tunnelled(bytes: Buffer): void {
    this.reader.contentBytes += bytes.length
    this.#exchange?.requestBody(bytes, 0, bytes.length)
  }

  /** The body, or the client's half of a tunnel, is over. */
  ended(): void {
    this.#exchange?.requestEnd(this.reader.takeTrailers())
  }

  faulty(code: FaultCode): void {
    this.#exchange?.requestFault(code)
  }

  drained(): void {
    this.#exchange?.clientDrained()
  }

  /** The client has gone, or is given up. */
  gone(code: FaultCode): void {
    const exchange = this.#exchange
    this.#exchange = null
    exchange?.clientGone(code)
    if (exchange) this.#release()
  }

  // ── what the exchange asks; of its answer: write-answer.ts ──

  get protocol(): Protocol {
    return this.request.version === 10 ? 'HTTP/1.0' : 'HTTP/1.1'
  }

  get declaredBytes(): number {
    if (this.requestForm === 'none') return 0
    const { left, contentBytes } = this.reader
    return this.requestForm === 'length' ? contentBytes + left : -1
  }

  get receivedBytes(): number {
    return this.reader.contentBytes
  }

  /** HTTP/1.0 knows no chunks. */
  get takesFraming(): boolean {
    return this.request.version === 11
  }

  takeContent(): void {
    if (this.requestForm !== 'as_it_came') return
    this.requestForm = 'content'
    this.reader.contentOnly()
  }

  get waitingBytes(): number {
    return this.connection.waitingBytes
  }

  pause(): void {
    this.connection.pause()
  }

  resume(): void {
    this.connection.resume()
  }

  takeTimes(times: ClientTimes): void {
    this.times = times
    this.connection.watchAnew()
  }

  becomeTunnel(): void {
    this.#ownReader() // counts what comes
    this.connection.becomeTunnel()
  }

  endWrites(): void {
    this.connection.shutdownWrites()
  }

  get outlet(): Outlet | null {
    return this
  }

  get socket(): Socket | null {
    return this.connection.socket
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }

  pouredInto(came: number, gone: number): void {
    this.sentBytes += came
    if (this.connection.place === 'tunnel') this.connection.touch()
    this.connection.pouredInto(came, gone)
  }

  pourTo(outlet: Outlet): void {
    this.connection.pourTo(outlet)
  }

  takeNoMore(): void {
    this.keeps = false
  }

  countKept(delta: number): void {
    const counted = Math.max(delta, -this.#kept) // what is dropped late was forgotten with its exchange
    this.#kept += counted
    countBuffered(counted)
  }

  finish(): void {
    this.#exchange = null
    this.#release()
    this.connection.exchangeOver(this.keeps)
  }

  /**
   * What there is of an answer whose framing shows that the rest is missing (RFC 9112 §8) still arrives: a
   * reset would destroy what is on its way. Where only its end would tell, it must not look like one.
   */
  reset(_code: FaultCode): void {
    this.#exchange = null
    this.#release()
    if (this.showsEnd) this.connection.exchangeOver(false)
    else this.connection.drop()
  }

  /** What is held only for the time of an exchange. */
  #release(): void {
    if (this.#kept !== 0) this.countKept(-this.#kept)
    this.request.release()
  }
}
