// A connection on a ring that waits until it may send more. The ring says so itself, but also, at once and
// again and again, when the other side has ended; an epoll does not.
import { OwnSocket } from '../own-socket.ts'
import { askReady } from './requests.ts'
import type { RingHost } from './ring-host.ts'
import type { Asker } from './ring-waiter.ts'

// Kinds of its requests.
export const RECEIVE = 0
export const SEND = 1
export const WRITABLE = 2
/** What became of it is nobody's business. */
export const IGNORED = 3
export const READABLE = 4

const POLLOUT = 4
/** It is broken, or hung up. */
const POLLERR_OR_HUP = 8 | 16

export abstract class RingRoom extends OwnSocket implements Asker {
  number = -1
  inFlight = 0
  isDone = false
  protected readonly host: RingHost
  /** Its descriptor; -1: gone. */
  protected handle: number
  /** The other side has ended, and that was told. */
  protected hasEnded = false

  constructor(host: RingHost, fd: number) {
    super()
    this.host = host
    this.handle = fd
  }

  abstract completed(kind: number, result: number, flags: number, extra: number): void
  abstract override confused(): void
  abstract left(): void
  /** It takes bytes again, perhaps. */
  protected abstract hasRoom(): void
  /** Waits without the ring. */
  protected abstract awaitRoomAside(): void

  protected awaitRoom(): void {
    const { waiter } = this.host
    if (this.hasEnded) this.awaitRoomAside()
    else askReady(waiter.ring, this.handle, waiter.tag(this, WRITABLE), POLLOUT)
  }

  /** What the ring says of it. */
  protected roomTold(events: number): void {
    if (this.handle < 0) return
    if (events > 0 && (events & (POLLOUT | POLLERR_OR_HUP)) === 0) this.awaitRoomAside()
    else this.hasRoom()
  }
}
