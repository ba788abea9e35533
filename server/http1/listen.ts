// Sockets to connections: the handlers of Bun.listen and of dials. Each event reads the clock, does its work,
// and sends what was staged.
import type { Socket, SocketHandler } from 'bun'
import type { Server } from '../backends/server.ts'
import { flush } from '../head/stage.ts'
import { Accepting, type ListenHow, clientAccepted, clientGone } from '../lib/accepting.ts'
import { tellBug } from '../lib/bug.ts'
import { tick } from '../lib/clock.ts'
import { type DialFailure, dial, dialResult } from '../lib/dial.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import { addReader } from './buffers.ts'
import type { Conn } from './conn.ts'
import type { DialEvents, Requests } from './ends.ts'
import { Inbound } from './inbound.ts'
import { Outbound } from './outbound.ts'
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
  accepting: Accepting<Conn> | null = null
  readonly #port: Port
  readonly handlers: SocketHandler<Conn>

  constructor(listener: Listener, requests: Requests, wheel: Wheel) {
    this.#port = { listener, limits: limitsOf(listener), requests, wheel }
    // oxlint-disable-next-line typescript/no-this-alias -- one closure per listener, none per connection
    const owner = this
    this.handlers = {
      ...inboundHandlers,
      open(socket) {
        owner.#accept(socket)
      },
      close(socket, error) {
        owner.connections--
        clientGone()
        inboundHandlers.close(socket, error)
      },
    }
  }

  get port(): number {
    return this.accepting?.port ?? 0
  }

  get fd(): number {
    return this.accepting?.fd ?? -1
  }

  #accept(socket: Socket<Conn>): void {
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

/**
 * A socket's own errors are followed by its close event, which is what counts. What a handler threw is a bug:
 * told, and contained to its connection.
 */
function contained(socket: Socket<Conn>, error: Error): void {
  if ('syscall' in error || 'errno' in error) return
  tellBug(error)
  socket.data.terminate()
}

const inboundHandlers = {
  data(socket: Socket<Conn>, bytes: Buffer): void {
    tick()
    ;(socket.data as Inbound).onData(bytes)
    flush()
  },
  drain(socket: Socket<Conn>): void {
    tick()
    socket.data.onDrain()
    flush()
  },
  end(socket: Socket<Conn>): void {
    tick()
    ;(socket.data as Inbound).onEnd()
    flush()
  },
  close(socket: Socket<Conn>, error?: Error): void {
    tick()
    ;(socket.data as Inbound).onClose(error !== undefined)
    flush()
  },
  error: contained,
} satisfies SocketHandler<Conn>

/**
 * Starts a connection to one address of a server, to stand by `dueMs`; `dialler` hears of it, perhaps before
 * this returns, unless a failure is returned.
 */
export function dialServer(
  server: Server,
  address: string,
  wheel: Wheel,
  dialler: DialEvents,
  dueMs: number,
): Outbound | DialFailure {
  const conn = new Outbound(server, wheel, dialler)
  const failure = dial<Conn>(address, server.port, conn, outboundHandlers)
  if (failure) {
    conn.place = 'over'
    server.live.open--
    return failure
  }
  // A server on this machine may be connected, and its request sent, by now.
  if (conn.place === 'connecting') conn.setDue(dueMs)
  return conn
}

/**
 * A connecting socket has reported something: tells its connection what became of the dial, if that is known
 * yet.
 */
function settle(socket: Socket<Conn>, conn: Outbound): void {
  const result = dialResult(socket)
  if (result === 'connected') conn.connected(socket)
  else if (result !== 'pending') conn.fail(result)
}

const outboundHandlers = {
  open(socket: Socket<Conn>): void {
    tick()
    const conn = socket.data as Outbound
    conn.socket = socket
    if (conn.place === 'over') return void socket.terminate() // given up meanwhile
    settle(socket, conn)
    flush()
  },
  data(socket: Socket<Conn>, bytes: Buffer): void {
    tick()
    ;(socket.data as Outbound).onData(bytes)
    flush()
  },
  drain(socket: Socket<Conn>): void {
    tick()
    const conn = socket.data as Outbound
    if (conn.place === 'connecting') settle(socket, conn)
    else conn.onDrain()
    flush()
  },
  end(socket: Socket<Conn>): void {
    tick()
    const conn = socket.data as Outbound
    if (conn.place === 'connecting') settle(socket, conn)
    conn.onEnd()
    flush()
  },
  close(socket: Socket<Conn>, error?: Error): void {
    tick()
    ;(socket.data as Outbound).onClose(error !== undefined)
    flush()
  },
  error: contained,
  connectError(socket: Socket<Conn>, error: Error): void {
    tick()
    const refused = (error as { code?: string }).code === 'ECONNREFUSED'
    ;(socket.data as Outbound).fail(refused ? 'connect_refused' : 'connect_failed')
    flush()
  },
} satisfies SocketHandler<Conn>
