import type { SocketHandler, TCPSocketListener } from 'bun'
import { widenBacklog } from '../../lib/bind-fd.ts'
import { closeFds, duplicateFd } from '../../lib/pass-fds.ts'
import { localName } from '../socket-ends.ts'
import type { ListenHow, Listening } from '../socket.ts'
import type { BunSocket } from './bun-socket.ts'

/** A listening socket of Bun's. */
export class BunListening implements Listening {
  readonly port: number
  readonly #handlers: SocketHandler<BunSocket>
  #socket: TCPSocketListener<BunSocket> | null
  /** What keeps it open while it is parked; -1: it is not. */
  #parkedFd = -1

  /** Throws what Bun.listen throws: the address is in use, or no right to it. */
  constructor(how: ListenHow, handlers: SocketHandler<BunSocket>) {
    this.#handlers = handlers
    this.#socket = listenOn(how, handlers)
    // One that was given has no port, as Bun has it.
    this.port = (this.#socket.port as number | undefined) ?? localName(this.fd)?.port ?? 0
  }

  get fd(): number {
    return this.#socket ? (this.#socket as unknown as { fd: number }).fd : this.#parkedFd
  }

  park(): void {
    if (!this.#socket || process.platform !== 'linux') return
    try {
      this.#parkedFd = duplicateFd(this.fd)
    } catch {
      return // not even one: then it goes on as it is
    }
    this.#socket.stop(false)
    this.#socket = null
  }

  unpark(): void {
    if (this.#parkedFd === -1) return
    this.#socket = listenOn({ fd: this.#parkedFd }, this.#handlers)
    this.#parkedFd = -1
  }

  stop(): void {
    this.#socket?.stop(false)
    this.#socket = null
    if (this.#parkedFd !== -1) closeFds([this.#parkedFd])
    this.#parkedFd = -1
  }
}

function listenOn(how: ListenHow, handlers: SocketHandler<BunSocket>): TCPSocketListener<BunSocket> {
  // The public types know neither `fd` nor this use of `allowHalfOpen` (a FIN must be seen apart from a
  // close).
  const options = { ...how, allowHalfOpen: true, socket: handlers } as unknown as Parameters<
    typeof Bun.listen<BunSocket>
  >[0]
  const socket = Bun.listen<BunSocket>(options) as unknown as TCPSocketListener<BunSocket>
  widenBacklog((socket as unknown as { fd: number }).fd)
  return socket
}
