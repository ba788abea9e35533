// A connection on a ring. What changes is settled when the turn ends, so that a pause and a resume within one
// cost nothing.
import type { Pointer } from 'bun:ffi'
import { tick, tickOfTurn } from '../../lib/clock.ts'
import { flush } from '../../lib/stage.ts'
import { isUnix } from '../calls.ts'
import { BROKEN, HUNG_UP, type Pollable, WRITABLE as HAS_ROOM } from '../poller.ts'
import { LEAVES, NEVER_SAYS_MORE, WAS_RESET } from '../own-socket.ts'
import { endsOf } from '../socket-ends.ts'
import type { Socket, SocketEnds } from '../socket.ts'
import { askCancelOf, askClose } from './requests.ts'
import type { Settled } from '../unsettled.ts'
import type { RingHost } from './ring-host.ts'
import type { ToBeWatched } from './unwatched.ts'
import { RingReader } from './ring-reader.ts'
import { IGNORED, READABLE, RECEIVE, SEND, WRITABLE } from './ring-room.ts'

const SHUT_RDWR = 2

// Its breaking is told aside while it is not read.
const UNWATCHED = 0
const WATCHED = 1
/** That there is room is told there, too. */
const WATCHED_FOR_ROOM = 2
/** It was told: there is nothing more to be watched. */
const LOST = 3
/** It will be, if it is not read for a while: most are gone, or read on, at once. */
const TO_BE_WATCHED = 4

export class RingSocket extends RingReader implements Socket, Settled, Pollable, ToBeWatched {
  #ends: SocketEnds | null = null
  #isUnsettled = false
  /** What it is watched for aside. */
  #watch = UNWATCHED

  /** The descriptor is its own from now on. */
  constructor(host: RingHost, fd: number) {
    super(host, fd)
    host.waiter.add(this)
    host.loop.hold()
    this.unsettle()
  }

  get fd(): number {
    return this.handle
  }

  ends(): SocketEnds {
    this.#ends ??= endsOf(this)
    return this.#ends
  }

  // ── completions ──

  completed(kind: number, result: number, flags: number, extra: number): void {
    if (kind === RECEIVE) this.received(result, flags)
    else if (kind === SEND) this.sent(extra, result)
    else if (kind === WRITABLE) this.roomTold(result)
    else if (kind === READABLE) this.readable()
    if (this.is(LEAVES)) this.#leaveOnceStill()
  }

  /** A handler has thrown: nobody knows any more what the other side was told. */
  confused(): void {
    tick()
    this.owner.terminate()
    flush()
  }

  /** Nothing of it is left in the kernel. */
  left(): void {
    this.host.loop.release()
  }

  // ── what is settled when the turn ends ──

  protected unsettle(): void {
    if (this.#isUnsettled) return
    this.#isUnsettled = true
    this.host.settleLater(this)
  }

  settle(): void {
    this.#isUnsettled = false
    if (this.handle < 0) return
    if (this.isClosing || (this.isBroken && this.hasEnded)) return this.gone(this.isBroken)
    if (this.isPaused && this.is(WAS_RESET)) this.broke()
    this.settleReading()
    if (this.handle < 0 || this.wantsToRead || this.is(LEAVES)) return
    if (this.#watch !== UNWATCHED) return
    this.#watch = TO_BE_WATCHED
    // A Unix socket is closed in one go: a write behind its end would take for broken what only is over.
    if (this.is(NEVER_SAYS_MORE)) this.watchAside()
    else this.host.unwatched.add(this)
  }

  /** Where the system has no room to poll one more it is tried again, or found when it is read. */
  watchAside(): void {
    if (this.#watch !== TO_BE_WATCHED) return
    this.#watch = UNWATCHED
    if (this.handle < 0 || this.wantsToRead || this.is(LEAVES)) return
    if (this.host.lost.tryAdd(this.handle, 0, this) === 0) this.#watch = WATCHED
  }

  protected awaitRoomAside(): void {
    if (this.#isWatched) this.host.lost.modify(this.handle, HAS_ROOM)
    else if (this.host.lost.tryAdd(this.handle, HAS_ROOM, this) !== 0) {
      // Nobody would tell it when it may go on.
      this.isBroken = this.isClosing = true
      return this.unsettle()
    }
    this.#watch = WATCHED_FOR_ROOM
  }

  /** It is broken, or neither side sends any more; or there is room. */
  onReady(events: number): void {
    if ((events & (BROKEN | HUNG_UP)) === 0) this.host.lost.modify(this.handle, 0)
    if (this.#watch === WATCHED_FOR_ROOM) {
      this.#watch = WATCHED
      this.hasRoom()
      if (this.is(LEAVES)) this.#leaveOnceStill()
    }
    if ((events & (BROKEN | HUNG_UP)) !== 0 && this.handle >= 0) this.#lost(events)
  }

  #lost(events: number): void {
    this.host.lost.remove(this.handle)
    this.#watch = LOST
    const wasReset = (events & BROKEN) !== 0
    this.mark(WAS_RESET, wasReset)
    tick()
    if (this.hasEnded) {
      // To the end of TCP belongs ours, and then it is gone already. A Unix socket is closed in one go.
      const isEnd = !wasReset && !this.isBroken && isUnix(this.handle)
      this.gone(!isEnd)
    } else if (this.isPaused && wasReset) this.broke()
    flush()
  }

  get #isWatched(): boolean {
    return this.#watch === WATCHED || this.#watch === WATCHED_FOR_ROOM
  }

  // ── given away ──

  detach(): boolean {
    if (this.handle < 0 || this.isBroken || this.isClosing || this.is(LEAVES)) return false
    if (this.pours || !this.tookAll) return false
    this.mark(LEAVES, true)
    this.endReading()
    this.#leaveOnceStill()
    return true
  }

  /** The kernel has nothing of it to do any more, nor we to send. */
  #leaveOnceStill(): void {
    if (this.inFlight > 0 || this.isSending || this.handle < 0) return
    if (this.isBroken || this.isClosing) return this.gone(this.isBroken)
    const { lost, waiter } = this.host
    const fd = this.handle
    // It stays open elsewhere, and epoll goes by the open file.
    if (this.#isWatched) lost.remove(fd)
    const bytes = this.takeStash()
    this.handle = -1
    this.isDone = true
    waiter.leave(this)
    tick()
    this.owner.onDetached?.(fd, bytes)
    flush()
  }

  // ── its end ──

  terminate(): void {
    if (this.handle < 0) return
    this.sendLast()
    // What is in flight holds the connection open: closing alone would not end it at once.
    const { libc, nobody, waiter } = this.host
    if (libc.connect(this.handle, nobody.at as Pointer, nobody.length) !== 0)
      libc.shutdown(this.handle, SHUT_RDWR)
    this.#cancelAll()
    // Its descriptor is free at once, so no entry may name it any more. A kernel that is short of memory
    // closes it behind those that do.
    if (waiter.ring.submit()) libc.close(this.handle)
    else askClose(waiter.ring, this.handle, waiter.tag(this, IGNORED))
    this.#leave(false)
  }

  protected gone(isBroken: boolean): void {
    if (this.handle < 0) return
    const { waiter } = this.host
    this.#cancelAll()
    askClose(waiter.ring, this.handle, waiter.tag(this, IGNORED))
    this.#leave(isBroken)
  }

  /** What is in flight is found by its descriptor: as long as that is open. */
  #cancelAll(): void {
    const { waiter, lost } = this.host
    if (this.#isWatched) lost.remove(this.handle)
    if (this.inFlight > 0) askCancelOf(waiter.ring, this.handle, waiter.tag(this, IGNORED))
  }

  #leave(isBroken: boolean): void {
    this.endPours()
    this.dropRest()
    this.handle = -1
    this.isDone = true
    this.dropStash()
    if (this.inFlight === 0) this.host.waiter.leave(this)
    tickOfTurn()
    this.owner.onClose(isBroken)
    flush()
  }
}
