// Connections on their way in that wait for something: a PROXY header, a handshake. Each has a deadline, and
// is no client of a codec yet: a drain gives them a moment only.
import { guarded } from '../lib/bug.ts'
import { nowMs, tick } from '../lib/clock.ts'
import { OpenSet } from '../lib/open-set.ts'
import type { Socket, SocketEvents } from '../sockets/socket.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { Accepted, Entry } from './entry.ts'

/** While draining: what a client says first may be on its way so long after it was let in. */
const FIRST_BYTES_MS = 1000

/** All of a worker. */
export class Arrivals {
  readonly wheel: Wheel
  /** No others come, or soon will not. */
  isDraining = false
  readonly #open = new OpenSet<Arriving>()

  constructor(wheel: Wheel) {
    this.wheel = wheel
  }

  get size(): number {
    return this.#open.size
  }

  add(one: Arriving): void {
    this.#open.add(one)
  }

  delete(one: Arriving): void {
    this.#open.delete(one)
  }

  /** Waits until all have come in or are gone, which is soon. */
  drain(withinMs: number, done: () => void): void {
    tick()
    this.isDraining = true
    for (const one of this.#open) one.endSoon()
    this.#open.drain(withinMs, (rest) => {
      tick()
      for (const one of rest) guarded(() => one.terminate())
      done()
    })
  }
}

export abstract class Arriving implements SocketEvents, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  protected readonly arrivals: Arrivals
  protected readonly from: Accepted
  /** It was handed on, or is gone. */
  protected isOver = false
  readonly #sinceMs = nowMs
  protected socket: Socket

  /** Owns the socket from now on. */
  constructor(arrivals: Arrivals, socket: Socket, from: Accepted, withinMs: number) {
    this.arrivals = arrivals
    this.from = from
    this.socket = socket
    arrivals.add(this)
    arrivals.wheel.due(this, nowMs + (arrivals.isDraining ? Math.min(withinMs, FIRST_BYTES_MS) : withinMs))
  }

  /** The next step becomes its owner. */
  protected handOn(next: Entry): void {
    this.isOver = true
    this.arrivals.wheel.remove(this)
    this.settled()
    try {
      next.accept(this.socket, this.from)
    } finally {
      // Last: a drain that waits for it must find it where it is now.
      this.arrivals.delete(this)
    }
  }

  /** Nothing is waited for any more. */
  protected settled(): void {}

  onData(_bytes: Buffer): void {}

  onDrain(): void {}

  /** Nothing more comes of what is waited for. */
  onEnd(): void {
    this.terminate()
  }

  onClose(_isBroken: boolean): void {
    this.#over()
  }

  onBroken(): void {
    this.terminate()
  }

  terminate(): void {
    if (this.#over()) this.socket.terminate()
  }

  #over(): boolean {
    if (this.isOver) return false
    this.isOver = true
    this.arrivals.wheel.remove(this)
    this.settled()
    this.from.gone()
    this.arrivals.delete(this)
    return true
  }

  expire(_nowMs: number): void {
    this.terminate()
  }

  /** A drain: one that has said nothing yet has a moment from when it came, no more. */
  endSoon(): void {
    const untilMs = this.#sinceMs + FIRST_BYTES_MS
    if (untilMs <= nowMs) return this.terminate()
    if (this.dueMs === 0 || untilMs < this.dueMs) this.arrivals.wheel.due(this, untilMs)
  }
}
