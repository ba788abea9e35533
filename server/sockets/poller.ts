// Which descriptors are ready: one epoll (epoll(7)), read by the turn. Level-triggered: what is not read now
// is told again, so that nobody must drain anything.
//
//   struct epoll_event   u32 events · u64 data, without a gap on x86-64 and with one of 4 bytes elsewhere
//   data                 descriptor · how often this number was added so far
//
// The count matters: a handler may close a descriptor and open another that gets its number while events of
// the old one still wait in this turn.
import { ptr, type Pointer } from 'bun:ffi'
import { guarded, tellBug } from '../lib/bug.ts'
import { SystemProblem } from '../lib/bind-fd.ts'
import { nowMs, tick } from '../lib/clock.ts'
import { errno, libc } from '../lib/native.ts'
import { EEXIST, EINTR } from './calls.ts'
import type { Waiter } from './waiter.ts'

/** Bytes, a connection, or the end can be read. */
export const READABLE = 0x1
/** Something can be written, or a connect() has come to its end. */
export const WRITABLE = 0x4
/** An error is pending (socketError). Told whether asked for or not. */
export const BROKEN = 0x8
/** Neither side sends any more. Told whether asked for or not. */
export const HUNG_UP = 0x10

/**
 * Beside READABLE, of a socket that several processes wait for: one of them is told, not all, and among those
 * that wait the one that was added first. It cannot be changed: remove it, and add it again.
 */
export const EXCLUSIVE = 0x10000000

/** Beside READABLE: the other side sends no more. */
export const HAS_ENDED = 0x2000

/** Beside READABLE: told once, and then again only when more has come. */
export const EDGE = 0x80000000 | 0

/** Who is told that a descriptor is ready. */
export interface Pollable {
  /** `events` is a sum of READABLE, WRITABLE, BROKEN, HUNG_UP. */
  onReady(events: number): void
}

const EPOLL_CLOEXEC = 0x80000
const ADD = 1
const REMOVE = 2
const MODIFY = 3

/** Most events of one turn; the others are told in the next. */
const EVENTS = 256
const isPacked = process.arch === 'x64'
const EVENT_WORDS = isPacked ? 3 : 4
const DATA_WORD = isPacked ? 1 : 2

export class Poller implements Waiter {
  /** Turns so far, and what was ready in them. */
  turns = 0
  events = 0
  /** A signal ended the wait of the last turn. */
  wasInterrupted = false
  lookedMs = -Infinity
  readonly #epoll: number
  readonly #events = new Int32Array(new ArrayBuffer(EVENTS * EVENT_WORDS * 4))
  readonly #eventsAt: Pointer = ptr(this.#events)
  readonly #change = new Int32Array(new ArrayBuffer(EVENT_WORDS * 4))
  readonly #changeAt: Pointer = ptr(this.#change)
  /** By descriptor. */
  readonly #handlers: (Pollable | null)[] = []
  readonly #added: number[] = []
  #later: (() => void)[] = []
  readonly #libc = libc()

  constructor() {
    this.#epoll = this.#libc.epoll_create1(EPOLL_CLOEXEC)
    if (this.#epoll < 0) throw new Error(`no epoll (errno ${errno()})`)
  }

  /** Readable when somebody has something to be told. */
  get fd(): number {
    return this.#epoll
  }

  /**
   * Tells `handler` when the descriptor is ready for `interest`: a sum of READABLE and WRITABLE, or 0. Throws
   * a SystemProblem where it cannot.
   */
  add(fd: number, interest: number, handler: Pollable): void {
    const code = this.tryAdd(fd, interest, handler)
    if (code !== 0) throw new SystemProblem('epoll_ctl', code)
  }

  /** The same, but says why it cannot (errno), as the system may have no room to poll one more; 0: it can. */
  tryAdd(fd: number, interest: number, handler: Pollable): number {
    while (this.#handlers.length <= fd) {
      this.#handlers.push(null)
      this.#added.push(0)
    }
    this.#handlers[fd] = handler
    this.#added[fd] = ((this.#added[fd] ?? 0) + 1) | 0
    if (this.#control(ADD, fd, interest) === 0) return 0
    // Already there: its number was closed elsewhere while a copy kept it registered.
    if (errno() === EEXIST && this.#control(MODIFY, fd, interest) === 0) return 0
    const code = errno()
    this.#handlers[fd] = null
    return code
  }

  /** The same descriptor is another's from now on. */
  hand(fd: number, handler: Pollable): void {
    this.#handlers[fd] = handler
  }

  /** Changes what the descriptor is polled for. */
  modify(fd: number, interest: number): void {
    this.#control(MODIFY, fd, interest)
  }

  /**
   * Forgets a descriptor; to be called before it is closed. Its handler is not told anything any more, not
   * even of this turn.
   */
  remove(fd: number): void {
    if (!this.#handlers[fd]) return
    this.#handlers[fd] = null
    // Closing is not enough: the supervisor has copies of some, and epoll goes by the open file.
    this.#control(REMOVE, fd, 0)
  }

  watch(fd: number, tell: () => void): void {
    this.add(fd, READABLE, { onReady: tell })
  }

  /**
   * The same for a descriptor that nobody else has a copy of, and that is closed at once: closing takes it
   * out of the epoll.
   */
  forget(fd: number): void {
    this.#handlers[fd] = null
  }

  /** Runs `work` at the begin of the next turn, which does not wait. */
  later(work: () => void): void {
    this.#later.push(work)
  }

  /** Waits for at most `timeoutMs`, tells the handlers of what is ready, and returns how many were told. */
  turn(timeoutMs: number): number {
    this.turns++
    const postponed = this.#later.length > 0 ? this.#runLater() : 0
    const wait = postponed > 0 || this.#later.length > 0 ? 0 : timeoutMs
    const count = this.#libc.epoll_wait(this.#epoll, this.#eventsAt, EVENTS, wait)
    tick()
    this.wasInterrupted = count < 0
    if (count < 0) {
      if (errno() !== EINTR) throw new Error(`epoll failed (errno ${errno()})`)
      return postponed
    }
    this.lookedMs = nowMs
    this.events += count
    for (let i = 0; i < count; i++) this.#tell(i * EVENT_WORDS)
    return postponed + count
  }

  /** Closes the epoll; the descriptors in it are their owners'. */
  close(): void {
    this.#handlers.length = 0
    this.#libc.close(this.#epoll)
  }

  #tell(at: number): void {
    const events = this.#events
    const fd = events[at + DATA_WORD]!
    const handler = this.#handlers[fd]
    if (!handler || this.#added[fd] !== events[at + DATA_WORD + 1]) return
    try {
      handler.onReady(events[at]!)
    } catch (error) {
      tellBug(error) // the others of this turn are ready too
    }
  }

  #runLater(): number {
    const work = this.#later
    this.#later = []
    for (const run of work) guarded(run)
    return work.length
  }

  #control(operation: number, fd: number, interest: number): number {
    this.#change[0] = interest
    this.#change[DATA_WORD] = fd
    this.#change[DATA_WORD + 1] = this.#added[fd] ?? 0
    return this.#libc.epoll_ctl(this.#epoll, operation, fd, this.#changeAt)
  }
}
