// The supervisor's story: start the workers, read the config, apply it, and keep it true until told to stop.
import { acceptMs, finishMs, type DrainTimes } from '../lib/drain.ts'
import { StartCode } from '../lib/start-code.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { configureEvents, logEvent, type LogLevel } from '../telemetry/log.ts'
import { AttemptWatch } from '../telemetry/attempts.ts'
import { meterProcess } from '../telemetry/gather.ts'
import { Totals } from '../telemetry/registry.ts'
import { AdminKeeper, type OpenAdminAt } from './admin-keeper.ts'
import type { Served } from './change/apply.ts'
import { Changes, type Changed } from './change/changes.ts'
import { History } from './change/history.ts'
import { problemOf, type ApplyProblem, type Checked, type Edition } from './problem.ts'
import { readText } from './source/config-source.ts'
import { ControlSocket, type OpenControlAt } from './control-socket.ts'
import type { Crew } from './processes/crew.ts'
import {
  controlFactsOf,
  factsOf,
  serverFacts,
  type ControlFacts,
  type Facts,
  type Known,
  type Stopping,
  type WorkerFacts,
} from './facts.ts'
import { HungWorkers } from './processes/hung-workers.ts'
import { makeParts, openAddresses, type Parts } from './make-parts.ts'
import { makeCrew } from './processes/make-crew.ts'
import type { HealthChange } from './health/prober.ts'
import { relayNews, tellAttempts, tellExit, tellHealthChange, tellNoHandOver } from './news.ts'
import { workersOf, workersWanted } from './change/plan-checks.ts'
import { Rounds } from './rounds.ts'
import { RunStateKeeper } from './run-state.ts'
import { ServiceManager } from './service-manager.ts'
import { onSignals } from './signals.ts'
import { UnheldSockets } from './sockets/sockets.ts'
import { lineOf } from './source/places.ts'
import { markOf, removeRunState } from './processes/state-file.ts'
import type { TurnKeeper } from './relay/turn-keeper.ts'
import { WatchedConfig } from './source/watched-config.ts'
import type { Reasons, Worker } from './processes/worker.ts'
import { earlyWorkers, guessWorkers } from './processes/worker-command.ts'
import { ledgersSettled } from './processes/worker-ledger.ts'

/** Changes of the config that the system does not tell (network file systems) are seen after so long. */
const POLL_EVERY_MS = 2000

export interface SuperviseOptions {
  readonly file: string
  /** Goes before the level in the config. */
  readonly level: LogLevel | null
  readonly isWatching: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stderr: (text: string) => void
  /** What is running, for lb_build_info. */
  readonly build: { readonly version: string; readonly commit: string }
  /**
   * Opens the admin listener at an address; it shows what the supervisor knows. Handed down, as it stands
   * above in the order of imports.
   */
  readonly startAdmin: (bind: string, facts: Facts) => ReturnType<OpenAdminAt>
  /** The same for the control socket. */
  readonly startControlSocket: (path: string, facts: ControlFacts) => ReturnType<OpenControlAt>
}

/** Runs a gateway until it is told to stop; gives the exit code. */
export function supervise(options: SuperviseOptions): Promise<number> {
  return new Supervisor(options).run()
}

export class Supervisor implements Known {
  readonly totals = new Totals()
  readonly admin: AdminKeeper
  isDraining = false
  readonly changes: Changes
  readonly options: SuperviseOptions
  /** How many workers the config seems to want; put right when it is known. */
  readonly #guess: number
  #crew: Crew
  readonly #hung = new HungWorkers({ crew: () => this.#crew, totals: this.totals })
  #parts: Parts | null = null
  readonly #source: WatchedConfig
  readonly #controlSocket: ControlSocket
  readonly #manager: ServiceManager
  readonly #rounds = new Rounds({
    served: () => this.board.served(),
    isCounting: () => this.#hung.isAnyoneSilent || this.#attempts.isCounting,
    look: (sinceMs, isQuiet) => this.#look(sinceMs, isQuiet),
  })
  readonly #startCode = new StartCode()
  #unpolledMs = 0
  readonly #runState = new RunStateKeeper()
  readonly #attempts = new AttemptWatch()
  readonly #oldest = new Map<Worker, number>()
  readonly #stop = Promise.withResolvers<string>()
  readonly #stopNow = Promise.withResolvers<void>()

  constructor(options: SuperviseOptions) {
    this.options = options
    this.admin = new AdminKeeper((bind) => options.startAdmin(bind, factsOf(this)))
    this.#controlSocket = new ControlSocket((path) => options.startControlSocket(path, controlFactsOf(this)))
    this.#manager = new ServiceManager(options.env)
    meterProcess(this.totals, 'supervisor')
    this.#source = new WatchedConfig({
      ...options,
      onChange: () => void this.reload(),
      onWarning: (line) => options.stderr(`${line}\n`),
    })
    this.#guess = guessWorkers(readText(options.file) ?? 'workers: 0')
    this.#crew = this.#makeCrew(this.#guess)
    this.changes = new Changes({
      ...options,
      source: this.#source,
      totals: this.totals,
      applier: () => (this.isDraining ? null : (this.#parts?.applier ?? null)),
      history: () => this.#parts?.history ?? null,
      onApplied: (served) => this.#onApplied('applied', served),
      tell: (problems) => this.#tell(problems),
      onBegin: () => this.#manager.reloading(),
      onSettled: () => this.#tellManager(),
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
    const { wanted, serving } = this.#crew
    const full = this.totals.gaugesOf('accept_stopped').filter(({ value }) => value === 1)
    return { wanted, serving, silent: this.#hung.silent, full: full.map(({ labels }) => labels[0] ?? '') }
  }

  get #drainTimes(): DrainTimes {
    const { drain = 0 } = this.running?.edition.config ?? {}
    return { accept: acceptMs(drain), finish: finishMs(drain) }
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

  async run(): Promise<number> {
    const forget = onSignals({
      stop: (signal) => this.#stop.resolve(signal),
      stopNow: () => this.#stopNow.resolve(),
      reload: () => void this.reload({ reopenLogs: true }),
      reopenLogs: () => this.#reopenLogs(),
      handOver: tellNoHandOver,
    })
    try {
      // Processes start while the config is read. Not before signals are heard: nothing would end them.
      if (this.#guess > 0) void this.#crew.resize(earlyWorkers(this.#guess), 0)
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
    }
  }

  /** Brings the first config up; returns what stands against it. */
  async #start(): Promise<readonly ApplyProblem[]> {
    const read = await this.#source.read()
    if (this.isDraining) return []
    if (read.is === 'invalid') return read.problems
    const history = new History(read.edition.config.data, this.options.file)
    const checked = await this.#confirmed(read.edition, history)
    if (this.isDraining) return []
    if (checked.is === 'invalid') return checked.problems
    const { config } = checked.edition
    configureEvents(config.logs)
    await this.#fitCrew(workersOf(config))
    if (this.isDraining) return []
    this.#parts = await makeParts({
      config,
      file: this.options.file,
      crew: this.#crew,
      admin: this.admin,
      history,
      isWatching: this.options.isWatching,
      env: this.options.env,
      totals: this.totals,
      onRelay: relayNews(this.totals, {
        isServing: () => this.running !== null,
        onChange: () => this.#keepRunState(),
      }),
      sockets: process.platform === 'linux' ? null : new UnheldSockets(() => this.#crew.ports),
      isWanted: () => !this.isDraining,
      oldestPlan: () => Math.min(...this.#oldest.values()),
      onWritten: (edition) => this.#source.follow(edition),
      onHealthChange: (change) => this.#onHealthChange(change),
      onHealthResult: ({ backend, server, reason }) => {
        const labels = [backend, server, reason === null ? 'pass' : 'fail']
        this.totals.counter('health_checks_total', labels).add(1)
      },
    })
    if (this.isDraining) return []
    await this.#crew.resize(workersWanted(config), 0)
    if (this.isDraining) return []
    const outcome = await this.#present.applier.apply({ check: () => Promise.resolve(checked) })
    if (this.isDraining) return []
    if (outcome.is !== 'applied') return outcome.is === 'rejected' ? outcome.problems : []
    history.hold(null)
    await this.#onApplied('serving', outcome.served)
    if (this.isDraining) return []
    this.#rounds.begin()
    if (this.options.isWatching) this.#source.begin()
    return []
  }

  /** What the file says, unless that was never confirmed when the gateway ended: then what was before it. */
  async #confirmed(read: Edition, { unconfirmed }: History): Promise<Checked> {
    if (unconfirmed?.hash !== read.hash) return { is: 'valid', edition: read }
    const { hash, previous: text } = unconfirmed
    const { checked } = await this.#source.check({ text, from: 'rollback', by: null, replaces: hash })
    logEvent('warn', 'rolled_back', { hash, why: 'it was not confirmed before the gateway ended' })
    return checked
  }

  #look(sinceMs: number, isQuiet: boolean): void {
    this.#startCode.look(isQuiet)
    this.board.reconcile()
    this.#hung.look(performance.now(), sinceMs)
    this.#unpolledMs += sinceMs
    if (this.#unpolledMs >= POLL_EVERY_MS) {
      this.#unpolledMs = 0
      this.#source.look()
      this.#parts?.certificates.look()
    }
    for (const news of this.#attempts.look(serverFacts(this), this.board)) tellAttempts(news)
  }

  /** Applies the config file as it is now. */
  reload({ reopenLogs = false } = {}): Promise<Changed> {
    if (reopenLogs) this.#crew.reopenLogs()
    return this.changes.reload()
  }

  /** Begins to stop in order, once whoever asked for it has been answered. */
  stopOnCommand(): Stopping {
    setImmediate(() => this.#stop.resolve('sluice stop'))
    const mark = markOf(process.pid) ?? { pid: process.pid, started: '' }
    return { process: mark, within_ms: this.#drainTimes.accept + this.#drainTimes.finish }
  }

  #reopenLogs(): void {
    this.#crew.reopenLogs()
    logEvent('info', 'logs_reopened')
  }

  async #onApplied(event: 'serving' | 'applied', { revision, edition }: Served): Promise<void> {
    const { config } = edition
    this.#startCode.used()
    this.#keepRunState()
    // Looked at now: the next config may take the place of this one before it is told.
    const facts = {
      revision,
      from: edition.from,
      ...(edition.by !== null && { by: edition.by }),
      hash: edition.hash,
      pid: process.pid,
      workers: this.workers.map(({ pid }) => pid),
      listeners: openAddresses(this.#present, config),
      admin: this.admin.address,
    }
    await this.#controlSocket.apply(config, this.options.file)
    if (this.isDraining) return
    if (event === 'serving') this.#tellManager()
    logEvent('info', event, facts)
  }

  #tellManager(): void {
    const { revision = 0 } = this.running ?? {}
    const [problem] = this.changes.rejection?.problems ?? []
    const newer =
      problem === undefined ? '' : `; a newer file was rejected: ${lineOf(problem, this.options.file)}`
    if (!this.isDraining) this.#manager.ready(`serves revision ${revision}${newer}`)
  }

  #onHealthChange(change: HealthChange): void {
    this.#crew.reason(change.backend, change.server, change.reason ?? '')
    tellHealthChange(change)
  }

  /** Stops in order: takes no more, lets what is in flight finish. */
  async #drain(signal: string): Promise<void> {
    const { accept, finish: withinMs } = this.#drainTimes
    this.isDraining = true
    this.#source.stop()
    this.changes.stop()
    this.#parts?.certificates.stop()
    this.#manager.stopping('finishes what is in flight', accept + withinMs)
    logEvent('info', 'draining', { signal, accept_ms: accept, within_ms: withinMs })
    if (accept > 0) {
      this.#crew.announceDrain()
      await Bun.sleep(accept)
    }
    await Promise.all([this.#crew.drain(withinMs), this.turn?.drain(withinMs)])
  }

  async #end(code: number): Promise<number> {
    // What is in flight now is cut off; what a drain cut off, its workers have told.
    const inFlight = (this.#parts?.board.inFlight() ?? 0) + (this.turn?.allocations ?? 0)
    await this.#killAll()
    await ledgersSettled()
    this.#parts?.prober.stop()
    this.#parts?.sockets.close()
    this.turn?.close()
    if (this.#parts) removeRunState(this.#parts.runState)
    logEvent('info', 'stopped', { aborted: this.#crew.aborted + (this.turn?.relay.aborted ?? 0) + inFlight })
    return code
  }

  /** A failed start. */
  async #giveUp(problems: readonly ApplyProblem[]): Promise<number> {
    this.#tell(await this.#source.locate(problems, null))
    await this.#killAll()
    this.turn?.close()
    return 1
  }

  async #killAll(): Promise<void> {
    this.#controlSocket.stop()
    this.admin.stop()
    await Promise.all([this.#crew.kill(), this.turn?.relay.kill()])
  }

  #tell(problems: readonly ApplyProblem[]): void {
    for (const problem of problems) this.options.stderr(`${lineOf(problem, this.options.file)}\n`)
  }

  // What it is made of

  get #present(): Parts {
    if (!this.#parts) throw new Error('there is no config yet')
    return this.#parts
  }

  /** A crew for this number of workers, with nobody at work yet. */
  #makeCrew(count: number): Crew {
    return makeCrew({
      count,
      env: this.options.env,
      totals: this.totals,
      board: () => this.#parts?.board ?? null,
      sockets: () => this.#parts?.sockets ?? null,
      reasons: () => this.reasons,
      logs: () => this.running?.edition.config.logs ?? null,
      onOldest: (worker, plan) => {
        if (plan === null) this.#oldest.delete(worker)
        else this.#oldest.set(worker, plan)
      },
      onNotStarted: (slot, why) => logEvent('warn', 'worker_not_started', { slot, why }),
      onUnsound: () => this.changes.unsound(),
      onExit: (worker, how) => {
        // Those that were started before the config turned out to be of no use are nobody's news.
        if (!this.running) return
        this.#keepRunState()
        tellExit(worker, how)
      },
      onReplaced: (worker, previous) => {
        this.totals.counter('worker_restarts_total').add(1)
        this.#keepRunState()
        // Told last: who reads it finds the rest in its place.
        logEvent('info', 'worker_replaced', { pid: worker.pid, previous, slot: worker.slot })
      },
    })
  }

  /** The crew that was started early may be of the wrong kind, or too small to grow. */
  async #fitCrew(count: number): Promise<void> {
    const wanted = count === 0 ? 1 : count
    if ((count === 0) === this.#crew.isInProcess && this.#crew.hasRoomFor(wanted)) return
    await this.#crew.kill()
    this.#crew = this.#makeCrew(count)
  }

  #keepRunState(): void {
    if (!this.#parts || this.#crew.isInProcess || this.isDraining) return
    const pids = this.workers.map(({ pid }) => pid)
    this.#runState.keep(this.#parts, pids)
  }
}
