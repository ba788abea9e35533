// Two sockets, each given what the other receives, byte for byte. A side that takes less than comes pauses
// the other, so that at most a read (512 KiB) waits in each direction; half-closes pass through, and so does
// a connection that broke (as RST).
//
//   open ──FIN of a side──▶ half closed ──FIN of the other──▶ gone
//     └──one side is gone──▶ lingering (the other takes what is left, then FIN, and has a while to end) ──▶ gone
import { nowMs } from '../lib/clock.ts'
import { unsentBytes } from '../lib/native.ts'
import { keepable } from '../lib/read-piece.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { Socket, SocketEvents } from './socket.ts'

/** How often it is looked whether a side takes what waits for it. */
const LOOK_MS = 5000
/** How long a side that has everything may take to end. */
const LINGER_MS = 2000
/** However slowly it takes what is left: the other side has been gone all that time. */
const LINGER_MOST_MS = 120_000
/** What a side may still send that nobody is there to read. */
const LINGER_BYTES_MAX = 64 * 1024

export interface SpliceOptions {
  readonly wheel: Wheel
  /** Nothing came from either side for so long: it is ended. 0: they may be silent. */
  readonly idleMs: number
  /** A side took nothing of what waits for it for so long: it is ended. */
  readonly stallMs: number
  /** Told once, when both sockets are gone. */
  readonly owner: { spliceGone(): void }
}

/** Two sockets, joined. Both are attached when they stand; what comes for one that does not yet waits. */
export class Splice implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  /** The socket that was accepted. */
  readonly outer: SpliceEnd
  /** The one that was made for it. */
  readonly inner: SpliceEnd
  /** When something last came from either side. */
  lastMs = nowMs
  readonly #options: SpliceOptions
  #isOver = false

  constructor(options: SpliceOptions) {
    this.#options = options
    this.outer = new SpliceEnd(this)
    this.inner = new SpliceEnd(this)
    if (options.idleMs > 0) this.heed(nowMs + options.idleMs)
  }

  /** Ends both sides at once, by RST. */
  abort(): void {
    this.outer.kill()
    this.inner.kill()
    this.settle()
  }

  /** Brings the deadline forward if it is later than `dueMs` or none. */
  heed(dueMs: number): void {
    if (this.#isOver || (this.dueMs !== 0 && this.dueMs <= dueMs)) return
    this.#options.wheel.due(this, dueMs)
  }

  /** Something waits for a side that does not take it. */
  heedStall(): void {
    this.heed(nowMs + Math.min(LOOK_MS, this.#options.stallMs))
  }

  /** A side is gone: what is left of the other ends in order. */
  settle(): void {
    const { outer, inner } = this
    if (this.#isOver) return
    if (!outer.isGone) return outer.linger()
    if (!inner.isGone) return inner.linger()
    this.#isOver = true
    this.#options.wheel.remove(this)
    this.#options.owner.spliceGone()
  }

  expire(now: number): void {
    const { outer, inner } = this
    const { idleMs, stallMs } = this.#options
    if (outer.isStalled(now, stallMs) || inner.isStalled(now, stallMs)) return this.abort()
    if (outer.isWatched || inner.isWatched) {
      const isLingering = outer.isGone || inner.isGone
      return this.heed(now + Math.min(isLingering ? LINGER_MS : LOOK_MS, stallMs))
    }
    if (idleMs === 0) return
    if (now - this.lastMs >= idleMs) return this.abort()
    this.heed(this.lastMs + idleMs)
  }
}

/** One of the two: a socket, and what waits for it. */
export class SpliceEnd implements SocketEvents {
  readonly #splice: Splice
  #socket: Socket | null = null
  /** Not taken by the socket yet. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Its reading is. */
  #isPaused = false
  /** Nothing more will be written; FIN is sent once all is. */
  #isFinishing = false
  #isShut = false
  isGone = false
  /** The other end is gone. */
  #isLingering = false
  #lingerSinceMs = 0
  #dropped = 0
  /**
   * Progress of what is written: bytes that the socket took, and at the last look that of the kernel (-1: no
   * look yet).
   */
  #written = 0
  #writtenAtLook = 0
  #unsentAtLook = -1
  #progressMs = 0

  constructor(splice: Splice) {
    this.#splice = splice
  }

  /** Takes a socket that stands; it is told of its events from now on. */
  attach(socket: Socket): void {
    if (this.isGone) return void socket.terminate()
    socket.owner = this
    this.#socket = socket
    if (this.#isPaused) socket.pause()
    // What has gathered leaves in one write.
    if (this.#waiting.length > 1) this.#waiting = [Buffer.concat(this.#waiting)]
    this.onDrain()
  }

  get #other(): SpliceEnd {
    const { outer, inner } = this.#splice
    return this === outer ? inner : outer
  }

  // ── what it receives ──

  onData(bytes: Buffer): void {
    const other = this.#other
    this.#splice.lastMs = nowMs
    if (other.isGone) return this.#drop(bytes.length)
    other.write(bytes)
    if (other.#waitingBytes > 0) this.#pause()
  }

  /** A reset here would destroy what is still on its way to who sends; not for ever. */
  #drop(count: number): void {
    this.#dropped += count
    if (this.#dropped > LINGER_BYTES_MAX) this.#pause()
  }

  onEnd(): void {
    this.#other.#finish()
  }

  /** What it had sent goes on as far as it can be read; its end follows. */
  onBroken(): void {}

  onClose(isBroken: boolean): void {
    if (this.isGone) return
    this.#release()
    if (isBroken) this.#other.kill()
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

  /** Writes bytes, or keeps what the socket does not take. */
  write(bytes: Buffer): void {
    if (this.isGone || this.#isFinishing) return
    const taken = this.#waitingBytes > 0 ? 0 : this.#send(bytes)
    if (taken === bytes.length) return
    if (this.#waitingBytes === 0) this.#beginLooking()
    this.#waiting.push(keepable(bytes, taken, bytes.length))
    this.#waitingBytes += bytes.length - taken
  }

  #send(bytes: Buffer): number {
    if (this.#socket === null) return 0
    const taken = this.#socket.write(bytes, 0, bytes.length)
    if (taken < 0) return bytes.length // it is closed; the event follows
    this.#written += taken
    return taken
  }

  onDrain(): void {
    while (this.#waitingBytes > 0) {
      const [first] = this.#waiting
      if (!first || !this.#socket) return
      const taken = this.#send(first)
      this.#waitingBytes -= taken
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
    if (this.#waitingBytes === 0) this.#shut()
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
    this.#waitingBytes = 0
  }

  // ── its deadlines ──

  /** Whether its splice must look at it again. */
  get isWatched(): boolean {
    return !this.isGone && (this.#waitingBytes > 0 || this.#isLingering)
  }

  #beginLooking(): void {
    this.#progressMs = nowMs
    this.#writtenAtLook = this.#written
    this.#unsentAtLook = -1
    this.#splice.heedStall()
  }

  /**
   * Whether it takes nothing of what is there for it, or does not end though it has all. The kernel calls a
   * socket writable only once a third of its buffer is free, for which a slow reader may need minutes: so
   * what leaves that buffer is progress too.
   */
  isStalled(now: number, stallMs: number): boolean {
    if (!this.isWatched || this.#socket === null) return false
    const unsent = unsentBytes(this.#socket.fd)
    if (this.#written !== this.#writtenAtLook || (this.#unsentAtLook >= 0 && unsent < this.#unsentAtLook))
      this.#progressMs = now
    this.#writtenAtLook = this.#written
    this.#unsentAtLook = unsent
    if (this.#isLingering && now - this.#lingerSinceMs >= LINGER_MOST_MS) return true
    const hasAll = this.#waitingBytes === 0 && unsent === 0
    return now - this.#progressMs >= (hasAll ? LINGER_MS : stallMs)
  }
}
