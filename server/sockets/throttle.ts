// How fast bytes go out on one side of a splice: a bucket that fills at the rate, and a deadline at which
// more may leave. What is above the rate waits, so that who sends is not read meanwhile.
import { nowMs } from '../lib/clock.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { Socket } from './socket.ts'

/** After a pause so much may go at once, of what the rate brings in that time. */
const BURST_MS = 250
/** A large piece costs little more than a small one, and wakes are not free. */
const LEAST_BYTES = 1024
const AGAIN_MS = 50

export interface Pace {
  readonly wheel: Wheel
  readonly bytesPerS: number
}

export class Throttle implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #wheel: Wheel
  readonly #perMs: number
  readonly #most: number
  readonly #go: () => void
  #left: number
  #sinceMs = nowMs

  /** `go` is called when more may leave of what was not taken. */
  constructor({ wheel, bytesPerS }: Pace, go: () => void) {
    this.#wheel = wheel
    this.#perMs = bytesPerS / 1000
    this.#most = Math.max(LEAST_BYTES, this.#perMs * BURST_MS)
    this.#left = this.#most
    this.#go = go
  }

  /** Gives a socket as much as may leave now: how many bytes it took; -1: it is broken. */
  write(socket: Pick<Socket, 'write'>, bytes: Buffer): number {
    const most = Math.min(this.#room(), bytes.length)
    const taken = most > 0 ? socket.write(bytes, 0, most) : 0
    if (taken < 0) return taken
    this.#left -= taken
    if (taken === most && most < bytes.length) this.#again()
    return taken
  }

  #room(): number {
    this.#left = Math.min(this.#most, this.#left + (nowMs - this.#sinceMs) * this.#perMs)
    this.#sinceMs = nowMs
    return Math.floor(this.#left)
  }

  /** Something waits for its time. */
  #again(): void {
    const waitMs = Math.max(AGAIN_MS, Math.min(LEAST_BYTES, this.#most) / this.#perMs)
    if (this.dueMs === 0) this.#wheel.due(this, nowMs + waitMs)
  }

  expire(): void {
    this.#go()
  }

  end(): void {
    this.#wheel.remove(this)
  }
}
