// Where breakers are looked after: by the clock, and by persons who open and close them by hand. What a
// person orders lasts until it is taken back or its time is over, not over a restart.
import { CLOSED, FORCED_CLOSED, FORCED_OPEN, HALF_OPEN, OPEN } from '../../scoreboard/circuits.ts'
import { type CircuitFacts, circuitFacts, type CircuitOrderFacts } from '../../telemetry/circuit-facts.ts'
import { machineMs, tick } from '../../lib/clock.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { PlanBody } from '../processes/worker.ts'
import { type CircuitNews, CircuitWatch, type WatchedCircuit } from './circuit-watch.ts'

/** What a person wants of a breaker. */
export interface CircuitWanted {
  /** auto: as attempts fare, from now on. */
  readonly state: 'open' | 'closed' | 'auto'
  readonly reason: string | null
  readonly by: string
  /** Ms since 1970; null: until it is taken back. */
  readonly untilMs: number | null
}

/** That something is ordered, or that it is over. */
export interface CircuitOrderNews {
  readonly backend: string
  readonly server: string
  readonly wanted: CircuitWanted
  /** Its time is over. */
  readonly isEnd: boolean
}

interface Ordered extends CircuitOrderFacts {
  readonly untilMs: number | null
}

export interface CircuitDeskParts {
  readonly board: () => Scoreboard
  readonly onNews: (news: CircuitNews) => void
  readonly onOrder: (news: CircuitOrderNews) => void
  readonly now?: () => number
  readonly wallMs?: () => number
}

/** Between two looks while anything is served or open, and while nothing is. */
const LOOK_EVERY_MS = 100
const QUIET_EVERY_MS = 1000

export class CircuitDesk {
  readonly #parts: CircuitDeskParts
  readonly #watch: CircuitWatch
  readonly #now: () => number
  readonly #wallMs: () => number
  /** By record and which of its uses. */
  readonly #ordered = new Map<string, Ordered>()
  /** Those that are watched, by backend and server: lists ask for each. */
  #places: ReadonlyMap<string, [string, WatchedCircuit]> = new Map()
  #timer: Timer | null = null
  #served = -1

  constructor(parts: CircuitDeskParts) {
    this.#parts = parts
    this.#now = parts.now ?? machineNow
    this.#wallMs = parts.wallMs ?? Date.now
    this.#watch = new CircuitWatch({ ...parts, now: this.#now })
  }

  /** A plan is about to be served. */
  commit(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#watch.commit(plan)
    this.#places = new Map(
      [...this.#watch.watched].map((found) => [`${found[1].backend}\n${found[1].server}`, found]),
    )
    for (const key of this.#ordered.keys()) if (!this.#watch.watched.has(key)) this.#ordered.delete(key)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#watch.watched.size > 0) this.#lookIn(LOOK_EVERY_MS)
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#lookIn(this.look() ? LOOK_EVERY_MS : QUIET_EVERY_MS), ms)
    this.#timer.unref()
  }

  /** Moves on what is due. Says whether there may be something new soon. */
  look(): boolean {
    this.#endOrders()
    for (const [key, { state }] of this.#ordered) this.#keep(this.#watch.watched.get(key), state)
    const isAnyOut = this.#watch.look()
    const served = this.#parts.board().served()
    const isServing = served !== this.#served
    this.#served = served
    return isAnyOut || isServing
  }

  /** How a server's breaker is; null: it has none. */
  facts(backend: string, server: string): CircuitFacts | null {
    const found = this.#find(backend, server)
    if (found === null) return null
    const [key, { slot, options }] = found
    const { untilMs: _, ...ordered } = this.#ordered.get(key) ?? { untilMs: null, state: null }
    const clocks = { machineMs: this.#now(), wallMs: this.#wallMs() }
    return circuitFacts(slot, this.#parts.board(), {
      options,
      clocks,
      ordered: ordered.state === null ? null : ordered,
    })
  }

  /** Opens or closes one by hand; false: the server has none. */
  order(backend: string, server: string, wanted: CircuitWanted): boolean {
    const found = this.#find(backend, server)
    if (found === null) return false
    const [key, one] = found
    const { state, by, reason, untilMs } = wanted
    if (state === 'auto') this.#ordered.delete(key)
    else {
      const since = new Date(this.#wallMs()).toISOString()
      const until = untilMs === null ? null : new Date(untilMs).toISOString()
      this.#ordered.set(key, { state, by, reason, since, until, untilMs })
    }
    this.#parts.onOrder({ backend, server, wanted, isEnd: false })
    this.#force(one, state)
    this.look()
    return true
  }

  /** 1 Workers open it no more, or it stays open. 2 It is what is wanted. 3 All workers see it. */
  #force({ slot, backendSlot, options }: WatchedCircuit, state: CircuitWanted['state']): void {
    const board = this.#parts.board()
    const { circuits } = board
    // First, as workers judge by it once it is no longer forced.
    if (state !== 'open') circuits.forget(slot)
    circuits.force(slot, state === 'open' ? FORCED_OPEN : state === 'closed' ? FORCED_CLOSED : 0)
    if (state === 'open') this.#open(slot, options.open_for)
    else this.#close(slot)
    board.bumpEpoch(backendSlot)
  }

  /** A worker may have moved it on at the very moment of the order: that holds all the same. */
  #keep(one: WatchedCircuit | undefined, state: CircuitOrderFacts['state']): void {
    const { circuits } = this.#parts.board()
    const wanted = state === 'open' ? OPEN : CLOSED
    if (one === undefined || circuits.isOpening(one.slot) || circuits.state(one.slot) === wanted) return
    this.#force(one, state)
  }

  #close(slot: number): void {
    const { circuits } = this.#parts.board()
    circuits.forgetOpenings(slot)
    if (!circuits.close(slot, OPEN, this.#now())) circuits.close(slot, HALF_OPEN, this.#now())
  }

  #open(slot: number, openMs: number): void {
    const { circuits } = this.#parts.board()
    const isMine = circuits.beginOpening(slot, CLOSED) || circuits.beginOpening(slot, HALF_OPEN)
    // Else it is open already, and stays so.
    if (!isMine) return
    const figures = { total: 0, failed: 0, slow: 0, inARow: 0, times: 0 }
    circuits.opened(slot, { reason: 'manual', ...figures, openMs }, this.#now())
  }

  #endOrders(): void {
    const nowMs = this.#wallMs()
    for (const [key, { untilMs, by, reason }] of this.#ordered) {
      if (untilMs === null || nowMs < untilMs) continue
      this.#ordered.delete(key)
      const one = this.#watch.watched.get(key)
      if (one === undefined) continue
      this.#force(one, 'auto')
      const { backend, server } = one
      const wanted = { state: 'auto', by, reason, untilMs: null } as const
      this.#parts.onOrder({ backend, server, wanted, isEnd: true })
    }
  }

  #find(backend: string, server: string): [string, WatchedCircuit] | null {
    return this.#places.get(`${backend}\n${server}`) ?? null
  }
}

function machineNow(): number {
  tick()
  return machineMs()
}
