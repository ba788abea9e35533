// How many bytes a second pass: a bucket that holds what one second brings.
import { nowMs } from '../../lib/clock.ts'

export class Bandwidth {
  readonly bytesPerSecond: number
  #tokens: number
  #atMs = nowMs

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond
    this.#tokens = bytesPerSecond
  }

  /**
   * Whether `length` bytes pass now. The last that passes may be larger than what is left: what it takes too
   * much is paid back first.
   */
  take(length: number): boolean {
    this.#refill()
    if (this.#tokens <= 0) return false
    this.#tokens -= length
    return true
  }

  /** Takes `length` bytes that have passed already. */
  spend(length: number): void {
    this.#refill()
    this.#tokens -= length
  }

  /** How long until bytes pass again; 0: now. */
  get waitMs(): number {
    this.#refill()
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.bytesPerSecond)
  }

  #refill(): void {
    const brought = ((nowMs - this.#atMs) * this.bytesPerSecond) / 1000
    this.#atMs = nowMs
    this.#tokens = Math.min(this.bytesPerSecond, this.#tokens + brought)
  }
}
