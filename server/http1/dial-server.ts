// Connections to servers: dialled, and told what becomes of that.
import type { Socket, SocketHandler } from 'bun'
import { tick } from '../lib/clock.ts'
import { type DialFailure, dial, dialResult } from '../lib/dial.ts'
import { type SocketEvents, socketEvents } from '../lib/socket-events.ts'
import { flush } from '../lib/stage.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Endpoint } from './endpoint.ts'
import type { DialEvents } from './dial-events.ts'
import { Outbound } from './outbound.ts'

/**
 * Starts a connection to one address of a server, to stand by `dueMs`; `dialler` hears of it, perhaps before
 * this returns, unless a failure is returned.
 */
export function dialServer(
  endpoint: Endpoint,
  address: string,
  wheel: Wheel,
  dialler: DialEvents,
  dueMs: number,
): Outbound | DialFailure {
  const conn = new Outbound(endpoint, wheel, dialler)
  const failure = dial<SocketEvents>(address, endpoint.port, conn, outboundEvents)
  if (failure) {
    conn.place = 'over'
    endpoint.live.open--
    return failure
  }
  // A server on this machine may be connected, and its request sent, by now.
  if (conn.place === 'connecting') conn.wheel.due(conn, dueMs)
  return conn
}

/**
 * A connecting socket has reported something: tells its connection what became of the dial, if that is known
 * yet.
 */
function settle(socket: Socket<SocketEvents>, conn: Outbound): void {
  const result = dialResult(socket)
  if (result === 'connected') conn.connected(socket)
  else if (result !== 'pending') conn.fail(result)
}

const outboundEvents = {
  ...socketEvents,
  open(socket: Socket<SocketEvents>): void {
    tick()
    const conn = socket.data as Outbound
    conn.socket = socket
    if (conn.place === 'over') return void socket.terminate() // given up meanwhile
    settle(socket, conn)
    flush()
  },
  drain(socket: Socket<SocketEvents>): void {
    tick()
    const conn = socket.data as Outbound
    if (conn.place === 'connecting') settle(socket, conn)
    else conn.onDrain()
    flush()
  },
  end(socket: Socket<SocketEvents>): void {
    tick()
    const conn = socket.data as Outbound
    if (conn.place === 'connecting') settle(socket, conn)
    conn.onEnd()
    flush()
  },
  connectError(socket: Socket<SocketEvents>, error: Error): void {
    tick()
    const refused = (error as { code?: string }).code === 'ECONNREFUSED'
    ;(socket.data as Outbound).fail(refused ? 'connect_refused' : 'connect_failed')
    flush()
  },
} satisfies SocketHandler<SocketEvents>
