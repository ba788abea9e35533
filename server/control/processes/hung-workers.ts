// Workers that hang, found by their beats on the scoreboard: told, and replaced.
import { logEvent } from '../../telemetry/log.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { Crew } from './crew.ts'
import { Pulse, waitedMs } from '../children/pulse.ts'
import type { Worker } from './worker.ts'

/** Silent for so long it is worth telling who asks: an idle one beats each two seconds. */
const SUSPECT_MS = 3000

/** A worker that does not beat, whether or not it is taken for hung yet. */
export interface SilentWorker {
  readonly pid: number
  readonly slot: number
  readonly silent_ms: number
}

export interface HungWorkersParts {
  readonly crew: () => Pick<Crew, 'everybody' | 'displace'>
  readonly totals: Totals
  /** Outside of tests: the system's own. */
  readonly waitedMs?: typeof waitedMs
}

export class HungWorkers {
  readonly #pulses = new Map<Worker, Pulse>()
  readonly #parts: HungWorkersParts

  constructor(parts: HungWorkersParts) {
    this.#parts = parts
  }

  /** Looks at all workers, so long after the last time. */
  look(nowMs: number, sinceMs: number): void {
    const crew = this.#parts.crew()
    const { everybody } = crew
    for (const worker of this.#pulses.keys()) if (!everybody.includes(worker)) this.#pulses.delete(worker)
    for (const worker of everybody) {
      if (!this.#hangs(worker, nowMs, sinceMs)) continue
      this.#parts.totals.counter('workers_hung_total').add(1)
      logEvent('error', 'worker_hung', { ...this.#silenceOf(worker) })
      crew.displace(worker)
    }
  }

  /** Those that have said nothing for a while. */
  get silent(): SilentWorker[] {
    return [...this.#pulses.keys()]
      .map((worker) => this.#silenceOf(worker))
      .filter(({ silent_ms }) => silent_ms >= SUSPECT_MS)
  }

  /** Whether somebody is silent for longer than one that is idle may be. */
  get isAnyoneSilent(): boolean {
    return this.#pulses.values().some(({ silentMs }) => silentMs > 0)
  }

  #hangs(worker: Worker, nowMs: number, sinceMs: number): boolean {
    const { beat, pid } = worker
    if (beat === null) {
      this.#pulses.delete(worker)
      return false
    }
    const waited = this.#parts.waitedMs ?? waitedMs
    const pulse = this.#pulses.get(worker) ?? new Pulse({ waitedMs: () => waited(pid) })
    this.#pulses.set(worker, pulse)
    return pulse.look(beat, nowMs, sinceMs)
  }

  #silenceOf(worker: Worker): SilentWorker {
    const silentMs = this.#pulses.get(worker)?.silentMs ?? 0
    return { pid: worker.pid, slot: worker.slot, silent_ms: silentMs }
  }
}
