// A step that waits. Its exchange is parked: nothing of it moves until the step's Promise settles, which it
// must in time.
import { tellBug } from '../lib/bug.ts'
import { flush } from '../lib/stage.ts'
import { nowMs, tick } from '../lib/clock.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'

/** Hears what became of a step's Promise: one of the three, once. */
interface Parked<T> {
  settled(value: T): void
  /** It was rejected; or `settled` threw. */
  failed(error: unknown): void
  /** It took too long. */
  expired(): void
}

/** A wait that goes on. */
export interface Parking {
  /** Nobody waits any more: none of the three is heard; that the step failed is told as the bug it is. */
  giveUp(): void
}

/** Waits for a step's Promise, so many ms at most. */
export function park<T>(waited: Promise<T>, wheel: Wheel, mostMs: number, parked: Parked<T>): Parking {
  const wait = new Wait(parked, wheel)
  wheel.due(wait, nowMs + mostMs)
  waited.then(
    (value) => wait.finish(() => parked.settled(value)),
    (error: unknown) => wait.fail(error),
  )
  return wait
}

class Wait<T> implements Timed, Parking {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #parked: Parked<T>
  readonly #wheel: Wheel
  #isOver = false
  #isGivenUp = false

  constructor(parked: Parked<T>, wheel: Wheel) {
    this.#parked = parked
    this.#wheel = wheel
  }

  finish(go: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wheel.remove(this)
    tick()
    try {
      go()
    } catch (error) {
      this.#parked.failed(error)
    }
    flush()
  }

  fail(error: unknown): void {
    if (this.#isGivenUp) tellBug(error)
    else this.finish(() => this.#parked.failed(error))
  }

  giveUp(): void {
    if (this.#isOver) return
    this.#isOver = this.#isGivenUp = true
    this.#wheel.remove(this)
  }

  expire(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parked.expired()
  }
}
