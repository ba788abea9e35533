// The first step of the way in, which is what an open address knows of its listener: it counts who comes,
// refuses who is beyond the limit, and leads all others to the step behind it.
import { clientAccepted } from './accepting.ts'
import { NOBODY, type Socket } from '../sockets/socket.ts'
import { Arrival } from './arrival.ts'
import type { Count } from './count.ts'
import type { Entry } from './entry.ts'

export interface GateParts {
  readonly listener: string
  /** Its limits.connections. */
  readonly connections: number
  readonly count: Count
  readonly limitReached: (limit: string, value: number) => void
  /** The step behind it. */
  readonly next: Entry
  /** The bytes of its sockets are TLS: nobody reads them but that. */
  readonly isTls: boolean
}

export class Gate {
  readonly isTls: boolean
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.isTls = parts.isTls
    this.#parts = parts
  }

  enter(socket: Socket): void {
    const from = new Arrival(socket, this.#parts.count)
    clientAccepted(socket.fd)
    this.#letIn(socket, from)
  }

  /** One that came in elsewhere goes on as if it had come here. */
  takeOver(socket: Socket, from: Arrival): void {
    from.movesTo(this.#parts.count)
    this.#letIn(socket, from)
  }

  #letIn(socket: Socket, from: Arrival): void {
    const { count, connections, next } = this.#parts
    if (count.open <= connections) return next.accept(socket, from)
    const { listener, limitReached } = this.#parts
    limitReached(`listeners.${listener}.limits.connections`, connections)
    socket.owner = NOBODY
    from.gone()
    socket.terminate()
  }
}
