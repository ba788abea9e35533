// Holds up either half of a tunnel while the time of what it has sent has not come. What was read already
// goes on; no more is read until then.
import { machineMs } from '../lib/clock.ts'
import type { Pace } from '../middleware/pace.ts'
import { type Wait, wakeAfter } from '../middleware/pace-clock.ts'

/** How a tunnel is paced, which no transform sees; null: as fast as it can. */
export interface Paces {
  /** What comes from the client. */
  readonly uploads: Pace | null
  /** What comes from the server. */
  readonly answers: Pace | null
  /** Bytes of each that go before. */
  readonly after: number
  /** So long somebody was held up. */
  waited(ms: number): void
}

export class Hold {
  isHeld = false
  readonly #pace: Pace
  readonly #paces: Paces
  readonly #source: { pause(): void; release(): void }
  #free: number
  #wait: Wait | null = null

  /** `release`: the source may be read again, as far as nothing else stands against it. */
  constructor(pace: Pace, paces: Paces, source: { pause(): void; release(): void }) {
    this.#pace = pace
    this.#paces = paces
    this.#source = source
    this.#free = paces.after
  }

  /** So many bytes have gone on. */
  took(bytes: number): void {
    const free = Math.min(this.#free, bytes)
    this.#free -= free
    if (bytes > free) this.#ask(bytes - free)
  }

  #ask(bytes: number): void {
    const ms = this.#pace.ask(bytes, machineMs())
    if (ms === 0) return
    this.#paces.waited(Math.abs(ms))
    this.isHeld = true
    this.#source.pause()
    this.#wait?.stop()
    this.#wait = wakeAfter(Math.abs(ms), () => {
      this.#wait = null
      // What could not be booked yet is booked now, or later.
      if (ms < 0) this.#ask(bytes)
      if (this.#wait === null) this.#release()
    })
  }

  #release(): void {
    this.isHeld = false
    this.#source.release()
  }

  /** Nobody cares any more. */
  stop(): void {
    this.#wait?.stop()
    this.#wait = null
  }
}
