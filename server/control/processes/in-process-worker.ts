// `workers: 0` as one more worker of the crew. It cannot die alone, and answers at once.
import type { Amendment, HandingOver } from '../../worker/messages.ts'
import { InProcess, type SocketSource } from '../../worker/in-process.ts'
import type { Choice } from '../../sockets/choose.ts'
import type { SocketsKind } from '../../sockets/socket.ts'
import { onDemand } from '../../tls/on-demand.ts'
import { tokenKeys } from '../../tokens/token-keys.ts'
import type { WorkerWish } from '../../worker/messages.ts'
import { useSockets } from '../../sockets/sockets.ts'
import { meterSockets } from '../../worker/sockets-news.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { CacheQuestion } from '../../cache/questions.ts'
import type { RequestsQuestion } from '../../telemetry/request-ring.ts'
import type { MetricsDelta } from '../../telemetry/registry.ts'
import type { Answer } from '../children/kept.ts'
import type { PlanBody, Reasons, Worker } from './worker.ts'

const METRICS_EVERY_MS = 1000

export interface InProcessOptions {
  readonly board: Scoreboard
  readonly socket: SocketSource
  readonly reasons: () => Reasons
  /** The sockets that it is to have. */
  readonly kind: SocketsKind
  readonly onSockets: (choice: Choice) => void
  readonly onDemand: (news: WorkerWish) => void
  readonly onMetrics: (delta: MetricsDelta, oldest: number) => void
}

export class InProcessWorker implements Worker {
  readonly slot = 0
  readonly row = 0
  readonly pid = process.pid
  readonly startedMs = performance.now()
  readonly hello = Promise.resolve(true)
  readonly exited: Promise<void>
  readonly beat = null
  aborted = 0
  readonly #shell: InProcess
  readonly #reasons: InProcessOptions['reasons']
  readonly #onMetrics: InProcessOptions['onMetrics']
  #metrics: Timer | null = null
  readonly #leave: () => void
  /** Settles when it has sockets. */
  readonly #sockets: Promise<void>

  constructor({ board, socket, reasons, kind, onSockets, onDemand: heard, onMetrics }: InProcessOptions) {
    this.#shell = new InProcess(board, socket)
    this.#reasons = reasons
    onDemand.tellTo(heard)
    tokenKeys.tellTo(heard)
    this.#onMetrics = onMetrics
    const { promise, resolve } = Promise.withResolvers<void>()
    this.exited = promise
    this.#leave = resolve
    this.#sockets = useSockets(kind).then((choice) => {
      meterSockets(this.#shell.plane.registry, 'supervisor')
      onSockets(choice)
      // Not before: timers that are set until then are unknown to a loop of ours.
      this.#metrics = setInterval(() => this.#sendMetrics(), METRICS_EVERY_MS)
    })
  }

  /** Ports of the listeners that it bound by itself. */
  get ports(): ReadonlyMap<string, number> {
    return this.#shell.plane.ports()
  }

  async prepare(plan: PlanBody): Promise<Answer> {
    const [why] = await Promise.all([
      this.#shell.prepare({ ...plan, reasons: this.#reasons() }),
      this.#sockets,
    ])
    return why === null ? { is: 'ready' } : { is: 'failed', why }
  }

  ask(question: RequestsQuestion | CacheQuestion): Promise<unknown> {
    return Promise.resolve(this.#shell.plane.answer(question))
  }

  commit(plan: PlanBody): Promise<boolean> {
    this.#shell.commit(plan)
    return Promise.resolve(true)
  }

  drop(): void {
    this.#shell.plane.drop()
  }

  reason(backend: string, server: string, reason: string): void {
    this.#shell.plane.reason(backend, server, reason)
  }

  amend(amendment: Amendment): void {
    this.#shell.plane.amend(amendment)
  }

  reopenLogs(): void {
    this.#shell.plane.reopenLogs()
  }

  announceDrain(isHandedOver = false): void {
    this.#shell.plane.announceDrain(isHandedOver)
  }

  handOver(told: HandingOver): void {
    this.#shell.plane.handOver(told)
  }

  drain(withinMs: number): void {
    this.#shell.plane.drain(withinMs, (aborted) => {
      this.aborted = aborted
      this.kill()
    })
  }

  kill(): void {
    if (this.#metrics !== null) clearInterval(this.#metrics)
    this.#sendMetrics()
    void this.#shell.plane.close().then(this.#leave)
  }

  #sendMetrics(): void {
    this.#onMetrics(this.#shell.plane.registry.take(), this.#shell.plane.oldestPlan())
  }
}
