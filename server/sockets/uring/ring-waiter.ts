// A ring that a loop sleeps in, and the table of those who ask it for something. Each has a number, which is
// part of the tags of its requests, and somebody else's only when it is done and its last request has been
// completed: so no completion is ever taken for another's. What is cancelled is completed as well.
import { guarded, tellBug } from '../../lib/bug.ts'
import { tick } from '../../lib/clock.ts'
import type { Waiter } from '../waiter.ts'
import { askCancelAll, askReady } from './requests.ts'
import { type Completions, HAS_MORE, Ring } from './ring.ts'

/** Whoever asks the ring for something. */
export interface Asker {
  /** Of the table; -1: it is not in it. */
  number: number
  /** Requests whose last completion has not come. */
  inFlight: number
  /** It asks for nothing more, and leaves the table when nothing is in flight. */
  isDone: boolean
  /** `kind` is what the tag of the request said. */
  completed(kind: number, result: number, flags: number, extra: number): void
  /** It has thrown. */
  confused(): void
  /** It has left the table. */
  left(): void
}

/** Entries for a turn of a busy worker: beyond them one more call is made. */
export const ENTRIES = 1024
export const COMPLETIONS = 8192
const KIND_BITS = 3
const KINDS = (1 << KIND_BITS) - 1
const POLLIN = 1
/** Of a ring that is closed: how long what is in flight is waited for, and how often. */
const CLOSING_MS = 10
const CLOSING_TURNS = 100

export class RingWaiter implements Waiter, Completions {
  readonly ring: Ring
  readonly #askers: (Asker | null)[] = []
  readonly #numbers: number[] = []
  readonly #watches: Watch[] = []
  #later: (() => void)[] = []
  #closers: (() => void)[] = []

  constructor(ring = new Ring(ENTRIES, COMPLETIONS)) {
    this.ring = ring
  }

  get wasInterrupted(): boolean {
    return this.ring.wasInterrupted
  }

  get lookedMs(): number {
    return this.ring.lookedMs
  }

  add(asker: Asker): void {
    asker.number = this.#numbers.pop() ?? this.#askers.length
    this.#askers[asker.number] = asker
  }

  /** The tag of a request, which is counted as in flight. */
  tag(asker: Asker, kind: number): number {
    asker.inFlight++
    return (asker.number << KIND_BITS) | kind
  }

  /** The same of one that was made already. */
  tagOf(asker: Asker, kind: number): number {
    return (asker.number << KIND_BITS) | kind
  }

  /** Whether a completion of such a request waits to be told. */
  hasToldOf(asker: Asker, kind: number): boolean {
    return this.ring.hasCompletion(this.tagOf(asker, kind))
  }

  watch(fd: number, tell: () => void): void {
    const watch = new Watch(fd, tell)
    this.add(watch)
    this.#watches.push(watch)
  }

  later(work: () => void): void {
    this.#later.push(work)
  }

  turn(timeoutMs: number): number {
    const postponed = this.#later.length > 0 ? this.#runLater() : 0
    const wait = postponed > 0 || this.#later.length > 0 ? 0 : timeoutMs
    // Level-triggered: asked for anew once what it told of has been looked at.
    for (const watch of this.#watches)
      if (watch.inFlight === 0) askReady(this.ring, watch.fd, this.tag(watch, 0), POLLIN)
    const count = this.ring.turn(wait, this)
    tick()
    return postponed + count
  }

  completed(tag: number, extra: number, result: number, flags: number): void {
    const asker = this.#askers[tag >> KIND_BITS]!
    if ((flags & HAS_MORE) === 0) asker.inFlight--
    try {
      asker.completed(tag & KINDS, result, flags, extra)
    } catch (error) {
      this.#confused(asker, error) // the others of this turn have something too
    }
    if (asker.isDone && asker.inFlight === 0) this.leave(asker)
  }

  /** Takes one out of the table of which nothing is in flight. */
  leave(asker: Asker): void {
    if (asker.number < 0) return
    this.#askers[asker.number] = null
    this.#numbers.push(asker.number)
    asker.number = -1
    asker.left()
  }

  /** How many of those in the table watch a descriptor, which is for good. */
  get watched(): number {
    return this.#watches.length
  }

  /** How many are in the table. */
  get askers(): number {
    return this.#askers.length - this.#numbers.length
  }

  #confused(asker: Asker, error: unknown): void {
    tellBug(error)
    try {
      asker.confused()
    } catch (worse) {
      tellBug(worse)
    }
  }

  #runLater(): number {
    const work = this.#later
    this.#later = []
    for (const run of work) guarded(run)
    return work.length
  }

  /** Frees what is shared with the kernel, when the ring is closed and nothing is in flight. */
  onClosed(free: () => void): void {
    this.#closers.push(free)
  }

  close(): void {
    const { ring } = this
    const rest = new Watch(-1, () => {})
    this.add(rest)
    askCancelAll(ring, this.tag(rest, 0))
    for (let turn = 0; ring.inFlight > 0 && turn < CLOSING_TURNS; turn++) ring.turn(CLOSING_MS, this)
    const isAllBack = ring.inFlight === 0
    ring.close()
    // Else the kernel may write there yet: it stays until the process ends.
    if (isAllBack) for (const free of this.#closers) free()
    this.#closers = []
  }
}

/** A descriptor that somebody waits for to be readable. */
class Watch implements Asker {
  number = -1
  inFlight = 0
  isDone = false
  readonly fd: number
  readonly #tell: () => void

  constructor(fd: number, tell: () => void) {
    this.fd = fd
    this.#tell = tell
  }

  completed(_kind: number, result: number): void {
    if (result > 0) this.#tell()
  }

  confused(): void {}
  left(): void {}
}
