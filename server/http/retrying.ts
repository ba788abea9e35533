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
import { attemptAnswered, attemptGivenUp } from './attempt.ts'
import type { BodyForm, ServerStream } from './ends.ts'
import { retryAfterMs } from './retry.ts'
import { Sending } from './sending.ts'
import { SparedAnswer } from './spared-answer.ts'
import { type ReadFor, SparedReading } from './spared-reading.ts'

/** An answer that is not passed on, as long as another may come. */
interface Unwanted {
  readonly head: ResponseHead
  readonly form: BodyForm
  readonly server: Server
  readonly stream: ServerStream
  /** How long its server is not to be asked again. */
  readonly waitMs: number
}

const NO_READINGS: readonly SparedReading[] = []

export abstract class Retrying extends Sending implements ReadFor {
  /** The head of the answer has come: no other attempt is made. */
  protected isAnswered = false
  /** Of the last head that a server gave. */
  protected status = 0
  /** The last one that is not passed on, and is here as a whole. */
  #spared: SparedAnswer | null = null
  /** Those that are read, and the one of them that the next attempt waits for. */
  #readings = NO_READINGS
  #awaited: SparedReading | null = null
  /** What is told in the end, where none of those that are read is here as a whole. */
  #tellEnd: (() => void) | null = null
  /** The budget let no other attempt be made. */
  #whyNotAgain: string | null = null
  /** Until when the attempt under way may take. */
  #deadline: Deadline | null = null

  protected abstract lost(loss: Loss): void

  // ── what an attempt may take ──

  protected watch(): void {
    const { attemptMs } = this.timing
    if (attemptMs > 0 && !this.isAnswered) this.#dueIn(attemptMs)
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
    if (this.isOver || this.isAnswered || this.server === null) return
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
    this.markTried()
    if (backend.hasOther(this.tried)) return true
    const waitMs = waitOf(head)
    if (asker.dueMs > 0 && nowMs + waitMs >= asker.dueMs) return false
    return waitMs <= backend.retry.retryAfterMaxMs
  }

  /** Reads the answer to its end, within bounds, and then makes another attempt. */
  protected spare(head: ResponseHead, form: BodyForm, server: Server): void {
    this.unwatch()
    this.#awaited = this.readAside(
      head,
      form,
      server,
      Math.min(waitOf(head), this.backend.retry.retryAfterMaxMs),
    )
  }

  /** The attempt's own answer is read, and its place given back, while something else goes on. */
  protected readAside(head: ResponseHead, form: BodyForm, server: Server, waitMs = 0): SparedReading {
    this.learnAnswer(server, head.status, true)
    const stream = this.stream as ServerStream
    this.stream = this.server = null
    return this.readUnwanted({ head, form, server, stream, waitMs })
  }

  protected readUnwanted({ head, form, server, stream, waitMs }: Unwanted): SparedReading {
    this.isWatched = true
    if (form === 'as_it_came') stream.takeContent()
    const answer = new SparedAnswer(head, form, server, waitMs, this.asker.keptFor)
    const reading = new SparedReading(answer, stream, this, this.world.wheel)
    this.#readings = [...this.#readings, reading]
    return reading
  }

  /**
   * What is told of the server as soon as the head of its answer is here. `isTold`: also of an only attempt;
   * else the log says who answered in the end all the same, unless it was made beside one that is none any
   * more. What a client takes to send its request is not its server's time.
   */
  protected learnAnswer(server: Server, status: number, isTold: boolean): void {
    const { asker, connectMs, reason, usedMs: sinceMs } = this
    this.status = status
    if (isTold || asker.tries !== null || reason !== null)
      attemptAnswered(asker, { server, status, reason, sinceMs, connectMs })
    this.backend.answered(server, status, asker.isRequestWhole ? this.waitedMs : -1)
  }

  /** What of it was wanted is here. */
  readOver(reading: SparedReading, outcome: Outcome): void {
    const { answer } = reading
    if (answer.isWhole) this.backend.whole(answer.server, answer.status)
    this.#readings = this.#readings.filter((one) => one !== reading)
    this.backend.release(answer.server, outcome)
    if (answer.isWhole) {
      this.#spared?.drop()
      this.#spared = answer
    } else answer.drop()
    if (reading === this.#awaited) {
      this.#awaited = null
      if (!this.again(`status_${answer.status}`, answer.waitMs)) this.giveUp('no_server')
    } else this.#tellEnd?.()
  }

  /** All of an answer is here that may be passed on after all. */
  protected get hasKept(): boolean {
    return this.#spared !== null
  }

  /** Nothing of what was kept is wanted any more. */
  protected dropSpared(): void {
    const readings = this.#readings
    this.#readings = NO_READINGS
    this.#awaited = this.#tellEnd = null
    for (const reading of readings) {
      reading.drop()
      this.backend.release(reading.answer.server, ANSWERED)
    }
    this.#spared?.drop()
    this.#spared = null
  }

  // ── no other attempt ──

  /** Whether the budget lets another attempt be made; where it does not, that is told. */
  protected affords(): boolean {
    if (this.takeBudget()) return true
    const { name, retry } = this.backend
    const why = `not tried again: the retry budget of backend ${name} is used up (${retry.budget.inUse} under way)`
    const { detail } = this.asker
    this.#whyNotAgain = why
    this.asker.detail = detail === null ? why : `${detail}; ${why}`
    return false
  }

  /** The attempt under way is over, as nobody waits for it. */
  protected tellGivenUp(server: Server): void {
    const { asker, reason, usedMs: sinceMs } = this
    attemptGivenUp(asker, { server, reason, sinceMs, connectMs: this.isAsked ? this.connectMs : null })
  }

  protected refused(code: FaultCode): void {
    this.endBudget()
    this.#end(code, () => this.asker.refused(code))
  }

  /** No other attempt is made: the last answer is passed on, where there was one, else the fault told. */
  protected giveUp(code: FaultCode): void {
    this.endBudget()
    this.#end(code, () => this.asker.unanswered(code))
  }

  #end(code: FaultCode, tell: () => void): void {
    if (this.#spared !== null) return this.#giveSpared(this.#spared, code)
    if (this.#readings.length === 0) return tell()
    this.#tellEnd = () => this.#end(code, tell)
  }

  #giveSpared(spared: SparedAnswer, code: FaultCode): void {
    const { asker } = this
    this.#spared = null
    this.dropSpared()
    this.isAnswered = true
    this.dropBody()
    asker.server = spared.server
    asker.fault = null
    const why = this.#whyNotAgain === null ? '' : `; ${this.#whyNotAgain}`
    asker.detail = `no other answer was got: ${code}${why}`
    asker.firstByteMs = nowMs
    spared.giveTo(asker, () => !this.isOver)
    this.isOver = true
  }
}

const waitOf = (head: ResponseHead): number => {
  const value = head.get('retry-after')
  return value === null ? 0 : retryAfterMs(value, head.get('date'), Date.now())
}
