// One worker process: what is told to it, and heard from it. It speaks by IPC; descriptors go beside that by
// their own channel.
import type { CacheChanged } from '../../cache/questions.ts'
import { inSlices, type Steps } from '../../lib/slices.ts'
import type { Plan } from '../../snapshot/plan.ts'
import type { ChildAnswer, SaidByChild } from '../../lib/child-words.ts'
import type { Choice } from '../../sockets/choose.ts'
import type { SocketsKind } from '../../sockets/socket.ts'
import type { WorkerWish } from '../../worker/messages.ts'
import {
  type Amendment,
  BOARD_TAG,
  type HandingOver,
  type ToSupervisor,
  type ToWorker,
} from '../../worker/messages.ts'
import { ToldCertificates } from '../../worker/told-certificates.ts'
import { RulesTold } from '../../worker/told-rules.ts'
import { Child } from '../children/child.ts'
import { ipcProcess, type ChildExit } from '../children/child-start.ts'
import { writeRules } from './rule-pieces.ts'
import { workerKeysIn } from '../sockets/worker-sockets.ts'
import type { TakenSocket } from '../sockets/sockets.ts'
import type { PlanBody, Reasons, Worker } from './worker.ts'

/** What only workers say. */
type Said = Exclude<ToSupervisor, SaidByChild | ChildAnswer>
type Metrics = Extract<Said, { type: 'metrics' }>

const TAKEN_MS = 5000

export interface WorkerProcessOptions {
  readonly slot: number
  readonly row: number
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Asked with the first plan: by then there is a scoreboard. */
  readonly boardFd: () => number
  readonly bucketsFd: () => number
  readonly windowsFd: () => number
  readonly leasesFd: () => number
  /** Asked once, with it; null: there is none. */
  readonly ledgerFd: () => number | null
  /** How often the worker of a row has beaten. */
  readonly beats: (row: number) => number
  /** A socket for this slot; null: this machine does not need it. */
  readonly socket: (key: string, slot: number) => TakenSocket | null
  /** Why servers are not up, as it is now. */
  readonly reasons: () => Reasons
  /** Which sockets it is to have; asked with the scoreboard. */
  readonly sockets: () => SocketsKind
  /** A plan is served already; asked with it, too. */
  readonly isLate: () => boolean
  readonly onSockets: (choice: Choice) => void
  readonly onDemand: (news: WorkerWish) => void
  readonly onCacheChanged: (news: CacheChanged) => void
  readonly onMetrics: (metrics: Metrics) => void
  readonly onExit: (worker: WorkerProcess, how: ChildExit) => void
}

export class WorkerProcess extends Child<PlanBody, Said, ToWorker> implements Worker {
  readonly slot: number
  readonly row: number
  readonly ports = null
  readonly #options: WorkerProcessOptions
  /** Keys of the sockets that it has. */
  #sockets = new Set<string>()
  #hasBoard = false
  readonly #certificates = new ToldCertificates()
  readonly #rules = new RulesTold()

  /** Throws when it cannot be started. */
  constructor(options: WorkerProcessOptions) {
    super({ name: 'the worker', start: ipcProcess(options.command, options.env) })
    this.#options = options
    this.slot = options.slot
    this.row = options.row
  }

  get beat(): number | null {
    // While it compiles a large plan it does not beat, and has a time of its own to answer.
    return this.#hasBoard && !this.isAsked && !this.isGone ? this.#options.beats(this.row) : null
  }

  override commit(plan: PlanBody): Promise<boolean> {
    this.#sockets = new Set(workerKeysIn(plan.config.listeners))
    return super.commit(plan)
  }

  reason(backend: string, server: string, reason: string): void {
    this.tell({ type: 'reason', backend, server, reason })
  }

  amend(amendment: Amendment): void | Promise<void> {
    if (amendment.type === 'certificate') this.#certificates.changed(amendment.name, amendment.text)
    this.tell(amendment)
    // A CA looks soon after: it must find the answer at whichever worker it meets.
    if (amendment.type === 'http-challenges' || amendment.type === 'challenge') return this.#taken()
  }

  reopenLogs(): void {
    this.tell({ type: 'reopen-logs' })
  }

  announceDrain(isHandedOver = false): void {
    this.tell({ type: 'announce-drain', isHandedOver })
  }

  handOver(told: HandingOver): void {
    this.tell(told)
  }

  protected numberOf({ number }: PlanBody): number {
    return number
  }

  protected async give(plan: PlanBody): Promise<ToWorker> {
    const { head, rules } = await inSlices(bodyOf(plan))
    this.#sendBoard()
    const text = planText(head, this.#sendSockets(plan), this.#options.reasons())
    const certificates = this.#certificates.newsOf(plan.certificates)
    return { type: 'plan', number: plan.number, plan: text, rules: this.#rules.newsOf(rules), certificates }
  }

  protected onSaid(message: Said): void {
    if (message.type === 'metrics') this.#options.onMetrics(message)
    else if (message.type === 'name-wanted' || message.type === 'name-used' || message.type === 'keys-wanted')
      this.#options.onDemand(message)
    else if (message.type === 'cache-changed') this.#options.onCacheChanged(message)
    else if (message.type === 'sockets') this.#options.onSockets(message)
  }

  protected onExit(how: ChildExit): void {
    this.#options.onExit(this, how)
  }

  /** Settles when it has taken what was told it so far, or does not say so in time: then it hangs. */
  #taken(): Promise<void> {
    return this.ask('taken', TAKEN_MS).then(
      () => {},
      () => {},
    )
  }

  /** Sends the sockets that it has not yet. */
  #sendSockets(plan: PlanBody): Plan['sockets'] {
    const missing = workerKeysIn(plan.config.listeners).flatMap((key) => {
      const socket = this.#sockets.has(key) ? null : this.#options.socket(key, this.slot)
      return socket === null ? [] : { key, ...socket }
    })
    this.sendFds(
      plan.number,
      missing.map(({ fd }) => fd),
    )
    return missing.map(({ fd: _, ...socket }) => socket)
  }

  #sendBoard(): void {
    if (this.#hasBoard) return
    const ledger = this.#options.ledgerFd()
    const { boardFd, bucketsFd, windowsFd, leasesFd } = this.#options
    const shared = [boardFd(), bucketsFd(), windowsFd(), leasesFd()]
    this.sendFds(BOARD_TAG, ledger === null ? shared : [...shared, ledger])
    const { slot, row } = this
    const { sockets, isLate } = this.#options
    this.tell({ type: 'board', slot, row, hasLedger: ledger !== null, sockets: sockets(), isLate: isLate() })
    this.#hasBoard = true
  }
}

interface BodyText {
  /** Without its rules and certificates. */
  readonly head: string
  readonly rules: readonly string[]
}

/**
 * Text of each plan without its sockets, reasons and certificates, which is nearly all of it: made once, not
 * once a worker.
 */
const bodies = new WeakMap<PlanBody, BodyText>()

function* bodyOf(plan: PlanBody): Steps<BodyText> {
  const known = bodies.get(plan)
  if (known !== undefined) return known
  const head = JSON.stringify({ ...plan, certificates: {}, config: { ...plan.config, rules: [] } })
  const rules = yield* writeRules(plan.config.rules)
  const text = { head, rules }
  bodies.set(plan, text)
  return text
}

const planText = (head: string, sockets: Plan['sockets'], reasons: Reasons): string =>
  `${head.slice(0, -1)},"sockets":${JSON.stringify(sockets)},"reasons":${JSON.stringify(reasons)}}`
