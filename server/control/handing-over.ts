// Handing over to another gateway, most often a newer program: what this one does at each of the steps that
// upgrade/successor.ts has, and what it is told of it.
import { logEvent, tapEvents } from '../telemetry/log.ts'
import type { AdminKeeper } from './admin-keeper.ts'
import type { Announcer } from './announcer.ts'
import type { Served } from './change/apply.ts'
import type { Changes } from './change/changes.ts'
import type { KeptData } from './kept-data.ts'
import type { Parts } from './make-parts.ts'
import type { Operations } from './operations.ts'
import type { Crew } from './processes/crew.ts'
import { ownMark } from './processes/state-file.ts'
import { mainCommand } from './children/own-command.ts'
import { ALL_SLOTS, type HandedOn, type HandedPlace } from './sockets/handed-sockets.ts'
import type { ApplyProblem } from './problem.ts'
import { lineOf } from './source/places.ts'
import type { SuperviseOptions } from './supervise-options.ts'
import type { SeenLive } from './seen-live.ts'
import type { UpgradeFacts, Upgrading, UpgradeWish } from './upgrade/facts.ts'
import { type SentFd, Successor } from './upgrade/successor.ts'

/** Of a running supervisor. */
export interface Handing {
  readonly options: SuperviseOptions
  readonly running: Served | null
  readonly isDraining: boolean
  readonly parts: () => Parts | null
  readonly admin: Pick<AdminKeeper, 'rest' | 'wake'>
  readonly kept: KeptData
  readonly live: Pick<SeenLive, 'keepSoFar'>
  readonly changes: Pick<Changes, 'isChanging' | 'unconfirmed'>
  readonly guarded: { readonly operations: Pick<Operations, 'list'> }
  reload(): unknown
}

export interface HandingHands {
  readonly crew: () => Crew
  readonly announcer: () => Pick<Announcer, 'rest' | 'wake' | 'manager' | 'tellManager'>
  /** It ends, as all is another's. */
  readonly leave: () => void
}

/** Processes of a gateway that has just begun to serve do none of this. */
const UNWELL: ReadonlySet<string> = new Set([
  'worker_exited',
  'worker_hung',
  'worker_not_started',
  'relay_exited',
  'relay_not_started',
])

const STEP_MS = 30_000
const PROBATION_MS = 5000
/** Steps that may each take so long. */
const STEPS = 5
const LOOK_EVERY_MS = 20
const TOLD_MS = 2000

export class HandingOver {
  /** What is kept is another's for now: nothing may be changed. */
  isFrozen = false
  /** All is another's: what is in flight is finished here. */
  isOver = false
  /** The config file has changed meanwhile. */
  isReloadDue = false
  #facts: UpgradeFacts
  #successor: Successor | null = null
  readonly #parts: Handing
  readonly #hands: HandingHands

  constructor(parts: Handing, hands: HandingHands) {
    this.#parts = parts
    this.#hands = hands
    const { predecessor } = parts.options
    this.#facts = predecessor === null ? { state: 'none' } : { state: 'running', from: predecessor.pid }
    if (predecessor === null) return
    // Who dies of the first clients is what the first seconds are for.
    const untap = tapEvents((level, event, fields = {}) => {
      const { slot = '', why = '', signal = '', code = '' } = fields
      if (level !== 'info' && UNWELL.has(event))
        predecessor.failed([
          `${event} ${String(slot)}: ${String(why || signal || `exit code ${String(code)}`)}`,
        ])
    })
    void predecessor.over.then(() => (untap(), this.#isOurs(predecessor.pid)))
  }

  /** Nothing may be changed, now or ever again. */
  get isClosed(): boolean {
    return this.isFrozen || this.#parts.isDraining
  }

  get facts(): UpgradeFacts {
    return this.#facts
  }

  /** Begins; or says why not now. */
  begin({ program, stepMs = STEP_MS, probationMs = PROBATION_MS, by }: UpgradeWish): Upgrading | string {
    const why = this.#whyNot()
    if (why !== null) return why
    const { args, env } = this.#parts.options
    const command = program === null ? mainCommand('run') : [program, 'run']
    const name = program ?? command[0] ?? ''
    const since = new Date().toISOString()
    this.#facts = { state: 'running', program: name, since, pid: null }
    const successor = new Successor({
      command: [...command, ...args],
      env: environmentOf(env),
      ...{ stepMs, probationMs },
      give: (data, isWanted) => this.#give(data, isWanted),
      holdBack: (taken) => this.#holdBack(taken),
      onServing: (pid) => logEvent('info', 'upgrade_serving', { pid, probation_ms: probationMs }),
    })
    this.#successor = successor
    this.#facts = { ...this.#facts, pid: successor.pid }
    logEvent('info', 'upgrade_begun', { program: name, pid: successor.pid, by })
    void successor.ended.then((failed) => (failed === null ? this.#leave() : this.#restore(failed)))
    return { process: ownMark(), within_ms: STEPS * stepMs + probationMs }
  }

  /** USR2. */
  onSignal(): void {
    const begun = this.begin({ program: null, by: 'SIGUSR2' })
    if (typeof begun === 'string') logEvent('warn', 'upgrade_refused', { why: begun })
  }

  /** Here all serves; the gateway that we take over from is told, while there is one. */
  serving(revision: number): void {
    const { predecessor } = this.#parts.options
    if (predecessor === null || predecessor.isOver) return
    this.#hands.crew().handOver(() => ({ type: 'handing', isHanding: true }))
    predecessor.serving(revision)
  }

  /** Our own start has failed: whoever we were to take over from goes on. */
  failed(problems: readonly ApplyProblem[]): void {
    const { predecessor, file } = this.#parts.options
    predecessor?.failed(problems.map((one) => lineOf(one, file)))
  }

  /** It is told to stop. */
  stop(): void {
    this.#successor?.giveUp('the gateway that it takes over from was told to stop')
  }

  #whyNot(): string | null {
    const { running, isDraining, options } = this.#parts
    if (process.platform !== 'linux') return 'Descriptors are handed over on Linux alone.'
    if (this.#successor !== null || options.predecessor?.isOver === false)
      return 'Another upgrade is under way: one at a time.'
    if (isDraining || running === null) return 'The gateway starts or stops.'
    if (process.pid === 1)
      return 'This gateway is process 1 of its container, which ends with it: start a container of the new image instead.'
    return this.#whyNotYet()
  }

  /** What would be cut short: the one that takes over knows nothing of it, or takes it back at its start. */
  #whyNotYet(): string | null {
    const { changes, guarded } = this.#parts
    if (changes.unconfirmed !== null)
      return 'A change of the config waits to be confirmed: confirm it, or wait until it is taken back.'
    const one = guarded.operations.list().find(({ ended }) => ended === null)
    return one === undefined
      ? null
      : `A change is watched, or rolled out in steps (operation ${one.id}): wait for its end, or abort it.`
  }

  /** Step 3. `isWanted`: it has not failed meanwhile; then all stays as it was. */
  async #give(data: string, isWanted: () => boolean): Promise<readonly SentFd[]> {
    const { changes, live, kept, admin, options } = this.#parts
    const parts = this.#present
    // Nothing begins any more; what has begun is done first.
    this.isFrozen = true
    while (changes.isChanging && isWanted()) await Bun.sleep(LOOK_EVERY_MS)
    const why = this.#whyNotYet()
    if (why !== null) throw new Error(why)
    await live.keepSoFar()
    if (!isWanted()) return []
    this.#hands.announcer().rest()
    const opened = admin.rest()
    kept.store.rest()
    this.#hands.crew().handOver(() => ({ type: 'handing', isHanding: true }))
    const lock = data === parts.data ? (kept.folder?.lock ?? null) : null
    const sockets = [...parts.sockets.handed(), ...(parts.turn.keeper?.handed() ?? [])]
    if (opened !== null) sockets.push(opened)
    return [
      ...(lock === null ? [] : [{ is: 'lock', fd: lock } as const]),
      ...options.handed.lent.map(({ fd, name }) => ({ is: 'lent', fd, name }) as const),
      ...sockets.map((one: HandedOn) => ({ is: 'socket', ...one }) as const),
    ]
  }

  /** Step 5. */
  async #holdBack(taken: readonly HandedPlace[]): Promise<void> {
    const crew = this.#hands.crew()
    crew.handOver((slot) => ({
      type: 'hold-back',
      keys: taken.filter((one) => one.slot === slot || one.slot === ALL_SLOTS).map(({ key }) => key),
    }))
    this.#present.turn.keeper?.relay.holdBack(true)
    // Once they have answered they have done it.
    await Promise.allSettled(crew.workers.map((worker) => worker.ask('taken' as never, TOLD_MS)))
  }

  /** Step 7. */
  #leave(): void {
    const { pid, version } = this.#successor ?? {}
    this.#facts = { ...this.#facts, state: 'done', pid: pid ?? null, version: version ?? null }
    this.isOver = true
    logEvent('info', 'upgrade_done', { pid, version })
    if (typeof pid === 'number') this.#hands.announcer().manager.handOver(pid)
    this.#hands.crew().handOver(() => ({ type: 'handing', isHanding: false }))
    this.#hands.leave()
  }

  /** Whatever was done is undone, in reverse. */
  async #restore(why: string): Promise<void> {
    const { kept, admin } = this.#parts
    const { pid, version } = this.#successor ?? {}
    const crew = this.#hands.crew()
    // Its workers accept no more as soon as nobody leads them (worker.ts), and its relay ends.
    crew.handOver(() => ({ type: 'go-on' }))
    crew.handOver(() => ({ type: 'handing', isHanding: false }))
    crew.handOver(null)
    this.#present.turn.keeper?.relay.holdBack(false)
    if (this.isFrozen) {
      kept.store.wake()
      kept.folder?.sayAgain()
      await kept.wake()
      await admin.wake()
      await this.#hands.announcer().wake()
    }
    this.isFrozen = false
    this.#successor = null
    this.#facts = { ...this.#facts, state: 'failed', why, version: version ?? null }
    const hint = 'this gateway goes on as it was; what the other one said stands in the log before this'
    logEvent('error', 'upgrade_failed', { program: this.#facts.program, pid, why, hint })
    if (this.isReloadDue && !this.#parts.isDraining) this.#parts.reload()
    this.isReloadDue = false
  }

  /** Here all of another gateway's is ours. */
  #isOurs(from: number): void {
    this.#facts = { state: 'done', from, pid: process.pid, version: this.#parts.options.build.version }
    const crew = this.#hands.crew()
    crew.handOver(() => ({ type: 'handing', isHanding: false }))
    crew.handOver(null)
    if (this.#parts.running === null) return
    logEvent('info', 'took_over', { from })
    this.#hands.announcer().tellManager()
  }

  get #present(): Parts {
    const parts = this.#parts.parts()
    if (parts === null) throw new Error('there is no config yet')
    return parts
  }
}

/** Ours, but for what was said to this process alone. */
function environmentOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'SLUICE_HANDOVER', 'SLUICE_WHILE_STDIN']
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || own.includes(name) ? [] : [[name, value] as const],
    ),
  )
}
