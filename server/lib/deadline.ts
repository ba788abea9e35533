// One deadline on a wheel, for who has no entry of his own there.
import type { Timed, Wheel } from './wheel.ts'

export class Deadline implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #wheel: Wheel
  readonly #passed: () => void

  /** `passed` is called once it has passed, as an event of the wheel. */
  constructor(wheel: Wheel, passed: () => void) {
    this.#wheel = wheel
    this.#passed = passed
  }

  /** Sets it, instead of the one before. */
  at(dueMs: number): void {
    this.#wheel.due(this, dueMs)
  }

  stop(): void {
    this.#wheel.remove(this)
  }

  expire(): void {
    this.#passed()
  }
}
