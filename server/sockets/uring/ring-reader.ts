// What a connection on a ring reads: by one request for many pieces where the kernel can bound it, else by
// one for each. So much and no more comes in a turn, or is in flight when it is paused: that waits here, and
// is told first when it goes on.
import type { Pointer } from 'bun:ffi'
import { countBuffered } from '../../lib/buffers.ts'
import { tick, tickOfTurn } from '../../lib/clock.ts'
import { errno } from '../../lib/native.ts'
import { flush } from '../../lib/stage.ts'
import { EAGAIN, EINTR, ENOBUFS, MSG_DONTWAIT, MSG_PEEK, ECANCELED } from '../calls.ts'
import type { Pour } from '../pour.ts'
import { HEAD_BYTES, LEAVES, NEVER_SAYS_MORE } from '../own-socket.ts'
import type { PourTeller, Socket } from '../socket.ts'
import { askCancel, askReady, askReceive, askReceiveLater, askReceiveMany } from './requests.ts'
import { HAS_BUFFER, HAS_MORE, HAS_RECEIVED_MORE } from './ring.ts'
import type { Hungry } from './ring-host.ts'
import { IGNORED, READABLE, RECEIVE } from './ring-room.ts'
import { RingWriter } from './ring-writer.ts'

// What is asked for.
const NOTHING = 0
/** What comes. */
const ASKED = 1
/** The same, which was cancelled: its end is to come. */
const ENDING = 2
/** To hear that something has come, which is poured into another socket. */
const READY = 3
/** Something has: it waits in the line of those who pour. */
const LINED = 4
const POLLIN = 1

/** Nothing has ended it yet: neither its end nor an error. */
const NO_END = 1

export abstract class RingReader extends RingWriter implements Hungry {
  protected isPaused = false
  #reading = NOTHING
  /** It comes in full buffers. */
  #isVolume = false
  /** It waits for a buffer. */
  #isHungry = false
  /** Came while it was paused. */
  #stash: Buffer[] | null = null
  /** What came behind that: 0, the end, or below 0 why it broke. */
  #end = NO_END

  /** Closes it. */
  protected abstract gone(isBroken: boolean): void

  /** A request to read was completed. */
  protected received(result: number, flags: number): void {
    if ((flags & HAS_MORE) === 0) this.#reading = NOTHING
    if ((flags & HAS_BUFFER) !== 0) {
      const { buffers } = this.host
      buffers.taken()
      try {
        if (result > 0 && this.handle >= 0) this.#bytes(flags >>> 16, result, flags)
      } finally {
        buffers.give(flags >>> 16)
      }
    }
    if (result <= 0 && this.handle >= 0) this.#noBytes(result)
    if (result > 0 && (flags & HAS_RECEIVED_MORE) !== 0) this.#pourOn()
    if (this.#reading === NOTHING) this.#readOn()
  }

  /** The rest is there already, perhaps: that need not be waited for. */
  #pourOn(): void {
    const { outgoing } = this
    if (this.#reading !== NOTHING || this.handle < 0 || !this.wantsToRead) return
    if (!outgoing?.isFlowing || !outgoing.isBrief) return
    this.#pour(outgoing)
    flush()
  }

  #bytes(number: number, length: number, flags: number): void {
    const { buffers } = this.host
    const { size } = buffers
    this.mayHoldMore = (flags & HAS_RECEIVED_MORE) !== 0 || length === size || this.is(NEVER_SAYS_MORE)
    this.#isVolume = length === size
    this.outgoing?.received(length, this.#isVolume)
    if (this.#reading === ASKED && this.outgoing?.isFlowing) this.unsettle()
    const piece = buffers.piece(number, length)
    if (this.isPaused || this.#stash !== null) return this.#keep(piece)
    tickOfTurn()
    this.owner.onData(piece)
    flush()
  }

  /** It is a Unix socket. */
  neverSaysMore(): void {
    this.mark(NEVER_SAYS_MORE, true)
  }

  #keep(piece: Buffer): void {
    const kept = Buffer.from(piece)
    if (this.#stash === null) this.#stash = [kept]
    else this.#stash.push(kept)
    countBuffered(kept.length)
    this.owner.onKept?.()
  }

  get keepsUnread(): boolean {
    return this.#stash !== null && this.#stash.length > 0
  }

  #noBytes(result: number): void {
    if (result === -ENOBUFS) {
      this.#isHungry = true
      return this.host.starve(this)
    }
    if (result === -ECANCELED || result === -EINTR || result === -EAGAIN) return
    tickOfTurn()
    if (!this.isPaused && this.#stash === null) this.#ended(result)
    else {
      this.#end = result
      if (result < 0) this.broke()
    }
    flush()
  }

  /** It was found to be broken while it is not read. */
  protected broke(): void {
    if (this.isBroken) return
    this.incoming?.cancel()
    this.isBroken = true
    this.owner.onBroken()
  }

  #ended(result: number): void {
    // Also the end of one that is broken, which a write was told first.
    if (result < 0 || this.isBroken) return this.gone(true)
    this.hasEnded = true
    this.unsettle()
    this.owner.onEnd()
    if (this.hasShut && !this.isShutting) this.gone(false)
  }

  protected get wantsToRead(): boolean {
    const mayBeTold = !this.isPaused && !this.hasEnded && !this.isHeldUp
    return mayBeTold && this.#stash === null && this.#end === NO_END
  }

  /** What was asked for is over. */
  #readOn(): void {
    if (this.handle < 0 || this.#isHungry) return
    if (!this.wantsToRead) return this.unsettle()
    if (!this.#isVolume || this.outgoing?.isFlowing || !this.host.isAnyHungry) return this.#read()
    this.#isHungry = true
    this.host.queue(this)
  }

  #read(): void {
    const { waiter, buffers } = this.host
    if (this.outgoing?.isFlowing) {
      this.#reading = READY
      return askReady(waiter.ring, this.handle, waiter.tag(this, READABLE), POLLIN)
    }
    const tag = waiter.tag(this, RECEIVE)
    if (this.takeHeadNext()) askReceiveLater(waiter.ring, this.handle, tag, buffers.group, HEAD_BYTES)
    else if (this.host.mayReadOn && !this.#isLastPiece) askReceiveMany(waiter.ring, this.handle, tag, buffers)
    else if (this.mayHoldMore) askReceive(waiter.ring, this.handle, tag, buffers.group)
    else askReceiveLater(waiter.ring, this.handle, tag, buffers.group)
    this.#reading = ASKED
  }

  /** Behind that comes a head, which is asked for in another way. */
  get #isLastPiece(): boolean {
    return this.outgoing !== null && this.outgoing.left <= this.host.buffers.size
  }

  /** Something has come, or it was asked no longer. */
  protected readable(): void {
    this.#reading = this.handle < 0 || this.is(LEAVES) ? NOTHING : LINED
    if (this.#reading === NOTHING) return
    if (this.outgoing?.isBrief) this.pourShare()
    else this.host.loop.pours.add(this)
  }

  override pourShare(): void {
    super.pourShare()
    if (this.#reading !== LINED) return
    this.#reading = NOTHING
    if (this.handle < 0) return
    tickOfTurn()
    if (this.outgoing?.isFlowing && this.wantsToRead) this.#pour(this.outgoing)
    flush()
    this.#readOn()
  }

  /** What waits here has come, and goes no other way any more. */
  override pour(to: Socket | null, bytes: number, told: PourTeller): void {
    super.pour(to, Math.max(0, bytes - this.#stashBytes), told)
  }

  get #stashBytes(): number {
    return this.#stash === null ? 0 : this.#stash.reduce((sum, { length }) => sum + length, 0)
  }

  #pour(pour: Pour): void {
    this.mayHoldMore = true
    const found = pour.share()
    if (found === 'broken') this.gone(true)
    else if (found === 'end' && !this.isPaused && this.handle >= 0) this.#ended(0)
  }

  /** It has its turn to find a buffer. */
  feed(): void {
    this.#isHungry = false
    if (this.handle < 0 || this.#reading !== NOTHING) return
    // Something is there.
    this.mayHoldMore = true
    if (this.wantsToRead) this.#read()
    else this.unsettle()
  }

  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.unsettle()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.unsettle()
  }

  /** `kind`: of what was asked for. */
  #cancel(kind = RECEIVE): void {
    const { waiter } = this.host
    this.#reading = ENDING
    askCancel(waiter.ring, waiter.tag(this, IGNORED), waiter.tagOf(this, kind))
  }

  /** Reads no more: what was asked for brings what it has, which waits here. */
  protected endReading(): void {
    this.isPaused = true
    if (this.#reading === ASKED) this.#cancel()
    else if (this.#reading === READY) this.#cancel(READABLE)
  }

  /** What waits here. */
  protected takeStash(): Buffer {
    const bytes = Buffer.concat(this.#stash ?? [])
    this.dropStash()
    return bytes
  }

  /** What came while it was paused, in its order, and what became of it then. */
  #tellStash(): void {
    const stash = this.#stash
    while (stash !== null && stash.length > 0 && !this.isPaused && this.handle >= 0) {
      // What it brings about may end it, and drop what is left.
      const piece = stash.shift()!
      countBuffered(-piece.length)
      tick()
      this.owner.onData(piece)
      flush()
    }
    if (stash?.length === 0) this.#stash = null
    if (this.#stash !== null || this.#end === NO_END || this.isPaused || this.handle < 0) return
    tick()
    const end = this.#end
    this.#end = NO_END
    this.#ended(end)
    flush()
  }

  /** Tells what waits, and asks for more or for no more. */
  protected settleReading(): void {
    if (!this.isPaused) this.#tellStash()
    if (this.handle < 0) return
    const wants = this.wantsToRead
    if (wants && this.#reading === NOTHING && !this.#isHungry) this.#read()
    else if (this.#reading === ASKED && (!wants || this.outgoing?.isFlowing)) this.#cancel()
  }

  expectVolume(): void {
    // It sees what comes in volume.
  }

  get isQuiet(): boolean {
    if (this.handle < 0 || this.#stash !== null || this.#end !== NO_END) return false
    const { libc, peeked, waiter } = this.host
    if (waiter.hasToldOf(this, RECEIVE)) return false
    return libc.recv(this.handle, peeked.at as Pointer, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno() === EAGAIN
  }

  /** Nobody wants what waits any more. */
  protected dropStash(): void {
    if (this.#stash === null) return
    for (const piece of this.#stash) countBuffered(-piece.length)
    this.#stash = null
  }
}
