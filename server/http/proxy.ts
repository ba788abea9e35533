// Life of a request, from its head to its line in the access log. Numbered in the order of an ordinary
// exchange:
//
//   1 start      who asks; what is answered here (own paths, refused methods)
//   2 match      the rule of this listener, host and path
//   3 request    the rule's steps, in order; any may answer instead   (steps.ts)
//   4 destine    respond · redirect · backend
//   5 attempt    pick and admit a server, connect, send        ┐
//   6 body       the rest of the request, as it comes          │ forward.ts: once per attempt
//   7 answer     the server's head, or why there is none: again? ┘
//   8 response   the steps reached, in reverse   (steps.ts)
//   9 relay      the answer's body, as it comes   (forward.ts, write-answer.ts)
//  10 end        the steps' end, the log, the metrics; the client's next request
//
// Nothing here waits: each transition is called by a socket's event, and an ordinary exchange makes no
// Promise.
import type { Server } from '../backends/server.ts'
import { type Answer, type Rendered, faultAnswer, renderAnswer } from '../head/answer.ts'
import { type Framing, isPersistent } from '../head/framing.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { ClientEvents } from '../http1/ends.ts'
import type { Inbound } from '../http1/inbound.ts'
import { tellBug } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import type { Listener, Rule, Snapshot } from '../snapshot/snapshot.ts'
import { FAULTS, type Fault, type FaultCode, fault } from '../tables/faults.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { isInsider, lastHop, ownDocument, refusedAtOnce } from './at-once.ts'
import { type KnownClient, clientOf } from './client.ts'
import type { Engine } from './engine.ts'
import type { Exchange, Try } from './exchange.ts'
import { Forward } from './forward.ts'
import { givenRequestId } from './forwarded-headers.ts'
import { HeldPieces } from '../lib/held-pieces.ts'
import { cancelStep, endSteps, requestSteps, responseSteps } from './steps.ts'
import { tellRule, tellStart } from './tell-exchange.ts'
import type { Tunnel } from './tunnel.ts'
import { whyForStrangers, whyRefused } from './why.ts'
import { writeAnswer, writeBody, writeEnd } from './write-answer.ts'

/** How much of a request's body is read while a step waits. */
const AHEAD_BYTES_MAX = 64 * 1024

export class Proxied implements Exchange, ClientEvents {
  readonly engine: Engine
  readonly inbound: Inbound
  readonly id: string
  readonly listener: Listener
  readonly snapshot: Snapshot
  readonly request: RequestHead
  readonly client: KnownClient
  rule: Rule | null = null
  server: Server | null = null
  attempts = 0
  fault: Fault | null = null
  detail: string | null = null
  shadow: string | null = null
  tries: Try[] | null = null
  aborted = false
  status = 0
  bytesIn = 0
  bytesOut = 0
  startedMs = nowMs
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  endedMs = 0
  bodyLimit: number
  answer: ResponseHead | null = null

  /** The client keeps the connection, as far as it is concerned. */
  keeps: boolean
  isRequestWhole = false
  /** Set with the answer's head: from then on no other answer is possible. */
  hasBegun = false
  isHeadSent = false
  /** All of the answer is written, though a slow client may not have taken it yet. */
  isAnswerWhole = false
  isEnded = false
  /** Set with the head of a 101. */
  tunnel: Tunnel | null = null
  /** A close-delimited answer is put into chunks for a client that can take them. */
  wrapsChunks = false
  forward: Forward | null = null
  /** What the rule's steps remember, one for each. */
  notes: unknown[] | null = null
  /** Steps whose request part has run: their response and end parts will. */
  reached = 0
  /** Place of the step that is waited for; -1: none is. */
  waitingAt = -1
  /** What of the body came while a request step waited. */
  #ahead: HeldPieces | null = null
  /** A head that goes out as it came, until something of its body does. */
  heldBytes: Buffer | null = null
  heldFrom = 0
  heldTo = 0

  constructor(engine: Engine, inbound: Inbound) {
    const { listener } = inbound.port
    this.engine = engine
    this.inbound = inbound
    this.listener = listener
    this.snapshot = engine.snapshot
    this.request = inbound.head
    this.request.edits = null
    this.client = clientOf(inbound, inbound.head, engine.name)
    this.id = givenRequestId(inbound.head, this.client) ?? engine.nextId()
    this.bodyLimit = listener.options.limits.body
    this.keeps = isPersistent(inbound.head.fields, inbound.head.version === 10)
    if (engine.isDebugging) tellStart(this)
  }

  // ── 1 start ──

  start(): void {
    try {
      this.#start()
    } catch (error) {
      this.bug(error)
    }
  }

  #start(): void {
    const { request, inbound } = this
    if (inbound.framing === 'none') this.isRequestWhole = true
    else request.detach()
    const refused = refusedAtOnce(this)
    if (refused) return this.refuse(refused)
    const own = ownDocument(this) ?? lastHop(request)
    if (own) return this.reply(own)
    this.#match()
  }

  /** Answers before any rule was chosen, and takes no further request on this connection. */
  refuse(code: FaultCode): void {
    this.keeps = false
    this.replyWith(code)
  }

  /** The client was reset before its request was read: nobody is left to serve. */
  lostAtOnce(): void {
    this.clientGone('client_abort')
    this.inbound.abort()
  }

  // ── 2 match, and on to 3 request: steps.ts ──

  #match(): void {
    const rule = this.listener.match(this.request)
    if (rule === 'ambiguous') return this.refuse('match_ambiguous')
    if (this.engine.isDebugging) tellRule(this, rule)
    if (rule === null) return this.reply(faultAnswer('no_rule'))
    this.rule = rule
    this.notes = rule.hasNotes ? rule.steps.map((step) => step.note?.()) : null
    if (rule.requestSteps.length > 0) return requestSteps(this, rule, 0)
    this.destine(rule)
  }

  // ── 4 destine ──

  /** All request steps let the request pass. */
  destine(rule: Rule): void {
    this.reached = rule.steps.length
    const { to } = rule
    if (this.inbound.bodyBytes > this.bodyLimit) return this.replyWith('body_too_large')
    if (to.is === 'respond') return this.reply(to.answer)
    if (to.is === 'redirect') {
      const location = to.redirect.location(this.request, this.client.scheme)
      if (location === null) return this.refuse('host_invalid')
      return this.reply({
        status: to.redirect.status,
        headers: [['Location', location]],
        body: '',
        fault: null,
      })
    }
    const forward = new Forward(this, to.backend)
    this.forward = forward
    if (this.#ahead) for (const piece of this.#ahead.pieces()) forward.body(piece, 0, piece.length)
    this.#ahead?.drop()
    this.#ahead = null
    forward.attempt()
  }

  // ── 6 body ──

  requestBody(bytes: Buffer, from: number, to: number): void {
    if (this.tunnel) return this.tunnel.clientData(bytes, from, to)
    // Behind an answer of ours, the rest of the request is of no use; behind a server's, it goes on as long
    // as that takes it.
    if (this.isEnded || (this.hasBegun && !this.forward?.isUploading)) return
    if (this.inbound.reader.contentBytes > this.bodyLimit) {
      if (this.hasBegun) return this.forward?.stopUpload()
      this.forward?.giveUp()
      return this.replyWith('body_too_large')
    }
    if (this.forward) return this.forward.body(bytes, from, to)
    this.#ahead ??= new HeldPieces(this.inbound)
    this.#ahead.push(bytes, from, to)
    if (this.inbound.reader.contentBytes > AHEAD_BYTES_MAX) this.inbound.pause()
  }

  requestEnd(): void {
    if (this.tunnel) return this.tunnel.clientEnd()
    this.isRequestWhole = true
    this.forward?.bodyEnd()
  }

  requestFault(code: FaultCode): void {
    if (this.hasBegun) {
      // A slow client is waited for as long as its answer comes; what is malformed must never look whole to
      // the server.
      if (code !== 'request_timeout' || this.isAnswerWhole) this.forward?.stopUpload()
      return
    }
    this.forward?.giveUp()
    this.keeps = false
    this.reply(faultAnswer(code))
  }

  clientGone(code: FaultCode): void {
    this.forward?.giveUp()
    // It has its answer, and was only not done with its request.
    if (this.isAnswerWhole && this.inbound.waitingBytes === 0) return this.#finish()
    this.aborted = true
    if (this.status === 0) this.status = FAULTS[code].status
    this.#end(fault(code, this.attempts > 0))
  }

  clientDrained(): void {
    if (this.isAnswerWhole) this.#finishIfOver()
    else this.forward?.clientDrained()
  }

  // ── 7 answer, our own ──

  /** Answers by ourselves; the steps reached see it like any other answer. */
  reply(answer: Answer): void {
    if (this.hasBegun || this.isEnded) return
    if (answer.fault) this.fault = fault(answer.fault, this.attempts > 0 && this.fault?.sent === true)
    this.forward?.giveUp()
    const { head, bytes } = this.#render(answer)
    this.answered(head, 'none', bytes)
  }

  /** Answers with a fault; more about it goes to the log, and to those who may see how we are set up. */
  replyWith(code: FaultCode): void {
    this.detail = whyRefused(code, this)
    this.replyFault(code)
  }

  /** The same, where `detail` says all that is known. */
  replyFault(code: FaultCode): void {
    const detail = isInsider(this) ? (this.detail ?? '') : whyForStrangers(code, this)
    this.reply(faultAnswer(code, detail))
  }

  #render(answer: Answer): Rendered {
    return renderAnswer(answer, {
      accept: this.request.get('accept') ?? '',
      requestId: this.id,
      gateway: this.engine.name,
    })
  }

  /** A step threw. */
  bug(error: unknown): void {
    tellBug(error)
    this.failInside('internal')
  }

  /**
   * Something of ours failed. What of the answer has not left yet becomes one of ours, which passes no
   * further step.
   */
  failInside(code: 'internal' | 'step_timeout'): void {
    if (this.isEnded) return
    if (this.isHeadSent) return this.breakOff(code)
    if (!this.hasBegun) return this.reply(faultAnswer(code))
    this.forward?.giveUp()
    this.tunnel = null
    this.fault = fault(code, this.attempts > 0)
    const { head, bytes } = this.#render(faultAnswer(code))
    this.answer = head
    this.status = head.status
    this.sendAnswer(head, 'none', bytes)
  }

  // ── 8 response ──

  /**
   * A final answer's head is here, a server's or (with its bytes) our own: runs the response steps, then
   * sends it.
   */
  answered(head: ResponseHead, framing: Framing, own: Buffer | null): void {
    if (this.waitingAt >= 0) cancelStep(this)
    this.answer = head
    this.status = head.status
    if (this.firstByteMs === 0) this.firstByteMs = nowMs
    this.hasBegun = true
    if (!this.isRequestWhole) this.#answeredEarly(own !== null)
    const { rule } = this
    if (rule && rule.responseSteps.length > 0)
      responseSteps(this, rule, rule.responseSteps.length - 1, head, framing, own)
    else this.sendAnswer(head, framing, own)
  }

  /**
   * The request is not whole yet. Behind an answer of ours its rest is dropped, so that the client's end is
   * seen; to a server it goes on, as long as that takes it: behind one that refuses it, to the end of that
   * answer. Behind an expectation refused it may never come.
   */
  #answeredEarly(isOurs: boolean): void {
    const { inbound, forward, request } = this
    const isRefused = request.fields.has(KNOWN.expect) && inbound.reader.contentBytes === 0
    if (isOurs || isRefused || this.status >= 400 || !forward?.maySurvive) this.keeps = false
    if (isOurs) inbound.resume()
    else if (isRefused) forward?.stopUpload()
  }

  /** All steps have seen the answer. */
  sendAnswer(head: ResponseHead, framing: Framing, own: Buffer | null): void {
    writeAnswer(this, head, framing)
    this.isHeadSent = true
    if (own === null) return this.forward?.headSent()
    if (this.request.methodId !== METHOD_HEAD && own.length > head.headEnd) {
      writeBody(this, own, head.headEnd, own.length)
      this.bytesOut = own.length - head.headEnd
    }
    this.finishAnswer()
  }

  // ── 10 end ──

  /** The answer's last byte is written; it may still wait for a slow client. */
  finishAnswer(): void {
    writeEnd(this)
    this.isAnswerWhole = true
    this.#finishIfOver()
  }

  /** The rest of the request is sent too, or nobody wants it. */
  uploadOver(): void {
    this.inbound.resume()
    if (this.isAnswerWhole) this.#finishIfOver()
  }

  #finishIfOver(): void {
    if (this.inbound.waitingBytes === 0 && !this.forward?.isUploading) this.#finish()
  }

  #finish(): void {
    this.#end(this.fault)
    this.inbound.answered(this.keeps)
  }

  /** Breaks the client's connection, so that a cut answer is seen as cut. */
  breakOff(code: FaultCode): void {
    if (this.isEnded) return
    this.forward?.giveUp()
    this.aborted = true
    this.#end(fault(code, true))
    this.inbound.abort()
  }

  #end(reason: Fault | null): void {
    if (this.isEnded) return
    this.isEnded = true
    this.fault = reason
    if (this.waitingAt >= 0) cancelStep(this)
    if (!this.tunnel) this.bytesIn = this.inbound.framing === 'none' ? 0 : this.inbound.reader.contentBytes
    const { rule } = this
    if (rule && rule.endSteps.length > 0) endSteps(this, rule)
    this.engine.record(this)
    this.inbound.forgetKept()
    this.request.release()
  }

  /** A tunnel is over. */
  endTunnel(): void {
    this.#end(this.fault)
    this.inbound.answered(false)
  }
}
