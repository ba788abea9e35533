// Where the servers of a request's attempts come from: picked, waited for while all are full, and asked again
// after a while where each has failed. What an attempt is stands in forward.ts.
import type { Backend } from '../backends/backend.ts'
import type { Outcome } from '../backends/outcome.ts'
import type { SentAway, Waiter } from '../backends/waiter.ts'
import type { Server } from '../backends/server.ts'
import type { Shown } from '../backends/sticky.ts'
import { type Tried, andTried, butTried, isTried } from '../backends/tried.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { type FaultCode, isLasting } from '../tables/faults.ts'
import type { Asker, AskerWorld } from './asker.ts'
import { type Reason, backoffMs } from './retry.ts'
import { tellAttempt } from './tell-attempt.ts'
import type { Timing } from './timing.ts'

export abstract class Picking implements Waiter {
  readonly backend: Backend
  readonly key: number
  /** What the request shows of where it belongs; null: its backend looks at nothing. */
  readonly shown: Shown | null
  /** The server that it belongs to. */
  readonly preferred: Server | null
  /** Those that were asked before, of which no answer is wanted any more. */
  tried: Tried = null
  /** Who was asked last, and is not among those yet: most requests ask nobody else. */
  #latest: Server | null = null
  /** Those that would fail each time. */
  #hopeless: Tried = null
  /** All were tried, and are asked again; that it belongs to among them. */
  #hadPreferred = false
  protected readonly asker: Asker
  protected readonly world: AskerWorld
  protected readonly timing: Timing
  /** The server at which a place is taken. */
  protected server: Server | null = null
  protected isOver = false
  /** When the attempt began. */
  protected usedMs = 0
  /** The attempt is no ordinary one: it has a time of its own, company, or a place in the budget. */
  protected isWatched = false
  /** Why the attempt under way is made; null: it is the first. */
  protected reason: Reason | null = null
  /** Why the one to come will be. */
  #next: Reason | null = null
  /** It has a place in the backend's budget; which the attempt to come will need. */
  protected hasBudget = false
  #keepsBudget = false
  #waitingSinceMs = 0
  #backoff: Timer | null = null

  constructor(asker: Asker, backend: Backend, world: AskerWorld) {
    this.asker = asker
    this.world = world
    this.timing = asker.timing
    this.backend = backend
    this.key = backend.key(asker.request, asker.clientAddress)
    const { sticky } = backend
    this.shown = sticky === null ? null : sticky.read(asker.request)
    this.preferred = sticky === null || this.shown === null ? null : sticky.serverOf(this.shown)
    if (sticky !== null && this.shown !== null) sticky.strip(asker.request, this.shown)
  }

  get isParticular(): boolean {
    const { preferred, tried } = this
    if (preferred === null || isTried(tried, preferred)) return false
    return this.backend.sticky?.words.full === 'wait'
  }

  get priority(): number {
    return this.asker.priority
  }

  /** The server that it belongs to was asked in vain. */
  get hasTriedPreferred(): boolean {
    return this.#hadPreferred || (this.preferred !== null && isTried(this.tried, this.preferred))
  }

  /** Another attempt may be made: who was asked last is among those that were. */
  protected markTried(): void {
    if (this.#latest !== null) this.tried = andTried(this.tried, this.#latest)
    this.#latest = null
  }

  /** It may be asked again. */
  protected unmarkTried(server: Server): void {
    this.#latest = null
    this.tried = butTried(this.tried, server)
  }

  /** An attempt at this server, which has a place. */
  protected abstract open(server: Server): void
  /** No attempt could be made. */
  protected abstract refused(code: FaultCode): void

  attempt(): void {
    const server = this.backend.pick(this.key, this.tried, this.preferred)
    if (server) return this.#use(server)
    if (!this.backend.lastPickFull) return this.refused(this.backend.noneFault)
    this.#waitingSinceMs = nowMs
    if (!this.backend.queue.push(this, nowMs)) this.refused('queue_full')
  }

  onServer(server: Server): void {
    event(() => {
      this.asker.queueMs += nowMs - this.#waitingSinceMs
      this.#use(server)
    })
  }

  onSentAway(why: SentAway): void {
    event(() => {
      this.asker.queueMs += nowMs - this.#waitingSinceMs
      this.refused(why)
    })
  }

  #use(server: Server): void {
    this.server = server
    this.usedMs = nowMs
    this.#latest = server
    this.asker.server = server
    this.asker.attempts++
    this.#keepsBudget = false
    if (this.#next !== null) this.#count(this.#next)
    if (this.world.isDebugging) tellAttempt(this.asker, server)
    this.open(server)
  }

  #count(reason: Reason): void {
    this.reason = reason
    this.#next = null
    this.world.meter.attempts.retried(this.backend.name, reason)
  }

  /**
   * Another server at once; the same ones only after a while, which is longer than `leastMs`. False: to none
   * would that be of use. `reason`: null where it is the same attempt on another connection.
   */
  protected again(reason: Reason | null, leastMs = 0): boolean {
    const isImmediate = reason === null
    const { attempts } = this.asker
    const { retry } = this.backend
    const isLast = attempts + 1 >= retry.attempts
    this.#next = reason
    this.markTried()
    const server = this.backend.pickAgain(this.key, this.tried, isLast && !isImmediate, this.preferred)
    if (server === null && this.#hopeless !== null && !this.backend.hasUntried(this.#hopeless)) return false
    this.asker.server = null
    if (server === null) {
      this.#hadPreferred = this.hasTriedPreferred
      this.tried = this.#hopeless
    }
    if (server) this.#use(server)
    else if (isImmediate) this.attempt()
    else {
      const waitMs = leastMs + backoffMs(retry, attempts, this.world.chance())
      this.#backoff = setTimeout(() => this.#backedOff(), waitMs)
    }
    return true
  }

  #backedOff(): void {
    this.#backoff = null
    if (!this.isOver) event(() => guarded(() => this.attempt()))
  }

  /** No other server is waited for. */
  protected stopWaiting(): void {
    this.backend.queue.remove(this)
    if (this.#backoff) clearTimeout(this.#backoff)
  }

  // ── the budget of the backend ──

  /** A place for the attempt to come: that of the one under way, or another; false: there is none. */
  protected takeBudget(): boolean {
    if (!this.hasBudget && !this.backend.retry.budget.take(this.backend.servers)) {
      this.world.meter.attempts.exhausted(this.backend.name)
      return false
    }
    this.hasBudget = this.#keepsBudget = this.isWatched = true
    return true
  }

  /** The attempt to come has the place of the one under way, if that has one. */
  protected keepBudget(): void {
    this.#keepsBudget = this.hasBudget
  }

  /** No other attempt is made. */
  protected endBudget(): void {
    this.#keepsBudget = false
    if (this.hasBudget && this.server === null) this.#giveBackBudget()
  }

  /** The attempt under way is answered: what is left of it, perhaps for hours, is no load of a retry. */
  protected freeBudget(): void {
    this.#keepsBudget = false
    if (this.hasBudget) this.#giveBackBudget()
  }

  #giveBackBudget(): void {
    this.hasBudget = false
    this.backend.retry.budget.giveBack()
  }

  protected release(outcome: Outcome): void {
    const server = this.server
    this.server = null
    if (this.hasBudget && !this.#keepsBudget) this.#giveBackBudget()
    if (server === null) return
    if (outcome.is === 'lost' && isLasting(outcome.loss.code))
      this.#hopeless = andTried(this.#hopeless, server)
    this.backend.release(server, outcome)
  }
}
