// When a write is tried again that was not taken.

/**
 * A pipe that is full is tried again soon, as its reader may be quick, then less and less often, as it may be
 * stuck.
 */
const PIPE_MS_MIN = 1
const PIPE_MS_MAX = 32
/** A disk that is full is not emptied as quickly. */
const DISK_MS = 250

export class Retry {
  readonly #again: () => void
  #timer: Timer | null = null
  #pipeMs = PIPE_MS_MIN

  constructor(again: () => void) {
    this.#again = again
  }

  get isAwaited(): boolean {
    return this.#timer !== null
  }

  /** A pipe was full. */
  later(): void {
    if (this.isAwaited) return
    this.#await(this.#pipeMs)
    this.#pipeMs = Math.min(this.#pipeMs * 2, PIPE_MS_MAX)
  }

  /** A disk was. */
  laterOnDisk(): void {
    if (!this.isAwaited) this.#await(DISK_MS)
  }

  /** Something was taken. */
  went(): void {
    this.#pipeMs = PIPE_MS_MIN
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #await(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#again()
    }, ms)
    this.#timer.unref()
  }
}
