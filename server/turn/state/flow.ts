// One direction of a spliced connection: reading stops while the other side does not take what was read, or
// the bandwidth is used up.
import { nowMs } from '../../lib/clock.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'
import type { Stream } from '../network.ts'
import type { Bandwidth } from './bandwidth.ts'

/** With more than this queued, reading stops until it is gone. */
const QUEUED_HIGH = 64 * 1024
/** More is never queued: what one reading brings fits beside QUEUED_HIGH. */
const QUEUED_MOST = 1024 * 1024

export class Flow implements Timed {
  readonly #wheel: Wheel
  readonly #from: Stream
  readonly #to: Stream
  readonly #bandwidth: Bandwidth | null
  #isFull = false
  #isSpent = false
  dueMs = 0
  filedTick = -1
  filedPlace = -1

  constructor(wheel: Wheel, from: Stream, to: Stream, bandwidth: Bandwidth | null) {
    this.#wheel = wheel
    this.#from = from
    this.#to = to
    this.#bandwidth = bandwidth
  }

  /** Passes bytes on; false: they found no room, and the connection cannot go on. */
  pass(bytes: Uint8Array, start: number, length: number): boolean {
    if (!this.#to.send(bytes, start, length, QUEUED_MOST)) return false
    this.#isFull = this.#to.queued > QUEUED_HIGH
    this.#bandwidth?.spend(length)
    const waitMs = this.#bandwidth?.waitMs ?? 0
    this.#isSpent = waitMs > 0
    if (this.#isSpent) this.#wheel.due(this, nowMs + waitMs)
    if (this.#isFull || this.#isSpent) this.#from.pause()
    return true
  }

  /** The other side has taken all. */
  drained(): void {
    if (!this.#isFull) return
    this.#isFull = false
    this.#goOn()
  }

  expire(): void {
    this.#isSpent = false
    this.#goOn()
  }

  close(): void {
    this.#wheel.remove(this)
  }

  #goOn(): void {
    if (!this.#isFull && !this.#isSpent) this.#from.resume()
  }
}
