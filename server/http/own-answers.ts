// Answers of our own in place of a server's, and how an answer ends that cannot be finished: what an exchange
// does out of the ordinary. The ordinary is told in proxy.ts.
import { type Answer, type BodySource, faultAnswer, type Rendered } from '../head/answer.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { tellBug } from '../lib/bug.ts'
import { Deadline } from '../lib/deadline.ts'
import type { Rule } from '../snapshot/snapshot.ts'
import { type Fault, type FaultCode, fault } from '../tables/faults.ts'
import { isInsider } from './at-once.ts'
import type { EarlyAnswer } from './early-answer.ts'
import type { BodyForm } from './ends.ts'
import { ExchangeState, WHOLE, renderFor } from './exchange-state.ts'
import type { Tunnel } from './tunnel.ts'
import { whyForStrangers, whyRefused } from './why.ts'

export abstract class OwnAnswers extends ExchangeState {
  /** What of the answer came while a response step waited. */
  protected early: EarlyAnswer | null = null
  /** Set with the head of a 101. */
  protected tunnel: Tunnel | null = null
  /** Of an answer of ours whose body is pushed. */
  protected source: BodySource | null = null
  /** What of the server's answer is still to come is nobody's. */
  isReplaced = false

  /** The final answer's head is here: the steps see it, then it is sent. */
  abstract answered(head: ResponseHead, form: BodyForm, own?: Buffer | null): void
  protected abstract send(head: ResponseHead, form: BodyForm, own: Buffer | null): void
  protected abstract endWith(reason: Fault | null): void
  abstract clientGone(code: FaultCode): void

  requestFault(code: FaultCode): void {
    if (this.hasBegun) {
      // A slow client is waited for as long as its answer comes; what is malformed must never look whole to
      // the server.
      if (code !== 'request_timeout' || this.stage >= WHOLE) this.forward?.stopUpload()
      return
    }
    this.forward?.drop()
    this.stream.takeNoMore()
    this.reply(faultAnswer(code))
  }

  /** Answers by ourselves; the steps reached see it like any other answer. */
  reply(answer: Answer): void {
    if (this.hasBegun) return
    if (answer.isReset === true) return this.#resetFor(answer.fault ?? 'internal')
    if (answer.fault) this.fault = fault(answer.fault, this.attempts > 0 && this.fault?.sent === true)
    this.forward?.drop()
    const rendered = renderFor(this, answer)
    this.source = rendered.source
    this.answered(rendered.head, formOf(rendered), rendered.bytes)
  }

  /** A step has this answer in place of the one that is here, whose body was to come in that form. */
  begunInstead(answer: Answer, form: BodyForm): Rendered {
    // One without a body is over as soon as it is here, and its connection may serve others.
    this.isReplaced = true
    if (form !== 'none') this.forward?.discard()
    this.early?.drop()
    this.early = this.tunnel = null
    this.fault = answer.fault && fault(answer.fault, this.attempts > 0)
    const rendered = renderFor(this, answer)
    this.source = rendered.source
    this.begin(rendered.head)
    return rendered
  }

  #resetFor(code: FaultCode): void {
    this.forward?.drop()
    this.aborted = true
    this.endWith(fault(code, false))
    this.stream.reset(code)
  }

  /** Answers with a fault; more about it goes to the log, and to those who may see how we are set up. */
  replyWith(code: FaultCode): void {
    this.detail = whyRefused(code, this)
    this.unanswered(code)
  }

  refused(code: FaultCode): void {
    this.replyWith(code)
  }

  /** Answers with a fault, where `detail` says all that is known. */
  unanswered(code: FaultCode): void {
    const detail = isInsider(this) ? (this.detail ?? '') : whyForStrangers(code, this)
    this.reply(faultAnswer(code, detail))
  }

  /** A step threw. */
  bug(error: unknown): void {
    tellBug(error)
    this.failInside('internal')
  }

  /** There is more to do than can be done, and this one is among those that are refused. */
  protected isShed(rule: Rule): boolean {
    const { shedder, meter } = this.engine
    if (!shedder.refuses(rule.priority)) {
      this.#limitTotal()
      return false
    }
    const { cause, isShadow } = shedder
    meter.attempts.shed(cause, isShadow ? 'shadow' : 'refused', rule.priority)
    if (isShadow) {
      this.shadow = 'overload'
      this.#limitTotal()
      return false
    }
    this.detail = `overload.${cause}`
    // Its connection has a descriptor that others want.
    if (cause === 'descriptors') this.stream.takeNoMore()
    this.reply(faultAnswer('overloaded'))
    return true
  }

  /** From here on it is known by when all of it is to be over, where that is said. */
  #limitTotal(): void {
    const { totalMs: ownMs, client } = this.timing
    if (client !== null) this.stream.takeTimes(client)
    const totalMs = ownMs >= 0 ? ownMs : (this.listener.options.timeouts.total ?? 0)
    if (totalMs === 0) return
    this.deadline = new Deadline(this.engine.wheel, () => this.#tookTooLong(totalMs))
    this.deadline.at(this.startedMs + totalMs)
  }

  #tookTooLong(totalMs: number): void {
    if (this.isEnded || this.tunnel) return
    // A server's answer is better than none.
    if (!this.hasBegun && this.forward?.giveKept('exchange_timeout') === true) return
    this.detail = `timeouts.total: ${totalMs} ms`
    this.failInside('exchange_timeout')
  }

  /** Something of ours failed, or took too long. */
  failInside(code: 'internal' | 'step_timeout' | 'exchange_timeout'): void {
    if (this.isEnded) return
    if (!this.hasBegun) return this.reply(faultAnswer(code))
    if (this.isHeadSent) return this.broken(code)
    this.#replace(code)
  }

  /** What of the answer has not left yet becomes one of ours, which passes no further step. */
  #replace(code: FaultCode): void {
    this.forward?.drop()
    this.early?.drop()
    this.transforms?.cancel()
    this.pushed?.cancel()
    this.tunnel = this.early = this.source = this.transforms = this.pushed = null
    this.sink = this.stream
    this.fault = fault(code, this.attempts > 0)
    const { head, bytes } = renderFor(this, faultAnswer(code))
    this.answer = head
    this.status = head.status
    this.send(head, 'length', bytes)
  }

  /** Answers before any rule was chosen, and takes no further request on this connection. */
  refuse(code: FaultCode): void {
    this.stream.takeNoMore()
    this.replyWith(code)
  }

  /** The client was reset before its request was read: nobody is left to serve. */
  lostAtOnce(): void {
    this.clientGone('client_abort')
    this.stream.reset('client_abort')
  }

  /** The answer breaks off: the client's connection ends too, so that it is seen as cut. */
  broken(code: FaultCode): void {
    if (this.isEnded) return
    // What changes the body has let nothing out yet.
    if (this.transforms?.isHeadOut === false) return this.#replace(code)
    this.forward?.drop()
    this.aborted = true
    this.endWith(fault(code, true))
    this.stream.reset(code)
  }
}

/** In which form the body of an answer of ours is told. */
export const formOf = ({ source }: Rendered): BodyForm =>
  source !== null && source.length < 0 ? 'content' : 'length'
