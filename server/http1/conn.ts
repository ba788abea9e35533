// What both kinds of connection share beside writing: reading with pause, one deadline on the wheel, and an
// orderly end. Bytes that a write accepted are never lost: a connection is shut down (FIN) and
// lingers, or is terminated.
import { flush } from '../lib/stage.ts'
import type { Outlet } from '../http/ends.ts'
import { nowMs } from '../lib/clock.ts'
import type { SocketEvents } from '../sockets/socket.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { BodyReader } from './body.ts'
import { letGo, removeReader } from '../lib/buffers.ts'
import { Poured } from './poured.ts'
import { Writing } from './writing.ts'

const LINGER_MS = 2000
/**
 * A client that goes on with an upload which nobody wants is read for so long: a reset could cost it the
 * answer that says so.
 */
const LINGER_MS_MAX = 30_000

/**
 * A body of which less is to come is read as it comes, and so is one of unknown length that comes in smaller
 * reads.
 */
const VOLUME_BYTES = 64 * 1024
/** A body of which less is to come is not worth a pipe: one read brings it. */
const POUR_BYTES = 48 * 1024

export abstract class Conn extends Writing implements SocketEvents, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  isPaused = false
  isHeldBack = false
  /** Its socket is. */
  #isSocketPaused = false
  /** Where what it reads may go past us. */
  #poured: Poured | null = null
  /** Our FIN is sent or will be once all is written; what still arrives is dropped. */
  isFinishing = false
  #isShut = false
  #shutWhenDrained = false
  #shutMs = 0
  /** What has come since it finishes, now and at the last look. */
  #lingered: { bytes: number; atLook: number } | null = null

  abstract readonly wheel: Wheel

  /**
   * How much may still come on a connection that is finishing. Of a client all: the rest of an upload is read
   * and dropped, as it may read the answer only then.
   */
  protected get lingerBytesMax(): number {
    return Infinity
  }

  /** Nothing more is read of it, nor would be answered. */
  get isLost(): boolean {
    return this.isFinishing || this.isClosed || this.hasFailed
  }

  /** All that waited is written. */
  protected abstract drained(): void
  /** The end of a body has gone past us. */
  protected abstract bodyOver(): void
  abstract expire(now: number): void
  abstract onData(bytes: Buffer): void
  abstract onEnd(): void
  abstract onClose(isBroken: boolean): void
  abstract readonly place: string
  abstract readonly reader: BodyReader

  protected allWritten(): void {
    if (this.isFinishing) this.#shut()
    else this.drained()
  }

  pause(): void {
    if (this.isPaused || this.isClosed) return
    this.isPaused = true
    this.settleReading()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.beginReading() // what a pause of ours cost is not the sender's fault
    this.settleReading()
  }

  /**
   * What it would send next can wait: it is not in the middle of a request, nor of a tunnel. Never a
   * server's, as all else waits for those; nor one of whom bytes are in memory already.
   */
  get mayBeHeldBack(): boolean {
    return (this.place === 'busy' || this.isIdle) && this.socket?.keepsUnread !== true
  }

  /** Held back it would wait for room that its own bytes take. */
  onKept(): void {
    letGo(this)
  }

  /** A client between requests, of whom nothing has come yet. */
  get isIdle(): boolean {
    return false
  }

  get readable(): number {
    return this.place === 'tunnel' ? Number.POSITIVE_INFINITY : this.reader.left
  }

  /** So many bytes of what has no end yet have come: where there are plenty, its socket is told. */
  protected readOn(count: number): void {
    const { readable } = this
    const least = readable === Number.POSITIVE_INFINITY ? count : readable
    if (least >= VOLUME_BYTES) this.socket?.expectVolume(readable)
    if (this.#poured) this.#pour(this.#poured)
  }

  get outlet(): Outlet {
    return this
  }

  get isOpen(): boolean {
    return !this.isClosed && !this.isMute && !this.hasFailed
  }

  /** So many bytes of what came on it went past us: who takes them counts them. */
  poured(count: number): void {
    if (this.place !== 'body') return
    this.noteRead(count)
    this.reader.skip(count)
  }

  /** Who takes them has counted them. */
  pourCounted(): void {
    if (this.place === 'body' && this.reader.isDone) this.bodyOver()
  }

  /** What comes from now on may go there past us: all of a tunnel, or of a large body of known length. */
  pourTo(outlet: Outlet): void {
    if (this.readable < POUR_BYTES || this.socket?.pour === undefined) return
    this.#poured = new Poured(this, outlet)
    this.#pour(this.#poured)
  }

  #pour(poured: Poured): void {
    const { readable, socket } = this
    const { to } = poured
    // Also where little is left: what is behind it must not go the same way.
    if (to.socket !== null && !this.isClosed) socket?.pour?.(to.isOpen ? to.socket : null, readable, poured)
  }

  /** What comes next is no volume any more. */
  protected endVolume(): void {
    this.socket?.expectVolume(0)
    if (this.#poured) this.socket?.pour?.(null, 0, this.#poured)
    this.#poured = null
  }

  /** It is read unless who takes the bytes pauses, or it is held back. */
  settleReading(): void {
    if (this.isClosed) return
    const pauses = this.isPaused || this.isHeldBack
    if (pauses === this.#isSocketPaused) return
    this.#isSocketPaused = pauses
    if (pauses) this.socket?.pause()
    else this.socket?.resume()
  }

  /** Looks again at bytes in motion: those of a body, and those that a slow reader has not taken yet. */
  protected watchBytes(reads: boolean): void {
    this.wheel.due(this, reads || this.waitingBytes > 0 ? this.nextLook(nowMs) : 0)
  }

  /** Brings the deadline forward if it is later than `dueMs` or none. */
  heed(dueMs: number): void {
    if (this.dueMs === 0 || dueMs < this.dueMs) this.wheel.due(this, dueMs)
  }

  /** Drops what waits and whatever is still written: nobody wants it any more. What is read goes on. */
  protected mute(): void {
    this.isMute = true
    this.#shutWhenDrained = false
    this.socket?.dropPoured?.()
    this.forgetWaiting()
  }

  /**
   * Sends all that waits, then FIN, then reads and drops a bounded while, so that no reset destroys what was
   * sent.
   */
  finish(): void {
    if (this.isFinishing || this.isClosed) return
    this.isFinishing = true
    if (this.waitingBytes === 0) this.socket?.endSoon?.()
    flush()
    this.endVolume()
    letGo(this)
    this.resume()
    if (this.waitingBytes === 0) this.#shut()
    else this.heed(this.nextLook(nowMs))
  }

  #shut(): void {
    if (this.isClosed) return
    this.wheel.due(this, nowMs + LINGER_MS)
    if (this.#isShut) return
    this.#shutMs = nowMs
    this.beginWaiting()
    this.#shutdown()
  }

  #shutdown(): void {
    this.#isShut = this.isMute = true
    this.socket?.shutdown()
  }

  /**
   * Bytes that arrive on a connection that is finishing: dropped, and not for ever. A reset here would
   * destroy an answer that is still on its way.
   */
  linger(count: number): void {
    const lingered = (this.#lingered ??= { bytes: 0, atLook: 0 })
    lingered.bytes += count
    if (lingered.bytes > this.lingerBytesMax) this.pause()
  }

  /** What a finishing connection does at its deadline; true when it is one. */
  protected expireFinishing(now: number): boolean {
    if (!this.isFinishing) return false
    if (this.#mustWait(now)) this.wheel.due(this, this.nextLook(now))
    else if (this.#isStillSent(now)) this.wheel.due(this, now + LINGER_MS)
    else this.terminate()
    return true
  }

  /** A slow reader still takes what we or the kernel hold for it: RST would destroy that. */
  #mustWait(now: number): boolean {
    return this.#isShut ? this.isKernelSending(now) : !this.isWriteStalled(now)
  }

  /** The other side still sends: it may not have seen the answer yet. */
  #isStillSent(now: number): boolean {
    const lingered = this.#lingered
    if (lingered === null) return false
    const isMore = lingered.bytes > lingered.atLook && !this.isPaused
    lingered.atLook = lingered.bytes
    return isMore && now - this.#shutMs < LINGER_MS_MAX
  }

  /** Sends FIN after what is written, and goes on reading: half of a tunnel ended. */
  shutdownWrites(): void {
    if (this.isClosed || this.#isShut) return
    flush()
    if (this.waitingBytes === 0) this.#shutdown()
    else this.#shutWhenDrained = true
  }

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

  /**
   * Nothing of a closed connection stays: no deadline (the wheel would keep it for as long as that lies
   * ahead), no bytes.
   */
  protected release(): void {
    this.isClosed = true
    this.wheel.remove(this)
    this.forgetWaiting()
    removeReader(this)
  }
}
