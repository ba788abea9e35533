// Connections that are not read for now, and are to be watched aside if that lasts: each would cost two
// calls, and most have ended, or are read on, before long. All of them together have one deadline.
import { guarded } from '../../lib/bug.ts'
import { nowMs } from '../../lib/clock.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'

const AFTER_MS = 50

export interface ToBeWatched {
  /** Watches it, if it still is to be. */
  watchAside(): void
}

export class Unwatched implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #wheel: Wheel
  #waiting: ToBeWatched[] = []

  constructor(wheel: Wheel) {
    this.#wheel = wheel
  }

  add(one: ToBeWatched): void {
    this.#waiting.push(one)
    if (this.dueMs === 0) this.#wheel.due(this, nowMs + AFTER_MS)
  }

  expire(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) guarded(() => one.watchAside())
  }
}
