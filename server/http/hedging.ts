// Attempts beside the one under way, where that lets wait for longer than answers mostly take. The first head
// wins; the others are given up, which is no failure of their servers. Where the one under way is lost, or
// its answer is not wanted, one of the others takes its place.
import { BOUND } from '../backends/key.ts'
import { andTried } from '../backends/tried.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import type { Loss } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'
import type { HedgeOutcome } from '../telemetry/attempt-meter.ts'
import { attemptAnswered, attemptGivenUp, attemptLost, phaseOf } from './attempt.ts'
import type { BodyForm, ServerStream } from './ends.ts'
import { Hedge, type Hedged } from './hedge.ts'
import { isRetried } from './retry.ts'
import { Retrying } from './retrying.ts'
import { tellAttempt } from './tell-attempt.ts'

export abstract class Hedging extends Retrying {
  /** Those under way beside the attempt of its own. */
  #hedges: Hedge[] | null = null
  #made = 0
  #timer: Timer | null = null
  /** The attempt of its own was one of them. */
  #isAdopted = false

  protected abstract get hedged(): Hedged

  protected get isHedged(): boolean {
    return this.#hedges !== null && this.#hedges.length > 0
  }

  protected override watch(): void {
    super.watch()
    if (this.backend.retry.latency === null) return
    this.#stopTimer()
    this.#await()
  }

  /** Sets out for the next one; not for what might do harm if it is done twice. */
  #await(): void {
    const { backend, asker } = this
    const { hedge, attempts } = backend.retry
    const mayBe = hedge !== null && this.#made < hedge.most && asker.attempts < attempts && !this.isAnswered
    const { methodId } = asker.request
    if (!mayBe || !this.keepsBody || !asker.isRequestWhole || IDEMPOTENT[methodId] !== true) return
    const usualMs = backend.retry.latency?.read(nowMs) ?? Number.NaN
    if (this.#belongs || this.upgrades.length > 0 || Number.isNaN(usualMs)) return
    this.isWatched = true
    this.#timer = setTimeout(() => this.#begin(), Math.max(usualMs, hedge.leastMs))
  }

  /** Who belongs to a server, by a session or a key of one, is of no use to another. */
  get #belongs(): boolean {
    const { sticky } = this.backend.options
    return this.preferred !== null || (sticky !== undefined && sticky !== false && this.key >= BOUND)
  }

  #begin(): void {
    this.#timer = null
    event(() => guarded(() => this.#hedge()))
  }

  #hedge(): void {
    const { asker, backend, world } = this
    const isWaiting = this.server !== null && !this.isOver && !this.isAnswered
    if (!isWaiting || !this.keepsBody || asker.attempts >= backend.retry.attempts) return
    // One that would wait for room is of no use.
    this.markTried()
    if (!backend.hasUntried(this.tried)) return
    if (!backend.retry.budget.take(this.backend.servers)) {
      world.meter.attempts.exhausted(backend.name)
      return this.#count('refused')
    }
    const server = backend.pick(this.key, this.tried)
    if (server === null) return backend.retry.budget.giveBack()
    this.tried = andTried(this.tried, server)
    this.#made++
    asker.attempts++
    if (world.isDebugging) tellAttempt(asker, server)
    const hedge = new Hedge(server, this.hedged)
    this.#hedges ??= []
    this.#hedges.push(hedge)
    hedge.open(world.servers, asker.request)
    if (!hedge.isOver) this.#await()
  }

  #count(outcome: HedgeOutcome): void {
    this.world.meter.attempts.hedged(this.backend.name, outcome)
  }

  // ── what they tell ──

  askHedge(hedge: Hedge, stream: ServerStream): void {
    this.asker.connectMs += hedge.connectMs ?? 0
    if (this.keepsBody) return this.askAgainOn(stream, hedge.server)
    this.#giveUp(hedge)
    this.#count('lost')
  }

  hedgeAnswered(hedge: Hedge, head: ResponseHead, form: BodyForm): boolean {
    const { backend, asker } = this
    if (!isRetried(head.status, backend.retry)) {
      this.#adopt(hedge, true)
      return true
    }
    // It is none that is wanted as long as another may come.
    const { server, sinceMs, connectMs, stream } = hedge
    const { status } = head
    attemptAnswered(asker, { server, status, reason: 'hedge', sinceMs, connectMs: connectMs ?? 0 })
    backend.answered(server, status, hedge.waitedMs)
    hedge.stream = null
    hedge.isOver = true
    this.#leave(hedge)
    this.#count('failed')
    this.readUnwanted({ head, form, server, stream: stream as ServerStream, waitMs: 0 })
    return false
  }

  hedgeLost(hedge: Hedge, loss: Loss): void {
    const { asker, backend, world } = this
    if (hedge.isOver) return
    if (loss.isStale && hedge.askedMs > 0) {
      // Its connection was closed before: the same on a new one.
      hedge.askedMs = 0
      return hedge.open(world.servers, asker.request, true)
    }
    hedge.isOver = true
    this.#leave(hedge)
    if (loss.code !== 'descriptor_limit') {
      const { server, sinceMs, connectMs } = hedge
      const phase = phaseOf(loss, true)
      attemptLost(asker, world, { server, code: loss.code, phase, reason: 'hedge', sinceMs, connectMs })
    }
    backend.release(hedge.server, { is: 'lost', loss, waitedMs: hedge.waitedMs, wasAnswered: false })
    this.#count('failed')
  }

  /** It is none of those under way any more, and needs no place in the budget. */
  #leave(hedge: Hedge): void {
    this.#hedges = this.#hedges?.filter((one) => one !== hedge) ?? null
    this.backend.retry.budget.giveBack()
  }

  // ── one takes the place of the attempt under way ──

  /** The attempt under way is over, and one of the others goes on instead. */
  protected adoptHedge(): void {
    const hedge = this.#hedges?.[0]
    if (hedge !== undefined) this.#adopt(hedge, false)
  }

  /** `isBeaten`: the attempt under way still waits, and is given up; so are the others. */
  #adopt(hedge: Hedge, isBeaten: boolean): void {
    const { asker } = this
    if (isBeaten) this.#giveUpOwn()
    this.#hedges = this.#hedges?.filter((one) => one !== hedge) ?? null
    if (isBeaten) this.endHedges('lost')
    hedge.isAdopted = this.#isAdopted = true
    this.server = asker.server = hedge.server
    this.stream = hedge.stream
    this.opening = hedge.opening
    this.usedMs = hedge.sinceMs
    this.askedMs = hedge.askedMs
    this.isAsked = hedge.askedMs > 0
    this.connectMs = hedge.connectMs ?? 0
    this.reason = 'hedge'
    this.hasBudget = true // that of the hedge
    if (!isBeaten) this.watchSince(hedge.sinceMs)
  }

  #giveUpOwn(): void {
    const { server, waitedMs } = this
    this.cancelAttempt()
    if (server === null) return
    this.tellGivenUp(server)
    this.backend.retry.latency?.add(waitedMs, nowMs)
    this.release({ is: 'given_up', waitedMs })
    this.adoptedOver('lost')
  }

  #giveUp(hedge: Hedge): void {
    hedge.cancel()
    const { server, sinceMs, connectMs, waitedMs } = hedge
    attemptGivenUp(this.asker, { server, reason: 'hedge', sinceMs, connectMs })
    this.#leave(hedge)
    this.backend.release(server, { is: 'given_up', waitedMs })
  }

  /** What became of the attempt under way, if it was one of them. */
  protected adoptedOver(outcome: HedgeOutcome): void {
    if (!this.#isAdopted) return
    this.#isAdopted = false
    this.#count(outcome)
  }

  /** Nothing is asked beside the attempt under way any more. */
  protected endHedges(outcome: HedgeOutcome): void {
    this.#stopTimer()
    if (this.#hedges === null) return
    for (const hedge of this.#hedges) {
      this.#giveUp(hedge)
      this.#count(outcome)
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
