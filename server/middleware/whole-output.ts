// What comes of a whole body, until it is known whether that is shorter. As long as it is encoded in one go
// it lies in one buffer of all, and nothing is allocated for it.
import type { BodySink } from './middleware.ts'

const SCRATCH_BYTES = 64 * 1024
// More than twice what is used of it: whoever keeps what a client did not take copies that (keepable).
const scratch = Buffer.allocUnsafeSlow(2 * SCRATCH_BYTES + 1)

export class WholeOutput {
  bytes = 0
  /** Nobody else encodes until `share`. */
  isAlone = false
  #pieces: Buffer[] = []
  /** Behind the pieces: so many bytes of `scratch`. */
  #inScratch = 0

  add(bytes: Buffer, from: number, to: number): void {
    this.bytes += to - from
    if (this.isAlone && this.#inScratch + to - from <= SCRATCH_BYTES) {
      bytes.copy(scratch, this.#inScratch, from, to)
      this.#inScratch += to - from
      return
    }
    this.#leaveScratch()
    this.#pieces.push(Buffer.from(bytes.subarray(from, to)))
  }

  /** Others encode before this goes on. */
  share(): void {
    this.isAlone = false
    this.#leaveScratch()
  }

  #leaveScratch(): void {
    if (this.#inScratch === 0) return
    this.#pieces.push(Buffer.from(scratch.subarray(0, this.#inScratch)))
    this.#inScratch = 0
  }

  writeTo(next: BodySink): void {
    const inScratch = this.#inScratch
    for (const piece of this.#pieces) next.write(piece, 0, piece.length)
    if (inScratch > 0) next.write(scratch, 0, inScratch)
  }

  clear(): void {
    this.#pieces = []
    this.bytes = this.#inScratch = 0
  }
}
