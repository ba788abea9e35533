// One relay: what is told to it, and heard from it.
import type { MetricsDelta } from '../../telemetry/registry.ts'
import type { FromRelay, ToRelay } from '../../turn/messages.ts'
import { Child } from '../children/child.ts'
import { linked } from '../children/child-start.ts'
import type { HeldSocket, RelayBody } from './relay-plan.ts'
import type { RelayExit, StartRelay } from './relay-start.ts'

/**
 * Longer than for a worker: its allocations end with it. It tells its metrics once a second, idle each two.
 */
const SILENT_MAX_S = 10

type Metrics = Extract<FromRelay, { type: 'metrics' }>

export interface RelayOptions {
  readonly start: StartRelay
  readonly onMetrics: (delta: MetricsDelta) => void
  readonly onExit: (relay: Relay, how: RelayExit) => void
  /** How long a second is; in tests. */
  readonly secondMs?: number
}

export class Relay extends Child<RelayBody, Metrics, ToRelay> {
  readonly #options: RelayOptions
  /** Sockets that it has, by key. */
  #has = new Map<string, HeldSocket>()

  /** Throws when it cannot be started. */
  constructor(options: RelayOptions) {
    const { start, secondMs } = options
    super({ name: 'the TURN relay', start: linked(start), silentMaxS: SILENT_MAX_S, secondMs })
    this.#options = options
  }

  override commit(body: RelayBody): Promise<boolean> {
    this.#has = new Map(body.sockets.map((socket) => [socket.key, socket]))
    return super.commit(body)
  }

  /** Another gateway receives on its UDP sockets; or it does not, after all. */
  holdBack(isHeldBack: boolean): void {
    this.tell({ type: isHeldBack ? 'hold-back' : 'go-on' })
  }

  protected numberOf({ plan }: RelayBody): number {
    return plan.number
  }

  protected give({ plan, sockets, descriptors, drainMs }: RelayBody): ToRelay {
    const missing = sockets.filter((socket) => this.#has.get(socket.key) !== socket)
    this.sendFds(
      plan.number,
      missing.map(({ fd }) => fd),
    )
    const arriving = missing.map(({ key }) => key)
    return { type: 'plan', plan: { ...plan, arriving }, descriptors, drainMs }
  }

  protected onSaid(message: Metrics): void {
    if (message.type === 'metrics') this.#options.onMetrics(message.delta)
  }

  protected onExit(how: RelayExit): void {
    this.#options.onExit(this, how)
  }
}
