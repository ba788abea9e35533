// An open TCP address: its socket, and the gate through which its clients enter, which may be another one at
// any time. Whatever its listener speaks then, nobody who waits in the queue is lost.
import type { ListenHow, Socket } from '../sockets/socket.ts'
import { Accepting } from './accepting.ts'
import type { Gate } from './gate.ts'

export class OpenAddress {
  /** Connections accepted since it opened. */
  accepted = 0
  #gate: Gate
  readonly #accepting: Accepting

  /** Opens it. Throws where it cannot: the address is in use, or no right to it. */
  constructor(how: ListenHow, gate: Gate) {
    this.#gate = gate
    this.#accepting = new Accepting(how, gate.isTls, (socket) => this.#enter(socket))
  }

  get port(): number {
    return this.#accepting.port
  }

  /** Of the listening socket, which changes; -1: none. */
  get fd(): number {
    return this.#accepting.fd
  }

  #enter(socket: Socket): void {
    this.accepted++
    this.#gate.enter(socket)
  }

  /** Another gate, for who comes from now on. */
  swap(gate: Gate): void {
    this.#gate = gate
    this.#accepting.useTls(gate.isTls)
  }

  /** Accepts no more until it goes on: others do, who have the same socket. */
  holdBack(): void {
    this.#accepting.holdBack()
  }

  goOn(): void {
    this.#accepting.goOn()
  }

  /** Accepts no more; open connections stay. */
  stop(): void {
    this.#accepting.stop()
  }
}
