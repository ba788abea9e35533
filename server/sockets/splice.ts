// Two sockets, each given what the other receives, byte for byte; what comes in volume passes by us where it
// can (pour.ts). A side that takes less than comes pauses the other, so that at most a read (512 KiB) waits
// in each direction; half-closes pass through, and so does a connection that broke (as RST).
//
//   open ──FIN of a side──▶ half closed ──FIN of the other──▶ gone
//     └──one side is gone──▶ lingering (the other takes what is left, then FIN, and has a while to end) ──▶ gone
import { nowMs } from '../lib/clock.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { Joint } from './joint.ts'
import { LINGER_MS, SpliceEnd } from './splice-end.ts'

/** How often it is looked whether a side takes what waits for it. */
const LOOK_MS = 5000
/** In the time for which it may take nothing. */
const LOOKS = 6

export interface SpliceOptions {
  readonly wheel: Wheel
  /** Nothing came from either side for so long: it is ended. 0: they may be silent. */
  readonly idleMs: number
  /** The same once a side has sent its FIN; left out: no other time than `idleMs`. */
  readonly halfCloseMs?: number
  /** A side took nothing of what waits for it for so long: it is ended. */
  readonly stallMs: number
  /** Most bytes a second of each direction; left out: as fast as can be. */
  readonly bytesPerS?: number | undefined
  /** Told once, when both sockets are gone. */
  readonly owner: { spliceGone(): void }
}

/** Why both sides were ended at once, by RST; of a side: it broke, or took nothing. */
export type SpliceEnding =
  | 'outer_broke'
  | 'inner_broke'
  | 'outer_stalled'
  | 'inner_stalled'
  | 'idle'
  | 'half_close'

/** Two sockets, joined. Both are attached when they stand; what comes for one that does not yet waits. */
export class Splice implements Timed, Joint<SpliceEnd> {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  /** The socket that was accepted. */
  readonly outer: SpliceEnd
  /** The one that was made for it. */
  readonly inner: SpliceEnd
  /** When something last came from either side. */
  lastMs = nowMs
  /** Why it was ended; null: it is open, has ended in order, or its owner has ended it. */
  why: SpliceEnding | null = null
  readonly #options: SpliceOptions
  /** `lastMs` when something was behind that; -1: never. */
  #heldUpMs = -1
  #isOver = false

  constructor(options: SpliceOptions) {
    this.#options = options
    const { wheel, bytesPerS } = options
    const pace = bytesPerS === undefined ? null : { wheel, bytesPerS }
    this.outer = new SpliceEnd(this, pace)
    this.inner = new SpliceEnd(this, pace)
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

  /** A look knows only that something moved since the one before: more of them know better when. */
  get #lookMs(): number {
    return Math.min(LOOK_MS, this.#options.stallMs / LOOKS)
  }

  /** Something waits for a side that does not take it. */
  heedStall(): void {
    this.heed(nowMs + this.#lookMs)
  }

  /** A side has sent its end. */
  heedEnd(): void {
    const { halfCloseMs = 0 } = this.#options
    if (halfCloseMs > 0) this.heed(this.lastMs + halfCloseMs)
  }

  /** A side broke. */
  broke(end: SpliceEnd): void {
    this.why ??= end === this.outer ? 'outer_broke' : 'inner_broke'
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
    const { stallMs } = this.#options
    if (outer.isStalled(now, stallMs)) return this.#give('outer_stalled')
    if (inner.isStalled(now, stallMs)) return this.#give('inner_stalled')
    if (outer.isWatched || inner.isWatched) {
      const isLingering = outer.isGone || inner.isGone
      return this.heed(now + Math.min(isLingering ? LINGER_MS : LOOK_MS, this.#lookMs))
    }
    const { idleMs, halfCloseMs = 0 } = this.#options
    const isHalf =
      halfCloseMs > 0 && (outer.hasEnded || inner.hasEnded) && (idleMs === 0 || halfCloseMs < idleMs)
    const silentMs = isHalf ? halfCloseMs : idleMs
    if (silentMs === 0) return
    if (now - this.lastMs < silentMs) return this.heed(this.lastMs + silentMs)
    if (this.#isHeldUp()) return this.heed(now + 1)
    this.#give(isHalf ? 'half_close' : 'idle')
  }

  /** What has come in time waits to be read, as this process was held up: it is in the next turn. */
  #isHeldUp(): boolean {
    if (this.#heldUpMs === this.lastMs || !(this.outer.isBehind || this.inner.isBehind)) return false
    this.#heldUpMs = this.lastMs
    return true
  }

  #give(why: SpliceEnding): void {
    this.why ??= why
    this.abort()
  }
}
