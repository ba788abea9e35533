// A connection on an epoll of ours. What it is polled for is settled when the turn ends, so that a pause and
// a resume within one cost nothing. Level-triggered: what is left unread is told again.
import { type Pointer, ptr } from 'bun:ffi'
import { isTight } from '../../lib/buffers.ts'
import { errno } from '../../lib/native.ts'
import { PIECE_BYTES } from '../../lib/read-piece.ts'
import {
  EAGAIN,
  EINTR,
  isFull,
  isReadAsWell,
  isUnix,
  MSG_DONTWAIT,
  MSG_MORE,
  resetOnClose,
  SEND_FLAGS,
  SHUT_WR,
} from '../calls.ts'
import { BROKEN, HAS_ENDED, HUNG_UP, READABLE, WRITABLE } from '../poller.ts'
import type { Pour } from '../pour.ts'
import { ENDS_HERE, HEAD_BYTES } from '../own-socket.ts'
import type { Socket, SocketEnds } from '../socket.ts'
import type { EpollEnds } from './epoll-ends.ts'
import type { EpollHost } from './epoll-host.ts'
import { EpollTurn } from './epoll-turn.ts'

/** One read while much waits for others already: where a reader stalls, less of it is copied. */
const TIGHT_PIECE_BYTES = 16 * 1024

/** What who reads is polled for: also whether the other side's end is behind what has come. */
export const READS = READABLE | HAS_ENDED
/** What it is polled for, where that is no sum of READS and WRITABLE. */
export const NOT_YET = -1
/** Taken out: it would be told again and again of what is no use to it while its reading is paused. */
const TAKEN_OUT = -2

export class EpollSocket extends EpollTurn implements Socket {
  readonly #ends: EpollEnds
  /** -1: gone. */
  #fd: number
  #isPaused = false
  /** The other side has ended, and that was told. */
  #hasEnded = false
  /** We have. */
  #hasShut = false
  #sendFlags = SEND_FLAGS // of the next one; with MSG_MORE where its end follows at once
  /** The kernel takes no more for now. */
  #isBlocked = false
  /** Nothing can be sent any more, which its owner knows. It closes once all is read. */
  #isBroken = false
  /** It closes when the turn ends. */
  #isClosing = false
  #interest: number

  /** The descriptor is its own from now on; `interest`: what it is polled for already. */
  constructor(host: EpollHost, fd: number, ends: EpollEnds, interest = NOT_YET) {
    super(host)
    this.#fd = fd
    this.#ends = ends
    this.#interest = interest
    host.loop.hold()
    this.unsettle()
  }

  get fd(): number {
    return this.#fd
  }

  ends(): SocketEnds {
    return this.#ends
  }

  // ── events ──

  protected told(events: number): void {
    if (events & BROKEN) this.#ends.isReset = true
    else if (events & WRITABLE && this.#isBlocked) this.#writable()
    if (this.#fd < 0) return
    if (!this.#reads) {
      if (events & (BROKEN | HUNG_UP)) this.#lost((events & BROKEN) !== 0)
      // What was said before it broke is still there.
    } else if (events & (READABLE | BROKEN | HUNG_UP)) this.#read((events & HAS_ENDED) !== 0)
  }

  #writable(): void {
    this.incoming?.drain()
    if (this.isFilled) return
    this.#isBlocked = false
    this.unsettle()
    if (this.#hasShut) this.#shut()
    else this.owner.onDrain()
  }

  /** Told also where it was not asked for: neither side sends any more, or it is broken. */
  #lost(isReset: boolean): void {
    if (this.#hasEnded) {
      // To the end of TCP belongs ours, and then it is gone already. A Unix socket is closed in one go.
      const isEnd = !isReset && !this.#isBroken && isUnix(this.#fd)
      return this.#gone(!isEnd)
    }
    this.host.poller.remove(this.#fd)
    this.#interest = TAKEN_OUT
    if (!isReset || this.#isBroken) return
    this.incoming?.cancel()
    this.#isBroken = true
    this.owner.onBroken()
  }

  // ── reading ──

  /** `hasEnd`: behind what is there is its end. */
  #read(hasEnd: boolean): void {
    if (this.outgoing?.isFlowing) return this.#pour(this.outgoing)
    const { arena, views, libc } = this.host
    this.host.reads++
    const most = this.takeHeadNext() ? HEAD_BYTES : isTight() ? TIGHT_PIECE_BYTES : PIECE_BYTES
    const got = libc.recv(this.#fd, arena.at as Pointer, most, MSG_DONTWAIT)
    if (got > 0) {
      this.mayHoldMore = got === most
      this.outgoing?.received(got, this.mayHoldMore)
      if (hasEnd && got < most) return this.#lastBytes(got)
      return this.owner.onData(views.of(0, 0, got))
    }
    if (got === 0) return this.#ended()
    const code = errno()
    if (code !== EAGAIN && code !== EINTR) this.#gone(true)
  }

  /** Its end is read at once, unless it may not be told: one turn for both. */
  #lastBytes(got: number): void {
    this.mark(ENDS_HERE, true)
    try {
      this.owner.onData(this.host.views.of(0, 0, got))
    } finally {
      this.mark(ENDS_HERE, false)
    }
    if (this.#fd >= 0 && this.#reads) this.#read(false)
  }

  get #reads(): boolean {
    return !this.#isPaused && !this.#hasEnded && !this.isHeldUp
  }

  #pour(pour: Pour): void {
    this.mayHoldMore = true
    const found = pour.share()
    if (found === 'broken') this.#gone(true)
    else if (found === 'end' && !this.#isPaused && this.#fd >= 0) this.#ended()
  }

  #ended(): void {
    // The end of what was read of one that is broken, which a write was told first.
    if (this.#isBroken) return this.#gone(true)
    this.#hasEnded = true
    this.unsettle()
    this.owner.onEnd()
    if (this.#hasShut) this.#gone(false)
  }

  pause(): void {
    this.#isPaused = true
    this.unsettle()
  }

  resume(): void {
    this.#isPaused = false
    this.unsettle()
  }

  // ── writing ──

  write(bytes: Buffer, from: number, to: number): number {
    if (this.#fd < 0 || this.#hasShut || this.#isBroken) return -1
    if (this.#isBlocked || from === to) return 0
    const at = from === 0 ? bytes : ((ptr(bytes) + from) as Pointer)
    this.host.figures.directSends++
    const sent = this.host.libc.send(this.#fd, at, to - from, this.#takeFlags())
    return sent === to - from ? sent : this.#short(sent)
  }

  writeBoth(first: Buffer, bytes: Buffer, from: number, to: number): number {
    if (from === to) return this.write(first, 0, first.length)
    if (first.length === 0) return this.write(bytes, from, to)
    if (this.#fd < 0 || this.#hasShut || this.#isBroken) return -1
    if (this.#isBlocked) return 0
    const { figures, gather, libc } = this.host
    figures.directSends++
    const message = gather.of(ptr(first), first.length, ptr(bytes) + from, to - from)
    const sent = libc.sendmsg(this.#fd, message, this.#takeFlags())
    return sent === first.length + to - from ? sent : this.#short(sent)
  }

  #takeFlags(): number {
    const flags = this.#sendFlags
    this.#sendFlags = SEND_FLAGS
    return flags
  }

  /** The kernel took less than it was given. */
  #short(sent: number): number {
    const code = sent < 0 ? errno() : EAGAIN
    if (!isFull(code)) return this.#unsent(code)
    this.#isBlocked = true
    this.unsettle()
    return Math.max(0, sent)
  }

  #unsent(code: number): number {
    this.#isBroken = true
    if (!isReadAsWell(code)) this.#isClosing = true
    this.unsettle()
    return -1
  }

  get isClear(): boolean {
    return !this.#isBlocked
  }

  pourChanged(): void {
    if (this.isFilled) this.#isBlocked = true
    this.unsettle()
  }

  pourBroke(code: number): void {
    this.#unsent(code)
    this.owner.onBroken()
  }

  // ── its end ──

  endSoon(): void {
    this.#sendFlags = SEND_FLAGS | MSG_MORE
  }

  shutdown(): void {
    if (this.#fd < 0 || this.#hasShut) return
    this.#hasShut = true
    if (!this.isFilled) this.#shut()
  }

  #shut(): void {
    this.#isBlocked = false
    if (this.#hasEnded) this.#isClosing = true // which says the same
    else this.host.libc.shutdown(this.#fd, SHUT_WR)
    this.unsettle()
  }

  terminate(): void {
    if (this.#fd < 0) return
    resetOnClose(this.#fd)
    this.#gone(false)
  }

  /** All that was read is told, and all that was written is the kernel's. */
  detach(): boolean {
    const fd = this.#fd
    if (fd < 0 || this.#isBroken || this.#isClosing || this.#isBlocked || this.pours) return false
    this.#fd = -1
    if (this.#interest >= 0) this.host.poller.remove(fd)
    this.host.loop.release()
    this.host.event(() => this.owner.onDetached?.(fd, Buffer.alloc(0)))
    return true
  }

  #gone(isBroken: boolean): void {
    const fd = this.#fd
    if (fd < 0) return
    this.endPours()
    this.#fd = -1
    if (this.#interest >= 0) this.host.poller.forget(fd)
    this.host.libc.close(fd)
    this.host.loop.release()
    this.host.event(() => this.owner.onClose(isBroken))
  }

  // ── what it is polled for ──

  settle(): void {
    this.settled()
    if (this.#fd < 0) return
    if (this.#isClosing) return this.#gone(this.#isBroken)
    const wanted = (this.#reads ? READS : 0) | (this.#isBlocked ? WRITABLE : 0)
    if (wanted === this.#interest || (wanted === 0 && this.#interest === TAKEN_OUT)) return
    if (this.#interest >= 0) this.host.poller.modify(this.#fd, wanted)
    else if (this.host.poller.tryAdd(this.#fd, wanted, this) !== 0) return this.#unpolled()
    this.#interest = wanted
  }

  /** The system has no room to poll one more. */
  #unpolled(): void {
    this.host.exhausted()
    this.#gone(true)
  }
}
