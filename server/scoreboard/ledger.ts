// What a worker has counted and logged, and nobody has taken yet: memory that outlives it. Each worker
// process has a file of its own, without a name, made by the supervisor and mapped by both; so nothing of it
// is ever used twice. The worker writes, the supervisor reads: counters each second, and all the rest when
// the worker is dead.
//
//   byte 0     Int32 magic · Int32 end of the series · Float64 inode of the log file · Int32 bytes of a segment of the log
//   byte 64    a row of four Int32 for each segment of the log: see log-segments.ts
//   byte 4096  LOG_BYTES for lines of the log
//   then       series, one after the other: see series-cells.ts. The file grows with them.
import { closeSync } from 'node:fs'
import { createFile, fillWithZeros, mapFile } from './file.ts'

export const LOG_START = 4096
export const LOG_BYTES = 512 * 1024
export const SERIES_START = LOG_START + LOG_BYTES
const SERIES_FIRST_BYTES = 128 * 1024
/**
 * Label values come from the config: so much is some 200,000 series. Those beyond it travel in messages, once
 * a second.
 */
const BYTES_MAX = 32 * 1_048_576
const MAGIC = 0x51_1c_e0_02
/** Places of Int32 in the header. */
const MAGIC_AT = 0
const SERIES_END_AT = 1
const SEGMENT_AT = 4
/** Of Float64. */
const INODE_AT = 1
export const ROWS_BYTE = 64

/** A ledger as one process maps it. */
export class Ledger {
  readonly fd: number
  bytes: Uint8Array
  readonly #ints: Int32Array
  readonly #doubles: Float64Array

  /** Owns the descriptor from here on. */
  constructor(fd: number) {
    this.fd = fd
    this.bytes = mapFile(fd)
    this.#ints = intsOf(this.bytes)
    this.#doubles = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, 8)
    if (this.#ints[MAGIC_AT] !== MAGIC) throw new Error(`descriptor ${fd} is no ledger`)
  }

  /** Makes one in shared memory, or in `folder` where that is full; gives its descriptor. */
  static create(folder: string): number {
    const fd = createFile(SERIES_START + SERIES_FIRST_BYTES, folder)
    const ints = intsOf(mapFile(fd))
    ints[SERIES_END_AT] = SERIES_START
    ints[MAGIC_AT] = MAGIC
    return fd
  }

  /** Where the next series begins: all before it are whole. */
  get seriesEnd(): number {
    return Atomics.load(this.#ints, SERIES_END_AT)
  }

  set seriesEnd(end: number) {
    Atomics.store(this.#ints, SERIES_END_AT, end)
  }

  /** Of the file that lines go to; 0: none that could be read again. */
  get inode(): number {
    return this.#doubles[INODE_AT] ?? 0
  }

  set inode(inode: number) {
    this.#doubles[INODE_AT] = inode
  }

  /** Size of the segments; 0: there are none yet. */
  get segmentBytes(): number {
    return Atomics.load(this.#ints, SEGMENT_AT)
  }

  set segmentBytes(bytes: number) {
    Atomics.store(this.#ints, SEGMENT_AT, bytes)
  }

  /** Maps what another process has added. */
  remap(): void {
    this.bytes = mapFile(this.fd)
  }

  /** Makes room for a series that ends at `end`; false: there is none. */
  grow(end: number): boolean {
    const { length } = this.bytes
    if (end <= length) return true
    if (end > BYTES_MAX) return false
    try {
      fillWithZeros(this.fd, length, Math.max(end, Math.min(BYTES_MAX, length * 2)))
      this.remap()
      return true
    } catch {
      return false // no memory
    }
  }

  /** The mapping itself goes when nothing refers to it any more. */
  close(): void {
    closeSync(this.fd)
  }
}

const intsOf = (bytes: Uint8Array): Int32Array =>
  new Int32Array(bytes.buffer, bytes.byteOffset, LOG_START >> 2)
