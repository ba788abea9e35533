import { type Pointer, ptr } from 'bun:ffi'
import { errno, libc } from '../../lib/native.ts'
import { EAGAIN, EINTR, MSG_DONTWAIT, MSG_NOSIGNAL } from '../../sockets/calls.ts'

interface Piece {
  readonly bytes: Uint8Array
  readonly at: number
}

const PIECE_BYTES = 16_384
const MOST_POOLED = 64

const makePiece = (length: number): Piece => {
  const bytes = new Uint8Array(new ArrayBuffer(length))
  return { bytes, at: ptr(bytes) }
}

/**
 * Memory for queues: most are filled and emptied within a turn, so that a few pieces serve thousands of
 * streams.
 */
export class PiecePool {
  readonly #free: Piece[] = []

  take(length: number): Piece {
    if (length > PIECE_BYTES) return makePiece(2 ** Math.ceil(Math.log2(length)))
    return this.#free.pop() ?? makePiece(PIECE_BYTES)
  }

  give(piece: Piece): void {
    if (piece.bytes.length === PIECE_BYTES && this.#free.length < MOST_POOLED) this.#free.push(piece)
  }
}

/** Bytes that wait to be written, in one piece of memory; none while it is empty. */
export class SendQueue {
  readonly #pool: PiecePool
  #piece: Piece | null = null
  #from = 0
  #to = 0

  constructor(pool: PiecePool) {
    this.#pool = pool
  }

  get length(): number {
    return this.#to - this.#from
  }

  /** Puts a copy behind what waits. */
  push(bytes: Uint8Array, start: number, length: number): void {
    const piece = this.#roomy(length)
    piece.bytes.set(bytes.subarray(start, start + length), this.#to)
    this.#to += length
  }

  /**
   * Writes what the kernel takes. Returns 0 when that is all, else what stopped it: EAGAIN, or an errno that
   * ends the connection.
   */
  write(fd: number): number {
    while (this.#piece && this.#from < this.#to) {
      const { length } = this
      const at = (this.#piece.at + this.#from) as Pointer
      const sent = libc().send(fd, at, length, MSG_DONTWAIT | MSG_NOSIGNAL)
      const code = sent < 0 ? errno() : 0
      if (code !== 0 && code !== EINTR) return code
      if (sent > 0) this.#from += sent
      if (sent > 0 && sent < length) return EAGAIN
    }
    this.clear()
    return 0
  }

  clear(): void {
    if (this.#piece) this.#pool.give(this.#piece)
    this.#piece = null
    this.#from = 0
    this.#to = 0
  }

  /** The piece, with room for `length` more bytes behind what waits. */
  #roomy(length: number): Piece {
    const old = this.#piece
    if (old && this.#to + length <= old.bytes.length) return old
    const waiting = this.length
    // A piece that is at most half full is moved together, else it grows: each byte is moved a few times at
    // most.
    const isSparse = old && 2 * (waiting + length) <= old.bytes.length
    const piece = isSparse ? old : this.#pool.take(waiting + length)
    if (old) piece.bytes.set(old.bytes.subarray(this.#from, this.#to))
    if (old && piece !== old) this.#pool.give(old)
    this.#piece = piece
    this.#from = 0
    this.#to = waiting
    return piece
  }
}
