// The inner loop of an exchange: once per attempt it picks a server (picking.ts), opens a stream to it and
// sends the request (sending.ts), and hears here what became of it. Retry (by the rules in retry.ts), timeout
// and pick live in these and nowhere else; policy lives in the rule's steps and never here. Who asks is an
// Asker, whatever else it is.
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { nowMs } from '../lib/clock.ts'
import { type Loss, fault } from '../tables/faults.ts'
import { attemptAnswered, attemptLost, phaseOf } from './attempt.ts'
import type { BodyForm, Opener } from './ends.ts'
import { mayRepeat } from './retry.ts'
import { Sending } from './sending.ts'

export class Forward extends Sending implements Opener {
  /** The head of the answer has come: no other attempt is made. */
  #isAnswered = false
  /** The answer is whole. */
  #isWhole = false
  /** Behind the whole answer, the server takes the rest of the request. */
  #isRest = false
  #isTunnel = false

  protected get opener(): this {
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
    const { asker } = this
    asker.firstByteMs = nowMs
    asker.fault = asker.detail = null // what failed in earlier attempts was made good
    this.#isAnswered = true
    this.dropBody()
    this.#isTunnel = head.status === 101
    if (this.server) this.#learnAnswer(this.server, head.status)
    asker.answered(head, form)
    if (form === 'length' && asker.outlet !== null) this.stream?.pourTo(asker.outlet)
  }

  /** What a client takes to send its request is not its server's time. */
  #learnAnswer(server: Server, status: number): void {
    // Told only after another has failed: the log says who answered in the end all the same.
    const { tries } = this.asker
    if (tries) attemptAnswered(tries, { server, sinceMs: this.usedMs, connectMs: this.connectMs })
    this.backend.answered(server, status, this.asker.isRequestWhole ? this.waitedMs : -1)
  }

  serverLost(loss: Loss): void {
    const { server } = this
    const { asker } = this
    const isOurs = loss.code === 'descriptor_limit'
    // All that was sent must still be here.
    const isRepeatable = !isOurs && this.keepsBody && mayRepeat(loss, asker.request.methodId)
    // A connection that its server had closed before: that server is no worse for it, and it does not count
    // as an attempt, as long as nobody loses by it. What must not be sent again is lost like any other.
    const isStale = loss.isStale && !this.needsFresh && isRepeatable
    this.stream = this.opening = null
    if (this.isOver) return
    if (server && !isStale && !isOurs) this.#tellLost(server, loss)
    this.release(this.#outcomeOf(loss, isStale))
    asker.detail = loss.detail
    if (this.#isAnswered) return asker.broken(loss.code)
    if (!isOurs) asker.fault = fault(loss.code, loss.reached !== 'nothing')
    if (!isRepeatable) return asker.unanswered(loss.code)
    if (isStale) {
      this.needsFresh = true
      asker.attempts--
      this.tried = 0
    }
    if (asker.attempts >= this.backend.options.retry.attempts) return asker.unanswered(loss.code)
    if (!this.again(isStale)) asker.unanswered(loss.code)
  }

  #tellLost(server: Server, loss: Loss): void {
    const phase = this.#isAnswered ? 'answer' : phaseOf(loss, this.asker.isRequestWhole)
    const connectMs = this.isAsked ? this.connectMs : null
    const { code } = loss
    attemptLost(this.asker, this.world, { server, code, phase, sinceMs: this.usedMs, connectMs })
  }

  /** Tunnels are ended by resets (WebSockets are), and the server has answered long ago. */
  #outcomeOf(found: Loss, isStale: boolean): Outcome {
    if (this.#isTunnel) return ANSWERED
    const loss = found.isStale === isStale ? found : { ...found, isStale }
    return { is: 'lost', loss, waitedMs: this.waitedMs, wasAnswered: this.#isAnswered }
  }

  // ── 9 relay ──

  serverBody(bytes: Buffer, from: number, to: number, content: number): void {
    this.asker.answerBody(bytes, from, to, content)
  }

  serverEnd(trailers: Fields | null): void {
    if (!this.#isTunnel) {
      this.#isWhole = true
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

  /** The asker wants nothing more of the server: whatever is under way stops. */
  drop(): void {
    if (this.isOver) return
    this.isOver = true
    this.stopWaiting()
    const stream = this.stream
    const opening = this.opening
    this.stream = this.opening = null
    this.release(this.#isAnswered ? ANSWERED : { is: 'given_up', waitedMs: this.waitedMs })
    opening?.cancel()
    stream?.cancel()
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
