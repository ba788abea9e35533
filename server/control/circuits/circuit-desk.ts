// Where breakers are looked after: by the clock, and by persons who open and close them by hand. What persons
// ordered is kept with the other orders of servers; here it is done, and seen to that it stays so.
import { CLOSED, FORCED_CLOSED, FORCED_OPEN, HALF_OPEN, OPEN } from '../../scoreboard/circuits.ts'
import { type CircuitFacts, circuitFacts } from '../../telemetry/circuit-facts.ts'
import { machineMs, tick } from '../../lib/clock.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { type Order, orderFacts, type ServerPlace } from '../orders/order.ts'
import type { Placed } from '../orders/ordered.ts'
import type { PlanBody } from '../processes/worker.ts'
import { type CircuitNews, CircuitWatch, type WatchedCircuit } from './circuit-watch.ts'

/** What a person wants of a breaker; auto: as attempts fare. */
export type CircuitState = 'open' | 'closed' | 'auto'

export interface CircuitDeskParts {
  readonly board: () => Scoreboard
  readonly onNews: (news: CircuitNews) => void
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
  readonly #ordered = new Map<string, Order>()
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

  /** A plan is about to be served, of whose breakers this is ordered. */
  commit(
    plan: Pick<PlanBody, 'config' | 'slots'>,
    ordered: readonly Pick<Placed, 'place' | 'order'>[],
  ): void {
    this.#watch.commit(plan)
    this.#places = new Map(
      [...this.#watch.watched].map((found) => [`${found[1].backend}\n${found[1].server}`, found]),
    )
    this.#ordered.clear()
    for (const { place, order } of ordered) this.#resume(place, order)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#watch.watched.size > 0) this.#lookIn(LOOK_EVERY_MS)
  }

  /** A server that comes back, or is known after a restart, has cells that know nothing of it. */
  #resume(place: ServerPlace, order: Order): void {
    const found = this.#find(place.backend, place.server)
    if (found === null) return
    const [key, one] = found
    this.#ordered.set(key, order)
    if (this.#parts.board().circuits.forced(one.slot) !== FORCED[stateOf(order)])
      this.#force(one, stateOf(order))
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#lookIn(this.look() ? LOOK_EVERY_MS : QUIET_EVERY_MS), ms)
    this.#timer.unref()
  }

  /** Moves on what is due. Says whether there may be something new soon. */
  look(): boolean {
    for (const [key, order] of this.#ordered) this.#keep(this.#watch.watched.get(key), stateOf(order))
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
    const clocks = { machineMs: this.#now(), wallMs: this.#wallMs() }
    return circuitFacts(slot, this.#parts.board(), { options, clocks, ordered: this.#factsOf(key) })
  }

  #factsOf(key: string): CircuitFacts['ordered'] {
    const order = this.#ordered.get(key)
    if (order === undefined) return null
    const { kind: _, value: _state, ...facts } = orderFacts(order)
    return { ...facts, state: stateOf(order) }
  }

  /** Something is ordered of one, or nothing any more: then it is as attempts fare from now on. */
  ordered({ backend, server }: Pick<ServerPlace, 'backend' | 'server'>, order: Order | null): void {
    const found = this.#find(backend, server)
    if (found === null) return
    const [key, one] = found
    if (order === null) this.#ordered.delete(key)
    else this.#ordered.set(key, order)
    this.#force(one, order === null ? 'auto' : stateOf(order))
    this.look()
  }

  /** 1 Workers open it no more, or it stays open. 2 It is what is wanted. 3 All workers see it. */
  #force({ slot, backendSlot, options }: WatchedCircuit, state: CircuitState): void {
    const board = this.#parts.board()
    const { circuits } = board
    // First, as workers judge by it once it is no longer forced.
    if (state !== 'open') circuits.forget(slot)
    circuits.force(slot, FORCED[state])
    if (state === 'open') this.#open(slot, options.open_for)
    else this.#close(slot)
    board.bumpEpoch(backendSlot)
  }

  /** A worker may have moved it on at the very moment of the order: that holds all the same. */
  #keep(one: WatchedCircuit | undefined, state: 'open' | 'closed'): void {
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

  #find(backend: string, server: string): [string, WatchedCircuit] | null {
    return this.#places.get(`${backend}\n${server}`) ?? null
  }
}

const FORCED = { open: FORCED_OPEN, closed: FORCED_CLOSED, auto: 0 } as const

const stateOf = ({ value }: Order): 'open' | 'closed' => (value === 'open' ? 'open' : 'closed')

function machineNow(): number {
  tick()
  return machineMs()
}
