// What both kinds of connection share: writing with backpressure, reading with pause, one deadline on the wheel, and an
// orderly end. Bytes that a write accepted are never lost: a connection is shut down (FIN) and lingers, or is terminated.
import type { Socket } from 'bun'
import {
  STAGED_PIECE_MAX,
  type StageOwner,
  flush,
  isStaging,
  openStage,
  stageTo,
  stagedLength,
} from '../head/stage.ts'
import { nowMs } from '../lib/clock.ts'
import { unsentBytes } from '../lib/native.ts'
import { keepable } from './bulk.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'

/** After a grace, a body must average this much in either direction, so that dripping does not hold a connection. */
const RATE_BYTES_PER_S = 240
const RATE_GRACE_MS = 5000

const LINGER_MS = 2000
const LINGER_BYTES_MAX = 64 * 1024

export abstract class Conn implements Timed, StageOwner {
  socket: Socket<Conn> | null = null
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly wheel: Wheel
  /** Accepted from the other side, not yet by the socket. */
  waiting: Buffer[] = []
  waitingBytes = 0
  isPaused = false
  /** The socket is gone. */
  isClosed = false
  /** Our FIN is sent or will be once all is written; what still arrives is dropped. */
  isFinishing = false
  #isShut = false
  /** What is still written is dropped. */
  #isMute = false
  #lingered = 0
  /** Progress of the body being read, and of the bytes waiting to be written. */
  readSinceMs = 0
  readBytes = 0
  readLastMs = 0
  writeSinceMs = 0
  writeBytes = 0
  writeLastMs = 0
  /** Of `writeBytes`, what had left the kernel at the last look (less than 0: earlier bytes were still in it); NaN: no look yet. */
  #sentAtLook = Number.NaN
  /** What left the kernel since the first look. */
  #sentBytes = 0

  constructor(wheel: Wheel) {
    this.wheel = wheel
  }

  /** All that waited is written. */
  protected abstract drained(): void
  abstract expire(now: number): void
  /** How long bytes in motion may pause. */
  protected abstract get idleMs(): number

  /** Writes a piece, or keeps what the socket does not take. `bytes` must not change afterwards. */
  write(bytes: Buffer, from: number, to: number): void {
    if (this.isClosed || this.#isMute) return
    if (isStaging(this)) {
      if (to - from <= STAGED_PIECE_MAX) {
        const stage = openStage(this, to - from)
        const at = stagedLength()
        bytes.copy(stage, at, from, to)
        stageTo(at + to - from)
        return
      }
      flush()
    }
    const taken = this.#send(bytes, from, to)
    if (taken < to - from) this.#keep(keepable(bytes, from + taken, to))
  }

  /** Stages a few bytes, so that they leave in one write with what is written next. */
  writeSmall(bytes: Buffer): void {
    if (this.isClosed || this.#isMute) return
    const stage = openStage(this, bytes.length)
    const at = stagedLength()
    bytes.copy(stage, at)
    stageTo(at + bytes.length)
  }

  flushStage(stage: Buffer, length: number): void {
    if (this.isClosed || this.#isMute) return
    const taken = this.#send(stage, 0, length)
    if (taken < length) this.#keep(Buffer.from(stage.subarray(taken, length)))
  }

  /** Bytes that the socket took now; none while earlier ones wait. */
  #send(bytes: Buffer, from: number, to: number): number {
    if (this.waitingBytes > 0 || !this.socket) return 0
    const taken = this.socket.write(bytes, from, to - from)
    return taken < 0 ? to - from : taken // -1: closed; the close event follows
  }

  #keep(rest: Buffer): void {
    if (this.waitingBytes === 0) {
      this.writeSinceMs = this.writeLastMs = nowMs
      this.writeBytes = 0
      this.#sentAtLook = Number.NaN
      this.heed(this.nextLook(nowMs))
    }
    this.waiting.push(rest)
    this.waitingBytes += rest.length
  }

  /** The socket takes bytes again: sends what waits. */
  onDrain(): void {
    while (this.waiting.length > 0) {
      const first = this.waiting[0] as Buffer
      const taken = this.socket ? this.socket.write(first, 0, first.length) : -1
      if (taken < 0) return
      if (taken > 0) {
        this.waitingBytes -= taken
        this.writeBytes += taken
        this.writeLastMs = nowMs
      }
      if (taken < first.length) {
        this.waiting[0] = first.subarray(taken)
        return
      }
      this.waiting.shift()
    }
    if (this.isFinishing) this.#shut()
    else this.drained()
  }

  pause(): void {
    if (this.isPaused || this.isClosed) return
    this.isPaused = true
    this.socket?.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.readSinceMs = this.readLastMs = nowMs // what a pause of ours cost is not the sender's fault
    this.readBytes = 0
    if (!this.isClosed) this.socket?.resume()
  }

  /** Sets the deadline; an earlier one than the present, or a later. 0: none. */
  setDue(dueMs: number): void {
    this.wheel.due(this, dueMs)
  }

  /** Brings the deadline forward if it is later than `dueMs` or none. */
  heed(dueMs: number): void {
    if (this.dueMs === 0 || dueMs < this.dueMs) this.wheel.due(this, dueMs)
  }

  beginReading(): void {
    this.readSinceMs = this.readLastMs = nowMs
    this.readBytes = 0
  }

  noteRead(count: number): void {
    this.readBytes += count
    this.readLastMs = nowMs
  }

  /** Whether the body being read pauses for longer than `idleMs`. */
  isReadIdle(now: number): boolean {
    return !this.isPaused && now - this.readLastMs >= this.idleMs
  }

  /** Whether it does so, or comes too slowly on the whole. */
  isReadStalled(now: number): boolean {
    return this.isReadIdle(now) || (!this.isPaused && isSlow(now - this.readSinceMs, this.readBytes))
  }

  /** Whether bytes wait that the other side does not take, or takes too slowly on the whole. Asked at deadlines only. */
  isWriteStalled(now: number): boolean {
    return this.waitingBytes > 0 && this.#isSendStalled(now, this.#unsentBytes)
  }

  /**
   * The kernel calls a socket writable only once a third of its buffer of megabytes is free, for which a slow reader may need
   * minutes. So what left that buffer between two looks is progress too; the first look only measures.
   */
  #isSendStalled(now: number, unsentBytes: number): boolean {
    const sent = this.writeBytes - unsentBytes
    const isFirst = Number.isNaN(this.#sentAtLook)
    const progress = isFirst ? 0 : sent - this.#sentAtLook
    this.#sentAtLook = sent
    if (isFirst) {
      this.writeSinceMs = now
      this.#sentBytes = 0
      return false
    }
    if (progress > 0) {
      this.#sentBytes += progress
      this.writeLastMs = now
    }
    // A window opens in steps: the rate says nothing about a time shorter than that in which one must come.
    const elapsedMs = now - this.writeSinceMs
    return (
      now - this.writeLastMs >= this.idleMs ||
      (elapsedMs >= this.idleMs && isSlow(elapsedMs, this.#sentBytes))
    )
  }

  get #unsentBytes(): number {
    return this.socket && !this.isClosed ? unsentBytes((this.socket as unknown as { fd: number }).fd) : 0
  }

  /** Drops what waits and whatever is still written: nobody wants it any more. What is read goes on. */
  protected mute(): void {
    this.#isMute = true
    this.waiting = []
    this.waitingBytes = 0
  }

  /** When to look again at a body in motion. */
  nextLook(now: number): number {
    return now + Math.min(this.idleMs, RATE_GRACE_MS)
  }

  /** Sends all that waits, then FIN, then reads and drops a bounded while, so that no reset destroys what was sent. */
  finish(): void {
    if (this.isFinishing || this.isClosed) return
    this.isFinishing = true
    flush()
    this.resume()
    if (this.waitingBytes === 0) this.#shut()
    else this.heed(this.nextLook(nowMs))
  }

  #shut(): void {
    if (this.isClosed) return
    this.setDue(nowMs + LINGER_MS)
    if (this.#isShut) return
    this.writeLastMs = nowMs
    this.#sentAtLook = Number.NaN
    this.#shutdown()
  }

  #shutdown(): void {
    this.#isShut = this.#isMute = true
    this.socket?.shutdown()
  }

  /** Bytes that arrive on a connection that is finishing: dropped, and not for ever. A reset here would destroy an answer that is still on its way. */
  linger(count: number): void {
    this.#lingered += count
    if (this.#lingered > LINGER_BYTES_MAX) this.pause()
  }

  /** What a finishing connection does at its deadline; true when it is one. */
  protected expireFinishing(now: number): boolean {
    if (!this.isFinishing) return false
    if (this.#mustWait(now)) this.setDue(this.nextLook(now))
    else this.terminate()
    return true
  }

  /** A slow reader still takes what we or the kernel hold for it: RST would destroy that. */
  #mustWait(now: number): boolean {
    if (!this.#isShut) return !this.isWriteStalled(now)
    const unsent = this.#unsentBytes
    return unsent > 0 && !this.#isSendStalled(now, unsent)
  }

  /** Sends FIN after what is written, and goes on reading: half of a tunnel ended. */
  shutdownWrites(): void {
    if (this.isClosed || this.#isShut) return
    flush()
    if (this.waitingBytes === 0) this.#shutdown()
    else this.#shutWhenDrained = true
  }
  #shutWhenDrained = false

  /** For `drained` of a tunnel: whether a FIN was only waiting for the last bytes. */
  protected shutIfAsked(): void {
    if (this.#shutWhenDrained && !this.#isShut) this.#shutdown()
  }

  /** Ends at once, by RST where the other side still sends. */
  terminate(): void {
    if (this.isClosed) return
    this.release()
    this.socket?.terminate()
  }

  /** Nothing of a closed connection stays: no deadline (the wheel would keep it for as long as that lies ahead), no bytes. */
  protected release(): void {
    this.isClosed = true
    this.wheel.remove(this)
    this.waiting = []
    this.waitingBytes = 0
  }
}

function isSlow(elapsedMs: number, bytes: number): boolean {
  return elapsedMs >= 2 * RATE_GRACE_MS && bytes < (RATE_BYTES_PER_S * (elapsedMs - RATE_GRACE_MS)) / 1000
}
