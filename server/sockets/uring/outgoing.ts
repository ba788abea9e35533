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

export class Slots {
  readonly #memory = new KernelMemory(SLOTS * SLOT_BYTES)
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
    return this.#free.pop() ?? (this.#next < SLOTS ? this.#next++ : -1)
  }

  give(slot: number): void {
    this.#free.push(slot)
  }

  /** Copies `bytes[from..to)` into a slot, behind `filled` bytes. */
  copy(slot: number, filled: number, bytes: Buffer, from: number, to: number): void {
    bytes.copy(this.#memory.bytes, slot * SLOT_BYTES + filled, from, to)
  }

  /** The address of what is in a slot. */
  addressOf(slot: number): number {
    return this.#memory.at + slot * SLOT_BYTES
  }

  close(): void {
    this.#memory.free()
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
