// What all sockets on one epoll share.
import { tellBug } from '../../lib/bug.ts'
import { nowMs, tickOfTurn } from '../../lib/clock.ts'
import { libc } from '../../lib/native.ts'
import { PIECE_BYTES } from '../../lib/read-piece.ts'
import { flush } from '../../lib/stage.ts'
import { Wheel } from '../../lib/wheel.ts'
import type { Loop } from '../loop.ts'
import { SocketsFigures } from '../figures.ts'
import { KernelMemory } from '../memory.ts'
import type { Poller } from '../poller.ts'
import { type Settled, Unsettled } from '../unsettled.ts'
import { Views } from '../views.ts'
import { Gather } from './gather.ts'

/** Lengths of pieces that are kept. */
const VIEWS = 256

export class EpollHost {
  readonly poller: Poller
  readonly loop: Loop
  readonly libc = libc()
  /** Where all of them read to: what is told of is used up, or copied, before the next one reads. */
  readonly arena = new KernelMemory(PIECE_BYTES)
  readonly views = new Views(this.arena.bytes, 1, VIEWS)
  readonly peeked = new KernelMemory(1)
  readonly gather = new Gather()
  readonly figures = new SocketsFigures()
  /** System calls that read, and those that brought a connection. */
  reads = 0
  accepts = 0
  readonly wheel: Wheel
  readonly exhausted: () => void
  readonly #unsettled = new Unsettled()

  /** `exhausted` is called when accepting stops for a while as descriptors or memory have run out. */
  constructor(loop: Loop, poller: Poller, exhausted: () => void) {
    this.loop = loop
    this.poller = poller
    this.exhausted = () => {
      this.figures.acceptPauses++
      exhausted()
    }
    this.wheel = new Wheel(() => nowMs)
    this.wheel.start()
    loop.drive(this.wheel)
    loop.settle(() => this.#unsettled.settle())
  }

  /** With what others count for it. */
  counted(): SocketsFigures {
    const { figures, poller } = this
    figures.turns = poller.turns
    figures.events = poller.events
    figures.calls = poller.turns + this.reads + this.accepts + figures.directSends
    figures.lookAtPipes()
    return figures
  }

  /** Calls `settle` of it when the turn ends. */
  settleLater(one: Settled): void {
    this.#unsettled.add(one)
  }

  /** An event of its own, within whatever goes on: what it throws is told, and costs nobody else anything. */
  event(tell: () => void): void {
    tickOfTurn()
    try {
      tell()
      flush()
    } catch (error) {
      tellBug(error)
    }
  }
}
