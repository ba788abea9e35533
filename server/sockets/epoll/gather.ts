// Two pieces of memory as the message of one sendmsg():
//
//   struct msghdr   name ‥ 12 | gap 4 | iov 8 | iovlen 8 | control ‥ 16 | flags 4
//   struct iovec    base 8 | length 8, twice
import type { Pointer } from 'bun:ffi'
import { KernelMemory } from '../memory.ts'

const IOV_AT = 16
const IOV_COUNT_AT = 24
const IOVEC_AT = 64
const WORD = 2 ** 32

export class Gather {
  readonly #memory = new KernelMemory(4096)
  readonly #words = new Uint32Array(this.#memory.bytes.buffer)
  readonly #at = this.#memory.at as Pointer

  constructor() {
    this.#write(IOV_AT, this.#memory.at + IOVEC_AT)
    this.#write(IOV_COUNT_AT, 2)
  }

  /** The address of the message; it stands until the next one is made. */
  of(first: number, firstLength: number, second: number, secondLength: number): Pointer {
    this.#write(IOVEC_AT, first)
    this.#write(IOVEC_AT + 8, firstLength)
    this.#write(IOVEC_AT + 16, second)
    this.#write(IOVEC_AT + 24, secondLength)
    return this.#at
  }

  #write(at: number, value: number): void {
    this.#words[at >> 2] = value % WORD
    this.#words[(at >> 2) + 1] = value / WORD
  }
}
