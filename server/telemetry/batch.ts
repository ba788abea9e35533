// Memory of lines that wait: segments of the worker's ledger, which outlive it, then memory of this process
// alone.
import type { LogSegments, Segment } from '../scoreboard/log-segments.ts'

const SPARE_BYTES_MAX = 262_144
const NO_BYTES = new Uint8Array(0)

/** Whole lines; after a short write the rest of them. */
export class Batch {
  bytes: Uint8Array
  readonly lines: number
  /** Where they are; null: nobody else can read them. */
  readonly segment: Segment | null

  constructor(bytes: Uint8Array, lines: number, segment: Segment | null) {
    this.bytes = bytes
    this.lines = lines
    this.segment = segment
  }

  /** So many of its first bytes are out. */
  took(count: number): void {
    this.segment?.took(count)
    this.bytes = this.bytes.subarray(count)
  }

  /** So many of the bytes that were out are so no more. */
  rewind(count: number): void {
    this.segment?.took(-count)
    const { buffer, byteOffset, length } = this.bytes
    this.bytes = new Uint8Array(buffer, byteOffset - count, length + count)
  }

  /** The last so many bytes that were taken of it. */
  before(count: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset - count, count)
  }
}

/** Hands out memory for batches, and takes it back. */
export class BatchMemory {
  /** Of the one that is being filled. */
  segment: Segment | null = null
  readonly #segments: LogSegments | null
  readonly #spares: Uint8Array[] = []
  #size = 0

  constructor(segments: LogSegments | null) {
    this.#segments = segments
  }

  /** Memory of `size` bytes, or of as many as one line needs. */
  next(size: number, bytesMin: number): Uint8Array {
    this.#size = size
    this.segment = bytesMin <= size ? (this.#segments?.acquire(size) ?? null) : null
    if (this.segment !== null) return this.segment.bytes
    const spare = bytesMin <= size ? this.#spares.pop() : undefined
    return spare?.length === size ? spare : new Uint8Array(Math.max(size, bytesMin))
  }

  /** What was written into the memory that was handed out last. */
  sealed(bytes: Uint8Array, lines: number): Batch {
    const batch = new Batch(bytes, lines, this.segment)
    this.segment = null
    return batch
  }

  /** The lines of a batch are out, or given up. */
  free(batch: Batch): void {
    const { buffer } = batch.bytes
    batch.bytes = NO_BYTES
    if (batch.segment !== null) return batch.segment.free()
    if (buffer.byteLength === this.#size && (this.#spares.length + 1) * this.#size <= SPARE_BYTES_MAX)
      this.#spares.push(new Uint8Array(buffer as ArrayBuffer))
  }
}
