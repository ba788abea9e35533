// What workers count for passive health: which attempts at a server were failures. The supervisor judges
// (control/health/passive-watch.ts).
import { statusTable } from '../lib/status-ranges.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { type FaultCode, faultPlace } from '../tables/faults.ts'
import type { BackendConfig } from './backend.options.ts'
import type { PassiveHealthConfig } from './passive-health.options.ts'

type Board = Pick<Scoreboard, 'passive'>

export class PassiveCounter {
  /** By status: 1 is a failure. */
  readonly #failing: Uint8Array

  constructor({ statuses }: Pick<PassiveHealthConfig, 'statuses'>) {
    this.#failing = statusTable(statuses)
  }

  /** A head has come; `status` 0 of what has none. */
  answered({ passive }: Board, slot: number, status: number): void {
    if (status >= 500) passive.erred(slot)
    if (this.#failing[status] === 1) passive.failed(slot, -status)
    else passive.succeeded(slot)
  }

  /** An attempt failed, or an answer of this status broke off, which may have been a failure before. */
  lost({ passive }: Board, slot: number, code: FaultCode, status = 0): void {
    if (status < 500) passive.erred(slot)
    if (this.#failing[status] !== 1) passive.failed(slot, faultPlace(code) + 1)
  }
}

/** Servers of one backend count alike. */
const known = new WeakMap<PassiveHealthConfig, PassiveCounter>()

/** Who counts for the servers of a backend; null: nobody does. */
export function passiveCounterOf({ passive_health: options }: BackendConfig): PassiveCounter | null {
  if (options === undefined || options.mode === 'off') return null
  let counter = known.get(options)
  if (counter === undefined) known.set(options, (counter = new PassiveCounter(options)))
  return counter
}
