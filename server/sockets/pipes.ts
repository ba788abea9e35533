// Pipes through which the kernel takes bytes from one socket to another (splice(2)): none of them comes into
// our memory. A pool, as making one costs five calls: bounded in number, and none in it holds a byte.
import { ptr } from 'bun:ffi'
import { nowMs } from '../lib/clock.ts'
import { descriptorLimit } from '../lib/descriptors.ts'
import { errno, libc } from '../lib/native.ts'
import { EINVAL, ENOMEM, ENOSYS, EPERM, OPEN_FLAGS, SEND_FLAGS } from './calls.ts'

/**
 * What a pipe holds. Per 10 MB poured, the kernel's own 64 KB cost 1.4 times as much, and four times as many
 * nothing less.
 */
export const PIPE_BYTES = 256 * 1024
/** Whoever has used up what the system lets a user have (fs.pipe-user-pages-soft) gets pipes of two pages. */
const LEAST_BYTES = 64 * 1024
/** In use and not, of a process: two descriptors each, and what they hold is memory of the kernel's. */
const PIPES_MAX = 128
/** Not in use. */
export const SPARE_MAX = 16
/** The last descriptors are for connections. */
const DESCRIPTORS_LEFT = 256
/** After none could be had. */
const TRY_AGAIN_MS = 1000

/** What no socket says of itself. */
const REFUSALS = [EPERM, EINVAL, ENOSYS]

const F_SETPIPE_SZ = 1031
const F_GETPIPE_SZ = 1032
const SPLICE_F_MOVE = 1
const SPLICE_F_NONBLOCK = 2
const FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK

export class Pipe {
  readonly into: number
  readonly outOf: number
  /** What is in it. */
  bytes = 0
  /** What was in it, and leaves as other bytes do. */
  #copy: Buffer | null = null

  constructor(into: number, outOf: number) {
    this.into = into
    this.outOf = outOf
  }

  /**
   * Takes at most `most` bytes from a descriptor into an empty pipe: how many; 0: they end; -1: none now, or
   * it is broken (errno).
   */
  fill(from: number, most: number): number {
    const count = libc().splice(from, null, this.into, null, Math.min(most, PIPE_BYTES), FLAGS)
    if (count > 0) this.bytes += count
    return count
  }

  /** Gives a descriptor what is in it: how much of that it took; -1: none now, or it is broken (errno). */
  emptyInto(to: number): number {
    const copy = this.#copy
    if (copy !== null) return this.#send(copy, to)
    const count = libc().splice(this.outOf, null, to, null, this.bytes, FLAGS)
    if (count > 0) this.bytes -= count
    return count
  }

  #send(copy: Buffer, to: number): number {
    const from = copy.length - this.bytes
    const count = libc().send(to, ptr(copy, from), this.bytes, SEND_FLAGS)
    if (count > 0) this.bytes -= count
    if (this.bytes === 0) this.#copy = null
    return count
  }

  get isCopied(): boolean {
    return this.#copy !== null
  }

  /** Takes what is in it into our memory, as it can leave no other way. */
  copy(): void {
    const copy = Buffer.alloc(this.bytes)
    for (let at = 0; at < copy.length;) {
      const count = libc().read(this.outOf, ptr(copy, at), copy.length - at)
      if (count <= 0) throw new Error(`a pipe holds ${at} bytes rather than ${copy.length}`)
      at += count
    }
    this.#copy = copy
  }

  /** The call as such is let pass: into itself no pipe is emptied, and the kernel alone says that so. */
  get isSpliced(): boolean {
    return libc().splice(this.outOf, null, this.into, null, 1, FLAGS) >= 0 || errno() === EINVAL
  }
}

interface PipeLimits {
  /** In use and not. */
  readonly most: number
  readonly spare: number
  /** Descriptors that it leaves to others. */
  readonly leaves: number
}

const LIMITS: PipeLimits = { most: PIPES_MAX, spare: SPARE_MAX, leaves: DESCRIPTORS_LEFT }

export class Pipes {
  readonly #limits: PipeLimits
  readonly #spare: Pipe[] = []
  #open = 0
  #refusedUntilMs = -Infinity
  /** Memory was short for it. */
  #shortUntilMs = -Infinity
  /** Why none is given any more, as what they are for cannot be had: an errno; 0: it can. */
  refusal = 0
  readonly #made = new Int32Array(new ArrayBuffer(8))

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** In use and not. */
  get open(): number {
    return this.#open
  }

  /** Not in use. */
  get spare(): number {
    return this.#spare.length
  }

  /** One that is empty, until it is given back; null: there is none now, and others go without as well. */
  take(): Pipe | null {
    if (this.refusal !== 0 || nowMs < this.#shortUntilMs) return null
    const spare = this.#spare.pop()
    if (spare) return spare
    if (this.#open >= this.#limits.most || nowMs < this.#refusedUntilMs) return null
    const made = this.#make()
    if (made === null) this.#refusedUntilMs = nowMs + TRY_AGAIN_MS
    return made
  }

  /** Takes it back. What it still holds is lost. */
  give(pipe: Pipe): void {
    const isSpare = pipe.bytes === 0 && this.refusal === 0 && this.#spare.length < this.#limits.spare
    if (isSpare) this.#spare.push(pipe)
    else this.#close(pipe)
  }

  /**
   * Whether it was the call that was refused with this errno (by a sandbox, or a kernel without it or without
   * memory for it), and no socket that was found to be broken. Then none of them is given any more, or not
   * for a while: whoever reads and writes does without.
   */
  isRefused(pipe: Pipe, code: number): boolean {
    if (code === ENOMEM) this.#shortUntilMs = nowMs + TRY_AGAIN_MS
    else if (!REFUSALS.includes(code) && pipe.isSpliced) return false
    else this.refusal = code
    this.closeSpare()
    return true
  }

  /** Closes those that are not in use. */
  closeSpare(): void {
    for (const pipe of this.#spare.splice(0)) this.#close(pipe)
  }

  #make(): Pipe | null {
    const made = this.#made
    if (libc().pipe2(ptr(made), OPEN_FLAGS) !== 0) return null
    const pipe = new Pipe(made[1]!, made[0]!)
    this.#open++
    if (isLarge(pipe) && Math.max(pipe.into, pipe.outOf) + this.#limits.leaves < descriptorLimit())
      return pipe
    this.#close(pipe)
    return null
  }

  #close(pipe: Pipe): void {
    this.#open--
    libc().close(pipe.into)
    libc().close(pipe.outOf)
  }
}

function isLarge({ into }: Pipe): boolean {
  const { fcntl } = libc()
  return fcntl(into, F_SETPIPE_SZ, PIPE_BYTES) > 0 || fcntl(into, F_GETPIPE_SZ, 0) >= LEAST_BYTES
}

/** Of this process. */
export const pipes = new Pipes()
