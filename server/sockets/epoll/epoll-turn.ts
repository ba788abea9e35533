// What a turn has for a connection on an epoll: it is told at once, or, where that is volume, behind all
// others (pour-line.ts).
import type { Pointer } from 'bun:ffi'
import { tellBug } from '../../lib/bug.ts'
import { tickOfTurn } from '../../lib/clock.ts'
import { errno } from '../../lib/native.ts'
import { flush } from '../../lib/stage.ts'
import { EAGAIN, MSG_DONTWAIT, MSG_PEEK } from '../calls.ts'
import { OwnSocket } from '../own-socket.ts'
import { type Pollable, READABLE, WRITABLE } from '../poller.ts'
import type { Settled } from '../unsettled.ts'
import type { EpollHost } from './epoll-host.ts'

export abstract class EpollTurn extends OwnSocket implements Pollable, Settled {
  protected readonly host: EpollHost
  #isUnsettled = false
  /** What it is ready for, and is told when its place in the line has come. */
  #lined = 0

  constructor(host: EpollHost) {
    super()
    this.host = host
  }

  protected abstract told(events: number): void
  abstract settle(): void

  onReady(events: number): void {
    if (this.isLined || this.#isVolume(events)) {
      this.#lined |= events
      return this.host.loop.pours.add(this)
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

  /** A handler has thrown: nobody knows any more what the other side was told. */
  confused(): void {
    this.host.event(() => this.owner.terminate())
  }

  /** Something has changed: it is settled when the turn ends. */
  protected unsettle(): void {
    if (this.#isUnsettled) return
    this.#isUnsettled = true
    this.host.settleLater(this)
  }

  protected settled(): void {
    this.#isUnsettled = false
  }

  expectVolume(): void {} // it reads large pieces anyway

  get isQuiet(): boolean {
    if (this.fd < 0) return false
    const { peeked, libc } = this.host
    return libc.recv(this.fd, peeked.at as Pointer, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno() === EAGAIN
  }
}
