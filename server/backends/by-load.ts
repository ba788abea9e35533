// Algorithms that look at what each server has to do. They read the totals of all workers and ask each usable
// server.
import type { Pick, Usable } from './algorithm.ts'
import { firstWithRoom } from './by-order.ts'
import { smoothSequence } from './sequence.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'

/** Another worker may take the last place at the server just chosen: then choose again, this often. */
const CHOICES = 4
/**
 * Of many servers no more than these are compared, from a place that moves on with each pick: the least of so
 * many has hardly more to do than the least of all, and a pick among a thousand takes no longer than this.
 */
export const COMPARED_MAX = 48

/**
 * Takes the one with the least in flight for its weight, recent failures included; of equals the one that
 * round robin would take, and of very many the least of those that stand behind that one. Where weights
 * differ the next one counts, too: else whoever is idle would get it, however small its weight. Who is idle
 * takes its turn all the same.
 */
export function leastConnections(usable: Usable): Pick {
  const { servers, board, slot, now } = usable
  const sequence = smoothSequence(servers.map((server) => server.weight))
  const areEqual = servers.every(({ weight }) => weight === servers[0]!.weight)
  const next = areEqual ? 0 : 1
  return choosing(usable, (tried) => {
    const nowMs = now()
    let best: Server | null = null
    let bestLoad = 0
    let compared = 0
    let at = sequence[(board.nextCursor(slot) & 0x7fffffff) % sequence.length]!
    for (let i = 0; i < servers.length; i++, at++) {
      if (at === servers.length) at = 0
      const server = servers[at]!
      if (isTried(tried, server)) continue
      const inFlight = board.inFlight(server.slot)
      const load = inFlight + server.live.record.burden(nowMs) + next
      if (load === next && (areEqual || i === 0)) return server
      if (inFlight >= server.maxConnections) continue
      if (best === null || load * best.weight < bestLoad * server.weight) {
        best = server
        bestLoad = load
      }
      if (++compared === COMPARED_MAX) break
    }
    return best
  })
}

/** Takes a place at the one that is chosen. */
export function choosing(usable: Usable, choose: (tried: Tried) => Server | null): Pick {
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
