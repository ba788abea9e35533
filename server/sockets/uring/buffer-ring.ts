// Buffers that the kernel receives into: it takes one when bytes are there, not when they are asked for, so
// that a few serve many sockets. They come back when what they brought has been told, all within a turn.
//
//   ring    one place for each buffer: address u64 · length u32 · number u16 · (in the first one: tail u16)
//
// Only the pages that were written to cost memory. The kernel takes them in the order in which they were
// given: all are in use by and by, also where few would do.
import type { Pointer } from 'bun:ffi'
import { KernelMemory } from '../memory.ts'
import { Views } from '../views.ts'
import type { Ring } from './ring.ts'
import { RingRefused } from './set-up.ts'

const REGISTER_PBUF_RING = 22
const PLACE_BYTES = 16
/** Half words from the begin of a place. */
const NUMBER = 6
const TAIL = 7
const REGISTRATION_WORDS = 10
/** Lengths of pieces of each that are kept. */
const VIEWS = 8

export class BufferRing {
  /** Its name in requests. */
  readonly group: number
  /** Of each. */
  readonly size: number
  /** How many there are. */
  readonly count: number
  /** How many the kernel may take. */
  free = 0
  readonly #memory: KernelMemory
  readonly #views: Views
  readonly #places: KernelMemory
  readonly #words: Int32Array
  readonly #halves: Uint16Array
  #tail = 0
  #shown: number

  /** `count` is a power of two. Throws RingRefused. */
  constructor(ring: Ring, group: number, count: number, size: number) {
    this.group = group
    this.size = size
    this.count = count
    this.#shown = count
    this.#memory = new KernelMemory(count * size)
    this.#places = new KernelMemory(count * PLACE_BYTES)
    this.#views = new Views(this.#memory.bytes, count, VIEWS)
    this.#words = new Int32Array(this.#places.bytes.buffer)
    this.#halves = new Uint16Array(this.#places.bytes.buffer)
    // struct io_uring_buf_reg: address u64 · entries u32 · group u16.
    const registration = new KernelMemory(REGISTRATION_WORDS * 4)
    const words = new Int32Array(registration.bytes.buffer)
    words[0] = this.#places.at | 0
    words[1] = (this.#places.at / 2 ** 32) | 0
    words[2] = count
    words[3] = group
    const refused = ring.register(REGISTER_PBUF_RING, registration.at as Pointer, 1)
    registration.free()
    if (refused !== 0) throw new RingRefused('io_uring_register', refused)
    for (let number = 0; number < count; number++) this.give(number)
  }

  /** What they lie in. */
  get memory(): ArrayBufferLike {
    return this.#memory.bytes.buffer
  }

  /** What one holds: its first `length` bytes. */
  piece(number: number, length: number): Buffer {
    return this.#views.of(number, number * this.size, length)
  }

  /** A completion says that the kernel has taken one. */
  taken(): void {
    this.free--
  }

  /** Gives one back to the kernel; what it holds is lost. */
  give(number: number): void {
    const place = this.#tail & (this.count - 1)
    const address = this.#memory.at + number * this.size
    const word = place << 2
    this.#words[word] = address | 0
    this.#words[word + 1] = (address / 2 ** 32) | 0
    this.#words[word + 2] = this.size
    this.#halves[(place << 3) + NUMBER] = number
    this.#tail = (this.#tail + 1) & 0xffff
    this.free++
    this.#show()
  }

  /**
   * Lets the kernel see so many of those that are free, at most: what it reads in a turn is bounded by that.
   * It looks at them within our own calls only.
   */
  limit(count: number): void {
    if (count === this.#shown) return
    this.#shown = count
    this.#show()
  }

  /** How many it sees. */
  get visible(): number {
    return Math.min(this.free, this.#shown)
  }

  #show(): void {
    this.#halves[TAIL] = this.#tail - Math.max(0, this.free - this.#shown)
  }

  /** When nothing is in flight any more, or its ring is closed and nothing was. */
  close(): void {
    this.#memory.free()
    this.#places.free()
  }
}
