// The pool of a server: its idle connections, the one used last at the end of the list. It is a list in the
// server's own state and no object, so that it lives on when a new snapshot comes; and it holds only what is
// put there here.
import { IDEMPOTENT } from '../tables/methods.ts'
import type { Endpoint, EndpointLive } from './endpoint.ts'
import type { Outbound } from './outbound.ts'

/** A server's own word on how long it keeps an idle connection is believed up to this. */
const KEEP_ALIVE_MS_MAX = 60_000
/** Connections leave the pool this much before their server would close them. */
const KEEP_ALIVE_MARGIN_MS = 1000

/**
 * Takes an idle connection for a request, the one used last: it is the one least likely to have been closed.
 */
export function takeIdle(endpoint: Endpoint, methodId: number): Outbound | null {
  const idle = endpoint.live.idle as Outbound[]
  for (let conn = idle.pop(); conn; conn = idle.pop()) {
    if (conn.isClosed) continue
    // A stale one costs what may be sent again a replay, and all else its request: there a look is worth its
    // price.
    if (IDEMPOTENT[methodId] || conn.isFit) return conn
    conn.drop()
  }
  return null
}

/** Puts a connection into the pool. How many ms it may stay; 0: it was not put there and must end. */
export function putIdle(conn: Outbound): number {
  const { live, poolSize } = conn.endpoint
  const keepMs = Math.min(live.keepAliveMs, KEEP_ALIVE_MS_MAX)
  if (keepMs <= 0 || live.idle.length >= poolSize || live.isRetired) return 0
  live.idle.push(conn)
  return keepMs
}

/** Takes out one that ends. */
export function removeIdle(conn: Pick<Outbound, 'endpoint'>): void {
  const { idle } = conn.endpoint.live
  const at = idle.lastIndexOf(conn)
  if (at !== -1) idle.splice(at, 1)
}

/** Ends the pool of a server that no snapshot names any more. */
export function retire(live: EndpointLive): void {
  live.isRetired = true
  for (const conn of [...(live.idle as Outbound[])]) conn.finishServer()
}

/** `Keep-Alive: timeout=5` (RFC 2068 §19.7.1.1): leave earlier than the server would. */
export function learnKeepAlive(live: EndpointLive, value: string): void {
  const match = /(?:^|[\s,;])timeout\s*=\s*"?([0-9]{1,6})/i.exec(value)
  if (match)
    live.keepAliveMs = Math.max(
      0,
      Math.min(Number(match[1]) * 1000 - KEEP_ALIVE_MARGIN_MS, KEEP_ALIVE_MS_MAX),
    )
}
