// What is seen of the gateway while it runs: events as they happen, and what was counted of late.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { inSlices } from '../lib/slices.ts'
import { logEvent, tapEvents } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import type { Served } from './change/apply.ts'
import { EventHub } from './events/hub.ts'
import { ErrorRates } from './history/error-rates.ts'
import { FigureHistory } from './history/figure-history.ts'
import { frameText } from './history/frame.ts'
import { Measures, type ServerPlace } from './history/measures.ts'
import { PolicyFigures } from './history/policy-figures.ts'
import { nowDocumentSteps } from './history/now.ts'
import { type Answered, type Asked, isRemembered, queriedSteps } from './history/query.ts'
import { ServerErrors } from './history/server-errors.ts'
import { RuleFigures } from './history/rule-figures.ts'
import { RulePresence } from './history/rule-presence.ts'
import { TenMinutes } from './history/ten-minutes.ts'
import { HealthTimelines } from './overview/timelines.ts'
import type { Figures } from './store/figures.ts'
import type { Store } from './store/store.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

/** Of a running supervisor. */
export interface SeenParts {
  readonly totals: Totals
  /** There once anything is served. */
  readonly board: Scoreboard
  readonly running: Served | null
  readonly store: Pick<StoreKeeper, 'open'>
}

export class SeenLive {
  readonly events = new EventHub()
  readonly timelines = new HealthTimelines()
  /** Of requests that are answered with 5xx. */
  readonly rates: ErrorRates
  /** The same of servers. */
  readonly serverErrors: ServerErrors
  readonly #history: FigureHistory
  readonly #parts: SeenParts
  readonly #untap = tapEvents((level, event, fields = {}) => {
    this.events.hear(level, event, fields)
    this.timelines.hear(event, fields)
  })
  readonly #presence = new RulePresence()
  readonly #measures = new Measures()
  readonly #tenMinutes = new TenMinutes({ figures: () => this.#open(), tell: logEvent })
  #kept: { readonly db: Store['db']; readonly figures: Figures } | null = null
  #places: { readonly plan: Served['plan']; readonly servers: readonly ServerPlace[] } | null = null

  constructor(parts: SeenParts) {
    this.#parts = parts
    const { events } = this
    this.#history = new FigureHistory({
      totals: parts.totals,
      nowMs: () => performance.now(),
      wallMs: Date.now,
      measure: (history) => this.#measure(history),
      onSecond: (counted) => {
        if (events.wantsFigures) events.figures(frameText(Date.now(), counted))
      },
      isWatched: () => events.wantsFigures,
      onTenMinutes: (beganS, all) => this.#tenMinutes.keep(beganS, all),
      later: (ms, act) => {
        const timer = setTimeout(act, ms)
        return () => clearTimeout(timer)
      },
    })
    this.rates = new ErrorRates(this.#history, Date.now)
    this.serverErrors = new ServerErrors(this.#history, Date.now)
    events.onFiguresWanted = () => this.#history.wake()
  }

  /** What was counted of late, in columns. Beyond a day: from the disk, where there is one to be read. */
  async figures(asked: Asked): Promise<Answered> {
    if (isRemembered(asked.windowS)) return inSlices(queriedSteps(this.#history, asked, Date.now()))
    const { queriedDays } = await import('./history/query-days.ts')
    const figures = await this.#open().catch(() => null)
    const history = this.#history
    const pause = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
    return queriedDays(asked, { history, tenMinutes: this.#tenMinutes, figures, wallMs: Date.now(), pause })
  }

  /** How busy everything is, per second, over the last ten seconds. */
  now(): Promise<object> {
    return inSlices(nowDocumentSteps(this.#history, Date.now()))
  }

  /** How all servers are, and which rules there are: in each round of the supervisor. */
  look(servers: readonly ServerFacts[]): void {
    const { running } = this.#parts
    if (running === null) return
    this.timelines.look(servers, this.#parts.board)
    this.#presence.look(running.edition.config, performance.now())
  }

  /** How rules fare now. */
  rules(): RuleFigures {
    const { totals } = this.#parts
    return new RuleFigures({ totals, history: this.#history, wallMs: Date.now(), presence: this.#presence })
  }

  /** What became of the policies of backends; null: nothing is served yet. */
  policies(): PolicyFigures | null {
    const { totals, board, running } = this.#parts
    if (running === null) return null
    return new PolicyFigures({ totals, board, config: running.edition.config, slots: running.plan.slots })
  }

  /** Keeps what there is so far: another gateway is about to go on with it. */
  async keepSoFar(): Promise<void> {
    this.#history.tellUnfinished()
    await this.#tenMinutes.settled()
  }

  /** The gateway stops: keeps what is to be kept, while it can be. */
  async end(): Promise<void> {
    this.#history.end()
    await this.#tenMinutes.settled()
    this.#untap()
    this.events.close()
  }

  #measure(history: FigureHistory): void {
    const { running, totals } = this.#parts
    // Before there is a config there is no board: a start that fails ends here as well.
    if (running !== null) this.#measures.take(history, totals, this.#parts.board, this.#serversOf(running))
  }

  /** Looked up once for each plan: there may be thousands. */
  #serversOf({ plan }: Served): readonly ServerPlace[] {
    if (this.#places?.plan === plan) return this.#places.servers
    const servers = Object.entries(plan.slots).flatMap(([backend, { servers: all }]) =>
      Object.entries(all).map(([server, { index }]) => ({ backend, server, slot: index })),
    )
    this.#places = { plan, servers }
    return servers
  }

  /** What is kept on disk; rejects where it cannot be opened. */
  async #open(): Promise<Figures> {
    const { db } = await this.#parts.store.open()
    if (this.#kept?.db === db) return this.#kept.figures
    const { Figures } = await import('./store/figures.ts')
    this.#kept = { db, figures: new Figures(db) }
    return this.#kept.figures
  }
}
