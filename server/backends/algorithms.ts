// The closed list of algorithms. Each is prepared for the servers that are usable now and then picks without
// allocating.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Chance } from '../lib/random.ts'
import type { ALGORITHMS } from './backend.options.ts'
import { powerOfTwo, random, weightedRandom } from './by-chance.ts'
import { hashed, hashedWithinBound } from './by-hash.ts'
import { leastConnections, leastResponseTime } from './by-load.ts'
import { firstAvailable, roundRobin } from './by-order.ts'
import type { Server } from './server.ts'

/** Picks a server and takes a place at it; null: none is usable, untried and has room. */
export type Pick = (key: number, tried: number) => Server | null

/** What an algorithm is prepared for. */
export interface Usable {
  /** At least one; each has a weight above 0. */
  readonly servers: readonly Server[]
  readonly board: Scoreboard
  /** The backend's own slot: its cursor is shared by all workers. */
  readonly slot: number
  readonly chance: Chance
  /** The time, in ms of a clock that only goes on. */
  readonly now: () => number
  /** For `hash`: most requests in flight at a server, as a multiple of the mean. */
  readonly loadFactor: number
}

/** Prepares an algorithm for the servers usable now. */
export type Algorithm = (usable: Usable) => Pick

export const algorithms: Readonly<Record<(typeof ALGORITHMS)[number], Algorithm>> = {
  round_robin: roundRobin,
  weighted_round_robin: roundRobin,
  least_connections: leastConnections,
  random,
  weighted_random: weightedRandom,
  power_of_two: powerOfTwo,
  least_response_time: leastResponseTime,
  ip_hash: hashed,
  hash: hashedWithinBound,
  first_available: firstAvailable,
}
