// Active health checks: the supervisor alone asks the servers, and alone writes their states to the scoreboard.
import type { Config } from '../config/schema.ts'
import { jitter, type Chance } from '../lib/random.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { BackendSlots } from '../worker/messages.ts'
import { Judge } from './judge.ts'
import { connectTcp } from './probe-connection.ts'
import { probe, type After, type ProbeDone, type ProbeTarget } from './probe.ts'
import { Watched, type WatchedParts } from './watched.ts'

/** A server has changed its state, or the reason why it is not up. */
export interface HealthChange {
  readonly backend: string
  readonly server: string
  /** As on the scoreboard, and what it was; the same when only the reason is new. */
  readonly state: number
  readonly was: number
  /** Why it is not up; null: it is. */
  readonly reason: string | null
}

export interface HealthResult {
  readonly backend: string
  readonly server: string
  /** Null: the check has passed. */
  readonly reason: string | null
}

export interface ProberOptions {
  readonly board: Scoreboard
  readonly resolver: Pick<Resolver, 'lookup'>
  /** Called for changes that checks or a plan brought to a server that was there before; not for a server's first place. */
  readonly onChange: (change: HealthChange) => void
  /** Called for each check that has ended. */
  readonly onResult?: (result: HealthResult) => void
  /** Most checks at once; more wait for their turn. */
  readonly concurrency?: number
  // What time and chance are made of; given by tests.
  readonly now?: () => number
  readonly chance?: Chance
  readonly after?: After
  /** Starts a check; calling the answer gives it up. */
  readonly probe?: (target: ProbeTarget, done: ProbeDone) => () => void
}

const CONCURRENCY = 256
const JITTER = 0.1
/** First checks start this far apart, and within this time at most. */
const SPACING_MS = 2
const SPREAD_MS = 1000

/** Checks the servers of the config that was applied last. */
export class Prober {
  readonly #board: Scoreboard
  readonly #onChange: (change: HealthChange) => void
  readonly #onResult: (result: HealthResult) => void
  readonly #concurrency: number
  readonly #now: () => number
  readonly #chance: Chance
  readonly #after: After
  readonly #probe: (target: ProbeTarget, done: ProbeDone) => () => void
  /** By backend and server. */
  #watched: ReadonlyMap<string, Watched> = new Map()
  /** Those whose check is due while the others have all the places. */
  readonly #waiting = new Set<Watched>()
  #running = 0
  /** Those whose first result is awaited. */
  #unjudged: Set<Watched> = new Set()
  #firstRound: PromiseWithResolvers<void> | null = null

  constructor(options: ProberOptions) {
    this.#board = options.board
    this.#onChange = options.onChange
    this.#onResult = options.onResult ?? (() => {})
    this.#concurrency = options.concurrency ?? CONCURRENCY
    this.#now = options.now ?? (() => performance.now())
    this.#chance = options.chance ?? Math.random
    this.#after = options.after ?? afterTimer
    const world = { resolver: options.resolver, connect: connectTcp, after: this.#after }
    this.#probe = options.probe ?? ((target, done) => probe(target, world, done))
  }

  /** Watches the servers of this config. Those that stay keep their state, and their schedule while their check stays. */
  apply(config: Config, slots: Readonly<Record<string, BackendSlots>>): void {
    const wanted = new Map(partsOf(config, slots))
    const kept = new Map<string, Watched>()
    for (const [identity, watched] of this.#watched) {
      const parts = wanted.get(identity)
      if (parts !== undefined && watched.isSame(parts)) kept.set(identity, watched)
      else this.#rest(watched)
    }
    const due: Watched[] = []
    this.#watched = new Map(
      Array.from(wanted, ([identity, parts]) => {
        const watched = kept.get(identity) ?? this.#add(parts)
        if (!kept.has(identity) || this.#change(watched, parts)) due.push(watched)
        return [identity, watched]
      }),
    )
    const checked = due.filter((watched) => watched.check !== null)
    const spacingMs = Math.min(SPACING_MS, SPREAD_MS / checked.length)
    for (const [i, watched] of checked.entries()) this.#schedule(watched, i * spacingMs)
    this.#unjudged = new Set(this.#watched.values().filter((watched) => watched.isUnjudged))
    this.#settleFirstRound()
  }

  /** Settles when each server with a check has had its first result. */
  firstRound(): Promise<void> {
    this.#firstRound ??= Promise.withResolvers<void>()
    const { promise } = this.#firstRound
    this.#settleFirstRound()
    return promise
  }

  /** Why servers are not up, by backend and server. */
  reasons(): Record<string, Record<string, string>> {
    const reasons: Record<string, Record<string, string>> = {}
    for (const { backend, name, reason } of this.#watched.values())
      if (reason !== null) (reasons[backend] ??= {})[name] = reason
    return reasons
  }

  /** Ends all checks; states stay as they are. */
  stop(): void {
    for (const watched of this.#watched.values()) this.#rest(watched)
    this.#watched = new Map()
    this.#unjudged.clear()
    this.#settleFirstRound()
  }

  #add(parts: WatchedParts): Watched {
    const watched = new Watched(parts)
    this.#publish(watched)
    return watched
  }

  /** Gives a server that stays its new check; true when that is to be run at once. */
  #change(watched: Watched, { check }: WatchedParts): boolean {
    const before = watched.check
    if (JSON.stringify(check) === JSON.stringify(before)) return false
    watched.check = check
    if (check !== null && before !== null) return this.#isIdle(watched)
    this.#rest(watched)
    const was = watched.state
    // A server that had no check is up, and stays so until the first result says otherwise.
    watched.judge = new Judge('up')
    watched.reason = null
    if (was !== watched.state) this.#publish(watched, was)
    return true
  }

  #isIdle(watched: Watched): boolean {
    if (watched.isRunning || this.#waiting.has(watched)) return false
    this.#rest(watched)
    return true
  }

  /** Leaves a server alone. */
  #rest(watched: Watched): void {
    watched.cancel?.()
    watched.cancel = null
    this.#waiting.delete(watched)
    if (!watched.isRunning) return
    watched.isRunning = false
    this.#running--
    this.#startWaiting()
  }

  #schedule(watched: Watched, inMs: number): void {
    watched.cancel = this.#after(inMs, () => {
      watched.cancel = null
      this.#waiting.add(watched)
      this.#startWaiting()
    })
  }

  #startWaiting(): void {
    for (const watched of this.#waiting) {
      if (this.#running >= this.#concurrency) return
      this.#waiting.delete(watched)
      this.#start(watched)
    }
  }

  #start(watched: Watched): void {
    const { check } = watched
    if (check === null) return
    this.#running++
    watched.isRunning = true
    watched.startedMs = this.#now()
    watched.cancel = this.#probe({ ...watched.address, check }, (reason) => this.#finish(watched, reason))
  }

  #finish(watched: Watched, reason: string | null): void {
    watched.isRunning = false
    watched.cancel = null
    this.#running--
    this.#unjudged.delete(watched)
    this.#take(watched, reason)
    // What was told may have stopped us, or applied another config.
    if (this.#watched.get(identityOf(watched)) === watched && watched.cancel === null)
      this.#scheduleNext(watched)
    this.#startWaiting()
    this.#settleFirstRound()
  }

  #scheduleNext(watched: Watched): void {
    const { check } = watched
    if (check === null) return
    const intervalMs = watched.judge.verdict === 'up' ? check.interval : check.interval_down
    const tookMs = this.#now() - watched.startedMs
    this.#schedule(watched, Math.max(0, jitter(intervalMs, JITTER, this.#chance) - tookMs))
  }

  #take(watched: Watched, reason: string | null): void {
    if (watched.check === null) return
    const was = watched.state
    const before = watched.reason
    const hasChanged = watched.judge.take(reason === null, watched.check)
    if (watched.judge.verdict === 'up') watched.reason = null
    else if (reason !== null) watched.reason = reason
    if (hasChanged) this.#publish(watched, was)
    else if (watched.reason !== before) this.#tell(watched, was)
    this.#onResult({ backend: watched.backend, server: watched.name, reason })
  }

  /** Writes a state to the scoreboard; `was` is given when it is news. */
  #publish(watched: Watched, was: number | null = null): void {
    this.#board.setState(watched.slot.index, watched.state)
    this.#board.bumpEpoch(watched.backendSlot)
    if (was !== null) this.#tell(watched, was)
  }

  #tell({ backend, name, state, reason }: Watched, was: number): void {
    this.#onChange({ backend, server: name, state, was, reason })
  }

  #settleFirstRound(): void {
    if (this.#firstRound === null || this.#unjudged.size > 0) return
    this.#firstRound.resolve()
    this.#firstRound = null
  }
}

const afterTimer: After = (ms, then) => {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}

const identityOf = ({ backend, name }: Watched | WatchedParts): string => `${backend}\n${name}`

function* partsOf(
  { backends }: Config,
  slots: Readonly<Record<string, BackendSlots>>,
): Generator<[identity: string, parts: WatchedParts]> {
  for (const [backend, { servers, health_check }] of Object.entries(backends)) {
    for (const { name: given, url } of servers) {
      const name = given ?? url
      const own = slots[backend]
      const slot = own?.servers[name]
      if (own === undefined || slot === undefined)
        throw new Error(`no slot for server "${name}" of backend "${backend}"`)
      const parts = { backend, name, url, backendSlot: own.slot.index, slot, check: health_check ?? null }
      yield [identityOf(parts), parts]
    }
  }
}
