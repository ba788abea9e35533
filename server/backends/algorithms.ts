// The closed list of algorithms.
import type { Algorithm } from './algorithm.ts'
import type { ALGORITHMS } from './algorithm.options.ts'
import { powerOfTwo, random, weightedRandom } from './by-chance.ts'
import { hashed, hashedWithinBound } from './by-hash.ts'
import { leastConnections } from './by-load.ts'
import { firstAvailable, roundRobin } from './by-order.ts'
import { leastResponseTime } from './by-time.ts'

export const algorithms: Readonly<Record<Exclude<(typeof ALGORITHMS)[number], 'plugin'>, Algorithm>> = {
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
