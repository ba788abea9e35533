// Algorithms that draw.
import type { Pick, Usable } from './algorithm.ts'
import { firstWithRoom } from './by-order.ts'
import { smoothSequence } from './sequence.ts'
import type { Server } from './server.ts'
import { isTried } from './tried.ts'

/**
 * Draws again this often when a server is full or tried; then the others are asked in order, from a place
 * drawn too.
 */
const DRAWS = 4

/** Draws one, whatever its weight. */
export function random(usable: Usable): Pick {
  const { servers, chance } = usable
  return drawing(usable, () => servers[Math.floor(chance() * servers.length)]!)
}

/** Draws one in proportion to its weight. */
export function weightedRandom(usable: Usable): Pick {
  return drawing(usable, weightedDraw(usable))
}

/**
 * Draws two in proportion to their weights and takes the one with less in flight for its weight, recent
 * failures included.
 */
export function powerOfTwo(usable: Usable): Pick {
  const { servers, board, now } = usable
  const draw = weightedDraw(usable)
  const load = (server: Server, nowMs: number): number =>
    board.inFlight(server.slot) + server.live.record.burden(nowMs)
  return drawing(usable, () => {
    const one = draw()
    if (servers.length === 1) return one
    let other = draw()
    for (let i = 1; i < DRAWS && other === one; i++) other = draw()
    if (other === one) other = servers[(servers.indexOf(one) + 1) % servers.length]!
    const nowMs = now()
    return load(other, nowMs) * one.weight < load(one, nowMs) * other.weight ? other : one
  })
}

function weightedDraw({ servers, chance }: Usable): () => Server {
  // A place of the weighted sequence is as good as a cumulative table, and found in one step.
  const sequence = smoothSequence(servers.map((server) => server.weight))
  return () => servers[sequence[Math.floor(chance() * sequence.length)]!]!
}

function drawing(usable: Usable, draw: () => Server): Pick {
  const { servers, board, chance } = usable
  return (_key, tried) => {
    for (let i = 0; i < DRAWS; i++) {
      const server = draw()
      if (!isTried(tried, server) && board.enter(server.slot, server.maxConnections)) return server
    }
    return firstWithRoom(usable, Math.floor(chance() * servers.length), tried)
  }
}
