// The inner loop of an exchange: once per attempt it picks a server (picking.ts), opens a stream to it and
// sends the request (sending.ts), and hears here what became of it. Retry (by the rules in retry.ts), timeout
// and pick live in these and nowhere else; policy lives in the rule's steps and never here. Who asks is an
// Asker, whatever else it is.
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { nowMs } from '../lib/clock.ts'
import { type FaultCode, type Loss, fault } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'
import { attemptLost, phaseOf } from './attempt.ts'
import { Discarded } from './discarded.ts'
import type { BodyForm } from './ends.ts'
import type { Hedged } from './hedge.ts'
import { Hedging } from './hedging.ts'
import { isRetried, mayRepeat } from './retry.ts'

export class Forward extends Hedging implements Hedged {
  /** The answer is whole. */
  #isWhole = false
  /** Behind the whole answer, the server takes the rest of the request. */
  #isRest = false
  #isTunnel = false
  /** A server has ended the connection of an attempt before. */
  #wasEnded = false

  protected get opener(): this {
    return this
  }
  protected get hedged(): this {
    return this
  }

  // ── 6 body ──

  uploadStalled(): void {
    this.stopUpload()
  }

  /** The request still has somebody who takes it. */
  get isUploading(): boolean {
    return this.stream !== null && (!this.#isWhole || this.#isRest)
  }

  /** The connection outlives its answer: a request that is not whole yet may be finished on it. */
  get maySurvive(): boolean {
    return this.stream !== null && this.stream.persists
  }

  uploadOver(): void {
    this.#over()
    this.asker.uploadOver()
  }

  // ── 7 answer ──

  serverInterim(head: ResponseHead): void {
    this.asker.interim(head)
  }

  serverAnswer(head: ResponseHead, form: BodyForm): void {
    const { asker, server } = this
    asker.fault = asker.detail = null // what failed in earlier attempts was made good
    if (server !== null && isRetried(head.status, this.backend.retry) && this.#goesOn(head, form, server))
      return
    asker.firstByteMs = nowMs
    this.isAnswered = true
    if (this.isWatched) this.#settleAnswered()
    this.dropBody()
    this.#isTunnel = head.status === 101
    if (server) this.learnAnswer(server, head.status, false)
    asker.answered(head, form)
    if (form === 'length' && asker.outlet !== null) this.stream?.pourTo(asker.outlet)
  }

  /** It is the answer: nothing else is wanted. */
  #settleAnswered(): void {
    this.unwatch()
    this.freeBudget()
    this.endHedges('lost')
    this.adoptedOver('won')
    this.dropSpared()
  }

  /** An answer in whose place another is wanted. False: there will be none, and it is passed on. */
  #goesOn(head: ResponseHead, form: BodyForm, server: Server): boolean {
    if (this.isHedged) {
      this.readAside(head, form, server)
      this.#hedgeGoesOn(ANSWERED)
      return true
    }
    if (!this.mayDoBetter(head) || !this.affords()) return false
    this.adoptedOver('failed')
    this.spare(head, form, server)
    return true
  }

  /** What is under way beside the attempt that is over takes its place. */
  #hedgeGoesOn(outcome: Outcome): void {
    this.adoptedOver('failed')
    this.endBudget()
    this.release(outcome)
    this.adoptHedge()
  }

  serverLost(loss: Loss): void {
    this.lost(loss)
  }

  protected lost(loss: Loss): void {
    const { asker, server } = this
    const { code, reached } = loss
    const isOurs = code === 'descriptor_limit'
    // All that was sent must still be here.
    const isKept = !isOurs && this.keepsBody
    // A connection that its server had closed before: that server is no worse for it, and it does not count
    // as an attempt, as long as nobody loses by it. What must not be sent again is lost like any other.
    const isStale = loss.isStale && !this.needsFresh && isKept && IDEMPOTENT[asker.request.methodId] === true
    this.stream = this.opening = null
    if (this.isOver) return
    this.unwatch()
    if (server && !isStale && !isOurs) this.#tellLost(server, loss)
    const outcome = this.#outcomeOf(loss, isStale)
    asker.detail = loss.detail
    if (this.isAnswered) {
      this.release(outcome)
      return asker.broken(code)
    }
    if (!isOurs) asker.fault = fault(code, reached !== 'nothing')
    if (isStale) asker.attempts--
    if (this.isHedged) return this.#hedgeGoesOn(outcome)
    if (isStale) return this.#onFresh(outcome, code)
    this.adoptedOver('failed')
    const isRepeatable = isKept && mayRepeat(loss, asker.request.methodId, this.backend.retry)
    const isAgain = isRepeatable && asker.attempts < this.backend.retry.attempts && this.#affords(loss)
    this.release(outcome)
    if (!isAgain || !this.again(code)) this.giveUp(code)
  }

  /** The same attempt on a connection of its own. */
  #onFresh(outcome: Outcome, code: FaultCode): void {
    this.needsFresh = true
    this.keepBudget()
    if (this.server !== null) this.unmarkTried(this.server)
    this.release(outcome)
    if (!this.again(null)) this.giveUp(code)
  }

  /**
   * An attempt of which nothing has reached a server was no load of it, and one whose connection it ended is
   * none any more: what a server that dies had in flight is all lost at once, and all tried elsewhere. Where
   * the next one does the same they rather end what they have too much of, and that costs as all else.
   */
  #affords({ code, reached }: Loss): boolean {
    if (reached !== 'nothing') {
      const isEnded = code === 'server_closed' || code === 'server_reset'
      if (!isEnded || this.#wasEnded) return this.affords()
      this.#wasEnded = true
    }
    this.keepBudget()
    return true
  }

  #tellLost(server: Server, loss: Loss): void {
    const { asker, isAnswered: wasAnswered, reason, usedMs: sinceMs } = this
    const phase = wasAnswered ? 'answer' : phaseOf(loss, asker.isRequestWhole)
    const connectMs = this.isAsked ? this.connectMs : null
    const { code } = loss
    attemptLost(asker, this.world, { server, code, phase, reason, sinceMs, connectMs, wasAnswered })
  }

  /** Tunnels are ended by resets (WebSockets are), and the server has answered long ago. */
  #outcomeOf(found: Loss, isStale: boolean): Outcome {
    if (this.#isTunnel) return ANSWERED
    const wasIdle = found.isStale && !isStale
    const loss = found.isStale === isStale ? found : { ...found, isStale }
    const { waitedMs, isAnswered: wasAnswered } = this
    if (!wasAnswered) return { is: 'lost', loss, waitedMs, wasAnswered, wasIdle, status: 0 }
    const cameMs = nowMs - this.asker.firstByteMs
    return { is: 'lost', loss, waitedMs, wasAnswered, wasIdle, cameMs, status: this.status }
  }

  // ── 9 relay ──

  serverBody(bytes: Buffer, from: number, to: number, content: number): void {
    this.asker.answerBody(bytes, from, to, content)
  }

  serverEnd(trailers: Fields | null): void {
    if (!this.#isTunnel) {
      this.#isWhole = true
      if (this.server !== null) this.backend.whole(this.server, this.status)
      this.#isRest = this.stream !== null && this.stream.takesRest
      if (!this.#isRest) this.#over() // from now on this connection may serve another exchange
    }
    this.asker.answerEnd(trailers)
  }

  /** The asker takes no more for now: it waits, or its client does. */
  pauseServer(): void {
    this.stream?.pause()
  }

  resumeServer(): void {
    this.stream?.resume()
  }

  // ── ends ──

  /** Both halves of a tunnel have ended. */
  finish(): void {
    if (!this.isOver) this.#over()
  }

  /**
   * Its answer has begun and is not wanted: what is left of that is read aside, where it comes soon and the
   * request has nothing left to be sent.
   */
  discard(): void {
    const { stream, server, status } = this
    if (this.isOver || stream === null || server === null || !this.asker.isRequestWhole) return this.drop()
    this.isOver = true
    this.stream = null
    const over = (outcome: Outcome, isWhole: boolean): void => {
      if (isWhole) this.backend.whole(server, status)
      this.release(outcome)
    }
    new Discarded({ stream, status, wheel: this.world.wheel, over }).start()
  }

  /** The asker wants nothing more of the server: whatever is under way stops. */
  drop(): void {
    if (this.isOver) return
    this.isOver = true
    this.#letGo()
    if (this.isWatched) this.dropSpared()
  }

  /** No time is left for another attempt: the answer that was kept is passed on. False: there is none. */
  giveKept(code: FaultCode): boolean {
    if (this.isOver || !this.hasKept) return false
    this.#letGo()
    this.giveUp(code)
    return true
  }

  #letGo(): void {
    this.stopWaiting()
    if (this.isWatched) this.#settleDropped()
    const { stream, opening, server, isAnswered } = this
    this.stream = this.opening = null
    // An only attempt is told by what became of its request.
    if (server !== null && !isAnswered && this.asker.tries !== null) this.tellGivenUp(server)
    this.release(isAnswered ? ANSWERED : { is: 'given_up', waitedMs: this.waitedMs })
    opening?.cancel()
    stream?.cancel()
  }

  #settleDropped(): void {
    this.unwatch()
    this.endHedges('given_up')
    this.adoptedOver('given_up')
    this.endBudget()
  }

  /** Lets go of the stream in order, and of the place at its server. */
  #over(): void {
    this.isOver = true
    const stream = this.stream
    this.stream = null
    stream?.finish()
    this.release(ANSWERED)
  }
}
