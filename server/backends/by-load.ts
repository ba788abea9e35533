// Algorithms that look at what each server has to do. They read the totals of all workers and ask each usable server.
import type { Pick, Usable } from './algorithms.ts'
import { firstWithRoom } from './by-order.ts'
import { smoothSequence } from './sequence.ts'
import type { Server } from './server.ts'

/** Another worker may take the last place at the server just chosen: then choose again, this often. */
const CHOICES = 4
/** What each pick takes off the mean time of a server that it passes over: one that was slow once is asked again some day. */
const FORGETTING = 1 / 2048

/** Takes the one with the least in flight for its weight; of equals the one that round robin would take. */
export function leastConnections(usable: Usable): Pick {
  const { servers, board, slot } = usable
  const sequence = smoothSequence(servers.map((server) => server.weight))
  return choosing(usable, (tried) => {
    let best: Server | null = null
    let bestLoad = 0
    let at = sequence[(board.nextCursor(slot) & 0x7fffffff) % sequence.length]!
    for (let i = 0; i < servers.length; i++, at++) {
      if (at === servers.length) at = 0
      const server = servers[at]!
      if ((tried & server.triedBit) !== 0) continue
      const load = board.inFlight(server.slot)
      if (load === 0) return server
      if (load >= server.maxConnections) continue
      if (best !== null && load * best.weight >= bestLoad * server.weight) continue
      best = server
      bestLoad = load
    }
    return best
  })
}

/**
 * Takes the one with the least mean time to the first byte, times what it would have in flight, for its weight. The times are
 * this worker's own. A server without one yet counts as fast as the fastest.
 */
export function leastResponseTime(usable: Usable): Pick {
  const { servers, board, slot } = usable
  const sequence = smoothSequence(servers.map((server) => server.weight))
  return choosing(usable, (tried) => {
    const unknownMs = fastestMs(servers)
    let best: Server | null = null
    let bestScore = Infinity
    let at = sequence[(board.nextCursor(slot) & 0x7fffffff) % sequence.length]!
    for (let i = 0; i < servers.length; i++, at++) {
      if (at === servers.length) at = 0
      const server = servers[at]!
      const { live } = server
      if ((tried & server.triedBit) !== 0) continue
      const load = board.inFlight(server.slot)
      if (load >= server.maxConnections) continue
      const score = ((live.ewmaMs === 0 ? unknownMs : live.ewmaMs) * (load + 1)) / server.weight
      live.ewmaMs -= live.ewmaMs * FORGETTING
      if (score >= bestScore) continue
      best = server
      bestScore = score
    }
    return best
  })
}

function fastestMs(servers: readonly Server[]): number {
  let fastest = Infinity
  for (let i = 0; i < servers.length; i++) {
    const { ewmaMs } = servers[i]!.live
    if (ewmaMs !== 0 && ewmaMs < fastest) fastest = ewmaMs
  }
  return fastest === Infinity ? 1 : fastest
}

function choosing(usable: Usable, choose: (tried: number) => Server | null): Pick {
  const { board } = usable
  return (_key, tried) => {
    for (let i = 0; i < CHOICES; i++) {
      const server = choose(tried)
      if (server === null) return null
      if (board.enter(server.slot, server.maxConnections)) return server
    }
    return firstWithRoom(usable, 0, tried)
  }
}
