// The way of a client's descriptor to the relay, through its door: with it go the header and what was read of
// the client so far, in one message. Then nothing is said there but the relay's answer, and the end of that
// connection says that the client is gone.
import { libc } from '../lib/native.ts'
import { closeFds, sendWithFd } from '../lib/pass-fds.ts'
import { resetOnClose } from '../sockets/calls.ts'
import type { Socket, SocketEvents } from '../sockets/socket.ts'
import { NOT_TAKEN, TAKEN } from './messages.ts'

/** More would not surely go in one piece: a client says less before it is answered. */
const MESSAGE_BYTES_MAX = 16 * 1024
const SHUT_RDWR = 2

export interface HandingOwner {
  /** The relay has it. */
  taken(): void
  /** The relay could not take it, or knows of no such thing; `said`: what it has said to the client. */
  notTaken(said: Buffer): void
  /** The relay has nothing to do with the client any more. */
  doorClosed(): void
}

export class Handing implements SocketEvents {
  readonly #door: Socket
  readonly #owner: HandingOwner
  #isAnswered = false

  /** Owns the door's connection from now on. */
  constructor(door: Socket, owner: HandingOwner) {
    this.#door = door
    this.#owner = owner
    door.owner = this
  }

  /** Sends a descriptor, which stays open here; false: it could not, and nothing was sent. */
  pass(fd: number, message: Buffer): boolean {
    if (message.length > MESSAGE_BYTES_MAX) return false
    const sent = sendWithFd(this.#door.fd, message, fd)
    // Part of it would be of no use; the connection is new and has room for all.
    if (sent >= 0 && sent < message.length) this.#door.terminate()
    return sent >= 0
  }

  onData(bytes: Buffer): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    if (bytes[0] === TAKEN) this.#owner.taken()
    else this.#owner.notTaken(bytes[0] === NOT_TAKEN ? bytes.subarray(1) : bytes)
  }

  onDrain(): void {}

  onEnd(): void {
    this.#owner.doorClosed()
  }

  onClose(): void {
    this.#owner.doorClosed()
  }

  onBroken(): void {
    this.#owner.doorClosed()
  }

  terminate(): void {
    this.#owner.doorClosed()
  }
}

/** Ends a connection by its descriptor, also where the relay, or what is under way to it, has a copy. */
export function cutOff(fd: number): void {
  resetOnClose(fd)
  libc().shutdown(fd, SHUT_RDWR)
  closeFds([fd])
}
