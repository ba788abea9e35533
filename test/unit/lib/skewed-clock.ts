// Time that a test can let pass: performance.now() runs ahead by as much. What reads the clock and what is
// due agree.
import { tick } from '../../../server/lib/clock.ts'
import { TICK_MS, type Wheel } from '../../../server/lib/wheel.ts'

export class SkewedClock implements Disposable {
  readonly #now = performance.now.bind(performance)
  #aheadMs = 0

  constructor() {
    performance.now = () => this.#now() + this.#aheadMs
  }

  /** Lets so much time pass, swept as often as it would be. */
  pass(ms: number, wheel: Wheel): void {
    for (let left = ms; left > 0; left -= TICK_MS) {
      this.#aheadMs += Math.min(left, TICK_MS)
      wheel.sweep(tick())
    }
  }

  [Symbol.dispose](): void {
    performance.now = this.#now
    tick()
  }
}
