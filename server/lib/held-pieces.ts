// Pieces of a body that are kept for a while. A large one is kept as it is; small ones are gathered, so that
// a sender of single bytes costs what its bytes cost and not an object for each.
import { keepable } from './read-piece.ts'

const SMALL_BYTES = 4096
const GATHER_BYTES = 8192

/** The connection that counts what is kept for its exchange, and forgets it at its end. */
export interface KeptFor {
  countKept(delta: number): void
}

export class HeldPieces {
  /** Bytes of all pieces. */
  bytes = 0
  readonly #pieces: Buffer[] = []
  /** Small pieces gather here: `#gathered[0..#gatheredBytes)` is not among `#pieces` yet. */
  #gathered: Buffer | null = null
  #gatheredBytes = 0
  /** For whose exchange they are kept. */
  readonly #owner: KeptFor

  constructor(owner: KeptFor) {
    this.#owner = owner
  }

  push(bytes: Buffer, from: number, to: number): void {
    this.bytes += to - from
    this.#owner.countKept(to - from)
    if (to - from >= SMALL_BYTES) {
      this.#close()
      this.#pieces.push(keepable(bytes, from, to))
      return
    }
    if (this.#gathered && this.#gatheredBytes + to - from > GATHER_BYTES) this.#close()
    this.#gathered ??= Buffer.allocUnsafe(GATHER_BYTES)
    bytes.copy(this.#gathered, this.#gatheredBytes, from, to)
    this.#gatheredBytes += to - from
  }

  /** They are kept no more. */
  drop(): void {
    this.#owner.countKept(-this.bytes)
    this.bytes = 0
    this.#pieces.length = 0
    this.#gathered = null
  }

  /** All that is held, in order. */
  pieces(): readonly Buffer[] {
    this.#close()
    return this.#pieces
  }

  #close(): void {
    if (this.#gathered && this.#gatheredBytes > 0)
      this.#pieces.push(this.#gathered.subarray(0, this.#gatheredBytes))
    this.#gathered = null
    this.#gatheredBytes = 0
  }
}
