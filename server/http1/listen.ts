// Accepted sockets to connections of clients.
import type { Socket, SocketHandler } from 'bun'
import { Accepting, type ListenHow, clientAccepted, clientGone } from '../lib/accepting.ts'
import { tick } from '../lib/clock.ts'
import { type SocketEvents, socketEvents } from '../lib/socket-events.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import { addReader } from '../lib/buffers.ts'
import type { Requests } from './ends.ts'
import { Inbound } from './inbound.ts'
import type { Port } from './port.ts'

/** An open address; `L` is what a snapshot has for it. */
export interface OpenListener<L = Listener> {
  readonly port: number
  /** Of the listening socket, which changes; -1: none. */
  readonly fd: number
  /** Connections accepted since it opened. */
  readonly accepted: number
  /** Takes that of another snapshot: for what is to come. */
  swap(listener: L): void
  /** Accepts no more; open connections stay. */
  stop(): void
}

/** Opens a listener. Throws what Bun.listen throws: the address is in use, or no right to it. */
export function listen(listener: Listener, how: ListenHow, requests: Requests, wheel: Wheel): OpenListener {
  const opened = new OpenHttp(listener, requests, wheel)
  opened.accepting = new Accepting(how, opened.handlers)
  return opened
}

class OpenHttp implements OpenListener {
  accepted = 0
  /** Open now. */
  connections = 0
  accepting: Accepting<SocketEvents> | null = null
  readonly #port: Port
  readonly handlers: SocketHandler<SocketEvents>

  constructor(listener: Listener, requests: Requests, wheel: Wheel) {
    this.#port = { listener, limits: limitsOf(listener), requests, wheel }
    // oxlint-disable-next-line typescript/no-this-alias -- one closure per listener, none per connection
    const owner = this
    const { close: told } = socketEvents
    this.handlers = {
      ...socketEvents,
      open(socket) {
        owner.#accept(socket)
      },
      close(socket, error) {
        owner.connections--
        clientGone()
        told(socket, error)
      },
    }
  }

  get port(): number {
    return this.accepting?.port ?? 0
  }

  get fd(): number {
    return this.accepting?.fd ?? -1
  }

  #accept(socket: Socket<SocketEvents>): void {
    tick()
    this.accepted++
    this.connections++
    clientAccepted((socket as unknown as { fd: number }).fd)
    const client = new Inbound(this.#port, socket)
    socket.data = client
    addReader(client)
    this.#port.requests.opened(client)
    const { name, options } = this.#port.listener
    if (this.connections <= options.limits.connections) return
    this.#port.requests.limitReached(`listeners.${name}.limits.connections`, options.limits.connections)
    client.abort()
  }

  swap(listener: Listener): void {
    this.#port.listener = listener
    this.#port.limits = limitsOf(listener)
  }

  stop(): void {
    this.accepting?.stop()
  }
}

function limitsOf({ options }: Listener): Port['limits'] {
  return { headBytes: options.limits.head, targetBytes: options.limits.target, fields: options.limits.fields }
}
