// Whether a socket takes what is written to it. The kernel calls one writable only once a third of its buffer
// is free, for which a slow reader may need minutes: so what leaves that buffer is progress too.
import { nowMs } from '../lib/clock.ts'
import { unsentBytes } from '../lib/native.ts'

export class Progress {
  /** Bytes that the socket took. */
  written = 0
  /** Those that the kernel held at the last look; -1: there was none yet. */
  unsent = -1
  #writtenAtLook = 0
  #sinceMs = 0

  /** Something waits from now on: looks begin. */
  begin(): void {
    this.#sinceMs = nowMs
    this.#writtenAtLook = this.written
    this.unsent = -1
  }

  /** A look: how long nothing has moved. */
  silentMs(now: number, fd: number): number {
    const unsent = unsentBytes(fd)
    const hasMoved = this.written !== this.#writtenAtLook || (this.unsent >= 0 && unsent < this.unsent)
    if (hasMoved) this.#sinceMs = now
    this.#writtenAtLook = this.written
    this.unsent = unsent
    return now - this.#sinceMs
  }
}
