// Where clients of HTTP/1.1 come in: the codec's end of the way in.
import type { Accepted, Entry } from '../accept/entry.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import { addReader } from '../lib/buffers.ts'
import type { Requests } from '../http/ends.ts'
import { Inbound } from './inbound.ts'
import type { Port } from './port.ts'

/** Of one address: all of its connections meet the listener that it has at the moment. */
export class HttpEntry implements Entry {
  readonly #port: Port

  constructor(listener: Listener, requests: Requests, wheel: Wheel) {
    this.#port = { listener, limits: limitsOf(listener), isRetired: false, requests, wheel }
  }

  /** Takes that of another snapshot: for the requests to come. */
  serve(listener: Listener): void {
    this.#port.listener = listener
    this.#port.limits = limitsOf(listener)
  }

  /**
   * Its address is closed, or another kind of listener's. Who is idle goes now, who is served with the
   * answer: left alone they would be served as long as they like, on an address that nobody opened.
   */
  retire(): void {
    const port = this.#port
    port.isRetired = true
    port.requests.endIdle((one) => one instanceof Inbound && one.port === port)
  }

  accept(socket: Socket, from: Accepted): void {
    const client = new Inbound(this.#port, socket, from)
    socket.owner = client
    addReader(client)
    this.#port.requests.opened(client)
  }
}

function limitsOf({ options }: Listener): Port['limits'] {
  return { headBytes: options.limits.head, targetBytes: options.limits.target, fields: options.limits.fields }
}
