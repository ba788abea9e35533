// An io_uring (io_uring(7)): two rings of memory shared with the kernel, one of entries that ask for work,
// one of completions. Nobody else touches them.
//
//   entry        64 bytes: operation u8, flags u8, priority u16 · descriptor · offset u64 · address u64 ·
//                length · flags of the operation · tag u32, extra u32 · group of buffers u16 · …
//   completion   16 bytes: tag u32, extra u32 · result · flags
//
// Made for one thread (SINGLE_ISSUER), which runs what is left to do inside of its own call (DEFER_TASKRUN):
// the kernel touches the rings only while we are in that call, so that plain loads and stores do.
import type { Pointer } from 'bun:ffi'
import { errno, libc } from '../../lib/native.ts'
import { KernelMemory } from '../memory.ts'
import { ARGUMENT_BYTES, type Enter, ringEnter, ringRegister } from './calls.ts'
import { EINTR, EAGAIN, EBUSY, ENOMEM, ETIME } from '../calls.ts'
import { RingRefused, setUp } from './set-up.ts'

/** Words of an entry. */
export const OFFSET = 2
export const ADDRESS = 4
export const LENGTH = 6
export const FLAGS = 7
export const TAG = 8
export const GROUP = 10
/** Of a request for many pieces: how many bytes all of them may be (`optlen`). */
export const BOUND = 11
export const ENTRY_WORDS = 16
/** Flags of a completion. */
export const HAS_BUFFER = 1
/** The same request completes again. */
export const HAS_MORE = 2
/** There was more to be received. */
export const HAS_RECEIVED_MORE = 4

const ENTRIES_OFFSET = 0x10000000

// Flags of a call.
const GETEVENTS = 1
const EXT_ARG = 8
const PRESSED = [EAGAIN, EBUSY, ENOMEM, EINTR]
/** How long the kernel is given where it has no memory for a request. */
const PRESSED_MS = 1
/** So often a place is tried to be had. By then a worker is near to be taken for one that hangs. */
const TRIES_MAX = 3000

// What is waited for: struct __kernel_timespec, then struct io_uring_getevents_arg with its address.
const TIME_BYTES = 16
const WAIT_BYTES = TIME_BYTES + ARGUMENT_BYTES
/** Word of that address. */
const WAIT_TIME = 8

/** Who is told of completions. */
export interface Completions {
  completed(tag: number, extra: number, result: number, flags: number): void
}

export class Ring {
  readonly fd: number
  /** The entries. Their words are for those who ask (`requests.ts`). */
  readonly entries: Int32Array
  /** How many there are: so many can be asked for within a turn before one more call is needed. */
  readonly size: number
  /** Calls so far. */
  enters = 0
  /** Completions told so far. */
  told = 0
  /** A signal may have ended the wait of the last turn. */
  wasInterrupted = false
  /** When it last asked for all that is completed by then, without waiting; -Infinity: not yet. */
  lookedMs = -Infinity
  /** Asked for, and its last completion not told yet. */
  inFlight = 0
  readonly #memory: readonly KernelMemory[]
  /** Both rings: heads and tails are words of it. */
  readonly #words: Int32Array
  readonly #completions: Int32Array
  readonly #mask: number
  readonly #completionMask: number
  readonly #headAt: number
  readonly #tailAt: number
  readonly #completionHeadAt: number
  readonly #completionTailAt: number
  readonly #waitWords: Int32Array
  readonly #waitAt: Pointer
  readonly #enter: Enter
  /** Entries ever asked for; those before `#submitted` are the kernel's. Both wrap at 2^32. */
  #tail: number
  #submitted: number
  #completionHead: number
  #waitMs = -1
  #isClosed = false
  /** Why the kernel took too little the last time: an errno. */
  #pressedBy = 0

  /** Throws RingRefused (set-up.ts). `enterOf`: the call that submits to such a descriptor, and waits. */
  constructor(entries: number, completions: number, enterOf = ringEnter) {
    const { fd, size, completionSize, asked, told } = setUp(entries, completions)
    const length = Math.max(asked[6]! + size * 4, told[5]! + completionSize * 16)
    const rings = new KernelMemory(length, { fd, offset: 0 })
    const table = new KernelMemory(size * ENTRY_WORDS * 4, { fd, offset: ENTRIES_OFFSET })
    const wait = new KernelMemory(WAIT_BYTES)
    this.fd = fd
    this.size = size
    this.#memory = [rings, table, wait]
    this.entries = new Int32Array(table.bytes.buffer)
    const words = new Int32Array(rings.bytes.buffer, 0, length >> 2)
    this.#words = words
    this.#completions = new Int32Array(rings.bytes.buffer, told[5]!, completionSize * 4)
    this.#headAt = asked[0]! >> 2
    this.#tailAt = asked[1]! >> 2
    this.#completionHeadAt = told[0]! >> 2
    this.#completionTailAt = told[1]! >> 2
    this.#mask = words[asked[2]! >> 2]!
    this.#completionMask = words[told[2]! >> 2]!
    // Entries are submitted in the order of their places.
    for (let i = 0; i < size; i++) words[(asked[6]! >> 2) + i] = i
    this.#tail = words[this.#tailAt]!
    this.#submitted = this.#tail
    this.#completionHead = words[this.#completionHeadAt]!
    this.#waitWords = new Int32Array(wait.bytes.buffer)
    this.#waitWords[WAIT_TIME] = wait.at | 0
    this.#waitWords[WAIT_TIME + 1] = (wait.at / 2 ** 32) | 0
    this.#waitAt = (wait.at + TIME_BYTES) as Pointer
    this.#enter = enterOf(fd)
  }

  /**
   * Asks for an operation, given with the flags of its entry and its priority: where the words of its entry
   * begin, the others of which are 0. It is submitted with the next turn.
   */
  ask(operation: number, fd: number, tag: number, extra: number): number {
    if (((this.#tail - this.#submitted) | 0) >= this.size) this.#makeRoom()
    const words = this.entries
    const at = (this.#tail & this.#mask) << 4
    words[at] = operation
    words[at + 1] = fd
    words[at + OFFSET] = 0
    words[at + OFFSET + 1] = 0
    words[at + ADDRESS] = 0
    words[at + ADDRESS + 1] = 0
    words[at + LENGTH] = 0
    words[at + FLAGS] = 0
    words[at + TAG] = tag
    words[at + TAG + 1] = extra
    words[at + GROUP] = 0
    words[at + GROUP + 1] = 0
    this.#tail = (this.#tail + 1) | 0
    this.inFlight++
    return at
  }

  /** The number of what was asked for last. */
  get latest(): number {
    return (this.#tail - 1) | 0
  }

  /** What has this number is the kernel's: its entry is somebody else's, perhaps. */
  isSubmitted(number: number): boolean {
    return ((number - this.#submitted) | 0) < 0
  }

  /** Where the words of its entry begin, as long as it is not submitted. */
  entryOf(number: number): number {
    return (number & this.#mask) << 4
  }

  /**
   * Submits what was asked for, and does not wait. False: the kernel has no memory for all of it now, and the
   * rest goes with the next turn.
   */
  submit(): boolean {
    const words = this.#words
    while (this.#submitted !== this.#tail) {
      const count = (this.#tail - this.#submitted) | 0
      words[this.#tailAt] = this.#tail
      this.enters++
      const taken = this.#enter(count, 0, 0, null)
      this.#submitted = words[this.#headAt]!
      if (taken <= 0) return this.#isPressed(taken)
    }
    return true
  }

  #isPressed(taken: number): false {
    const code = taken < 0 ? errno() : EAGAIN
    this.#pressedBy = code
    if (PRESSED.includes(code)) return false
    throw new RingRefused('io_uring_enter', code)
  }

  /** Nothing can go on without a place, and the kernel has memory again sooner or later: else throws. */
  #makeRoom(): void {
    for (let tries = 0; !this.submit() && ((this.#tail - this.#submitted) | 0) >= this.size; tries++) {
      if (tries === TRIES_MAX) throw new RingRefused('io_uring_enter', this.#pressedBy)
      Bun.sleepSync(PRESSED_MS)
    }
  }

  /**
   * Submits what was asked for, and lets the kernel end what can be ended by now (what was cancelled): it is
   * told with the next turn. False: some of it was not submitted.
   */
  advance(): boolean {
    const isAll = this.submit()
    this.enters++
    if (this.#enter(0, 0, GETEVENTS, null) < 0) this.#failed(errno())
    return isAll
  }

  /**
   * Submits what was asked for, waits for at most `timeoutMs` (below 0: for ever) until something is
   * completed, and tells of what was: how many.
   */
  turn(timeoutMs: number, taker: Completions): number {
    const words = this.#words
    const count = (this.#tail - this.#submitted) | 0
    const waits = timeoutMs !== 0 && !this.#hasCompletions()
    const isTimed = waits && timeoutMs > 0
    if (isTimed && timeoutMs !== this.#waitMs) this.#waitFor(timeoutMs)
    words[this.#tailAt] = this.#tail
    this.wasInterrupted = false
    this.enters++
    const flags = isTimed ? GETEVENTS | EXT_ARG : GETEVENTS
    const taken = this.#enter(count, waits ? 1 : 0, flags, isTimed ? this.#waitAt : null)
    this.#submitted = words[this.#headAt]!
    if (taken < 0) this.#failed(errno())
    // Where something was submitted the call does not say why it waited no longer.
    else if (waits && taken > 0 && !this.#hasCompletions()) this.wasInterrupted = true
    // Who waited until the time was over is not told of all: some the kernel works off in the next call.
    if (!waits) this.lookedMs = performance.now()
    return this.#tell(taker)
  }

  /** Whether a completion with this tag waits to be told. */
  hasCompletion(tag: number): boolean {
    const tail = this.#words[this.#completionTailAt]!
    for (let head = this.#completionHead; head !== tail; head = (head + 1) | 0)
      if (this.#completions[(head & this.#completionMask) << 2] === tag) return true
    return false
  }

  /** Tells the kernel of memory and the like; 0, or why it refuses. */
  register(what: number, argument: Pointer, count: number): number {
    return ringRegister(this.fd, what, argument, count) < 0 ? errno() : 0
  }

  /** What is in flight ends untold; nothing of it may be shared with the kernel any longer. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    libc().close(this.fd)
    for (const memory of this.#memory) memory.free()
  }

  #hasCompletions(): boolean {
    return this.#words[this.#completionTailAt] !== this.#completionHead
  }

  /** Those that are there now; others that come of telling them are of the next turn. */
  #tell(taker: Completions): number {
    const words = this.#words
    const completions = this.#completions
    const tail = words[this.#completionTailAt]!
    const count = (tail - this.#completionHead) | 0
    this.told += count
    while (this.#completionHead !== tail) {
      const at = (this.#completionHead & this.#completionMask) << 2
      const tag = completions[at]!
      const extra = completions[at + 1]!
      const result = completions[at + 2]!
      const flags = completions[at + 3]!
      this.#completionHead = (this.#completionHead + 1) | 0
      words[this.#completionHeadAt] = this.#completionHead
      if ((flags & HAS_MORE) === 0) this.inFlight--
      taker.completed(tag, extra, result, flags)
    }
    return count
  }

  #waitFor(ms: number): void {
    this.#waitMs = ms
    this.#waitWords[0] = Math.floor(ms / 1000)
    this.#waitWords[2] = Math.floor((ms % 1000) * 1e6)
  }

  #failed(code: number): void {
    if (code === ETIME) return
    if (code === EINTR) {
      this.wasInterrupted = true
      return
    }
    // No memory for a request, or completions that found no room wait for us to take others first.
    if (!PRESSED.includes(code)) throw new RingRefused('io_uring_enter', code)
    if (this.#hasCompletions()) return
    this.#waitFor(PRESSED_MS)
    this.enters++
    this.#enter(0, 1, GETEVENTS | EXT_ARG, this.#waitAt)
  }
}
