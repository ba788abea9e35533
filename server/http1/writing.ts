// Writing with backpressure: small pieces are staged, what the socket does not take waits, and is counted.
import { countBuffered } from '../lib/buffers.ts'
import { nowMs } from '../lib/clock.ts'
import { keepable } from '../lib/read-piece.ts'
import type { Socket } from '../sockets/socket.ts'
import {
  STAGED_PIECE_MAX,
  type StageOwner,
  isStaging,
  openStage,
  stageTo,
  stagedLength,
  takeStage,
} from '../lib/stage.ts'
import { Pace } from './pace.ts'

export abstract class Writing extends Pace implements StageOwner {
  socket: Socket | null = null
  /** Accepted from the other side, not yet by the socket. */
  waiting: Buffer[] = []
  waitingBytes = 0
  /** Of those, what waits past us, before all others (`Outlet`). */
  #pouredBytes = 0
  /** The socket is gone. */
  isClosed = false
  /** What is still written is dropped. */
  protected isMute = false
  /** A write found the connection reset; the end that is read next only looks like a FIN. */
  hasFailed = false

  /** All that waited is written. */
  protected abstract allWritten(): void
  /** Brings the deadline forward. */
  protected abstract heed(dueMs: number): void

  /** Writes a piece, or keeps what the socket does not take. */
  write(bytes: Buffer, from: number, to: number): void {
    if (this.isClosed || this.isMute) return
    if (isStaging(this)) {
      if (to - from <= STAGED_PIECE_MAX) this.writeSmall(bytes, from, to)
      else this.#writeBehindStage(bytes, from, to)
      return
    }
    const taken = this.#send(bytes, from, to)
    if (taken < to - from) this.#keep(keepable(bytes, from + taken, to))
  }

  /** What is staged and a large piece behind it: in one send, if the socket can. */
  #writeBehindStage(bytes: Buffer, from: number, to: number): void {
    const staged = takeStage()
    let taken = 0
    if (this.waitingBytes === 0 && this.socket) taken = this.socket.writeBoth(staged, bytes, from, to)
    if (taken < 0) return this.#fail()
    if (taken < staged.length) this.#keep(Buffer.from(staged.subarray(taken)))
    const next = from + Math.max(0, taken - staged.length)
    if (next < to) this.#keep(keepable(bytes, next, to))
  }

  /** Stages a few bytes, so that they leave in one write with what is written next. */
  writeSmall(bytes: Buffer, from = 0, to = bytes.length): void {
    if (this.isClosed || this.isMute) return
    const stage = openStage(this, to - from)
    const at = stagedLength()
    bytes.copy(stage, at, from, to)
    stageTo(at + to - from)
  }

  flushStage(stage: Buffer, length: number): void {
    if (length === 0 || this.isClosed || this.isMute) return
    const taken = this.#send(stage, 0, length)
    if (taken < length) this.#keep(Buffer.from(stage.subarray(taken, length)))
  }

  /** Bytes that the socket took now; none while earlier ones wait. */
  #send(bytes: Buffer, from: number, to: number): number {
    if (this.waitingBytes > 0 || !this.socket) return 0
    const taken = this.socket.write(bytes, from, to)
    if (taken >= 0) return taken
    this.#fail()
    return to - from
  }

  #fail(): void {
    this.hasFailed = true
    this.writeFailed()
  }

  /** It was found to be broken by what it had taken, or while it is not read. */
  onBroken(): void {
    if (!this.isClosed && !this.hasFailed) this.#fail()
  }

  /**
   * A write found the connection reset. The close event follows behind what can be read yet, but not while
   * its reading is paused.
   */
  protected writeFailed(): void {}

  #keep(rest: Buffer): void {
    if (this.waitingBytes === 0) this.#beginKeeping()
    this.waiting.push(rest)
    this.waitingBytes += rest.length
    countBuffered(rest.length)
  }

  #beginKeeping(): void {
    this.beginWaiting()
    this.heed(this.nextLook(nowMs))
  }

  /** So many bytes have come for it past us, and so many of what had come were taken by the socket. */
  pouredInto(came: number, gone: number): void {
    if (this.isClosed) return
    const before = this.#pouredBytes
    const now = Math.max(0, before + came - gone)
    this.#pouredBytes = now
    if (now > 0 && this.waitingBytes === 0) this.#beginKeeping()
    this.waitingBytes += now - before
    countBuffered(now - before)
    if (before > 0) this.noteWritten(gone)
  }

  protected forgetWaiting(): void {
    const { waitingBytes } = this
    this.waiting = []
    this.waitingBytes = 0
    this.#pouredBytes = 0
    if (waitingBytes > 0) countBuffered(-waitingBytes)
  }

  /** The socket takes bytes again: sends what waits. */
  onDrain(): void {
    while (this.waiting.length > 0) {
      const first = this.waiting[0] as Buffer
      const taken = this.socket ? this.socket.write(first, 0, first.length) : -1
      if (taken < 0) return this.#fail()
      if (taken > 0) {
        this.waitingBytes -= taken
        countBuffered(-taken)
        this.noteWritten(taken)
      }
      if (taken < first.length) {
        this.waiting[0] = keepable(first, taken, first.length)
        return
      }
      this.waiting.shift()
    }
    this.allWritten()
  }
}
