// Priority groups: which of them carry a backend's load, and what part of it each.
import type { Server } from './server.ts'

/** Where config does not say: Envoy's overprovisioning factor of 1.4 is a share of 0.71. */
export const FAILOVER_BELOW = 0.7

export interface Group {
  /** From 1 on. */
  readonly group: number
  /** All of it that no person has taken out of use, and those of them that are up. */
  readonly servers: readonly Server[]
  readonly up: readonly Server[]
  /** What part of the load it carries: above 0. */
  readonly share: number
}

export interface Carrying {
  /** In their order; those with nothing to carry are left out. */
  readonly groups: readonly Group[]
  /** All of the load is carried by groups with enough of their weight up. */
  readonly isEnough: boolean
}

/** Less of the load than this is none: shares are sums of fractions. */
const NOTHING = 1e-9

/**
 * A group carries all that is left by those before it while at least `failoverBelow` of its weight is up, and
 * else as much less as is missing of that.
 */
export function carrying(
  servers: readonly Server[],
  isUp: (server: Server) => boolean,
  failoverBelow: number = FAILOVER_BELOW,
): Carrying {
  const groups: Group[] = []
  let left = 1
  for (const [group, all] of inOrder(servers)) {
    const up = all.filter(isUp)
    const share = Math.min(left, capacityOf(weightOf(up) / weightOf(all), failoverBelow))
    if (share > NOTHING) groups.push({ group, servers: all, up, share })
    left -= share
    if (left <= NOTHING) return { groups, isEnough: true }
  }
  return { groups, isEnough: false }
}

const inOrder = (servers: readonly Server[]): [number, Server[]][] =>
  [...Map.groupBy(servers, ({ group }) => group)].toSorted(([a], [b]) => a - b)

const weightOf = (servers: readonly Server[]): number => servers.reduce((sum, { weight }) => sum + weight, 0)

const capacityOf = (up: number, failoverBelow: number): number =>
  up === 0 ? 0 : failoverBelow === 0 ? 1 : Math.min(1, up / failoverBelow)

/**
 * What the weights of a group's servers are to be multiplied by so that it gets its share beside the others.
 * `weightIn`: that of a server as its algorithm looks at it.
 */
export function factorsOf(
  groups: readonly Group[],
  weightIn: (server: Server) => number,
): ReadonlyMap<number, number> {
  const factors = groups.map(({ up, share }) => share / up.reduce((sum, one) => sum + weightIn(one), 0))
  const largest = Math.max(...factors)
  return new Map(groups.map(({ group }, at) => [group, factors[at]! / largest]))
}
