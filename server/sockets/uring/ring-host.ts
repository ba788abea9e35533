// What all sockets on one ring share.
import { guarded } from '../../lib/bug.ts'
import { roomLeft } from '../../lib/buffers.ts'
import { nowMs } from '../../lib/clock.ts'
import { libc } from '../../lib/native.ts'
import { lend, takeBack } from '../../lib/read-piece.ts'
import { Wheel } from '../../lib/wheel.ts'
import { SocketsFigures } from '../figures.ts'
import type { Loop } from '../loop.ts'
import { KernelMemory } from '../memory.ts'
import { Poller } from '../poller.ts'
import { type Settled, Unsettled } from '../unsettled.ts'
import { BufferRing } from './buffer-ring.ts'
import { boundsReceives } from './bounded.ts'
import { Message, Slots } from './outgoing.ts'
import type { RingWaiter } from './ring-waiter.ts'
import { Unwatched } from './unwatched.ts'

/** A name that a socket connects to: any struct sockaddr. */
export const NAME_BYTES = 128
const GROUP = 1
/** 64 KB each is what reads cost least with. */
const BUFFER_BYTES = 64 * 1024

export interface RingLimits {
  /** How many there are to read into: a power of two. */
  readonly buffers: number
  /** One request for each piece, also where the kernel could bound one for many. */
  readonly isOneByOne: boolean
}

/** Of workers. */
export const LIMITS: RingLimits = { buffers: 128, isOneByOne: false }

const BUFFERS_LEAST = 2

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
  /** One request may bring many pieces, as its bytes can be bounded. */
  readonly mayReadOn: boolean
  readonly slots = new Slots()
  readonly message = new Message()
  readonly peeked = new KernelMemory(1)
  /** One for each entry of the ring: it is read when that is submitted. */
  readonly names: KernelMemory
  readonly wheel: Wheel
  readonly unwatched: Unwatched
  readonly exhausted: () => void
  readonly figures = new SocketsFigures()
  /** Connecting to it ends a connection of TCP by a reset (AF_UNSPEC, connect(2)). */
  readonly nobody = new KernelMemory(16)
  /** Sockets that listen. */
  listening = 0
  /** Calls other than of the ring, and to send. */
  otherCalls = 0
  /**
   * Tells of sockets that broke or were hung up while they are not read: an epoll for that alone, as a ring
   * tells the other side's end as well, again and again.
   */
  readonly lost = new Poller()
  #readiness: Poller | null = null
  readonly #unsettled = new Unsettled()
  #hungry: Hungry[] = []
  readonly #again = (): void => {}

  /** `exhausted` is called when accepting stops for a while as descriptors or memory have run out. */
  constructor(loop: Loop, waiter: RingWaiter, exhausted: () => void, limits: RingLimits) {
    this.loop = loop
    this.waiter = waiter
    this.exhausted = exhausted
    this.buffers = new BufferRing(waiter.ring, GROUP, limits.buffers, BUFFER_BYTES)
    this.names = new KernelMemory(waiter.ring.size * NAME_BYTES)
    this.mayReadOn = !limits.isOneByOne && boundsReceives(waiter.ring, this.buffers)
    lend(this.buffers.memory)
    this.wheel = new Wheel(() => nowMs)
    this.wheel.start()
    this.unwatched = new Unwatched(this.wheel)
    loop.drive(this.wheel)
    loop.settle(() => this.#settle())
    // Made at once: when it is needed no descriptor may be left.
    waiter.watch(this.lost.fd, () => void this.lost.turn(0))
    waiter.onClosed(() => this.#free())
  }

  /** Tells which descriptors of others are ready: an epoll that the ring watches, made when it is needed. */
  readiness(): Poller {
    if (this.#readiness !== null) return this.#readiness
    const made = new Poller()
    this.waiter.watch(made.fd, () => void made.turn(0))
    this.#readiness = made
    return made
  }

  /** Calls `settle` of it when the turn ends. */
  settleLater(one: Settled): void {
    this.#unsettled.add(one)
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
    const { figures, waiter, loop, buffers, slots } = this
    figures.turns = loop.turns
    figures.events = waiter.ring.told
    figures.calls = waiter.ring.enters + figures.directSends + this.otherCalls
    figures.buffersLent = buffers.count - buffers.free
    figures.ringRequests = waiter.ring.inFlight
    figures.ringConnections = waiter.askers - waiter.watched - this.listening
    figures.slotsUsed = slots.used
    figures.lookAtPipes()
    return figures
  }

  #settle(): void {
    this.#unsettled.settle()
    this.#limit()
    if (this.#hungry.length > 0) this.#feed()
  }

  /**
   * What is read in a turn may all have to wait in this process: it is half of what there is room for at
   * most, and never nothing.
   */
  #limit(): void {
    const { count, size } = this.buffers
    const room = Math.floor(roomLeft() / 2 / size)
    this.buffers.limit(Math.max(BUFFERS_LEAST, Math.min(count, room)))
  }

  #feed(): void {
    const fed = this.#hungry.splice(0, this.buffers.visible)
    for (const one of fed) guarded(() => one.feed()) // each has left the queue
    // The others have their turn without sleep.
    if (this.#hungry.length > 0) this.waiter.later(this.#again)
  }

  #free(): void {
    takeBack(this.buffers.memory)
    this.buffers.close()
    this.slots.close()
    this.message.close()
    this.peeked.free()
    this.nobody.free()
    this.names.free()
    this.lost.close()
    this.#readiness?.close()
  }
}
