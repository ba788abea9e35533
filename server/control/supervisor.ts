// The supervisor's story: start the workers, read the config, apply it, and keep it true until told to stop.
import { type DrainTimes, drainTimes } from '../lib/drain.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { configureEvents, logEvent } from '../telemetry/log.ts'
import { meterProcess } from '../telemetry/gather.ts'
import { Totals } from '../telemetry/registry.ts'
import { AdminKeeper } from './admin-keeper.ts'
import { Announcer } from './announcer.ts'
import type { Served } from './change/apply.ts'
import { Changes, type Changed } from './change/changes.ts'
import { applyFirst } from './change/confirmation.ts'
import { changeFactsOf } from './facts-of-changes.ts'
import { drainInOrder } from './drain-in-order.ts'
import { firstConfig } from './first-config.ts'
import { GuardedChanges } from './guarded-changes.ts'
import { problemOf, type ApplyProblem } from './problem.ts'
import { readText } from './source/config-source.ts'
import { ChosenSockets } from './processes/chosen-sockets.ts'
import type { Crew } from './processes/crew.ts'
import { controlFactsOf, serverFacts, type Known, type Stopping, type WorkerFacts } from './facts.ts'
import { makeParts, type Parts } from './make-parts.ts'
import { OwnCrew } from './own-crew.ts'
import type { SuperviseOptions } from './supervise-options.ts'
import { HandingOver } from './handing-over.ts'
import { KeptData } from './kept-data.ts'
import { Lookout } from './lookout.ts'
import { countCheck, type ProcessNews, relayNews, tellHealthChange, workerNews } from './news.ts'
import { workersOf, workersWanted } from './change/plan-checks.ts'
import { SeenLive } from './seen-live.ts'
import { onSignals } from './signals.ts'
import { UnheldSockets } from './sockets/unheld-sockets.ts'
import { tellPeople } from './source/places.ts'
import { ownMark, removeRunState } from './processes/state-file.ts'
import type { TurnKeeper } from './relay/turn-keeper.ts'
import { WatchedConfig } from './source/watched-config.ts'
import type { Reasons, Worker } from './processes/worker.ts'
import { ledgersSettled } from './processes/worker-ledger.ts'

export class Supervisor implements Known {
  readonly totals = new Totals()
  readonly admin: AdminKeeper
  readonly live = new SeenLive(this)
  isDraining = false
  readonly changes: Changes
  readonly changeFacts = changeFactsOf(this)
  readonly handingOver: HandingOver
  readonly guarded = new GuardedChanges(this, () => serverFacts(this))
  readonly options: SuperviseOptions
  readonly kept = new KeptData(this, () => this.#announcer)
  readonly store = this.kept.store
  readonly chosen: ChosenSockets
  readonly parts = (): Parts | null => this.#parts
  readonly certificates = (): Pick<Parts, 'acme' | 'refused' | 'desk'> | null => this.#parts
  readonly #own: OwnCrew
  #parts: Parts | null = null
  readonly #isWanted = (): boolean => !this.isDraining
  readonly #source: WatchedConfig
  readonly #announcer: Announcer
  readonly #lookout = new Lookout({
    ...{ crew: () => this.#crew, totals: this.totals },
    board: () => this.board,
    servers: () => serverFacts(this),
    live: this.live,
    desk: () => this.#parts?.desk ?? null,
    isFrozen: () => this.handingOver.isFrozen,
    lookAtFiles: () =>
      [this.#source, this.#parts?.followed, this.admin, this.kept].forEach((one) => void one?.look()),
  })
  readonly #stop = Promise.withResolvers<string>()
  readonly #stopNow = Promise.withResolvers<void>()

  constructor(options: SuperviseOptions) {
    this.options = options
    this.chosen = ChosenSockets.onThisMachine(options.env)
    const doors = options.doors(controlFactsOf(this))
    this.admin = new AdminKeeper(doors.openAdmin, options.handed)
    this.admin.isAwaited = () => this.changes.unconfirmed !== null
    this.#announcer = new Announcer({
      ...options,
      openControl: doors.openControl,
      parts: () => this.#parts,
      workers: () => this.workers.map(({ pid }) => pid),
      admin: () => this.admin.address,
      fingerprint: () => this.admin.fingerprint,
      sockets: () => this.chosen.said,
      rejection: () => this.changes.rejection,
      isDraining: () => this.isDraining,
    })
    meterProcess(this.totals, 'supervisor')
    this.#source = new WatchedConfig({
      ...options,
      onChange: () => (this.handingOver.isFrozen ? (this.handingOver.isReloadDue = true) : this.reload()),
      onWarning: (line) => options.stderr(`${line}\n`),
    })
    this.#own = new OwnCrew(readText(options.file), {
      env: options.env,
      totals: this.totals,
      board: () => this.#parts?.board ?? null,
      sockets: () => this.#parts?.sockets ?? null,
      chosen: this.chosen,
      reasons: () => this.reasons,
      logs: () => this.running?.edition.config.logs ?? null,
      onUnsound: () => this.changes.unsound(),
      onDemand: (news) => this.#parts?.heard(news),
      ...workerNews(this.totals, this.#newsOfProcesses),
    })
    const [crew, announcer] = [() => this.#crew, () => this.#announcer]
    this.handingOver = new HandingOver(this, { crew, announcer, leave: () => this.#stop.resolve('upgrade') })
    this.changes = new Changes({
      ...options,
      source: this.#source,
      totals: this.totals,
      applier: () => (this.handingOver.isClosed ? null : (this.#parts?.applier ?? null)),
      history: () => this.#parts?.history ?? null,
      book: () => this.#parts?.book ?? null,
      onApplied: (served) => this.#onApplied('applied', served),
      tell: (problems) => tellPeople(problems, options),
      onFileRefused: (problems) => this.kept.fileRefused(problems),
      onBegin: () => this.#announcer.manager.reloading(),
      onSettled: () => (this.#announcer.tellManager(), this.kept.settled()),
    })
  }

  /** What is served; null before the first. */
  get running(): Served | null {
    return this.#parts?.applier.running ?? null
  }

  get workers(): readonly Worker[] {
    return this.#crew.workers
  }

  get workerFacts(): WorkerFacts {
    return this.#lookout.workers
  }

  get #drainTimes(): DrainTimes {
    return drainTimes(this.running?.edition.config.drain ?? 0)
  }

  get board(): Scoreboard {
    return this.#present.board.scoreboard
  }

  /** Null: there was no turn listener yet. */
  get turn(): TurnKeeper | null {
    return this.#parts?.turn.keeper ?? null
  }

  /** Why servers are not up, by backend and server. */
  get reasons(): Reasons {
    return this.#parts?.prober.reasons() ?? {}
  }

  /** Runs a gateway until it is told to stop; gives the exit code. */
  async run(): Promise<number> {
    const forget = onSignals({
      stop: (signal) => this.#stop.resolve(signal),
      stopNow: () => this.#stopNow.resolve(),
      reload: () => void this.reload({ reopenLogs: true }),
      reopenLogs: () => (this.#crew.reopenLogs(), logEvent('info', 'logs_reopened')),
      handOver: () => this.handingOver.onSignal(),
    })
    try {
      // Processes start while the config is read. Not before signals are heard: nothing would end them.
      this.#own.startEarly()
      const problems = await Promise.race([
        this.#start().catch((error: unknown) => [problemOf(error)]),
        this.#stop.promise,
      ])
      if (typeof problems !== 'string' && problems.length > 0) return await this.#giveUp(problems)
      const signal = await this.#stop.promise
      const drained = this.#drain(signal).then(() => 0)
      return await this.#end(await Promise.race([drained, this.#stopNow.promise.then(() => 1)]))
    } finally {
      forget()
      this.kept.folder?.release(this.handingOver.isOver)
    }
  }

  /** Brings the first config up; returns what stands against it. */
  async #start(): Promise<readonly ApplyProblem[]> {
    const [source, chosen, store, isWanted] = [this.#source, this.chosen, this.store, this.#isWanted]
    const first = await firstConfig({ ...this.options, source, chosen, store, isWanted })
    if (!('edition' in first)) return first
    this.kept.folder = first.folder
    if (this.isDraining) return []
    const { edition, history, takenBack } = first
    const { config } = edition
    configureEvents(config.logs)
    await this.#own.fit(workersOf(config))
    if (this.isDraining) return []
    this.#parts = await makeParts({
      ...this.options,
      ...first,
      config,
      crew: this.#crew,
      admin: this.admin,
      totals: this.totals,
      onRelay: relayNews(this.totals, this.#newsOfProcesses),
      sockets: process.platform === 'linux' ? null : new UnheldSockets(() => this.#crew.ports),
      ...{ chosen, isWanted, store },
      isUnconfirmed: () => this.changes.unconfirmed !== null,
      oldestPlan: () => this.#own.oldestPlan,
      onWritten: (edition) => this.#source.follow(edition),
      onHealthChange: (change) => tellHealthChange(change, this.#crew),
      onHealthResult: (result) => countCheck(this.totals, result),
    })
    if (this.isDraining) return []
    // Beside each other: what was ordered is read while workers start.
    await Promise.all([this.#crew.resize(workersWanted(config), 0), this.#parts.desk.orders.load()])
    if (this.isDraining) return []
    const outcome = await applyFirst(edition, history, this.#present.applier)
    if (this.isDraining) return []
    if (outcome.is !== 'applied') return outcome.is === 'rejected' ? outcome.problems : []
    this.changes.began(takenBack)
    await this.#onApplied('serving', outcome.served)
    if (this.isDraining) return []
    this.handingOver.serving(outcome.served.revision)
    this.#lookout.begin()
    if (this.options.isWatching) this.#source.begin()
    return []
  }

  /** Applies the config file as it is now. */
  reload({ reopenLogs = false } = {}): Promise<Changed> {
    if (reopenLogs) this.#crew.reopenLogs()
    return this.changes.reload()
  }

  /** Begins to stop in order, once whoever asked for it has been answered. */
  stopOnCommand(): Stopping {
    setImmediate(() => this.#stop.resolve('sluice stop'))
    return { process: ownMark(), within_ms: this.#drainTimes.accept + this.#drainTimes.finish }
  }

  async #onApplied(event: 'serving' | 'applied', served: Served): Promise<void> {
    this.#lookout.startCodeUsed()
    await this.#announcer.served(event, served)
    const opened = this.changeFacts.open()
    if (event === 'serving') this.guarded.tellCut(opened)
    this.kept.served(served)
  }

  /** Stops in order: takes no more, lets what is in flight finish. */
  #drain(signal: string): Promise<void> {
    this.isDraining = true
    this.handingOver.stop()
    return drainInOrder(signal, {
      ...{ times: this.#drainTimes, isHandedOver: this.handingOver.isOver },
      stops: [this.#source, this.changes, this.guarded, this.#parts?.followed],
      ...{ folder: this.kept.folder, manager: this.#announcer.manager, crew: this.#crew, turn: this.turn },
    })
  }

  async #end(code: number): Promise<number> {
    // What is in flight now is cut off; what a drain cut off, its workers have told.
    const inFlight = (this.#parts?.board.inFlight() ?? 0) + (this.turn?.allocations ?? 0)
    await this.live.end()
    await this.#killAll()
    await ledgersSettled()
    this.#parts?.prober.stop()
    this.#parts?.sockets.close(this.handingOver.isOver)
    this.turn?.close()
    if (this.#parts) removeRunState(this.#parts.runState)
    logEvent('info', 'stopped', { aborted: this.#crew.aborted + (this.turn?.relay.aborted ?? 0) + inFlight })
    return code
  }

  /** A failed start. */
  async #giveUp(problems: readonly ApplyProblem[]): Promise<number> {
    const located = await this.#source.locate(problems, null)
    tellPeople(located, this.options)
    this.handingOver.failed(located)
    await this.live.end()
    await this.#killAll()
    this.turn?.close()
    return 1
  }

  async #killAll(): Promise<void> {
    this.#announcer.stop()
    this.admin.stop()
    this.store.close()
    await Promise.all([this.#crew.kill(), this.turn?.relay.kill()])
  }

  get #newsOfProcesses(): ProcessNews {
    return { isServing: () => this.running !== null, onChange: () => this.#announcer.keepRunState() }
  }

  get #crew(): Crew {
    return this.#own.crew
  }

  get #present(): Parts {
    if (!this.#parts) throw new Error('there is no config yet')
    return this.#parts
  }
}
