// A socket to pour from or into, without a loop.
import { ptr } from 'bun:ffi'
import { expect } from 'bun:test'
import { libc } from '../../../server/lib/native.ts'
import { AF_UNIX, OPEN_FLAGS, SOCK_STREAM } from '../../../server/sockets/calls.ts'
import type { Pour, PourEnd } from '../../../server/sockets/pour.ts'

export const MSG_DONTWAIT = 0x40

/** A socket of ours, and its other end in the hands of the test. */
export class End implements PourEnd {
  readonly fd: number
  readonly far: number
  readonly mayBlock = false
  isClear = true
  outgoing: Pour | null = null
  incoming: Pour | null = null
  changes = 0
  broken = 0
  /** What the other end has sent so far, as a number that each byte is made of. */
  #sent = 0
  #got = 0
  constructor() {
    const made = new Int32Array(new ArrayBuffer(8))
    expect(libc().socketpair(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0, ptr(made))).toBe(0)
    this.fd = made[0]!
    this.far = made[1]!
  }
  pourChanged(): void {
    this.changes++
  }
  pourBroke(): void {
    this.broken++
  }
  /** The other end sends bytes that go on where the last ones ended, as many as are taken. */
  send(most: number): number {
    const from = this.#sent
    while (this.#sent - from < most) {
      const bytes = Buffer.alloc(Math.min(65_536, most - (this.#sent - from)))
      for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(this.#sent + i)
      const count = libc().send(this.far, ptr(bytes), bytes.length, MSG_DONTWAIT)
      if (count <= 0) break
      this.#sent += count
    }
    return this.#sent - from
  }
  /** The other end reads all there is, and sees that it goes on where the last bytes ended. */
  read(most = Infinity): number {
    const bytes = Buffer.alloc(65_536)
    const from = this.#got
    for (;;) {
      const wanted = Math.min(bytes.length, most - (this.#got - from))
      const count = wanted > 0 ? libc().recv(this.far, ptr(bytes), wanted, MSG_DONTWAIT) : 0
      if (count <= 0) return this.#got - from
      for (let i = 0; i < count; i++)
        if (bytes[i] !== byteAt(this.#got + i)) throw new Error(`byte ${this.#got + i} is another`)
      this.#got += count
    }
  }
  closeFar(): void {
    libc().close(this.far)
  }
  close(): void {
    this.outgoing?.stop()
    this.incoming?.cancel()
    libc().close(this.fd)
  }
}

/** No period that a buffer could have. */
const byteAt = (place: number): number => (place * 31 + (place >>> 8) * 7 + (place >>> 16)) & 255
