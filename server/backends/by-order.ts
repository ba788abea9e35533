// Algorithms that go by the order of the servers.
import type { Pick, Usable } from './algorithm.ts'
import { smoothSequence } from './sequence.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'

/**
 * How many following places stand in for a server that is full or tried, before the others are asked in
 * order.
 */
const PLACES_AHEAD = 32

/** Walks one smooth weighted sequence by the cursor that all workers share: exact over any whole period. */
export function roundRobin(usable: Usable): Pick {
  const { servers, board, slot } = usable
  const sequence = smoothSequence(servers.map((server) => server.weight))
  const { length } = sequence
  let latest = 0
  return (_key, tried) => {
    // Another attempt goes on from where the first began: a turn of the cursor is for a request, not for each
    // of its tries.
    if (tried !== null) return nextInSequence(usable, sequence, latest, tried)
    // 31 bits, as the remainder of larger numbers is slow: once in 2^31 picks a period is cut short.
    const cursor = board.nextCursor(slot) & 0x7fffffff
    latest = cursor
    const server = servers[sequence[cursor % length]!]!
    if (board.enter(server.slot, server.maxConnections)) return server
    return nextInSequence(usable, sequence, cursor, tried)
  }
}

function nextInSequence(usable: Usable, sequence: Uint16Array, cursor: number, tried: Tried): Server | null {
  const { servers, board } = usable
  const ahead = Math.min(PLACES_AHEAD, sequence.length - 1)
  for (let i = 1; i <= ahead; i++) {
    const server = servers[sequence[(cursor + i) % sequence.length]!]!
    if (!isTried(tried, server) && board.enter(server.slot, server.maxConnections)) return server
  }
  return firstWithRoom(usable, cursor % servers.length, tried)
}

/** Takes the first server in the order of the config that has room. */
export function firstAvailable(usable: Usable): Pick {
  return (_key, tried) => firstWithRoom(usable, 0, tried)
}

/** Takes the first untried server with room from place `from` on, around the list. */
export function firstWithRoom({ servers, board }: Usable, from: number, tried: Tried): Server | null {
  for (let i = 0, at = from; i < servers.length; i++, at++) {
    if (at === servers.length) at = 0
    const server = servers[at]!
    if (!isTried(tried, server) && board.enter(server.slot, server.maxConnections)) return server
  }
  return null
}
