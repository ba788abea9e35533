// What a worker tells of its descriptors, and what it does when they run short.
import {
  type AcceptNews,
  acceptingStops,
  clientsMax,
  isAcceptingStopped,
  tellAcceptingTo,
} from '../accept/accepting.ts'
import { flowBindsOf, tcpBindsOf } from '../lib/bind.ts'
import { descriptorLimit } from '../lib/descriptors.ts'
import type { AnyListener, Snapshot } from '../snapshot/snapshot.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Registry } from '../telemetry/registry.ts'

const TOLD_EVERY_MS = 10_000
const IDLE_EVERY_MS = 1000
const HINT =
  'raise the limit of open files (ulimit -n, LimitNOFILE), or lower limits.connections of listeners'

interface DescriptorNewsParts {
  /** What metrics call this process. */
  readonly process: string
  /** A plan is served already, so that this worker takes another's place. */
  readonly isLate: boolean
  readonly nowMs: () => number
  readonly endIdle: (count: number) => void
}

/** Tells of it now and then; while no client is accepted, as many as are needed of the idle ones end. */
export class DescriptorNews implements AcceptNews {
  readonly #nowMs: () => number
  readonly #endIdle: (count: number) => void
  #nextTellMs = Number.NEGATIVE_INFINITY
  #nextIdleMs = 0
  #wanted = 0
  readonly #isTeller: boolean
  /** The worker before this one has told what is wanted now. */
  #isKnown: boolean

  constructor({ process, isLate, nowMs, endIdle }: DescriptorNewsParts) {
    // All workers have the same limit: one of them tells.
    this.#isTeller = !/-[1-9]/.test(process)
    this.#isKnown = isLate
    this.#nowMs = nowMs
    this.#endIdle = endIdle
    tellAcceptingTo(this)
  }

  stopped(limit: number, clients: number): void {
    const now = this.#nowMs()
    if (now < this.#nextTellMs) return
    this.#nextTellMs = now + TOLD_EVERY_MS
    logEvent('warn', 'descriptor_limit', { limit, clients, accepting: false, hint: HINT })
  }

  waiting(clients: number): void {
    const now = this.#nowMs()
    if (now < this.#nextIdleMs) return
    this.#nextIdleMs = now + IDLE_EVERY_MS
    this.#endIdle(clients)
  }

  resumed(): void {
    this.#nextIdleMs = 0
  }

  /**
   * With too few descriptors clients wait long before the limits of their listeners are reached. Told once,
   * and again where more are wanted.
   */
  check({ listeners }: Snapshot): void {
    if (!this.#isTeller) return
    const isKnown = this.#isKnown
    this.#isKnown = false
    let wanted = 0
    for (const listener of listeners.values()) wanted += wantedBy(listener)
    const limit = descriptorLimit()
    if (wanted <= limit || wanted <= this.#wanted) return
    this.#wanted = wanted
    if (isKnown) return
    logEvent('warn', 'descriptor_limit', { limit, wanted, clients: clientsMax(), hint: HINT })
  }
}

export function meterAccepting(registry: Registry, processName: string): void {
  const stopped = registry.gauge('accept_stopped', [processName])
  const stops = registry.counter('accept_stops_total')
  registry.onRead(() => {
    const value = isAcceptingStopped() ? 1 : 0
    if (stopped.value !== value) stopped.set(value)
    stops.set(acceptingStops())
  })
}

/** A connection has one to its server beside its own, a flow that alone. */
function wantedBy(listener: AnyListener): number {
  const { name, options } = listener
  if (listener.kind === 'udp') return listener.options.limits.flows + flowBindsOf(name, options).length - 1
  const sockets = Math.max(0, tcpBindsOf(name, options).length - 1)
  return 2 * listener.options.limits.connections + sockets
}
