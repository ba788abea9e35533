// Connections to servers: dialled, and told what becomes of that.
import { sockets } from '../sockets/sockets.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Endpoint } from './endpoint.ts'
import type { DialEvents } from './dial-events.ts'
import { Outbound } from './outbound.ts'

/**
 * Starts a connection to one address of a server, to stand by `dueMs`; `dialler` hears of it, perhaps before
 * this returns.
 */
export function dialServer(
  endpoint: Endpoint,
  address: string,
  wheel: Wheel,
  dialler: DialEvents,
  dueMs: number,
): Outbound {
  const conn = new Outbound(endpoint, wheel, dialler)
  conn.dialling(sockets().dial(address, endpoint.port, conn))
  // A server on this machine may be connected, and its request sent, by now.
  if (conn.place === 'connecting') conn.wheel.due(conn, dueMs)
  return conn
}
