// One of two sockets that are joined (splice.ts), and what waits for it.
import { countBuffered } from '../lib/buffers.ts'
import { nowMs } from '../lib/clock.ts'
import { keepable } from '../lib/read-piece.ts'
import type { Joint } from './joint.ts'
import { Progress } from './progress.ts'
import type { PourTeller, Socket, SocketEvents } from './socket.ts'
import { type Pace, Throttle } from './throttle.ts'

/** How long a side that has everything may take to end. */
export const LINGER_MS = 2000
/** However slowly it takes what is left: the other side has been gone all that time. */
const LINGER_MOST_MS = 120_000
/** Held for a side that does not stand yet; with one read beyond it. */
const EARLY_BYTES_MAX = 16 * 1024
/** What a side may still send that nobody is there to read. */
const LINGER_BYTES_MAX = 64 * 1024

export class SpliceEnd implements SocketEvents, PourTeller {
  readonly #splice: Joint<SpliceEnd>
  /** How fast what it is given goes out; null: as fast as can be. */
  readonly #throttle: Throttle | null
  #socket: Socket | null = null
  /** Not taken by the socket yet. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** What waits is for what the other end has to tell at once: both leave together. */
  #isHeld = false
  /** Came from the other past us, and was not taken by the socket yet. */
  #pouredBytes = 0
  /** Its reading is. */
  #isPaused = false
  /** Nothing more will be written; FIN is sent once all is. */
  #isFinishing = false
  #isShut = false
  isGone = false
  /** It sends no more. */
  hasEnded = false
  /** Bytes that came on it. */
  came = 0
  /** The other end is gone. */
  #isLingering = false
  #lingerSinceMs = 0
  #dropped = 0
  readonly #progress = new Progress()

  constructor(splice: Joint<SpliceEnd>, pace: Pace | null) {
    this.#splice = splice
    this.#throttle = pace && new Throttle(pace, () => this.onDrain())
  }

  /** Takes a socket that stands; it is told of its events from now on. */
  attach(socket: Socket): void {
    if (this.isGone) return void socket.terminate()
    socket.owner = this
    this.#socket = socket
    if (this.#isPaused) socket.pause()
    if (this.#isHeld && this.#waiting.length === 1 && this.#other.isBehind) return
    this.#begin()
  }

  /** Sends what has gathered, and all that comes from now on. */
  #begin(): void {
    this.#isHeld = false
    // What has gathered leaves in one write.
    if (this.#waiting.length > 1) this.#waiting = [Buffer.concat(this.#waiting)]
    this.onDrain()
    this.#pour()
    this.#other.#pour()
  }

  /** What comes in volume goes to the other past us. */
  #pour(): void {
    const other = this.#other
    const to = other.#throttle === null ? other.#socket : null
    if (to !== null) this.#socket?.pour?.(to, Infinity, this)
  }

  get #other(): SpliceEnd {
    const { outer, inner } = this.#splice
    return this === outer ? inner : outer
  }

  // ── what it receives ──

  /** Something has come that was not read yet. */
  get isBehind(): boolean {
    return !this.isGone && !this.hasEnded && !this.#isPaused && this.#socket?.isQuiet === false
  }

  onData(bytes: Buffer): void {
    const other = this.#other
    this.#splice.lastMs = nowMs
    this.came += bytes.length
    if (other.isGone) return this.#drop(bytes.length)
    other.write(bytes, this.#socket?.endsHere)
    if (other.#isFull) this.#pause()
  }

  /** Of what it received. */
  onPoured(came: number, gone: number): void {
    if (came > 0) this.#splice.lastMs = nowMs
    this.came += came
    this.#other.#pouredInto(came, gone)
    if (came > gone) this.#pause()
  }

  /** A reset here would destroy what is still on its way to who sends; not for ever. */
  #drop(count: number): void {
    this.#dropped += count
    if (this.#dropped > LINGER_BYTES_MAX) this.#pause()
  }

  onEnd(): void {
    this.hasEnded = true
    this.#other.#finish()
    this.#splice.heedEnd()
  }

  /** What it had sent goes on as far as it can be read; its end follows. */
  onBroken(): void {
    // Nobody is there yet to whom that could matter.
    if (this.#other.#socket !== null) return
    this.#splice.broke(this)
    this.terminate()
  }

  onClose(isBroken: boolean): void {
    if (this.isGone) return
    this.#release()
    if (isBroken) {
      this.#splice.broke(this)
      this.#other.kill()
    }
    this.#splice.settle()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket?.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }

  // ── what it is given ──

  /** Bytes that it took. */
  get written(): number {
    return this.#progress.written
  }

  /** No more is to come for it now. A little is held for one that does not stand yet: it soon will. */
  get #isFull(): boolean {
    return this.#waitingBytes > (this.#socket === null ? EARLY_BYTES_MAX : 0)
  }

  get #hasWaiting(): boolean {
    return this.#waitingBytes > 0 || this.#pouredBytes > 0
  }

  /** Writes bytes, or keeps what the socket does not take. `isLast`: their end follows, in one packet. */
  write(bytes: Buffer, isLast = false): void {
    if (this.isGone || this.#isFinishing) return
    if (isLast && this.#throttle === null && !this.#hasWaiting) this.#socket?.endSoon?.()
    const taken = this.#waitingBytes > 0 ? 0 : this.#send(bytes)
    if (taken === bytes.length) return
    if (this.#waitingBytes === 0) this.#beginLooking()
    this.#waiting.push(keepable(bytes, taken, bytes.length))
    this.#waitingBytes += bytes.length - taken
    countBuffered(bytes.length - taken)
    if (this.#isHeld && this.#socket !== null) this.#begin()
  }

  /** Of one that does not stand yet: these go out before all else, with what is there by then. */
  writeFirst(bytes: Buffer): void {
    if (this.isGone) return
    this.#isHeld = true
    if (this.#waitingBytes === 0) this.#beginLooking()
    this.#waiting.unshift(bytes)
    this.#waitingBytes += bytes.length
    countBuffered(bytes.length)
  }

  /** So many bytes have come for it past us, and its socket has taken so many of what had come. */
  #pouredInto(came: number, gone: number): void {
    const hadNone = this.#pouredBytes === 0
    this.#pouredBytes += came - gone
    this.#progress.written += gone
    countBuffered(came - gone)
    if (hadNone && this.#pouredBytes > 0) this.#beginLooking()
  }

  #send(bytes: Buffer): number {
    if (this.#socket === null) return 0
    const taken = this.#throttle?.write(this.#socket, bytes) ?? this.#socket.write(bytes, 0, bytes.length)
    if (taken < 0) return bytes.length // it is closed; the event follows
    this.#progress.written += taken
    return taken
  }

  onDrain(): void {
    while (this.#waitingBytes > 0) {
      const [first] = this.#waiting
      if (!first || !this.#socket) return
      const taken = this.#send(first)
      this.#waitingBytes -= taken
      countBuffered(-taken)
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken)
        return
      }
      this.#waiting.shift()
    }
    if (this.#isFinishing) this.#shut()
    this.#other.#resume()
  }

  /** Sends what waits, then FIN. */
  #finish(): void {
    if (this.#isFinishing || this.isGone) return
    this.#isFinishing = true
    if (this.#isHeld && this.#socket !== null) this.#begin()
    else if (!this.#hasWaiting) this.#shut()
  }

  #shut(): void {
    if (this.#isShut || this.#socket === null) return
    this.#isShut = true
    this.#socket.shutdown()
  }

  // ── its end ──

  /** The other end is gone: sends what waits, then FIN, then reads and drops for a while. */
  linger(): void {
    if (this.#isLingering) return
    this.#isLingering = true
    this.#lingerSinceMs = nowMs
    if (this.#socket === null) {
      // It was never there: nobody waits for what was meant for it.
      this.kill()
      return this.#splice.settle()
    }
    this.#beginLooking()
    this.#finish()
    this.#resume()
    this.#splice.heed(nowMs + LINGER_MS)
  }

  terminate(): void {
    this.#splice.abort()
  }

  /** Gone at once, without a word to the splice. */
  kill(): void {
    if (this.isGone) return
    const socket = this.#socket
    this.#release()
    socket?.terminate()
  }

  #release(): void {
    this.isGone = true
    this.#socket = null
    this.#waiting = []
    const held = this.#waitingBytes + this.#pouredBytes
    if (held !== 0) countBuffered(-held)
    this.#waitingBytes = this.#pouredBytes = 0
    this.#throttle?.end()
  }

  // ── its deadlines ──

  /** Whether its splice must look at it again. */
  get isWatched(): boolean {
    return !this.isGone && (this.#hasWaiting || this.#isLingering)
  }

  #beginLooking(): void {
    this.#progress.begin()
    this.#splice.heedStall()
  }

  /** Whether it takes nothing of what is there for it, or does not end though it has all. */
  isStalled(now: number, stallMs: number): boolean {
    if (!this.isWatched || this.#socket === null) return false
    const silentMs = this.#progress.silentMs(now, this.#socket.fd)
    if (this.#isLingering && now - this.#lingerSinceMs >= LINGER_MOST_MS) return true
    const hasAll = !this.#hasWaiting && this.#progress.unsent === 0
    return silentMs >= (hasAll ? LINGER_MS : stallMs)
  }
}
