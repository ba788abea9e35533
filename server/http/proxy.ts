// Life of a request, from its head to its line in the access log. Numbered in the order of an ordinary
// exchange:
//
//   1 start      who asks; what is answered here (own paths, refused methods)
//   2 match      the rule of this listener, host and path
//   3 request    the rule's steps, in order; any may answer instead   (steps.ts)
//   4 destine    respond · redirect · backend, rewritten   (rules/rewriting.ts)
//   5 attempt    pick and admit a server, open a stream, send  ┐
//   6 body       the rest of the request, as it comes          │ forward.ts: once per attempt
//   7 answer     the server's head, or why there is none: again? ┘
//   8 response   the steps reached, in reverse   (steps.ts)
//   9 relay      the answer's body, as it comes
//  10 end        the steps' end, the log, the metrics; the client's next request
// Nothing here waits: streams' events (ends.ts) call each transition; an ordinary exchange makes no Promise.
import { bodyPlace, faultAnswer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import { type ResponseHead, giveHead } from '../head/response-head.ts'
import type { Rule, Way } from '../snapshot/snapshot.ts'
import { FAULTS, type Fault, type FaultCode, fault } from '../tables/faults.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { ownAnswer, redirected, refusedAtOnce } from './at-once.ts'
import { answeredEarly } from './answered-early.ts'
import { EarlyAnswer } from './early-answer.ts'
import { readTokens } from './ask-tokens.ts'
import type { BodyForm, ClientEvents, ClientStream } from './ends.ts'
import type { Engine } from './engine.ts'
import { ENDED, HEAD_SENT, WHOLE } from './exchange-state.ts'
import { Hold } from './hold.ts'
import { Received } from './received.ts'
import { rewriteRequest, turnBack } from '../rules/rewriting.ts'
import { awaitStep, cancelStep, endSteps, requestSteps, responseSteps } from './steps.ts'
import { SourceBody } from './source-body.ts'
import { stick } from './stick.ts'
import { tellRule, tellStart } from './tell-exchange.ts'
import { transformsOf } from './transforms.ts'
import { Tunnel } from './tunnel.ts'

export class Proxied extends Received implements ClientEvents {
  /** The head of the answer that came, to be given back. */
  #given: ResponseHead | null = null
  #isHeadShared = false

  constructor(engine: Engine, stream: ClientStream) {
    super(engine, stream)
    if (engine.isDebugging) tellStart(this)
  }

  // ── 1 start ──

  start(): void {
    try {
      this.isRequestWhole = this.stream.requestForm === 'none'
      const refused = refusedAtOnce(this)
      if (refused) return this.refuse(refused)
      const own = ownAnswer(this)
      if (own) return this.reply(own)
      if (this.listener.issuers.length > 0) return readTokens(this, awaitStep)
      this.match()
    } catch (error) {
      this.bug(error)
    }
  }

  // ── 2 match, and on to 3 request: steps.ts ──

  match(): void {
    const rule = this.listener.match(this.request, this.asker)
    if (rule === 'ambiguous') return this.refuse('match_ambiguous')
    if (rule !== null) this.take(rule)
    if (this.engine.isDebugging) tellRule(this, rule)
    if (rule === null) return this.reply(faultAnswer('no_rule'))
    if (this.isShed(rule)) return
    this.notes = rule.hasNotes ? rule.steps.map((step) => step.note?.()) : null
    // Before anything of the body is read: servers that speak something else take no chunks of HTTP/1.1.
    const { to } = this
    if (to?.is === 'backend' && !this.engine.servers.takeFraming(to.backend)) this.stream.takeContent()
    else if (rule.uploadSteps.length > 0 || rule.seesBody) this.stream.takeContent()
    requestSteps(this, rule, 0)
  }

  // ── 4 destine ──

  /** All request steps let the request pass. */
  destine(rule: Rule): void {
    this.reached = rule.steps.length
    if (this.stream.declaredBytes > this.bodyLimit) return this.replyWith('body_too_large')
    const closed = rule.maintenance === null ? null : rule.maintenance.answerTo(this.client.address)
    if (closed !== null) return this.reply(closed)
    const to = this.to as Way
    if (to.is === 'respond') return this.reply(to.respond.answer(this))
    if (to.is === 'redirect') {
      const elsewhere = redirected(this, to.redirect)
      return elsewhere ? this.reply(elsewhere) : this.refuse('host_invalid')
    }
    if (rule.rewrite !== null && !rewriteRequest(this, rule.rewrite)) return this.replyWith('rewrite_failed')
    if (this.part !== null) this.engine.meter.splits.sent(rule.name, this.part.to.split, this.part)
    this.forwardTo(to.backend)
  }

  // ── 6 body: received.ts ──

  /** The rest of the request is sent too, or nobody wants it. */
  uploadOver(): void {
    if (this.isEnded) return
    this.stream.resume()
    if (this.stage === WHOLE) this.#finishIfOver()
  }

  clientGone(code: FaultCode): void {
    this.forward?.drop()
    // It has its answer, and was only not done with its request.
    if (this.stage === WHOLE && this.stream.waitingBytes === 0) return this.#finish()
    this.aborted = true
    if (this.status === 0 && FAULTS[code].side === 'client') this.status = FAULTS[code].status // else none was sent
    this.endWith(fault(code, this.attempts > 0))
  }

  clientDrained(): void {
    if (this.stage === WHOLE) this.#finishIfOver()
    else if (this.transforms) this.transforms.clientDrained()
    else if (this.isHeadSent) this.resumeSource()
  }

  // ── 7 answer (our own: own-answers.ts), 8 response ──

  /**
   * A final answer's head is here, a server's or (with its bytes) our own: runs the response steps, then
   * sends it.
   */
  answered(head: ResponseHead, form: BodyForm, own: Buffer | null = null): void {
    if (this.waitingAt >= 0) cancelStep(this)
    this.begin(head)
    if (own === null && this.rewritten !== null) turnBack(this, head)
    if (this.forward !== null && this.forward.shown !== null) stick(this, this.forward, head, own !== null)
    if (!this.isRequestWhole) answeredEarly(this, own !== null)
    if (own === null && this.mirror !== null) this.mirror.answered(head.status)
    this.#given = head
    if (own !== null) this.upload?.cancel()
    const taken = own === null ? this.#take(head, form) : form
    const { rule } = this
    if (rule && rule.responseSteps.length > 0)
      responseSteps(this, rule, rule.responseSteps.length - 1, head, taken, own)
    else this.sendAnswer(head, taken, own)
  }

  /** The form in which a server's answer comes from here on: as it came, where the client can take that. */
  #take(head: ResponseHead, form: BodyForm): BodyForm {
    const server = this.forward?.stream
    if (!server) return form
    if (head.status === 101) this.tunnel = new Tunnel(this.stream, server, () => this.#endTunnel())
    if (form !== 'as_it_came') return form
    // What may be changed on its way is told as content.
    const isSeen = (this.rule?.bodySteps.length ?? 0) > 0 || this.mirror?.seesBody === true
    const mayChange = isSeen && !this.tunnel
    if (this.stream.takesFraming && !mayChange) return form
    server.takeContent()
    return 'content'
  }

  /** A response step waits: what comes of the answer meanwhile is kept, and so is its head. */
  parkAnswer(): void {
    this.#isHeadShared = true
    this.forward?.pauseServer()
  }

  /** All response steps have seen the answer. */
  sendAnswer(head: ResponseHead, form: BodyForm, own: Buffer | null): void {
    const { rule } = this
    if (rule !== null && rule.bodySteps.length > 0 && !this.tunnel) {
      const hasBody = form !== 'none' && this.request.methodId !== METHOD_HEAD
      try {
        this.transforms = transformsOf(this, rule, head, hasBody)
      } catch (error) {
        return this.bug(error)
      }
      this.sink = this.transforms ?? this.stream
    }
    this.send(head, form, own)
  }

  protected send(head: ResponseHead, form: BodyForm, own: Buffer | null): void {
    if (!this.transforms) this.stream.head(head, form)
    this.stage = HEAD_SENT
    if (own === null) return this.#relayOn()
    const hasBody = this.request.methodId !== METHOD_HEAD
    if (hasBody && this.source) return void (this.pushed = new SourceBody(this, this.source))
    const from = bodyPlace(head, own)
    if (hasBody && own.length > from) this.sink.write(own, from, own.length)
    this.#finishAnswer(null)
  }

  // ── 9 relay ──

  /** The answer's head is on its way to the client: its body may follow, what was kept of it first. */
  #relayOn(): void {
    if (!this.tunnel && !this.early && !this.#isHeadShared) return
    this.tunnel?.begin(this.paces)
    const { early } = this
    this.early = null
    if (early || this.#isHeadShared) this.forward?.resumeServer()
    if (!early) return
    early.giveTo(this.sink)
    if (early.isWhole) this.answerEnd(early.trailers)
    else if (this.isBodyStalled) this.forward?.pauseServer()
  }

  answerBody(bytes: Buffer, from: number, to: number, content: number): void {
    if (this.isEnded || this.isReplaced) return
    if (this.mirror !== null) this.mirror.answerBody(bytes, from, to, content)
    if (this.stage === HEAD_SENT) {
      this.sink.write(bytes, from, to, content)
      if (this.isBodyStalled) this.forward?.pauseServer()
      if (this.tunnel !== null && this.paces !== null) this.#pace(to - from)
      return
    }
    this.early ??= new EarlyAnswer(this.stream)
    this.early.push(bytes, from, to, content)
    this.forward?.pauseServer()
  }

  /** So much has come of a tunnel from its server, which is held up where that was faster than may be. */
  #pace(bytes: number): void {
    const { paces, forward } = this
    if (paces === null || paces.answers === null) return
    this.tunnelHold ??= new Hold(paces.answers, paces, {
      pause: () => forward?.pauseServer(),
      release: () => void (this.isBodyStalled || this.resumeSource()),
    })
    this.tunnelHold.took(bytes)
  }

  /** An answer of ours has been pushed to its end. */
  sourceOver(): void {
    this.#finishAnswer(null)
  }

  answerEnd(trailers: Fields | null): void {
    if (this.isReplaced) this.uploadOver()
    else if (!this.isHeadSent) (this.early ??= new EarlyAnswer(this.stream)).wholeWith(trailers)
    else if (this.tunnel) this.tunnel.serverEnd()
    else this.#finishAnswer(trailers)
  }

  // ── 10 end ──

  /** All of its body is here; what changes it may take a while. */
  #finishAnswer(trailers: Fields | null): void {
    this.sink.writeEnd(trailers)
    if (!this.transforms) this.answerOver()
  }

  /** The answer's last byte is written; it may still wait for a slow client. */
  answerOver(): void {
    if (this.isEnded) return
    this.stage = WHOLE
    this.#finishIfOver()
  }

  #finishIfOver(): void {
    if (this.stream.waitingBytes === 0 && !this.forward?.isUploading) this.#finish()
  }

  #finish(): void {
    this.endWith(this.fault)
    this.stream.finish()
  }

  /** Both halves of a tunnel have ended. */
  #endTunnel(): void {
    this.forward?.finish()
    this.#finish()
  }

  protected endWith(reason: Fault | null): void {
    if (this.isEnded) return
    this.stage = ENDED
    this.fault = reason
    if (this.waitingAt >= 0) cancelStep(this)
    this.deadline?.stop()
    this.uploadHold?.stop()
    this.tunnelHold?.stop()
    this.transforms?.cancel()
    this.upload?.cancel()
    this.pushed?.cancel()
    this.bytesIn = this.stream.receivedBytes
    this.bytesOut = this.stream.sentBytes
    const { rule } = this
    if (rule && rule.endSteps.length > 0) endSteps(this, rule)
    this.engine.record(this)
    if (this.mirror !== null) this.mirror.over(this)
    // A step that waited may look at it even now.
    if (this.#given && !this.#isHeadShared) giveHead(this.#given)
    this.#given = null
  }
}
