// A step that waits. Its exchange is parked: nothing of it moves until the step's Promise settles, which it
// must in time.
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'

/** A step that waits longer has failed. */
export const PARK_MS_MAX = 30_000

/** Hears what became of a step's Promise: one of the two, once. */
interface Parked<T> {
  settled(value: T): void
  /** It was rejected, or took too long; or `settled` threw. */
  failed(error: unknown): void
}

/** Waits for a step's Promise. */
export function park<T>(waited: Promise<T>, wheel: Wheel, parked: Parked<T>): void {
  const wait = new Wait(parked, wheel)
  wheel.due(wait, nowMs + PARK_MS_MAX)
  waited.then(
    (value) => wait.end(() => parked.settled(value)),
    (error: unknown) => wait.end(() => parked.failed(error)),
  )
}

class Wait<T> implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #parked: Parked<T>
  readonly #wheel: Wheel
  #isOver = false

  constructor(parked: Parked<T>, wheel: Wheel) {
    this.#parked = parked
    this.#wheel = wheel
  }

  end(go: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wheel.remove(this)
    event(() => {
      try {
        go()
      } catch (error) {
        this.#parked.failed(error)
      }
    })
  }

  expire(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parked.failed(new Error(`a step did not settle within ${PARK_MS_MAX / 1000} s`))
  }
}
