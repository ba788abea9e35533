// Where persons order something of servers and ask how they are: what is ordered is done here with everybody
// whom it concerns.
import { isCalledByUrl } from '../lib/server-url.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { CircuitFacts } from '../telemetry/circuit-facts.ts'
import { serversOfPlan } from '../telemetry/documents.ts'
import { type AdminState, type ServerHealth, serverHealth } from '../telemetry/server-health.ts'
import { type CheckFacts, checkFacts } from './health/check-facts.ts'
import type { HealthOrder, OneCheck } from './health/checked-server.ts'
import { type CircuitWanted, tellCircuitOrder } from './circuit-news.ts'
import type { CircuitDesk } from './circuits/circuit-desk.ts'
import type { HealthEntry, Latest } from './health/history.ts'
import type { PassiveFacts, PassiveHealth } from './health/passive-health.ts'
import type { Prober } from './health/prober.ts'
import type { NamedOnce } from './health/schedule.ts'
import { tellDrained, tellOrder, tellOrderNotKept, tellOrdersNotRead } from './news.ts'
import { DrainedWatch, type Out } from './orders/drained.ts'
import type { Order, OrderKind, OrderNews, OrderStore, OrderValue, ServerPlace } from './orders/order.ts'
import { Orders } from './orders/orders.ts'
import { backendIn } from './orders/places.ts'
import { goesOnWhileDraining, warningsOf } from './orders/warnings.ts'
import type { Crew } from './processes/crew.ts'
import type { PlanBody } from './processes/worker.ts'
import type { WeightDesk } from './weights/weight-desk.ts'
import { panicsOf } from './weights/panics.ts'

export interface OrderDeskParts {
  readonly board: () => Scoreboard
  readonly crew: Pick<Crew, 'ordered'>
  readonly passive: Pick<PassiveHealth, 'commit' | 'facts' | 'bringBack'>
  readonly prober: () => Prober
  readonly circuits: Pick<CircuitDesk, 'commit' | 'facts' | 'ordered'>
  readonly weights: Pick<WeightDesk, 'commit' | 'look'>
  readonly openStore: (isToBeMade: boolean) => Promise<OrderStore | null>
  /** What is served stays: what was before it does not come back by itself. */
  readonly isSettled: () => boolean
}

/** What a person wants of a server; what is left out stays. */
export interface Wanted {
  readonly admin?: AdminState
  /** Null: that of the config. */
  readonly weight?: number | null
  /** Null: what its checks say. */
  readonly health?: 'up' | 'down' | null
  readonly reason: string | null
  readonly by: string
  /** Ms since 1970; when it ends by itself, null: it does not. */
  readonly sinceMs: number
  readonly untilMs: number | null
  readonly endsConnections: boolean
}

/** A server as persons see it. */
export interface ServerDocument extends ServerHealth {
  /** Why its checks, or a person in their place, say that it is not up; null: they do not. */
  readonly health_reason: string | null
  /** It gets no new work, and nothing was left of it at some moment since. */
  readonly drained: boolean
  /** Its checks, all of which must pass; left out: it has none. */
  readonly checks?: readonly CheckFacts[]
  /** Its breaker; null: it has none. */
  readonly circuit: CircuitFacts | null
  /** How it fares with passive health; left out: its backend has none. */
  readonly passive?: PassiveFacts
  /** What whoever has just ordered something should know. */
  readonly warnings?: readonly string[]
}

const DRAINED_EVERY_MS = 250
/** Who belongs to a server that drains comes back to it: so long nobody of them may have. */
const RETURNS_MS = 10_000
/** Timers know no time that is much longer than this, and clocks are set meanwhile. */
const LOOK_AGAIN_MS_MAX = 3_600_000

export class OrderDesk {
  readonly orders: Orders
  readonly #parts: OrderDeskParts
  readonly #drained: DrainedWatch
  #plan: PlanBody | null = null
  #next: Timer | null = null

  constructor(parts: OrderDeskParts) {
    this.#parts = parts
    this.#drained = new DrainedWatch(parts.board)
    this.orders = new Orders({
      board: {
        setOrder: (...to) => parts.board().setOrder(...to),
        bumpEpoch: (slot) => parts.board().bumpEpoch(slot),
      },
      open: parts.openStore,
      isSettled: parts.isSettled,
      onNews: (news) => this.#onNews(news),
      onNotKept: tellOrderNotKept,
      onNotRead: tellOrdersNotRead,
    })
  }

  /** A plan is about to be served. */
  commit(plan: PlanBody): void {
    this.#plan = plan
    this.orders.commit(plan)
    this.#parts.circuits.commit(plan, this.orders.placed('circuit'))
    this.#parts.passive.commit(plan)
    this.#parts.weights.commit(plan)
    this.#lookLater()
  }

  /** What is ordered of a server about its checks. */
  healthOrderOf({ backend, name, url }: { backend: string; name: string; url: string }): HealthOrder {
    const orders = this.orders.of({ backend, server: name, url })
    const forced = orders.find(({ kind }) => kind === 'health')
    const is = forced?.value === 'up' ? 'up' : 'down'
    return {
      isPaused: orders.some(({ value }) => value === 'maintenance'),
      forced: forced === undefined ? null : { is, why: whyForced(forced) },
    }
  }

  /** What is over, and who has drained. Looks again by itself while something is waited for. */
  look(): void {
    this.orders.look()
    for (const { place, order } of this.#drained.look(this.#out())) tellDrained(place, order)
    this.#lookLater()
  }

  /** Servers that get no new work. */
  #out(): Out[] {
    return this.orders.placed('admin').map((one) => {
      const backend = this.#plan?.config.backends[one.place.backend]
      const mayComeBack = one.order.value === 'drain' && backend !== undefined && goesOnWhileDraining(backend)
      return { ...one, quietMs: mayComeBack ? RETURNS_MS : 0 }
    })
  }

  #lookLater(): void {
    if (this.#next !== null) clearTimeout(this.#next)
    const inMs = Math.min(this.#drained.isWaiting ? DRAINED_EVERY_MS : Infinity, this.orders.nextEndInMs)
    this.#next = inMs === Infinity ? null : setTimeout(() => this.look(), Math.min(inMs, LOOK_AGAIN_MS_MAX))
    this.#next?.unref()
  }

  /** Names of a backend's servers; null: there is no such backend. */
  names(backend: string): readonly string[] | null {
    return backendIn(this.#plan, backend)?.servers.map(({ name, url }) => name ?? url) ?? null
  }

  /** The name of the one server that is called by its name, its URL or its address; null: there is none. */
  named(backend: string, word: string): string | null {
    const servers = backendIn(this.#plan, backend)?.servers ?? []
    const named = servers.find(({ name, url }) => (name ?? url) === word)
    const [one, ...more] = named ? [named] : servers.filter(({ url }) => isCalledByUrl(url, word))
    return one === undefined || more.length > 0 ? null : (one.name ?? one.url)
  }

  /** How a server is; null: the config has none of this name. */
  document(backend: string, server: string): ServerDocument | null {
    const place = this.orders.place(backend, server)
    if (place === null || this.#plan === null) return null
    const reasons = this.#parts.prober().reasons()
    const words = this.#plan.config.backends[backend]
    const config = { backends: words === undefined ? {} : { [backend]: words } }
    const board = this.#parts.board()
    const of = { config, slots: this.#plan.slots }
    const panics = panicsOf(of, board)
    const all = serversOfPlan({ ...of, reasons, orders: this.orders.facts(), panics })
    const facts = all.find((one) => one.server === server)
    if (facts === undefined) return null
    const admin = this.orders.of(place).find(({ kind }) => kind === 'admin')
    return {
      ...serverHealth(facts, board, Date.now() / 1000),
      health_reason: reasons[backend]?.[server] ?? null,
      drained: admin !== undefined && this.#drained.hasDrained(admin),
      ...checksIn(this.#parts.prober().checksOf(backend, server) ?? []),
      circuit: this.#parts.circuits.facts(backend, server),
      ...passiveIn(this.#parts.passive.facts(backend, server)),
    }
  }

  /** What stands between a server and its requests; without those that its backend does not have. */
  guards(backend: string, server: string): { circuit?: CircuitFacts; passive?: PassiveFacts } {
    const circuit = this.#parts.circuits.facts(backend, server)
    return { ...(circuit && { circuit }), ...passiveIn(this.#parts.passive.facts(backend, server)) }
  }

  /** Orders what is wanted; null: the config has none of this name. */
  async order(backend: string, server: string, wanted: Wanted): Promise<ServerDocument | null> {
    const place = this.orders.place(backend, server)
    if (place === null) return null
    const { reason, by, sinceMs, untilMs, endsConnections } = wanted
    const warnings = new Set<string>()
    for (const [kind, value] of changesOf(wanted)) {
      const isKept = await this.orders.give({
        place,
        kind,
        value,
        reason,
        by,
        sinceMs,
        untilMs,
        endsConnections,
      })
      if (!isKept) warnings.add(NOT_KEPT)
      for (const warning of this.#warnings(place, value)) warnings.add(warning)
    }
    this.look()
    return this.#documentWith(place, [...warnings])
  }

  #documentWith({ backend, server }: ServerPlace, warnings: readonly string[]): ServerDocument | null {
    const document = this.document(backend, server)
    return document && { ...document, ...(warnings.length > 0 && { warnings }) }
  }

  /** Opens or closes a server's breaker by hand; null: it has none, or there is no such server. */
  async orderCircuit(
    backend: string,
    server: string,
    { state, ...given }: CircuitWanted,
  ): Promise<ServerDocument | null> {
    const place = this.orders.place(backend, server)
    const { circuits } = this.#parts
    if (place === null || circuits.facts(backend, server) === null) return null
    const value = state === 'auto' ? null : state
    const isKept = await this.orders.give({ place, kind: 'circuit', value, ...given })
    if (state === 'auto') {
      // Also where nothing was ordered: what it has counted is forgotten.
      circuits.ordered(place, null)
      tellCircuitOrder(place, { state, ...given })
    }
    this.look()
    const warnings = [...(isKept ? [] : [NOT_KEPT]), ...this.#warnings(place, value)]
    return this.#documentWith(place, warnings)
  }

  /** What was found of a server lately; null: the config has none of this name. */
  history(backend: string, server: string): readonly HealthEntry[] | null {
    return this.#parts.prober().historyOf(backend, server)?.entries ?? null
  }

  /** The last of its checks, and since when it is as it is; null: the config has none of this name. */
  latest(backend: string, server: string): Latest | null {
    return this.#parts.prober().historyOf(backend, server)?.latest ?? null
  }

  /** All checks of a server, now; none: there is none of this name, or nothing to ask it. */
  check(backend: string, server: string): Promise<readonly NamedOnce[]> {
    return this.#parts.prober().checkNow(backend, server)
  }

  /** Passive health has it in again, at once; false: it is not out. */
  bringBack(backend: string, server: string, by: string): boolean {
    return this.#parts.passive.bringBack(backend, server, 'ordered', by)
  }

  /** What passive health has a server out for is over. */
  revived({ backend, server }: Pick<ServerPlace, 'backend' | 'server'>, why: 'checks' | 'ordered'): void {
    this.#parts.passive.bringBack(backend, server, why)
  }

  #warnings({ backend: name }: ServerPlace, value: OrderValue | null): string[] {
    const backend = this.#plan?.config.backends[name]
    const slots = this.#plan?.slots[name]
    if (backend === undefined || slots === undefined) return []
    return warningsOf(value, { name, backend, slots, board: this.#parts.board() })
  }

  #onNews(news: OrderNews): void {
    const { backend, server, kind, order, endsConnections } = news
    const isResting = order?.value === 'maintenance'
    if (kind === 'admin')
      this.#parts.crew.ordered({ type: 'ordered', backend, server, isResting, endsConnections })
    if (kind === 'circuit') this.#parts.circuits.ordered(news, order)
    if (kind === 'admin' || kind === 'health') this.#parts.prober().orderChanged(backend, server)
    this.#parts.weights.look()
    tellOrder(news)
  }
}

const NOT_KEPT = 'it is not kept over a restart for now: state.db in the data folder cannot be written'

function* changesOf({ admin, weight, health }: Wanted): Generator<[OrderKind, OrderValue | null]> {
  if (admin !== undefined) yield ['admin', admin === 'ready' ? null : admin]
  if (weight !== undefined) yield ['weight', weight]
  if (health !== undefined) yield ['health', health]
}

const whyForced = ({ reason, by }: Order): string =>
  `said to be down by ${by}${reason === null ? '' : `: ${reason}`}`

const passiveIn = (passive: PassiveFacts | null): { readonly passive?: PassiveFacts } =>
  passive === null ? {} : { passive }

const checksIn = (checks: readonly OneCheck[]): { readonly checks?: readonly CheckFacts[] } =>
  checks.length === 0 ? {} : { checks: checks.map(checkFacts) }
