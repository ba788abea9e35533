// The closed list of algorithms. Each is prepared for the servers that are usable now and then picks without
// allocating.
import type { Algorithm } from './algorithm.ts'
import type { ALGORITHMS } from './backend.options.ts'
import { powerOfTwo, random, weightedRandom } from './by-chance.ts'
import { hashed, hashedWithinBound } from './by-hash.ts'
import { leastConnections, leastResponseTime } from './by-load.ts'
import { firstAvailable, roundRobin } from './by-order.ts'

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
