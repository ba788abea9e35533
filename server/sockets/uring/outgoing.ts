// What is sent from our memory rather than from where it lies: slots for small pieces, which may leave later
// than they were given; and the message of a send of several pieces.
//
//   struct msghdr   name ‥ 12 | gap 4 | iov 8 | iovlen 8 | control ‥ 16 | flags 4
//   struct iovec    base 8 | length 8, for each piece
import { ptr, type Pointer } from 'bun:ffi'
import { KernelMemory } from '../memory.ts'

/** Of a slot: a head, or a small answer. */
export const SLOT_BYTES = 4096
/** In use are those of sends that are under way, which few are: readers that stall keep one each. */
const SLOTS = 2048
/** Mapped together, as soon as one of them is needed: the collector reckons with what is. */
const CHUNK_BITS = 6
const CHUNK_SLOTS = 1 << CHUNK_BITS

export class Slots {
  readonly #chunks: KernelMemory[] = []
  // What its sender must know of one that is under way. Here, and not in every socket: few have one.
  /** How many of its bytes are to be sent yet. */
  readonly filled = new Int32Array(SLOTS)
  /** How many before those are sent. */
  readonly skipped = new Int32Array(SLOTS)
  /** The number of its request. */
  readonly request = new Int32Array(SLOTS)
  /** 1: its send is over, and the kernel took less. The rest waits for room. */
  readonly isShort = new Uint8Array(SLOTS)
  /** Given back. */
  readonly #free: number[] = []
  /** Those from here on were never taken. */
  #next = 0

  /** How many somebody has. */
  get used(): number {
    return this.#next - this.#free.length
  }

  /** The one that was given back last, whose memory is warm; -1: none is left. */
  take(): number {
    const slot = this.#free.pop() ?? this.#takeNew()
    if (slot >= 0) this.filled[slot] = this.skipped[slot] = this.isShort[slot] = 0
    return slot
  }

  #takeNew(): number {
    if (this.#next === SLOTS) return -1
    if (this.#next >> CHUNK_BITS === this.#chunks.length && !this.#mapMore()) return -1
    return this.#next++
  }

  /** False: there is no memory. What finds no slot is sent from where it lies. */
  #mapMore(): boolean {
    try {
      this.#chunks.push(new KernelMemory(CHUNK_SLOTS * SLOT_BYTES))
      return true
    } catch {
      return false
    }
  }

  give(slot: number): void {
    this.#free.push(slot)
  }

  /** Copies `bytes[from..to)` into a slot, behind what it holds. */
  add(slot: number, bytes: Buffer, from: number, to: number): void {
    const filled = this.filled[slot]!
    const chunk = this.#chunks[slot >> CHUNK_BITS]!
    bytes.copy(chunk.bytes, (slot & (CHUNK_SLOTS - 1)) * SLOT_BYTES + filled, from, to)
    this.filled[slot] = filled + to - from
  }

  /** So many bytes of it more are sent. */
  sent(slot: number, count: number): void {
    this.filled[slot] = this.filled[slot]! - count
    this.skipped[slot] = this.skipped[slot]! + count
  }

  /** The address of what is to be sent of it. */
  addressOf(slot: number): number {
    const chunk = this.#chunks[slot >> CHUNK_BITS]!
    return chunk.at + (slot & (CHUNK_SLOTS - 1)) * SLOT_BYTES + this.skipped[slot]!
  }

  close(): void {
    for (const chunk of this.#chunks) chunk.free()
  }
}

const IOV_AT = 16
const COUNT_AT = 24
const IOVEC_AT = 64
const IOVEC_BYTES = 16
const WORD = 2 ** 32
const PIECES_MAX = 3

/** The message of one sendmsg(). */
export class Message {
  readonly #memory = new KernelMemory(IOVEC_AT + PIECES_MAX * IOVEC_BYTES)
  readonly #words = new Uint32Array(this.#memory.bytes.buffer)
  readonly at = this.#memory.at as Pointer
  #count = 0
  /** Of all its pieces. */
  length = 0

  constructor() {
    this.#write(IOV_AT, this.#memory.at + IOVEC_AT)
  }

  /** Begins a new one. */
  clear(): void {
    this.#count = 0
    this.length = 0
  }

  addMemory(address: number, length: number): void {
    if (length === 0) return
    const at = IOVEC_AT + this.#count * IOVEC_BYTES
    this.#write(at, address)
    this.#write(at + 8, length)
    this.#count++
    this.#write(COUNT_AT, this.#count)
    this.length += length
  }

  add(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.addMemory(ptr(bytes) + from, to - from)
  }

  close(): void {
    this.#memory.free()
  }

  #write(at: number, value: number): void {
    this.#words[at >> 2] = value % WORD
    this.#words[(at >> 2) + 1] = value / WORD
  }
}
