// Active health checks: the supervisor alone asks the servers, and alone writes their states to the
// scoreboard.
import type { Config } from '../../config/schema.ts'
import type { FileTexts } from '../../backends/tls.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'
import { adoptChecks } from './adopt-checks.ts'
import type { HealthChange, HealthResult } from './health-news.ts'
import { CheckTls } from './check-tls.ts'
import { UNTRIED } from './probe.ts'
import type { HealthHistory } from './history.ts'
import { type NamedOnce, Schedule, type ScheduleOptions } from './schedule.ts'
import { type HealthOrder, NO_HEALTH_ORDER, type OneCheck, Watched } from './checked-server.ts'
import { calledOf } from './check-words.ts'
import { identityOf, partsOf, type WatchedParts } from './watched-parts.ts'

type Slots = Readonly<Record<string, BackendSlots>>

export interface ProberOptions extends ScheduleOptions {
  readonly board: Scoreboard
  /**
   * Called for changes that checks or a plan brought to a server that is served; not for a server's first
   * place.
   */
  readonly onChange: (change: HealthChange) => void
  /** Called for each check that has ended. */
  readonly onResult?: (result: HealthResult) => void
  /**
   * A server that passive health has taken out was found down and up again, or comes out of maintenance
   * ("ordered"): what it was out for is over.
   */
  readonly onRevived?: (place: { backend: string; server: string }, why: 'checks' | 'ordered') => void
  /** What a person has ordered of a server. */
  readonly orderOf?: (place: Pick<WatchedParts, 'backend' | 'name' | 'url'>) => HealthOrder
  /** Ms since 1970. */
  readonly wallMs?: () => number
}

/** Checks the servers of the config that was applied last. */
export class Prober {
  readonly #board: Scoreboard
  readonly #onChange: (change: HealthChange) => void
  readonly #onResult: (result: HealthResult) => void
  readonly #schedule: Schedule
  readonly #orderOf: NonNullable<ProberOptions['orderOf']>
  readonly #wallMs: () => number
  readonly #onRevived: NonNullable<ProberOptions['onRevived']>
  /** By backend and server. */
  #watched: ReadonlyMap<string, Watched> = new Map()
  /** Those that the next config brings: checked already, but not on the scoreboard. */
  #staged: ReadonlyMap<string, Watched> = new Map()
  /** Those of the staged whose first result is awaited. */
  readonly #unjudged = new Set<Watched>()
  #onJudged: (() => void) | null = null
  readonly #tls = new CheckTls()
  #isStopped = false

  constructor(options: ProberOptions) {
    this.#board = options.board
    this.#onChange = options.onChange
    this.#onResult = options.onResult ?? (() => {})
    this.#orderOf = options.orderOf ?? (() => NO_HEALTH_ORDER)
    this.#wallMs = options.wallMs ?? Date.now
    this.#onRevived = options.onRevived ?? (() => {})
    this.#schedule = new Schedule(options, (one, reason) => this.#finish(one, reason))
  }

  /**
   * Begins to check the servers that are new in this config, beside those that are served. Settles when each
   * has a state: its first result, or that of the same address elsewhere.
   */
  stage(config: Config, slots: Slots, files: FileTexts = {}): Promise<void> {
    this.drop()
    if (this.#isStopped) return Promise.resolve()
    const known = this.#byPlace()
    const staged = new Map<string, Watched>()
    for (const [identity, parts] of this.#partsOf(config, slots, files))
      if (!this.#watched.get(identity)?.isSame(parts))
        staged.set(identity, new Watched(parts, known, this.#orderOf(parts)))
    this.#staged = staged
    this.#schedule.first([...staged.values()].flatMap(({ checks }) => checks))
    for (const watched of staged.values()) if (watched.isUnjudged) this.#unjudged.add(watched)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onJudged = resolve
    this.#tellJudged()
    return promise
  }

  /** Forgets what was staged. */
  drop(): void {
    for (const watched of this.#staged.values()) this.#rest(watched)
    this.#staged = new Map()
    this.#unjudged.clear()
    this.#tellJudged()
  }

  /**
   * Watches the servers of this config. Those that stay or were staged keep their state, and their schedule
   * while their check stays.
   */
  apply(config: Config, slots: Slots, files: FileTexts = {}): void {
    if (this.#isStopped) return
    const known = this.#byPlace()
    const watched = new Map<string, Watched>()
    const due: OneCheck[] = []
    for (const [identity, parts] of this.#partsOf(config, slots, files)) {
      const one = this.#candidates(identity).find((candidate) => candidate.isSame(parts))
      const kept = one ?? new Watched(parts, known, this.#orderOf(parts))
      watched.set(identity, kept)
      due.push(...(one === undefined ? kept.checks : this.#change(one, parts)))
    }
    for (const one of [...this.#watched.values(), ...this.#staged.values()])
      if (watched.get(identityOf(one)) !== one) this.#rest(one)
    this.#watched = watched
    this.#staged = new Map()
    this.#unjudged.clear()
    this.#tellJudged()
    this.#schedule.first(due)
    // What is told may apply another config.
    for (const one of watched.values()) if (!one.isServed && this.#watched === watched) this.#serve(one)
  }

  /** Files that TLS with servers is made of say something else, for the checks from now on. */
  filesChanged({
    config,
    files = {},
  }: {
    readonly config: Config
    readonly files?: FileTexts | undefined
  }): void {
    this.#tls.filesChanged(config, files)
  }

  /** Why servers are not up, by backend and server; those that are staged, too. */
  reasons(): Record<string, Record<string, string>> {
    const reasons: Record<string, Record<string, string>> = {}
    for (const { backend, name, why } of [...this.#watched.values(), ...this.#staged.values()])
      if (why !== null) (reasons[backend] ??= {})[name] = why
    return reasons
  }

  /** What a person has ordered of a server is another thing from now on. */
  orderChanged(backend: string, name: string): void {
    const watched = this.#watched.get(identityOf({ backend, name }))
    if (watched === undefined) return
    const { state: was, why: before, ordered } = watched
    watched.ordered = this.#orderOf(watched)
    const { isPaused } = watched.ordered
    if (isPaused && !ordered.isPaused) this.#rest(watched)
    if (!isPaused && ordered.isPaused) {
      // Nobody knows what was done to it.
      watched.forget()
      this.#schedule.first(watched.checks)
    }
    this.#changed(watched, was, before)
    if (!isPaused && ordered.isPaused && watched.out !== null)
      this.#onRevived({ backend, server: name }, 'ordered')
  }

  /** Passive health has taken it out, and why; null: it has not, or no more. */
  setOut(backend: string, name: string, why: string | null): void {
    const watched = this.#watched.get(identityOf({ backend, name }))
    if (watched === undefined || watched.out === why) return
    const { state: was, why: before } = watched
    watched.out = why
    this.#changed(watched, was, before)
  }

  /** What was found of a server lately; null: it is not served. */
  historyOf(backend: string, name: string): Pick<HealthHistory, 'entries' | 'latest'> | null {
    return this.#watched.get(identityOf({ backend, name }))?.history ?? null
  }

  /** The checks of a server, and how the latest of each ended; null: it is not served. */
  checksOf(backend: string, name: string): readonly OneCheck[] | null {
    return this.#watched.get(identityOf({ backend, name }))?.checks ?? null
  }

  /**
   * All its checks, once; the results count, unless checks pause. None: it is not served, or cannot be asked.
   */
  checkNow(backend: string, name: string): Promise<readonly NamedOnce[]> {
    const watched = this.#watched.get(identityOf({ backend, name }))
    const ended = (watched?.askable ?? []).map((one) => {
      const { promise, resolve } = Promise.withResolvers<NamedOnce>()
      this.#schedule.once(one, (once) => {
        const isUsed = this.#watched.get(identityOf(one.of)) === one.of && !one.of.ordered.isPaused
        if (isUsed && once.reason !== UNTRIED) this.#take(one, once.reason, once.ms)
        resolve(once)
      })
      return promise
    })
    return Promise.all(ended)
  }

  /** Ends all checks for good; states stay as they are. A change that is under way comes to nothing here. */
  stop(): void {
    this.#isStopped = true
    for (const watched of this.#watched.values()) this.#rest(watched)
    this.#watched = new Map()
    this.drop()
  }

  #partsOf(config: Config, slots: Slots, files: FileTexts): ReturnType<typeof partsOf> {
    const { backends } = config
    return partsOf(config, slots, (name) =>
      this.#tls.of(name, backends[name] as Config['backends'][string], files),
    )
  }

  #candidates(identity: string): Watched[] {
    return [this.#watched.get(identity), this.#staged.get(identity)].filter((one) => one !== undefined)
  }

  /** Finds those of an address. */
  #byPlace(): (place: string) => readonly Watched[] {
    const byPlace = Map.groupBy(this.#watched.values(), ({ place }) => place)
    return (place) => byPlace.get(place) ?? []
  }

  /** A server's first place on the scoreboard. */
  #serve(watched: Watched): void {
    const { state: was, reason } = watched.told
    watched.isServed = true
    this.#publish(watched)
    if (watched.state !== was || watched.why !== reason) this.#tell(watched, was)
  }

  /** Gives a server that stays its checks; which of them are to be asked at once. */
  #change(watched: Watched, parts: WatchedParts): readonly OneCheck[] {
    const { state: was, why } = watched
    const due = adoptChecks(watched, parts, this.#schedule)
    this.#changed(watched, was, why)
    return due
  }

  #rest({ checks }: Watched): void {
    for (const one of checks) this.#schedule.rest(one)
  }

  /** A check has ended. */
  #finish(one: OneCheck, reason: string | null): void {
    const { of: watched } = one
    if (reason !== UNTRIED) this.#take(one, reason, this.#schedule.tookMs(one))
    if (reason === UNTRIED || !watched.isUnjudged) this.#unjudged.delete(watched)
    // What was told may have stopped us, or applied another config.
    const isKept = this.#candidates(identityOf(watched)).includes(watched) && watched.checks.includes(one)
    if (isKept && one.cancel === null) this.#schedule.next(one)
    this.#tellJudged()
  }

  #take(one: OneCheck, reason: string | null, ms: number): void {
    const { backend, name: server, state: was, why, checks, verdict } = one.of
    const [isOwn, atMs] = [checks.includes(one), this.#wallMs()]
    if (isOwn) one.take(reason, atMs, ms)
    const check = calledOf(one.check)
    one.of.remember(reason === null ? 'pass' : 'fail', { atMs, was, reason, ms, check })
    if (!isOwn) return
    // Told once it is served.
    if (one.of.isServed) this.#changed(one.of, was, why, true)
    this.#onResult({ backend, server, reason })
    if (one.of.out !== null && verdict === 'down' && one.of.verdict === 'up')
      this.#onRevived({ backend, server }, 'checks')
  }

  /** Tells what is new since then, if anything is; `isKept`: its history has it. */
  #changed(watched: Watched, was: number, why: string | null, isKept = false): void {
    if (watched.state === was && watched.why === why) return
    if (watched.state === was) return this.#tell(watched, was)
    if (!isKept)
      watched.remember(null, { atMs: this.#wallMs(), was, reason: watched.why, ms: null, check: null })
    this.#publish(watched, was)
  }

  /** Writes a state to the scoreboard; `was` is given when it is news. */
  #publish(watched: Watched, was: number | null = null): void {
    this.#board.setState(watched.slot.index, watched.state)
    this.#board.bumpEpoch(watched.backendSlot)
    if (was !== null) this.#tell(watched, was)
  }

  #tell({ backend, name, state, why: reason }: Watched, was: number): void {
    this.#onChange({ backend, server: name, state, was, reason })
  }

  #tellJudged(): void {
    if (this.#unjudged.size > 0) return
    this.#onJudged?.()
    this.#onJudged = null
  }
}
