// Bytes that wait for more. Many small reads cost one buffer that doubles, not a copy of all for each.
import { countBuffered } from '../lib/buffers.ts'
import { keepable } from '../lib/read-piece.ts'

const FIRST_BYTES = 512
const AHEAD_BYTES_MAX = 4 * 1024
const LARGE_BYTES = 64 * 1024
/**
 * So many bytes may be looked at again because more came: far more than any head costs that is cut into a few
 * pieces.
 */
const AGAIN_BYTES_MAX = 1024 * 1024

export class Held {
  /** What is held; null: nothing. */
  bytes: Buffer | null = null
  /** The buffer of our own at whose start `bytes` lies, with room behind it. */
  #store: Buffer | null = null
  /** The sum of what was held each time that more came. */
  #againBytes = 0
  /** What of it `countBuffered` knows. */
  #counted = 0

  /**
   * All that is held may be looked at again: it did not come in so many pieces that this would cost quadratic
   * time.
   */
  get isCheap(): boolean {
    return this.#againBytes <= AGAIN_BYTES_MAX
  }

  /**
   * So much is read ahead that its sender is not read on. Not at once, as an abort shows only to who reads.
   */
  get isAhead(): boolean {
    return this.length > AHEAD_BYTES_MAX
  }

  get length(): number {
    return this.bytes ? this.bytes.length : 0
  }

  /** Holds these instead of what was held, whoever they belong to. */
  keep(bytes: Buffer): void {
    const store = this.#store
    // What was taken and comes back whole may still grow where it lies; what a part was cut from has another
    // owner now.
    const isBack = store && store.buffer === bytes.buffer && store.byteOffset === bytes.byteOffset
    if (!isBack) this.#store = null
    this.bytes = isBack ? bytes : keepable(bytes, 0, bytes.length)
    this.#count(bytes.length)
  }

  /** Holds these too. All that is held, which stays as it is. */
  add(more: Buffer): Buffer {
    const before = this.length
    const length = before + more.length
    let store = this.#store
    if (!store || !this.bytes || store.length < length) {
      // Room to grow, but for large ones not as much again: what is held is bounded, and so should be its
      // memory.
      store = Buffer.allocUnsafeSlow(
        length < LARGE_BYTES ? Math.max(FIRST_BYTES, 2 * length) : length + (length >> 2),
      )
      if (this.bytes) this.bytes.copy(store)
      this.#store = store
    }
    more.copy(store, before)
    this.bytes = store.subarray(0, length)
    this.#againBytes += length
    this.#count(length)
    return this.bytes
  }

  /** Holds these behind what is held, whoever they belong to. */
  put(bytes: Buffer): void {
    if (this.bytes) this.add(bytes)
    else this.keep(bytes)
  }

  /** Lets go of what is held; only `keep` of the whole of it takes it back. */
  take(): Buffer | null {
    const { bytes } = this
    this.bytes = null
    return bytes
  }

  /** Lets go of everything. */
  clear(): void {
    this.bytes = this.#store = null
    this.#againBytes = 0
    this.#count(0)
  }

  #count(length: number): void {
    if (length === this.#counted) return
    const delta = length - this.#counted
    this.#counted = length
    countBuffered(delta)
  }
}
