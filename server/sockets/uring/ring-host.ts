// What all sockets on one ring share.
import { guarded, tellBug } from '../../lib/bug.ts'
import { nowMs } from '../../lib/clock.ts'
import { libc } from '../../lib/native.ts'
import { lend, takeBack } from '../../lib/read-piece.ts'
import { Wheel } from '../../lib/wheel.ts'
import { SocketsFigures } from '../figures.ts'
import type { Loop } from '../loop.ts'
import { KernelMemory } from '../memory.ts'
import { Poller } from '../poller.ts'
import { BufferRing } from './buffer-ring.ts'
import { Message, Slots } from './outgoing.ts'
import type { RingWaiter } from './ring-waiter.ts'

/** A name that a socket connects to: any struct sockaddr. */
export const NAME_BYTES = 128
const GROUP = 1
/** 64 KB each is what reads cost least with. */
const BUFFER_BYTES = 64 * 1024
const BUFFERS = 128

/** Something to be done when the turn ends. */
export interface Settled {
  settle(): void
  /** It has thrown. */
  confused(): void
}

/** One that found no buffer to read into. */
export interface Hungry {
  /** Asks again, if it still wants to read. */
  feed(): void
}

export class RingHost {
  readonly waiter: RingWaiter
  readonly loop: Loop
  readonly libc = libc()
  readonly buffers: BufferRing
  readonly slots = new Slots()
  readonly message = new Message()
  readonly peeked = new KernelMemory(1)
  /** One for each entry of the ring: it is read when that is submitted. */
  readonly names: KernelMemory
  readonly wheel: Wheel
  readonly exhausted: () => void
  readonly figures = new SocketsFigures()
  /** Connecting to it ends a connection of TCP by a reset (AF_UNSPEC, connect(2)). */
  readonly nobody = new KernelMemory(16)
  #lost: Poller | null = null
  #unsettled: Settled[] = []
  #settling: Settled[] = []
  #hungry: Hungry[] = []
  readonly #again = (): void => {}

  /** `exhausted` is called when accepting stops for a while as descriptors or memory have run out. */
  constructor(loop: Loop, waiter: RingWaiter, exhausted: () => void) {
    this.loop = loop
    this.waiter = waiter
    this.exhausted = exhausted
    this.buffers = new BufferRing(waiter.ring, GROUP, BUFFERS, BUFFER_BYTES)
    this.names = new KernelMemory(waiter.ring.size * NAME_BYTES)
    lend(this.buffers.bytes.buffer)
    this.wheel = new Wheel(() => nowMs)
    this.wheel.start()
    loop.drive(this.wheel)
    loop.settle(() => this.#settle())
    waiter.onClosed(() => this.#free())
  }

  /**
   * Tells of sockets that broke or were hung up while they are not read: an epoll for that alone, as a ring
   * tells the other side's end as well, again and again.
   */
  get lost(): Poller {
    if (this.#lost !== null) return this.#lost
    const lost = new Poller()
    this.#lost = lost
    this.waiter.watch(lost.fd, () => void lost.turn(0))
    return lost
  }

  /** Calls `settle` of it when the turn ends. */
  settleLater(one: Settled): void {
    this.#unsettled.push(one)
  }

  /**
   * It waits for a buffer, behind those that waited before. At the end of a turn all buffers are back; those
   * that are asked for first then are taken before anybody else's. So each is fed by and by.
   */
  starve(one: Hungry): void {
    this.figures.buffersExhausted++
    this.#hungry.push(one)
  }

  /** Who would read again at once waits behind those that found no buffer. */
  get isAnyHungry(): boolean {
    return this.#hungry.length > 0
  }

  /** It waits with them, though it was not refused one. */
  queue(one: Hungry): void {
    this.#hungry.push(one)
  }

  /** What has been counted, as of now. */
  get gathered(): SocketsFigures {
    const { figures, waiter, loop, buffers } = this
    figures.turns = loop.turns
    figures.events = waiter.ring.told
    figures.calls = waiter.ring.enters + figures.directSends
    figures.buffersLent = buffers.count - buffers.free
    return figures
  }

  #settle(): void {
    // What they bring about may leave others unsettled.
    while (this.#unsettled.length > 0) {
      const settling = this.#unsettled
      this.#unsettled = this.#settling
      this.#settling = settling
      for (let i = 0; i < settling.length; i++) this.#settleOne(settling[i]!)
      settling.length = 0
    }
    if (this.#hungry.length > 0) this.#feed()
  }

  #settleOne(one: Settled): void {
    try {
      one.settle()
    } catch (error) {
      tellBug(error)
      guarded(() => one.confused())
    }
  }

  #feed(): void {
    const fed = this.#hungry.splice(0, this.buffers.free)
    for (const one of fed) one.feed()
    // The others have their turn without sleep.
    if (this.#hungry.length > 0) this.waiter.later(this.#again)
  }

  #free(): void {
    takeBack(this.buffers.bytes.buffer)
    this.buffers.close()
    this.slots.close()
    this.message.close()
    this.peeked.free()
    this.nobody.free()
    this.names.free()
    this.#lost?.close()
  }
}
