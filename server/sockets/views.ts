// Pieces of memory that is read into again and again. To make one costs a call of Bun's own code and work for
// the collector of garbage; short reads come in few lengths, so theirs are kept and told again.
import { filled } from '../lib/filled.ts'

/** Longer ones cost more than that anyway. */
const SHORT_BYTES = 4096

export class Views {
  readonly #bytes: Buffer
  /** By the lowest bits of the length: a power of two for each block. */
  readonly #ways: number
  readonly #kept: (Buffer | null)[]

  /** `bytes` has so many blocks to read into. */
  constructor(bytes: Buffer, blocks: number, ways: number) {
    this.#bytes = bytes
    this.#ways = ways
    this.#kept = filled<Buffer | null>(blocks * ways, null)
  }

  /** The first `length` bytes of a block, which begins at `start`. */
  of(block: number, start: number, length: number): Buffer {
    if (length > SHORT_BYTES) return this.#bytes.subarray(start, start + length)
    const ways = this.#ways
    const place = block * ways + ((length ^ (length >> 4)) & (ways - 1))
    const kept = this.#kept[place]!
    if (kept !== null && kept.length === length) return kept
    return (this.#kept[place] = this.#bytes.subarray(start, start + length))
  }
}
