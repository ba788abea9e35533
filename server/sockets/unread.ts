// A connection that stands, and of which nobody reads a byte until it is known who is to: a codec of ours, or
// TLS, which is Bun's. What the other side sends waits in the kernel, where it can be looked at.
import { libc } from '../lib/native.ts'
import { BunSocket } from './bun/bun-socket.ts'
import { bunSockets } from './bun/bun-sockets.ts'
import { resetOnClose } from './calls.ts'
import { localName } from './socket-ends.ts'
import { NOBODY, type Socket, type SocketEnds, type SocketEvents } from './socket.ts'
import { sockets } from './sockets.ts'

/** Its descriptor alone, in no loop. */
class UnreadSocket implements Socket {
  owner: SocketEvents = NOBODY
  readonly isDecrypted = false
  readonly mayHoldMore = true
  readonly isQuiet = false
  readonly #ends: SocketEnds
  #fd: number

  constructor(fd: number, ends: SocketEnds) {
    this.#fd = fd
    this.#ends = ends
  }

  get fd(): number {
    return this.#fd
  }

  get localAddress(): string | undefined {
    return localName(this.#fd)?.address
  }

  get localPort(): number {
    return localName(this.#fd)?.port ?? 0
  }

  ends(): SocketEnds {
    return this.#ends
  }

  /** It is another's from now on. */
  release(): number {
    const fd = this.#fd
    this.#fd = -1
    return fd
  }

  terminate(): void {
    const fd = this.release()
    if (fd < 0) return
    resetOnClose(fd)
    libc().close(fd)
    this.owner.onClose(false)
  }

  // Nobody speaks either.

  write(): number {
    return -1
  }

  writeBoth(): number {
    return -1
  }

  pause(): void {}
  resume(): void {}
  expectVolume(): void {}

  shutdown(): void {
    this.terminate()
  }
}

/**
 * One that has just been accepted, for who looks at it only, and owns it from now on: nothing is read until
 * it is read on. Null: it is gone.
 */
export function leaveUnread(socket: Socket, owner: SocketEvents): Socket | null {
  if (socket instanceof UnreadSocket || socket.detach === undefined) {
    socket.owner = owner
    socket.pause()
    return socket
  }
  const ends = socket.ends()
  const fd = detached(socket)
  if (fd < 0) return null
  const unread = new UnreadSocket(fd, ends)
  unread.owner = owner
  return unread
}

/** -1: it is gone. Of one that was just accepted nothing is under way, so that it is told at once. */
function detached(socket: Socket): number {
  const taken = { ...NOBODY, fd: -1, onDetached: (fd: number): void => void (taken.fd = fd) }
  socket.owner = taken
  if (!socket.detach?.() || taken.fd < 0) socket.terminate()
  return taken.fd
}

/** Read from now on as all that this process accepts; who takes it sets its owner at once. */
export function readOn(socket: Socket): Socket {
  if (socket instanceof UnreadSocket) return adopted(socket.release())
  socket.resume()
  return socket
}

function adopted(fd: number): Socket {
  const socket = sockets().adopt?.(fd, NOBODY)
  if (socket === undefined) throw new Error('these sockets take no descriptor')
  return socket
}

/** Given to Bun, which has TLS; null: it is gone. Nobody may have read of it. */
export function giveToBun(socket: Socket): BunSocket | null {
  if (socket instanceof BunSocket) {
    socket.resume() // it reads in a turn to come: TLS then
    return socket
  }
  const fd = socket instanceof UnreadSocket ? socket.release() : detached(socket)
  return fd < 0 ? null : bunSockets.adopt(fd)
}
