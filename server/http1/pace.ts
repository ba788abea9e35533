// Whether bytes in motion still get on: those of a body that is read, and those that wait to be written.
// Every connection notes what moved, and asks at its deadlines only. A pause, or a rate below the least one,
// means that the other side has stalled.
import { nowMs } from '../lib/clock.ts'
import { unsentBytes } from '../lib/native.ts'

/**
 * After a grace, a body must average the least rate in either direction, so that dripping does not hold a
 * connection.
 */
const RATE_GRACE_MS = 5000
/** Looks in the time that a pause may take: what moved is known to have done so between two of them. */
const LOOKS = 6

export abstract class Pace {
  abstract readonly socket: object | null
  abstract readonly waitingBytes: number
  abstract readonly isPaused: boolean
  abstract readonly isClosed: boolean
  /** Progress of the body being read, and of the bytes waiting to be written. */
  readSinceMs = 0
  readBytes = 0
  readLastMs = 0
  writeSinceMs = 0
  writeBytes = 0
  writeLastMs = 0
  /**
   * Of `writeBytes`, what had left the kernel at the last look (less than 0: earlier bytes were still in it);
   * NaN: no look yet.
   */
  #sentAtLook = Number.NaN
  /** What left the kernel since the first look. */
  #sentBytes = 0

  /** How long bytes in motion may pause. */
  protected abstract get idleMs(): number

  /** Bytes a second that a body must average; 0: any. */
  protected abstract get leastRate(): number

  /** When to look again at a body in motion: no later than what is read may have paused for too long. */
  nextLook(now: number): number {
    const lookMs = now + Math.min(this.idleMs / LOOKS, RATE_GRACE_MS)
    const idleAtMs = this.readLastMs + this.idleMs
    return idleAtMs > now && idleAtMs < lookMs ? idleAtMs : lookMs
  }

  // ── reading ──

  beginReading(): void {
    this.readSinceMs = this.readLastMs = nowMs
    this.readBytes = 0
  }

  noteRead(count: number): void {
    this.readBytes += count
    this.readLastMs = nowMs
  }

  /** Whether the body being read pauses for longer than that. */
  isReadIdle(now: number, silenceMs: number): boolean {
    return !this.isPaused && now - this.readLastMs >= silenceMs
  }

  /** Whether it does so, or comes too slowly on the whole. */
  isReadStalled(now: number): boolean {
    const isIdle = this.isReadIdle(now, this.idleMs)
    return isIdle || (!this.isPaused && this.#isSlow(now - this.readSinceMs, this.readBytes))
  }

  /** Something moved in a tunnel, in either direction. */
  touch(): void {
    this.readLastMs = nowMs
  }

  /** When a tunnel that moves no more will have been silent for so long. */
  silentUntil(silentMs: number): number {
    return Math.max(this.readLastMs, this.writeLastMs) + silentMs
  }

  // ── writing ──

  /** Watches anew: bytes begin to wait for the socket, or have all passed it and wait in the kernel. */
  protected beginWaiting(): void {
    this.writeSinceMs = this.writeLastMs = nowMs
    this.writeBytes = 0
    this.#sentAtLook = Number.NaN
  }

  /** The socket took bytes that waited. */
  protected noteWritten(count: number): void {
    this.writeBytes += count
    this.writeLastMs = nowMs
  }

  /**
   * Whether bytes wait that the other side does not take, or takes too slowly on the whole. Asked at
   * deadlines only.
   */
  isWriteStalled(now: number): boolean {
    return this.waitingBytes > 0 && this.#isSendStalled(now, this.#unsentBytes)
  }

  /** Whether the kernel holds bytes that the other side still takes. */
  protected isKernelSending(now: number): boolean {
    const unsent = this.#unsentBytes
    return unsent > 0 && !this.#isSendStalled(now, unsent)
  }

  /**
   * The kernel calls a socket writable only once a third of its buffer of megabytes is free, for which a slow
   * reader may need minutes. So what left that buffer between two looks is progress too; the first look only
   * measures.
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
      (elapsedMs >= this.idleMs && this.#isSlow(elapsedMs, this.#sentBytes))
    )
  }

  get #unsentBytes(): number {
    return this.socket && !this.isClosed ? unsentBytes((this.socket as { fd: number }).fd) : 0
  }

  #isSlow(elapsedMs: number, bytes: number): boolean {
    return elapsedMs >= 2 * RATE_GRACE_MS && bytes < (this.leastRate * (elapsedMs - RATE_GRACE_MS)) / 1000
  }
}
