// Where a transform writes to, in a test: keeps what came, and is as slow as the test wants.
import type { Answer } from '../../server/head/answer.ts'
import { PIECE_BYTES, readPiece } from '../../server/lib/read-piece.ts'
import type { BodySink, BodyTransform } from '../../server/middleware/middleware.ts'

export class FakeSink implements BodySink {
  length = -1
  isFull = false
  isPaused = false
  isEnded = false
  keptBytes = 0
  failures: unknown[] = []
  refusals: Answer[] = []
  readonly pieces: Buffer[] = []
  /** Called with each piece. */
  onWrite: (() => void) | null = null

  write(bytes: Buffer, from: number, to: number): void {
    if (this.isEnded) throw new Error('written behind the end')
    this.pieces.push(Buffer.from(bytes.subarray(from, to)))
    this.onWrite?.()
  }
  end(): void {
    if (this.isEnded) throw new Error('ended twice')
    this.isEnded = true
  }
  pause(): void {
    if (this.isPaused) throw new Error('paused twice')
    this.isPaused = true
  }
  resume(): void {
    if (!this.isPaused) throw new Error('resumed though it runs')
    this.isPaused = false
  }
  countKept(delta: number): void {
    this.keptBytes += delta
    if (this.keptBytes < 0) throw new Error('more was let go than kept')
  }
  fail(error: unknown): void {
    this.failures.push(error)
  }
  refuse(answer: Answer): void {
    this.refusals.push(answer)
  }

  /** All that came. */
  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

/** Gives a piece in the buffer of reads, which is used again at once. */
export function pushOnce(transform: BodyTransform, piece: Uint8Array, next: BodySink): void {
  const read = readPiece()
  for (let at = 0; at < piece.length; at += PIECE_BYTES) {
    const part = piece.subarray(at, at + PIECE_BYTES)
    read.set(part)
    transform.push(read, 0, part.length, next)
    read.fill('x')
  }
}
