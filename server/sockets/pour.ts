// What comes on one socket goes to another past us, through a pipe (pipes.ts): the kernel hands its pages on,
// and none of it is in our memory. For volume only, as a small message is cheaper read and written.
//
//   still ──a read filled its buffer──▶ flowing: a share in each turn
//     ▲                                    │  ▲
//     └──a share brought little, no pipe───┘  │ it has taken what is in the pipe
//                   the other takes no more ──▼
//                                          blocked: nothing is read meanwhile
//
// Between two shares the pipe is empty, and in the pool, unless it is blocked: so an end of what comes, or a
// reset, is found only when all before it has gone on. What is in the pipe is the other socket's, whatever
// becomes of the one that it came from.
import { errno } from '../lib/native.ts'
import { EAGAIN, EINTR, ENOBUFS, ENOMEM } from './calls.ts'
import { type Pipe, pipes } from './pipes.ts'
import type { PourTeller } from './socket.ts'

/** What one socket may pour before the others have their turn. */
const SHARE_BYTES = 256 * 1024
/** So little is read and written rather, where it is all that is to come, or all that a share brought. */
const LITTLE_BYTES = 16 * 1024

/** So much costs no more than what one read brings, read and written: it waits for no turn of its own. */
const BRIEF_BYTES = 128 * 1024

/** A socket that says so is not broken. */
const NONE_NOW = [EAGAIN, EINTR, ENOBUFS, ENOMEM]

/** One of the two sockets; no call on its descriptor blocks. */
export interface PourEnd {
  readonly fd: number
  /** Nothing that it took before is under way yet; otherwise it says when that has left (`Pour.drain`). */
  readonly isClear: boolean
  /** Of what comes on it. */
  outgoing: Pour | null
  /** Of what goes to it. */
  incoming: Pour | null
  /** Whether it is to be read, or waits to be written to, may be another thing now (`isBlocked`). */
  pourChanged(): void
  /** It was found to be broken when it was given what had come for it: an errno. */
  pourBroke(code: number): void
}

/** What a share found: more may come, the other side's FIN, or that it is broken (`code`). */
export type Share = 'more' | 'end' | 'broken'

export class Pour {
  readonly to: PourEnd
  readonly told: PourTeller
  /** Of what comes, so much may still go this way. */
  left: number
  /** Shares are poured; otherwise it is read as ever. */
  isFlowing = false
  /** What came last waits for the other socket: nothing is read until that has taken it. */
  isBlocked = false
  /** Why it is broken: an errno. */
  code = 0
  /** Null: no more comes. */
  #from: PourEnd | null
  #pipe: Pipe | null = null

  constructor(from: PourEnd, to: PourEnd, left: number, told: PourTeller) {
    this.#from = from
    this.to = to
    this.left = left
    this.told = told
    this.isFlowing = left >= LITTLE_BYTES && Number.isFinite(left)
  }

  /** Its next share is poured before others have their turn, as it is the last and no large one. */
  get isBrief(): boolean {
    return this.left <= BRIEF_BYTES
  }

  /** So much is left now, as it was asked for once more. */
  again(left: number): void {
    this.left = left
    if (left < LITTLE_BYTES) this.isFlowing = false
  }

  /** A read brought so much; `isFull`: as much as it could. */
  received(count: number, isFull: boolean): void {
    this.left = Math.max(0, this.left - count)
    this.isFlowing = isFull && this.left >= LITTLE_BYTES && pipes.refusal === 0
  }

  /** Something has come: pours a share. */
  share(): Share {
    const from = this.#from
    if (from === null || this.isBlocked) return 'more'
    if (!this.to.isClear) {
      this.#block(true)
      return 'more'
    }
    const pipe = pipes.take()
    if (pipe === null) {
      this.isFlowing = false
      return 'more'
    }
    this.#pipe = pipe
    const most = Math.min(SHARE_BYTES, this.left)
    // Not looked twice: what comes meanwhile, and the end, are told of in the next turn.
    const came = pipe.fill(from.fd, most)
    if (came < most) this.isFlowing = came >= LITTLE_BYTES
    if (came <= 0) {
      const found = came === 0 ? 'end' : this.#whyNone(pipe)
      this.#settle(pipe, false)
      return found
    }
    this.left -= came
    const isBroken = !this.#empty(pipe)
    const gone = came - pipe.bytes
    this.#settle(pipe, isBroken)
    // What a broken one did not take waits for nobody.
    this.told.onPoured(came, isBroken ? came : gone)
    if (isBroken) this.to.pourBroke(this.code)
    return 'more'
  }

  /** The other socket takes bytes again. */
  drain(): void {
    if (!this.isBlocked) return
    const pipe = this.#pipe
    if (pipe === null) return this.#block(false)
    const before = pipe.bytes
    const isBroken = !this.#empty(pipe)
    const gone = before - pipe.bytes
    this.#settle(pipe, isBroken)
    if (gone > 0) this.told.onPoured(0, gone)
    if (isBroken) this.to.pourBroke(this.code)
  }

  /** Nothing more comes; what is in the pipe arrives. */
  stop(): void {
    const from = this.#from
    if (from === null) return
    this.#from = null
    from.outgoing = null
    this.isFlowing = false
    if (!this.isBlocked) this.to.incoming = null
    else from.pourChanged()
  }

  /** The other socket is gone, or broken: what is in the pipe is lost. */
  cancel(): void {
    if (this.#pipe) pipes.give(this.#pipe)
    this.#pipe = null
    const wasBlocked = this.isBlocked
    this.isBlocked = false
    const from = this.#from
    this.stop()
    this.to.incoming = null
    if (wasBlocked) from?.pourChanged()
  }

  /** Where the call itself is refused, what comes is read as ever: what it found is still there. */
  #whyNone(pipe: Pipe): Share {
    this.code = errno()
    const isMore = this.code === EAGAIN || this.code === EINTR || pipes.isRefused(pipe, this.code)
    return isMore ? 'more' : 'broken'
  }

  /** Gives the other socket what is in the pipe; false: it is broken. */
  #empty(pipe: Pipe): boolean {
    while (pipe.bytes > 0) {
      if (pipe.emptyInto(this.to.fd) > 0) continue
      this.code = errno()
      if (pipe.isCopied) return NONE_NOW.includes(this.code)
      if (this.code === EAGAIN || this.code === EINTR) return true
      if (!pipes.isRefused(pipe, this.code)) return false
      pipe.copy()
    }
    return true
  }

  /** Behind a share, or what was left of one. */
  #settle(pipe: Pipe, isBroken: boolean): void {
    if (isBroken) return this.cancel()
    const wasBlocked = this.isBlocked
    this.isBlocked = pipe.bytes > 0
    if (!this.isBlocked) {
      this.#pipe = null
      pipes.give(pipe)
    }
    const from = this.#from
    if (this.left === 0) this.stop()
    if (!this.isBlocked && this.#from === null) this.to.incoming = null
    if (this.isBlocked === wasBlocked) return
    from?.pourChanged()
    this.to.pourChanged()
  }

  /** What the other socket took before must leave first. */
  #block(isBlocked: boolean): void {
    this.isBlocked = isBlocked
    if (this.#from === null) this.to.incoming = null
    this.#from?.pourChanged()
    this.to.pourChanged()
  }
}

/** Begins it, or what stands for it already goes on, or ends it (null); as `Socket.pour` says. */
export function pourFrom(from: PourEnd, to: PourEnd | null, bytes: number, told: PourTeller): void {
  const { outgoing } = from
  if (outgoing !== null) {
    if (outgoing.to === to && outgoing.told === told && bytes > 0) return outgoing.again(bytes)
    outgoing.stop()
  }
  // What waits there for another pour is before all that comes now: until it is gone nothing is poured.
  if (to === null || bytes === 0 || to.incoming !== null || pipes.refusal !== 0) return
  from.outgoing = to.incoming = new Pour(from, to, bytes, told)
}
