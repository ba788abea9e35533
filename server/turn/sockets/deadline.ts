// What a stream has to do in time, and what it dies of otherwise.
import { nowMs } from '../../lib/clock.ts'
import { unsentBytes } from '../../lib/native.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'

const LINGER_MS = 10_000
/** How often it is looked whether what waits is taken. */
const LOOK_MS = 5000

interface Mortal {
  abort(why: string): void
}

export class Deadline implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  /** What waits to be sent and is not taken for so long ends it; 0: it may wait. */
  stallMs = 0
  readonly #wheel: Wheel
  readonly #stream: Mortal
  #why = 'timed out'
  #isLingering = false
  /** Of the stalled; -1: it is not. */
  #fd = -1
  #unsent = 0
  #progressMs = 0

  constructor(wheel: Wheel, stream: Mortal) {
    this.#wheel = wheel
    this.#stream = stream
  }

  /** Sets one for what comes next; 0 takes it away. */
  set(ms: number, why: string): void {
    this.#why = why
    this.#isLingering = false
    this.#fd = -1
    this.#wheel.due(this, ms === 0 ? 0 : nowMs + ms)
  }

  /** It ends: each byte that goes or comes gives it another while. */
  linger(): void {
    this.set(LINGER_MS, 'timed out')
    this.#isLingering = true
  }

  /** Bytes have gone or come. */
  moved(): void {
    if (this.#isLingering) this.dueMs = nowMs + LINGER_MS
  }

  /** The kernel takes no more of what waits, and goes on some day. */
  stalls(fd: number): void {
    if (this.stallMs === 0 || this.#isLingering) return
    this.#progressMs = nowMs
    if (this.#fd === fd) return
    this.#fd = fd
    this.#unsent = unsentBytes(fd)
    this.#look(nowMs)
  }

  /** It has taken all. */
  flows(): void {
    if (this.#fd >= 0) this.set(0, '')
  }

  #look(now: number): void {
    this.#wheel.due(this, now + Math.min(LOOK_MS, this.stallMs))
  }

  expire(now: number): void {
    if (this.#fd < 0) return this.#stream.abort(this.#why)
    // The kernel calls a socket writable only once a third of its buffer is free: what leaves that is
    // progress as well.
    const unsent = unsentBytes(this.#fd)
    if (unsent < this.#unsent) this.#progressMs = now
    this.#unsent = unsent
    if (now - this.#progressMs >= this.stallMs) this.#stream.abort('the client does not read')
    else this.#look(now)
  }

  end(): void {
    this.#wheel.remove(this)
  }
}
