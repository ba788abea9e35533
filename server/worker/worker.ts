// A worker process: takes plans from the supervisor and serves them. When the supervisor is gone it finishes
// by itself.
import { Ledger } from '../scoreboard/ledger.ts'
import { Leases } from '../scoreboard/leases.ts'
import { Buckets } from '../scoreboard/buckets.ts'
import { Windows } from '../scoreboard/windows.ts'
import { mapRegion, scoreboardOn } from '../scoreboard/region.ts'
import { finishMs, ORPHAN_ACCEPT_MS } from '../lib/drain.ts'
import type { Config } from '../config/schema.ts'
import { StartCode } from '../lib/start-code.ts'
import type { Steps } from '../lib/slices.ts'
import { closeFds, receiveFds } from '../lib/pass-fds.ts'
import { releaseSignals } from '../lib/signals.ts'
import { meterProcess } from '../telemetry/gather.ts'
import { endOnBugs } from '../telemetry/log-bugs.ts'
import { finishEvents, tapEvents } from '../telemetry/log.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { useSockets } from '../sockets/sockets.ts'
import type { SocketsKind } from '../sockets/socket.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import { onDemand } from '../tls/on-demand.ts'
import { DataPlane } from './data-plane.ts'
import type { Plan } from '../snapshot/plan.ts'
import { EVENTS } from '../tables/events.ts'
import { meterSockets } from './sockets-news.ts'
import { BOARD_TAG, processName, type ToSupervisor, type ToWorker } from './messages.ts'
import { ToldCertificates } from './told-certificates.ts'
import { RulesHeard } from './told-rules.ts'

/** The descriptor that the supervisor puts our end of the channel at. */
const CHANNEL_FD = 3
const BEAT_EVERY_MS = 1000
/**
 * While nothing is served it sleeps longer, and metrics (processor time, memory) go with one beat of so many.
 */
const QUIET_BEAT_EVERY_MS = 2000
const QUIET_BEATS = 5

/** Runs this process as a worker; settles when it is done. */
export function worker(): Promise<number> {
  endOnBugs()
  const exit = Promise.withResolvers<number>()
  const shell = new WorkerShell(exit.resolve)
  process.on('message', (message: ToWorker) => shell.onMessage(message))
  process.on('disconnect', () => shell.onOrphaned())
  // Ctrl-C reaches the whole process group: the supervisor decides what it means.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {})
  process.on('SIGTERM', () => shell.onTerminate())
  process.on('SIGUSR1', () => shell.onReopenLogs())
  releaseSignals()
  onDemand.tellTo(say)
  tokenKeys.tellTo(say)
  say({ type: 'hello', pid: process.pid })
  // It may have died before anybody listened for that.
  if (!process.connected) shell.onOrphaned()
  return exit.promise.finally(finishEvents)
}

class WorkerShell {
  #plane: DataPlane | null = null
  #board: Scoreboard | null = null
  #boardFd = -1
  readonly #certificates = new ToldCertificates()
  readonly #rules = new RulesHeard()
  #number = 0
  #beat: Timer | null = null
  /** Settles when it has sockets. */
  #sockets: Promise<void> = Promise.resolve()
  #quietBeats = QUIET_BEATS
  /** Another gateway has the same sockets. */
  #isHanding = false
  /** Addresses that it serves; told perhaps before there is anything to hold back. */
  #heldBack: readonly string[] = []
  readonly #startCode = new StartCode()
  /** The oldest plan in use, as it was told. */
  #oldest = -1
  readonly #exit: (code: number) => void

  constructor(exit: (code: number) => void) {
    this.#exit = exit
  }

  onMessage(message: ToWorker): void {
    switch (message.type) {
      case 'board':
        return this.#onBoard(message)
      case 'plan':
        return void this.#onPlan(message)
      case 'commit':
        return this.#onCommit(message.number)
      case 'drop':
        if (message.number === this.#number) this.#plane?.drop()
        return
      case 'reason':
        return this.#plane?.reason(message.backend, message.server, message.reason)
      case 'servers':
        this.#mapRecords(message.records)
        return this.#plane?.amend(message)
      case 'question':
        return say({
          type: 'answer',
          id: message.id,
          answer: this.#plane?.answer(message.question) ?? null,
        })
      case 'certificate':
        this.#certificates.changed(message.name, message.text)
        return this.#plane?.amend(message)
      case 'name-refused':
      case 'http-challenges':
      case 'files':
      case 'cache-changed':
      case 'geo':
      case 'keys':
      case 'ordered':
      case 'challenge':
        return this.#plane?.amend(message)
      case 'reopen-logs':
        return this.onReopenLogs()
      case 'announce-drain':
        return this.#plane?.announceDrain(message.isHandedOver)
      case 'handing':
        this.#isHanding = message.isHanding
        return this.#plane?.handOver(message)
      case 'hold-back':
      case 'go-on':
        this.#heldBack = message.type === 'go-on' ? [] : message.keys
        return this.#plane?.handOver(message)
      case 'drain':
        return this.#drain(message.withinMs, message.othersServe)
    }
  }

  /** Without a supervisor: serve on for a while, then finish. Health stays as last known. */
  onOrphaned(): void {
    // Where another gateway has the same sockets, it serves who comes.
    if (!this.#plane?.snapshot || this.#isHanding) return this.onTerminate()
    setTimeout(() => this.onTerminate(), ORPHAN_ACCEPT_MS)
  }

  onReopenLogs(): void {
    this.#plane?.reopenLogs()
  }

  onTerminate(): void {
    this.#drain(finishMs(this.#plane?.snapshot?.config.drain ?? 0), true)
  }

  #onBoard({ slot, row, hasLedger, sockets, isLate }: Extract<ToWorker, { type: 'board' }>): void {
    const [fd = -1, buckets = -1, windows = -1, leases = -1, ledger = -1] = receiveFds(
      CHANNEL_FD,
      BOARD_TAG,
      hasLedger ? 5 : 4,
    )
    this.#boardFd = fd
    this.#board = scoreboardOn(mapRegion(fd), row)
    this.#board.buckets = Buckets.shared(buckets)
    this.#board.windows = Windows.shared(windows)
    this.#board.leases = Leases.shared(leases, this.#board.rows, row)
    const kept = hasLedger ? new Ledger(ledger) : null
    this.#plane = new DataPlane(this.#board, processName(slot), kept, isLate)
    this.#plane.cache.tellTo(say)
    meterProcess(this.#plane.registry, processName(slot))
    tapEvents((level, event, fields) => {
      if (Object.hasOwn(EVENTS, event))
        say({ type: 'event', level, event, fields: { process: processName(slot), ...fields } })
    })
    this.#sockets = this.#haveSockets(sockets, this.#plane, processName(slot))
  }

  async #haveSockets(kind: SocketsKind, { registry }: DataPlane, process: string): Promise<void> {
    const choice = await useSockets(kind)
    meterSockets(registry, process)
    say({ type: 'sockets', ...choice })
    // Not before: timers that are set until then are unknown to a loop of ours.
    this.#beat = setTimeout(() => this.#onBeat(), BEAT_EVERY_MS)
  }

  async #onPlan({ number, rules, ...message }: Extract<ToWorker, { type: 'plan' }>): Promise<void> {
    this.#number = number
    try {
      const read = this.#rules.take(rules)
      const certificates = this.#certificates.take(message.certificates)
      const plan = { ...(JSON.parse(message.plan) as Plan), certificates }
      const fds = receiveFds(CHANNEL_FD, number, plan.sockets.length)
      if (!this.#plane) closeFds(fds)
      this.#mapRecords(plan.records)
      await Promise.all([this.#plane?.prepare(withRules(plan, read), plan.sockets, fds), this.#sockets])
      say({ type: 'ready', number })
    } catch (error) {
      say({ type: 'failed', number, why: error instanceof Error ? error.message : String(error) })
    }
  }

  #onCommit(number: number): void {
    const isFirst = this.#plane?.snapshot === null
    this.#plane?.commit()
    // In the same turn, so that it takes nobody who is another gateway's, and does nothing to its sockets.
    if (isFirst) this.#plane?.handOver({ type: 'handing', isHanding: this.#isHanding })
    if (isFirst && this.#heldBack.length > 0)
      this.#plane?.handOver({ type: 'hold-back', keys: this.#heldBack })
    this.#startCode.used()
    say({ type: 'serving', number })
  }

  #mapRecords(records: number): void {
    if (!this.#board || this.#board.records >= records) return
    const { bytes } = mapRegion(this.#boardFd)
    this.#board.remap(bytes)
  }

  /** Once a second or two: one that does not beat any more is taken for hung. */
  #onBeat(): void {
    this.#board?.beat()
    const oldest = this.#plane?.oldestPlan() ?? 0
    const isQuiet = this.#plane?.registry.isQuiet !== false && oldest === this.#oldest
    this.#beat = setTimeout(() => this.#onBeat(), isQuiet ? QUIET_BEAT_EVERY_MS : BEAT_EVERY_MS)
    if (this.#plane?.snapshot) this.#startCode.look(isQuiet)
    this.#quietBeats = isQuiet ? this.#quietBeats + 1 : QUIET_BEATS
    if (this.#quietBeats < QUIET_BEATS) return
    this.#quietBeats = 0
    this.#oldest = oldest
    this.#sendMetrics()
  }

  #sendMetrics(): void {
    if (!this.#plane) return
    say({ type: 'metrics', delta: this.#plane.registry.take(), oldest: this.#plane.oldestPlan() })
  }

  #drain(withinMs: number, othersServe = false): void {
    const plane = this.#plane
    if (!plane) return this.#exit(0)
    const drained = (aborted: number): void => {
      if (this.#beat) clearTimeout(this.#beat)
      this.#sendMetrics()
      say({ type: 'drained', aborted })
      void plane.close().then(() => this.#exit(0))
    }
    plane.drain(withinMs, drained, othersServe)
  }
}

/** Nobody listens when the supervisor is gone. */
function say(message: ToSupervisor): void {
  if (process.connected) process.send?.(message)
}

/** A plan whose rules came in pieces. */
function* withRules(plan: Plan, read: Steps<Config['rules']>): Steps<Plan> {
  const rules = yield* read
  return { ...plan, config: { ...plan.config, rules } }
}
