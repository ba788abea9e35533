// Consistent hashing by highest weight (rendezvous): each server has a score for each key, and the best one
// takes it. A server that leaves moves its own keys alone, one that comes takes its share from each, and a
// changed weight moves keys to or from that server only. It needs no table and no shared state; the price is
// a look at each server.
import type { Pick, Usable } from './algorithm.ts'
import type { HashConfig } from './algorithm.options.ts'
import { firstWithRoom } from './by-order.ts'
import { hashText, mix } from './hash.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'

/** Another worker may take the last place at the server just chosen: then choose again, this often. */
const CHOICES = 4
/** Where config says nothing of "hash". */
const LOAD_FACTOR = 1.25

interface HashOptions {
  readonly hash?: HashConfig
}

/** Takes the key's server; while it has no room, the key's next one. */
export function hashed(usable: Usable): Pick {
  const choose = chooser(usable)
  return admitting(usable, (key, tried) => choose(key, tried, Infinity))
}

/**
 * The same, but no server gets more than its bound: a multiple of the mean of requests in flight, for its
 * weight.
 */
export function hashedWithinBound(usable: Usable, { hash }: HashOptions): Pick {
  const { servers, board } = usable
  const loadFactor = hash?.load_factor ?? LOAD_FACTOR
  const choose = chooser(usable)
  const weights = servers.reduce((sum, { weight }) => sum + weight, 0)
  return admitting(usable, (key, tried) => {
    let total = 1 // this request too
    for (let i = 0; i < servers.length; i++) total += board.inFlight(servers[i]!.slot)
    // When all that are within their bound are tried or full, one beyond it is better than none.
    return choose(key, tried, (loadFactor * total) / weights) ?? choose(key, tried, Infinity)
  })
}

/** Where a key leads while nobody has more than its share; null: none has room. Takes no place there. */
export function keysServer(among: Among): (key: number) => Server | null {
  const choose = chooser(among)
  return (key) => choose(key, null, Infinity)
}

/** What is chosen from. */
interface Among {
  readonly servers: readonly Server[]
  readonly board: { inFlight(slot: number): number }
}

type Choose = (key: number, tried: Tried, loadPerWeight: number) => Server | null

function chooser({ servers, board }: Among): Choose {
  const hashes = Uint32Array.from(servers, (server) => hashText(server.name))
  const areEqual = servers.every(({ weight }) => weight === servers[0]!.weight)
  return (key, tried, loadPerWeight) => {
    let best: Server | null = null
    let bestScore = -1
    for (let i = 0; i < servers.length; i++) {
      const server = servers[i]!
      const draw = mix(key ^ hashes[i]!)
      // -w / ln u is the largest with a probability in proportion to w; for equal weights u itself has the
      //   same order.
      const score = areEqual ? draw : -server.weight / Math.log((draw + 0.5) / 0x1_0000_0000)
      if (score <= bestScore || isTried(tried, server)) continue
      const load = board.inFlight(server.slot)
      if (load >= server.maxConnections || load >= Math.ceil(loadPerWeight * server.weight)) continue
      best = server
      bestScore = score
    }
    return best
  }
}

function admitting(usable: Usable, choose: (key: number, tried: Tried) => Server | null): Pick {
  const { board } = usable
  return (key, tried) => {
    for (let i = 0; i < CHOICES; i++) {
      const server = choose(key, tried)
      if (server === null) return null
      if (board.enter(server.slot, server.maxConnections)) return server
    }
    return firstWithRoom(usable, 0, tried)
  }
}
