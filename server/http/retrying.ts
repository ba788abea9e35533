// Whether another attempt is made: where one was lost, where one takes too long, and where an answer is one
// that is not passed on. Until that is decided an answer's head waits, and where none better comes, it is
// passed on after all.
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { Server } from '../backends/server.ts'
import { type ResponseHead } from '../head/response-head.ts'
import { nowMs } from '../lib/clock.ts'
import { Deadline } from '../lib/deadline.ts'
import type { FaultCode, Loss } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'
import { attemptAnswered } from './attempt.ts'
import type { BodyForm } from './ends.ts'
import { retryAfterMs } from './retry.ts'
import { Sending } from './sending.ts'
import { SparedAnswer } from './spared-answer.ts'

/** So long the rest of an answer is read that is not passed on: beyond it, its connection ends. */
const SPARING_MS = 1000

export abstract class Retrying extends Sending {
  /** The head of the answer has come: no other attempt is made. */
  protected isAnswered = false
  /** Of the last head that a server gave. */
  protected status = 0
  /** The answer that is here is not passed on: what is left of it is read. */
  protected isSparing = false
  /** The last one that is here as a whole, and the one that is read. */
  #spared: SparedAnswer | null = null
  #reading: SparedAnswer | null = null
  /** Until when the attempt under way may take, or what is left of an answer. */
  #deadline: Deadline | null = null

  protected abstract lost(loss: Loss): void

  // ── what an attempt may take ──

  protected watch(): void {
    const { attemptMs } = this.timing
    if (attemptMs > 0 && !this.isAnswered && !this.isSparing) this.#dueIn(attemptMs)
  }

  /** The attempt under way began at that time. */
  protected watchSince(sinceMs: number): void {
    const { attemptMs } = this.timing
    if (attemptMs > 0) this.#dueIn(Math.max(1, sinceMs + attemptMs - nowMs))
  }

  #dueIn(ms: number): void {
    this.isWatched = true
    this.#deadline ??= new Deadline(this.world.wheel, () => this.#expired())
    this.#deadline.at(nowMs + ms)
  }

  protected unwatch(): void {
    if (this.#deadline !== null) this.#deadline.stop()
  }

  #expired(): void {
    if (this.isOver || this.isAnswered) return
    if (this.isSparing) return this.#sparedEnough()
    if (this.server === null) return
    // A client that is slow to send its request is watched at its own end.
    if (this.isAsked && !this.asker.isRequestWhole) return
    const reached = this.isAsked ? 'request' : 'nothing'
    const { attemptMs } = this.timing
    this.cancelAttempt()
    this.lost({
      code: 'attempt_timeout',
      reached,
      isStale: false,
      detail: `no answer within ${attemptMs} ms`,
    })
  }

  /** Its streams tell nothing more. */
  protected cancelAttempt(): void {
    const { stream, opening } = this
    this.stream = this.opening = null
    opening?.cancel()
    stream?.cancel()
  }

  // ── an answer in whose place another is wanted ──

  /** Whether another attempt may be made in place of this answer, whose status is one of those. */
  protected mayDoBetter(head: ResponseHead): boolean {
    const { asker, backend } = this
    const isRepeatable = this.keepsBody && asker.isRequestWhole && IDEMPOTENT[asker.request.methodId] === true
    if (!isRepeatable || asker.attempts >= backend.retry.attempts) return false
    if (backend.hasOther(this.tried)) return true
    const waitMs = waitOf(head)
    if (asker.dueMs > 0 && nowMs + waitMs >= asker.dueMs) return false
    return waitMs <= backend.retry.retryAfterMaxMs
  }

  /** Reads the answer to its end, within bounds, and then makes another attempt. */
  protected spare(head: ResponseHead, form: BodyForm, server: Server): void {
    this.learnAnswer(server, head.status, true)
    const waitMs = Math.min(waitOf(head), this.backend.retry.retryAfterMaxMs)
    if (form === 'as_it_came') this.stream?.takeContent()
    this.#reading = new SparedAnswer(head, form, server, waitMs, this.asker.keptFor)
    this.isSparing = true
    this.#dueIn(SPARING_MS)
  }

  /**
   * What is told of the server as soon as the head of its answer is here. `isTold`: also of an only attempt;
   * else the log says who answered in the end all the same. What a client takes to send its request is not
   * its server's time.
   */
  protected learnAnswer(server: Server, status: number, isTold: boolean): void {
    const { asker, connectMs, reason, usedMs: sinceMs } = this
    this.status = status
    if (isTold || asker.tries !== null) attemptAnswered(asker, { server, status, reason, sinceMs, connectMs })
    this.backend.answered(server, status, asker.isRequestWhole ? this.waitedMs : -1)
  }

  protected spareBody(bytes: Buffer, from: number, to: number): void {
    if (this.#reading?.push(bytes, from, to) !== true) this.#sparedEnough()
  }

  /** It is too large, or comes too slowly: it is given up, and the connection with it. */
  #sparedEnough(): void {
    this.cancelAttempt()
    this.sparedOver()
  }

  protected sparedEnd(trailers: Parameters<SparedAnswer['wholeWith']>[0]): void {
    const { stream } = this
    this.stream = null
    this.#reading?.wholeWith(trailers)
    stream?.finish()
    this.sparedOver()
  }

  /** What of it was wanted is here: the next attempt. */
  protected sparedOver(outcome: Outcome = ANSWERED): void {
    const one = this.#reading as SparedAnswer
    const { status, waitMs } = one
    this.#reading = null
    this.isSparing = false
    this.unwatch()
    this.release(outcome)
    if (one.isWhole) {
      this.#spared?.drop()
      this.#spared = one
    } else one.drop()
    if (!this.again(`status_${status}`, waitMs)) this.giveUp('no_server')
  }

  /** All of an answer is here that may be passed on after all. */
  protected get hasKept(): boolean {
    return this.#spared !== null
  }

  protected dropSpared(): void {
    this.#reading?.drop()
    this.#spared?.drop()
    this.#reading = this.#spared = null
  }

  // ── no other attempt ──

  /** Whether the budget lets another attempt be made; where it does not, that is told. */
  protected affords(): boolean {
    if (this.takeBudget()) return true
    const { name, retry } = this.backend
    const why = `not tried again: the retry budget of backend ${name} is used up (${retry.budget.inUse} under way)`
    const { detail } = this.asker
    this.asker.detail = detail === null ? why : `${detail}; ${why}`
    return false
  }

  protected refused(code: FaultCode): void {
    this.endBudget()
    if (this.#spared === null) this.asker.refused(code)
    else this.#giveSpared(code)
  }

  /** No other attempt is made: the last answer is passed on, where there was one, else the fault told. */
  protected giveUp(code: FaultCode): void {
    this.endBudget()
    if (this.#spared === null) this.asker.unanswered(code)
    else this.#giveSpared(code)
  }

  #giveSpared(code: FaultCode): void {
    const { asker } = this
    const spared = this.#spared as SparedAnswer
    this.#reading?.drop()
    this.#reading = this.#spared = null
    this.isSparing = false
    this.isAnswered = true
    this.dropBody()
    asker.server = spared.server
    asker.fault = null
    asker.detail = `no other answer was got: ${code}`
    asker.firstByteMs = nowMs
    spared.giveTo(asker, () => !this.isOver)
    this.isOver = true
  }
}

const waitOf = (head: ResponseHead): number => {
  const value = head.get('retry-after')
  return value === null ? 0 : retryAfterMs(value, head.get('date'), Date.now())
}
