// What persons have ordered of servers: given, kept, carried from one config to the next, and ended when
// their time is over. The supervisor alone writes orders to the scoreboard, where all workers see them at
// once.
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { OrderFacts } from '../../telemetry/server-health.ts'
import type { PlanBody } from '../processes/worker.ts'
import {
  type Given,
  identityOf,
  type KeptOrder,
  type Order,
  orderFacts,
  type OrderCause,
  type OrderKind,
  type OrderNews,
  type OrderStore,
  resumed,
  type ServerPlace,
} from './order.ts'
import { goneOf, hasBreakers, type Held, inForce, type Ordered, packedOf, type Placed } from './ordered.ts'
import { backendIn, placesOf, slotKey } from './places.ts'

export interface OrdersParts {
  readonly board: Pick<Scoreboard, 'setOrder' | 'bumpEpoch'>
  /** Opens what orders are kept in; null: there is none and none is to be made, or it cannot be opened. */
  readonly open: (isToBeMade: boolean) => Promise<OrderStore | null>
  readonly onNews: (news: OrderNews) => void
  /** An order could not be kept, or forgotten: it is in force all the same, until the end. */
  readonly onNotKept: (place: ServerPlace, error: unknown) => void
  readonly onNotRead: (error: unknown) => void
  /** What is served stays: what was before it does not come back by itself. */
  readonly isSettled: () => boolean
  readonly nowMs?: () => number
  /** Ms of a clock that only goes on. */
  readonly steadyMs?: () => number
}

/** Of an order that is known late: nothing is ended for it. */
const RESUMED = { was: null, cause: 'asked', endsConnections: false } as const

export class Orders {
  readonly #parts: OrdersParts
  readonly #nowMs: () => number
  readonly #steadyMs: () => number
  #store: OrderStore | null = null
  #loading: Promise<void> | null = null
  #isOpening = false
  /** It was told that what is open cannot be read: that is tried each second. */
  #isTold = false
  #plan: PlanBody | null = null
  /** By identity. */
  #ordered = new Map<string, Ordered>()

  constructor(parts: OrdersParts) {
    this.#parts = parts
    this.#nowMs = parts.nowMs ?? Date.now
    this.#steadyMs = parts.steadyMs ?? (() => performance.now())
  }

  /** Reads what was ordered before this run; once. */
  load(): Promise<void> {
    return (this.#loading ??= this.#open(false))
  }

  /** What was ordered before may be known only now: at the start the store could not be opened. */
  async #open(isToBeMade: boolean): Promise<void> {
    if (this.#store !== null) return
    const store = await this.#parts.open(isToBeMade)
    if (store === null || this.#store !== null) return
    const all = this.#read(store)
    if (all === null) return
    this.#store = store
    const nowMs = this.#nowMs()
    for (const kept of all) {
      const order = resumed(kept, nowMs)
      const own = this.#of(order)
      if (own.held.has(order.kind)) continue
      if (order !== kept) this.#keep(order)
      own.held.set(order.kind, this.#held(order))
      this.#write(own)
      // Before the first plan nobody else has to know.
      if (own.slot !== null && nowMs < (order.untilMs ?? Infinity))
        this.#parts.onNews({ ...own.place, kind: order.kind, order, ...RESUMED })
    }
  }

  /** The database may be put back under a gateway that serves: what it says of servers holds again. */
  #openLate(): void {
    if (this.#store !== null || this.#loading === null || this.#isOpening) return
    this.#isOpening = true
    void this.#open(false).finally(() => (this.#isOpening = false))
  }

  /** Null: it cannot be read, and nobody waits for that. */
  #read(store: OrderStore): readonly KeptOrder[] | null {
    try {
      return store.all()
    } catch (error) {
      if (!this.#isTold) this.#parts.onNotRead(error)
      this.#isTold = true
      return null
    }
  }

  /** A plan is about to be served: workers find the orders of its servers when they come to it. */
  commit(plan: PlanBody): void {
    this.#plan = plan
    // The usual case: a config of thousands of servers is not looked through for it.
    if (this.#ordered.size === 0) return
    const places = placesOf(plan)
    const bySlot = new Map([...places.values()].map((one) => [slotKey(one.slot), one]))
    const ordered = new Map<string, Ordered>()
    for (const [identity, one] of this.#ordered) {
      // A server that only got another name keeps its slot.
      const now = places.get(identity) ?? (one.slot && bySlot.get(slotKey(one.slot)))
      if (now) this.#moveTo(one, now.place)
      else if (one.slot !== null) one.leftMs = this.#steadyMs()
      one.slot = now?.slot ?? null
      this.#seeBreaker(one)
      ordered.set(identityOf(one.place), one)
      this.#write(one)
    }
    this.#ordered = ordered
    this.#endLate()
  }

  /** The server of this name in the plan that is served; null: there is none. */
  place(backend: string, server: string): ServerPlace | null {
    const words = backendIn(this.#plan, backend)?.servers.find(({ name, url }) => (name ?? url) === server)
    return words === undefined ? null : { backend, server, url: words.url }
  }

  /** What is ordered of a server. */
  of(place: ServerPlace): readonly Order[] {
    const own = this.#ordered.get(identityOf(place))
    return own === undefined ? [] : inForce(own)
  }

  /** All that is ordered, as it is told, by the records of its servers on the scoreboard. */
  facts(): ReadonlyMap<number, readonly OrderFacts[]> {
    const facts = new Map<number, readonly OrderFacts[]>()
    for (const one of this.#ordered.values())
      if (one.slot !== null) facts.set(one.slot.index, inForce(one).map(orderFacts))
    return facts
  }

  /** Orders of this kind on servers of the plan. */
  placed(kind: OrderKind): readonly Placed[] {
    return [...this.#ordered.values()].flatMap((one): Placed[] => {
      const order = inForce(one).find((own) => own.kind === kind)
      return one.slot === null || order === undefined
        ? []
        : [{ place: one.place, slot: one.slot.index, order }]
    })
  }

  /** Orders something, or takes it back. False: it could not be kept, and ends with this run. */
  async give({ endsConnections = false, ...given }: Given): Promise<boolean> {
    const { place, kind, value, reason, by, sinceMs, untilMs } = given
    await this.#open(value !== null)
    if (value === null) return this.#end(place, kind, 'asked', endsConnections)
    const order = { kind, value, reason, by, sinceMs, untilMs }
    const isKept = this.#keep({ ...place, ...order })
    const own = this.#of(place)
    const was = own.held.get(kind)?.order ?? null
    own.held.set(kind, this.#held(order))
    this.#write(own)
    this.#parts.onNews({ ...place, kind, order, was, cause: 'asked', endsConnections })
    return isKept
  }

  /** Ends orders whose time is over, and those of servers that are gone. To be asked once a second. */
  look(): void {
    this.#openLate()
    this.#endLate()
    if (this.#plan === null || !this.#parts.isSettled()) return
    const nowMs = this.#steadyMs()
    for (const one of [...this.#ordered.values()])
      for (const kind of goneOf(one, nowMs)) this.#end(one.place, kind, 'gone')
  }

  /** What they are kept in is another one. */
  keepAgain(): void {
    for (const one of this.#ordered.values()) this.#keepAll(one)
  }

  /** How long until the first of them ends; Infinity: none does by itself. */
  get nextEndInMs(): number {
    const ends = [...this.#ordered.values()].flatMap(({ held }) =>
      Array.from(held.values(), ({ endsMs }) => endsMs),
    )
    return Math.max(0, Math.min(Infinity, ...ends) - this.#steadyMs())
  }

  #endLate(): void {
    const [nowMs, steadyMs] = [this.#nowMs(), this.#steadyMs()]
    for (const { place, held } of [...this.#ordered.values()])
      for (const [kind, { order, endsMs }] of [...held])
        if (steadyMs >= endsMs || nowMs >= (order.untilMs ?? Infinity)) this.#end(place, kind, 'until')
  }

  #end(place: ServerPlace, kind: OrderKind, cause: OrderCause, endsConnections = false): boolean {
    const own = this.#ordered.get(identityOf(place))
    const was = own?.held.get(kind)?.order
    if (own === undefined || was === undefined) return true
    const isForgotten = this.#change(place, (store) => store.forget(place, kind))
    own.held.delete(kind)
    if (own.held.size === 0) this.#ordered.delete(identityOf(place))
    this.#write(own)
    this.#parts.onNews({ ...place, kind, order: null, was, cause, endsConnections })
    return isForgotten
  }

  #held(order: Order): Held {
    const { untilMs } = order
    return { order, endsMs: untilMs === null ? Infinity : this.#steadyMs() + (untilMs - this.#nowMs()) }
  }

  #of(place: ServerPlace): Ordered {
    const identity = identityOf(place)
    const known = this.#ordered.get(identity)
    if (known !== undefined) return known
    const slot = this.#plan?.slots[place.backend]?.servers[place.server] ?? null
    const held = new Map<OrderKind, Held>()
    const made = { place, slot, leftMs: this.#steadyMs(), noBreakerMs: null, held }
    this.#seeBreaker(made)
    this.#ordered.set(identity, made)
    return made
  }

  #seeBreaker(one: Ordered): void {
    const hasOne = this.#plan === null || hasBreakers(this.#plan, one.place.backend)
    one.noBreakerMs = hasOne ? null : (one.noBreakerMs ?? this.#steadyMs())
  }

  #moveTo(one: Ordered, place: ServerPlace): void {
    const before = one.place
    if (identityOf(before) === identityOf(place)) return
    one.place = place
    this.#keepAll(one)
    for (const kind of one.held.keys()) this.#change(before, (store) => store.forget(before, kind))
  }

  #keepAll({ place, held }: Ordered): void {
    for (const { order } of held.values()) this.#keep({ ...place, ...order })
  }

  /** To the scoreboard. */
  #write({ place, slot, held }: Ordered): void {
    const backend = this.#plan?.slots[place.backend]
    if (slot === null || backend === undefined) return
    this.#parts.board.setOrder(slot.index, packedOf(held))
    this.#parts.board.bumpEpoch(backend.slot.index)
  }

  #keep(order: KeptOrder): boolean {
    return this.#change(order, (store) => store.keep(order))
  }

  #change(place: ServerPlace, act: (store: OrderStore) => void): boolean {
    if (this.#store === null) return false
    try {
      act(this.#store)
      return true
    } catch (error) {
      this.#parts.onNotKept(place, error)
      return false
    }
  }
}
