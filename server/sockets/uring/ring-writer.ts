// What a connection on a ring sends. Small pieces are copied into a slot and leave with the turn's one call;
// larger ones are sent at once from where they lie, behind what the slot holds. One send is in flight at
// most: two could overtake each other where the first has to wait.
import { ptr, type Pointer } from 'bun:ffi'
import { tick } from '../../lib/clock.ts'
import { errno } from '../../lib/native.ts'
import { flush } from '../../lib/stage.ts'
import { isFull, isReadAsWell, SEND_FLAGS, SHUT_WR } from '../calls.ts'
import { MAY_DRAIN } from '../own-socket.ts'
import { SLOT_BYTES } from './outgoing.ts'
import { askSend, setMemory, setMoreFollows, setNothing } from './requests.ts'
import { IGNORED, RingRoom, SEND } from './ring-room.ts'

const NONE = Buffer.alloc(0)

export abstract class RingWriter extends RingRoom {
  /** We have. */
  protected hasShut = false
  /** Nothing can be sent any more, which its owner knows. It closes once all is read. */
  protected isBroken = false
  /** It closes when the turn ends. */
  protected isClosing = false
  /** What is sent, or will be with the turn's call; -1: nothing. */
  #slot = -1
  /** It takes no more for now. */
  #isBlocked = false
  #shutsWhenSent = false

  /** Something has changed that matters when the turn ends. */
  protected abstract unsettle(): void

  write(bytes: Buffer, from: number, to: number): number {
    if (this.handle < 0 || this.hasShut || this.isBroken) return -1
    const length = to - from
    if (this.#isBlocked || length === 0) return 0
    if (this.#openSlot(length)) {
      this.#copy(bytes, from, to)
      return length
    }
    return this.#isBlocked ? 0 : this.#sendNow(NONE, bytes, from, to)
  }

  writeBoth(first: Buffer, bytes: Buffer, from: number, to: number): number {
    if (this.handle < 0 || this.hasShut || this.isBroken) return -1
    const length = first.length + to - from
    if (this.#isBlocked || length === 0) return 0
    if (this.#openSlot(length)) {
      this.#copy(first, 0, first.length)
      this.#copy(bytes, from, to)
      return length
    }
    return this.#isBlocked ? 0 : this.#sendNow(first, bytes, from, to)
  }

  /** Whether a slot that is not under way yet has room for so many bytes more. */
  #openSlot(length: number): boolean {
    const { slots, waiter } = this.host
    if (this.#slot >= 0) {
      this.#isBlocked = !this.#isOpen
      return !this.#isBlocked && slots.filled[this.#slot]! + length <= SLOT_BYTES
    }
    if (length > SLOT_BYTES) return false
    const slot = slots.take()
    if (slot < 0) return false
    this.#slot = slot
    askSend(waiter.ring, this.handle, waiter.tag(this, SEND), slot)
    slots.request[slot] = waiter.ring.latest
    this.host.figures.ringSends++
    return true
  }

  #copy(bytes: Buffer, from: number, to: number): void {
    this.host.slots.add(this.#slot, bytes, from, to)
    this.#aim()
  }

  /** Lets the request of the slot send what that holds. */
  #aim(): void {
    const { slots, waiter } = this.host
    const slot = this.#slot
    setMemory(waiter.ring, this.#entry, slots.addressOf(slot), slots.filled[slot]!)
  }

  /** Sends what the slot holds, `first`, and `bytes[from..to)`, as far as the kernel takes them now. */
  #sendNow(first: Buffer, bytes: Buffer, from: number, to: number): number {
    const held = this.#held
    const wanted = first.length + to - from
    const result = this.#send(held, first, bytes, from, to)
    if (result === held + wanted) {
      if (held > 0) this.#dropSlot()
      return wanted
    }
    if (result < 0 && !isFull(errno())) return this.#unsent(errno())
    const sent = Math.max(0, result)
    this.#isBlocked = true
    if (sent < held) {
      this.host.slots.sent(this.#slot, sent)
      this.#aim() // the rest goes on waiting in the kernel
      return 0
    }
    if (held > 0) this.#dropSlot()
    this.awaitRoom()
    return sent - held
  }

  /** Bytes in the slot that are to be sent yet. */
  get #held(): number {
    return this.#slot < 0 ? 0 : this.host.slots.filled[this.#slot]!
  }

  /** The kernel took less than the slot holds: the rest waits for room. */
  get #isShort(): boolean {
    return this.#slot >= 0 && this.host.slots.isShort[this.#slot] === 1
  }

  /** It takes bytes again, perhaps. */
  protected hasRoom(): void {
    if (!this.#isShort) return this.isFilled ? this.#drainInTurn() : this.#drained()
    const { libc, slots } = this.host
    slots.isShort[this.#slot] = 0
    const result = libc.send(this.handle, slots.addressOf(this.#slot) as Pointer, this.#held, SEND_FLAGS)
    this.sent(this.#slot, result < 0 ? -errno() : result)
  }

  // ── what is poured into it ──

  #drainInTurn(): void {
    this.mark(MAY_DRAIN, true)
    this.host.loop.pours.add(this)
  }

  /** It has its turn in the line. */
  pourShare(): void {
    if (!this.is(MAY_DRAIN)) return
    this.mark(MAY_DRAIN, false)
    this.#drained()
  }

  /** It took all that it was given: that is sent, or will be. */
  protected get tookAll(): boolean {
    return !this.#isBlocked
  }

  /** Some of that has not left. */
  protected get isSending(): boolean {
    return this.#slot >= 0
  }

  /** What a slot holds was taken before. */
  get isClear(): boolean {
    return this.#slot < 0 && !this.#isBlocked
  }

  pourChanged(): void {
    if (this.isFilled && !this.#isBlocked) {
      this.#isBlocked = true
      if (this.#slot < 0) this.awaitRoom()
    }
    this.unsettle()
  }

  pourBroke(code: number): void {
    this.#unsent(code)
    this.owner.onBroken()
  }

  #send(held: number, first: Buffer, bytes: Buffer, from: number, to: number): number {
    const { libc, message, slots } = this.host
    this.host.figures.directSends++
    if (held === 0 && first.length === 0) {
      const at = from === 0 ? bytes : ((ptr(bytes) + from) as Pointer)
      return libc.send(this.handle, at, to - from, SEND_FLAGS)
    }
    message.clear()
    if (held > 0) message.addMemory(slots.addressOf(this.#slot), held)
    message.add(first, 0, first.length)
    message.add(bytes, from, to)
    return libc.sendmsg(this.handle, message.at, SEND_FLAGS)
  }

  /** Its bytes are sent already, or nobody wants them; it was not submitted. */
  #dropSlot(): void {
    const { slots, waiter } = this.host
    setNothing(waiter.ring, this.#entry, waiter.tagOf(this, IGNORED))
    slots.give(this.#slot)
    this.#slot = -1
  }

  #unsent(code: number): number {
    if (this.#slot >= 0) this.#dropSlot()
    this.isBroken = true
    if (!isReadAsWell(code)) this.isClosing = true
    this.unsettle()
    return -1
  }

  /** What a slot held was sent, or could not be. */
  protected sent(slot: number, result: number): void {
    const { slots } = this.host
    const filled = slots.filled[slot]!
    const isShort = result < 0 ? isFull(-result) : result < filled
    if (this.handle >= 0 && isShort) return this.#sentLess(Math.max(0, result))
    slots.give(slot)
    if (this.handle < 0) return
    const isWhole = result === filled
    this.#slot = -1
    if (!isWhole) return this.#lost()
    if (this.#shutsWhenSent) this.#shut()
    else this.#drained()
  }

  #sentLess(sent: number): void {
    const { slots } = this.host
    slots.sent(this.#slot, sent)
    slots.isShort[this.#slot] = 1
    this.awaitRoom()
  }

  /** Nobody waits for room any more. */
  protected dropRest(): void {
    if (!this.#isShort) return
    this.host.slots.give(this.#slot)
    this.#slot = -1
  }

  /** Bytes that it had taken are lost. */
  #lost(): void {
    this.unsettle()
    if (this.isBroken) return
    this.isBroken = true
    tick()
    this.owner.onBroken()
    flush()
  }

  #drained(): void {
    if (!this.#isBlocked || this.handle < 0) return
    tick()
    this.incoming?.drain()
    if (this.handle >= 0 && this.isFilled) return this.awaitRoom()
    this.#isBlocked = false
    if (this.#shutsWhenSent) this.#shut()
    else this.owner.onDrain()
    flush()
  }

  shutdown(): void {
    if (this.handle < 0 || this.hasShut) return
    this.hasShut = true
    this.#shutsWhenSent = this.#slot >= 0 || this.isFilled
    if (!this.#shutsWhenSent) this.#shut()
    else if (this.#isOpen) setMoreFollows(this.host.waiter.ring, this.#entry)
  }

  /** What the slot holds leaves with the turn's call. */
  get #isOpen(): boolean {
    const { slots, waiter } = this.host
    return this.#slot >= 0 && !waiter.ring.isSubmitted(slots.request[this.#slot]!)
  }

  /** Where the words of its request begin, as long as it is open. */
  get #entry(): number {
    const { slots, waiter } = this.host
    return waiter.ring.entryOf(slots.request[this.#slot]!)
  }

  /** Its end was asked for, and follows what is under way. */
  protected get isShutting(): boolean {
    return this.#shutsWhenSent
  }

  #shut(): void {
    this.#shutsWhenSent = this.#isBlocked = false
    if (this.hasEnded) this.isClosing = true
    // Closing says the same, where nothing holds it open.
    if (!this.hasEnded || this.inFlight > 0) this.host.libc.shutdown(this.handle, SHUT_WR)
    this.unsettle()
  }

  /** What was taken in this turn leaves before it ends at once, as far as it can. */
  protected sendLast(): void {
    const { libc, slots } = this.host
    if (!this.#isOpen) return
    if (!this.#isBlocked && !this.isBroken)
      libc.send(this.handle, slots.addressOf(this.#slot) as Pointer, this.#held, SEND_FLAGS)
    this.#dropSlot()
  }
}
