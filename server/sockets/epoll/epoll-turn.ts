// What a turn has for a connection on an epoll: it is told at once, or, where that is volume, behind all
// others (pour-line.ts).
import { tellBug } from '../../lib/bug.ts'
import { tickOfTurn } from '../../lib/clock.ts'
import { flush } from '../../lib/stage.ts'
import { OwnSocket } from '../own-socket.ts'
import { type Pollable, READABLE, WRITABLE } from '../poller.ts'
import type { PourLine } from '../pour-line.ts'

export abstract class EpollTurn extends OwnSocket implements Pollable {
  /** What it is ready for, and is told when its place in the line has come. */
  #lined = 0

  protected abstract readonly line: PourLine
  protected abstract told(events: number): void

  onReady(events: number): void {
    if (this.isLined || this.#isVolume(events)) {
      this.#lined |= events
      return this.line.add(this)
    }
    try {
      this.#tell(events)
    } catch (error) {
      tellBug(error)
      this.confused()
    }
  }

  pourShare(): void {
    const events = this.#lined
    this.#lined = 0
    if (this.fd >= 0) this.#tell(events)
  }

  #tell(events: number): void {
    tickOfTurn()
    this.told(events)
    flush()
  }

  #isVolume(events: number): boolean {
    const { outgoing } = this
    if ((events & READABLE) !== 0 && outgoing?.isFlowing === true && !outgoing.isBrief) return true
    return (events & WRITABLE) !== 0 && this.isFilled
  }
}
