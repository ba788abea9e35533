// How long to wait before what died is started again: not at all, then longer and longer while it keeps dying
// young.

/** What lived for less has died young. */
export const YOUNG_MS = 10_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

export class BackOff {
  waitMs = 0
  #diedEarly = false
  #timer: Timer | null = null

  get isWaiting(): boolean {
    return this.#timer !== null
  }

  /** Calls at once after a long life, or the first early death; then later and later. */
  again(diedEarly: boolean, act: () => void): void {
    this.cancel()
    this.waitMs = diedEarly ? nextWait(this.waitMs, this.#diedEarly) : 0
    this.#diedEarly = diedEarly
    if (this.waitMs === 0) return act()
    this.#timer = setTimeout(() => {
      this.#timer = null
      act()
    }, this.waitMs)
  }

  cancel(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function nextWait(waitMs: number, diedEarly: boolean): number {
  if (!diedEarly) return 0
  return waitMs === 0 ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS)
}
