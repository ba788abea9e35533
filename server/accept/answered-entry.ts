// Where a handshake was the whole answer (RFC 8737 §3): nothing is spoken behind it.
import type { Socket } from '../sockets/socket.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'

/** The other side has so long to take the end. */
const LINGER_MS = 5000

export class AnsweredEntry implements Entry {
  readonly #arrivals: Arrivals

  constructor(arrivals: Arrivals) {
    this.#arrivals = arrivals
  }

  accept(socket: Socket, from: Arrival): void {
    socket.owner = new Leaving(this.#arrivals, socket, from, LINGER_MS)
    socket.shutdown()
  }
}

class Leaving extends Arriving {}
