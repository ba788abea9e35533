// An open TCP address: its socket, and the gate through which its clients enter, which may be another one at
// any time. Whatever its listener speaks then, nobody who waits in the queue is lost.
import type { Socket, SocketHandler } from 'bun'
import { tick } from '../lib/clock.ts'
import { type SocketEvents, socketEvents } from '../lib/socket-events.ts'
import { flush } from '../lib/stage.ts'
import { Accepting, type ListenHow } from './accepting.ts'
import type { Gate } from './gate.ts'

export class OpenAddress {
  /** Connections accepted since it opened. */
  accepted = 0
  #gate: Gate
  readonly #accepting: Accepting<SocketEvents>
  readonly #handlers: SocketHandler<SocketEvents>
  readonly #tlsHandlers: SocketHandler<SocketEvents>

  /** Opens it. Throws what Bun.listen throws: the address is in use, or no right to it. */
  constructor(how: ListenHow, gate: Gate) {
    this.#gate = gate
    const open = (socket: Socket<SocketEvents>): void => this.#enter(socket)
    this.#handlers = { ...socketEvents, open }
    this.#tlsHandlers = { ...encryptedEvents, open }
    this.#accepting = new Accepting(how, this.#handlersFor(gate))
  }

  get port(): number {
    return this.#accepting.port
  }

  /** Of the listening socket, which changes; -1: none. */
  get fd(): number {
    return this.#accepting.fd
  }

  #handlersFor({ isTls }: Gate): SocketHandler<SocketEvents> {
    return isTls ? this.#tlsHandlers : this.#handlers
  }

  #enter(socket: Socket<SocketEvents>): void {
    tick()
    this.accepted++
    this.#gate.enter(socket)
    flush()
  }

  /** Another gate, for who comes from now on. */
  swap(gate: Gate): void {
    if (gate.isTls !== this.#gate.isTls) this.#accepting.useHandlers(this.#handlersFor(gate))
    this.#gate = gate
  }

  /** Accepts no more; open connections stay. */
  stop(): void {
    this.#accepting.stop()
  }
}

/**
 * Of sockets whose bytes are TLS: with a handler for `data`, each piece of ciphertext would be copied for it,
 * beside what TLS itself reads.
 */
const encryptedEvents = {
  drain: socketEvents.drain,
  close: socketEvents.close,
  error: socketEvents.error,
} satisfies SocketHandler<SocketEvents>
