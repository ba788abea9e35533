// What workers count for passive health: which attempts at a server were failures. The supervisor judges
// (control/health/passive-watch.ts).
import { machineMs } from '../lib/clock.ts'
import { statusTable } from '../lib/status-ranges.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { faultPlace } from '../tables/faults.ts'
import type { BackendConfig } from './backend.options.ts'
import type { Lost } from './lost.ts'
import type { PassiveHealthConfig } from './passive-health.options.ts'

type Board = Pick<Scoreboard, 'passive'>

interface LostAnswer extends Pick<Lost, 'wasAnswered' | 'status'> {
  readonly loss: Pick<Lost['loss'], 'code'>
}

export class PassiveCounter {
  /** By status: 1 is a failure. */
  readonly #failing: Uint8Array

  readonly #clock: () => number

  constructor({ statuses }: Pick<PassiveHealthConfig, 'statuses'>, clock = machineMs) {
    this.#failing = statusTable(statuses)
    this.#clock = clock
  }

  /** A head has come; `status` 0 of what has none. */
  answered({ passive }: Board, slot: number, status: number): void {
    if (status >= 500) passive.erred(slot)
    if (this.#failing[status] === 1) return passive.failed(slot, -status, false, this.#clock)
    passive.row.began(slot, this.#clock)
    // A tunnel, or a connection that stands, is no answer that could break off.
    if (status === 101 || status === 0) passive.row.whole(slot)
  }

  /** All of the answer is here. */
  whole({ passive }: Board, slot: number, status: number): void {
    if (this.#failing[status] !== 1) passive.row.whole(slot)
  }

  /** An attempt failed, or an answer of this status broke off, which may have been a failure before. */
  lost({ passive }: Board, slot: number, { loss, wasAnswered, status = 0 }: LostAnswer): void {
    if (status < 500) passive.erred(slot)
    if (this.#failing[status] !== 1) passive.failed(slot, faultPlace(loss.code) + 1, wasAnswered, this.#clock)
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
