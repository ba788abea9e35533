// The pool of a server: its idle connections, the one used last on top. It is a list in the server's own
// state and no object, so that it lives on when a new snapshot comes; and it holds only what is put there
// here.
import { nowMs } from '../lib/clock.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { Recent } from '../lib/recent.ts'
import { IDEMPOTENT } from '../tables/methods.ts'
import type { Endpoint, EndpointLive } from './endpoint.ts'
import type { Outbound } from './outbound.ts'

/** A server's own word on how long it keeps an idle connection is believed up to this. */
const KEEP_ALIVE_MS_MAX = 60_000
/** Connections leave the pool this much before their server would close them. */
const KEEP_ALIVE_MARGIN_MS = 1000
/**
 * Between two requests of a busy crowd a connection is not idle: as many as the pool's size beyond it may
 * wait so long for the next one. Otherwise each wave of answers would end connections that the next wave of
 * requests has to dial anew.
 */
const WAVE_MS = 250

/** Pools that have held connections, of all engines of this process. */
const pools = new Set<EndpointLive>()

const idleOf = (live: EndpointLive): Recent<Outbound> => live.idle as unknown as Recent<Outbound>

/**
 * Takes an idle connection for a request, the one used last: it is the one least likely to have been closed.
 */
export function takeIdle(endpoint: Endpoint, methodId: number): Outbound | null {
  if (endpoint.onBehalf !== null) return takeKept(endpoint, endpoint.onBehalf, methodId)
  const idle = idleOf(endpoint.live)
  for (let conn = idle.pop(); conn; conn = idle.pop()) if (isUsable(conn, methodId)) return conn
  return null
}

/** The same among those that are one client's: it has few. */
function takeKept({ live }: Endpoint, { kept }: OnBehalf, methodId: number): Outbound | null {
  for (const conn of kept as Set<Outbound>) {
    if (conn.endpoint.live !== live) continue
    kept.delete(conn)
    idleOf(live).remove(conn)
    if (isUsable(conn, methodId)) return conn
  }
  return null
}

/** One that is not is given up. */
function isUsable(conn: Outbound, methodId: number): boolean {
  if (conn.isClosed) return false
  // A stale one costs what may be sent again a replay, and all else its request: there a look is worth its
  // price. Its time may be over, too, and the wheel be late to see that.
  if (!conn.isOutdated && (IDEMPOTENT[methodId] || (conn.isFit && !isOverdue(conn)))) return true
  conn.drop()
  return false
}

const isOverdue = ({ dueMs }: Outbound): boolean => dueMs !== 0 && dueMs <= nowMs

/** Puts a connection into the pool. How many ms it may stay; 0: it was not put there and must end. */
export function putIdle(conn: Outbound): number {
  const { live, poolSize, onBehalf } = conn.endpoint
  const keepMs = Math.min(live.keepAliveMs, KEEP_ALIVE_MS_MAX)
  if (keepMs <= 0 || poolSize === 0 || live.isRetired || conn.isOutdated) return 0
  if (onBehalf !== null && !makeRoomFor(onBehalf, conn.endpoint)) return 0
  const { length } = live.idle
  if (length >= 2 * poolSize) return 0
  if (length === 0) pools.add(live)
  idleOf(live).push(conn)
  onBehalf?.kept.add(conn)
  return length < poolSize ? keepMs : Math.min(keepMs, WAVE_MS)
}

/** Of what is no use to others, the one that was idle longest goes: its client is the least likely to ask. */
function makeRoomFor({ isOver }: OnBehalf, { live, poolSize }: Endpoint): boolean {
  if (!isOver && live.idle.length >= poolSize) idleOf(live).oldest?.finishServer()
  return !isOver
}

/**
 * Ends the connection that has been idle longest, whichever its server: others need its descriptor. False:
 * there is none.
 */
export function endOldest(): boolean {
  let oldest: Outbound | null = null
  for (const live of pools) {
    const one = idleOf(live).oldest
    if (one === null) pools.delete(live)
    else if (oldest === null || one.dueMs < oldest.dueMs) oldest = one
  }
  // Not in order: it would keep its descriptor until the server has answered that.
  oldest?.drop()
  return oldest !== null
}

/** Ends the pool of a server that no snapshot names any more. */
export function retire(live: EndpointLive): void {
  live.isRetired = true
  for (let conn = idleOf(live).pop(); conn; conn = idleOf(live).pop()) conn.finishServer()
}

/** The same until it is taken back. */
export function rest(live: EndpointLive, isResting: boolean): void {
  if (isResting) retire(live)
  else live.isRetired = false
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
