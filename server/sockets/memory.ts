// Memory whose address the kernel holds: what it reads into, writes from, or shares with us. It is mapped, so
// that it lies outside of the garbage-collected heap: nothing moves it, nothing frees it but its owner, and
// no reference need be kept for its sake. Each page costs memory once it is touched.
import { toArrayBuffer, type Pointer } from 'bun:ffi'
import { errno, libc } from '../lib/native.ts'
import { lend, takeBack } from '../lib/read-piece.ts'

const PROT_READ_WRITE = 1 | 2
const MAP_SHARED = 0x1
const MAP_PRIVATE = 0x2
const MAP_ANONYMOUS = 0x20
/** All pages at once, rather than each when it is touched. */
const MAP_POPULATE = 0x8000

/** What is mapped: a descriptor's memory that the kernel shares with us. */
export interface SharedBy {
  readonly fd: number
  readonly offset: number
}

/** A block of memory at one address until it is freed; zeros at first. */
export class KernelMemory {
  readonly length: number
  /** Its address. */
  readonly at: number
  /** All of it; other views are made of its `buffer`, which begins where it does. */
  readonly bytes: Buffer<ArrayBuffer>
  #isFree = false

  /** Throws where there is no memory. */
  constructor(length: number, shared: SharedBy | null = null) {
    this.length = length
    const at =
      shared === null
        ? libc().mmap(0, length, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        : libc().mmap(0, length, PROT_READ_WRITE, MAP_SHARED | MAP_POPULATE, shared.fd, shared.offset)
    if (typeof at !== 'number') throw new Error(`no memory of ${length} bytes (errno ${errno()})`)
    this.at = at
    this.bytes = Buffer.from(toArrayBuffer(at as Pointer, 0, length))
    lend(this.bytes.buffer) // who keeps a part of it copies that
  }

  /**
   * Gives it back; the kernel must be done with it. All views of it have no bytes from now on, so that none
   * reaches what lies there next.
   */
  free(): void {
    if (this.#isFree) return
    this.#isFree = true
    takeBack(this.bytes.buffer)
    this.bytes.buffer.transfer()
    libc().munmap(this.at, this.length)
  }
}
