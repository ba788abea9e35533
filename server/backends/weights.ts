// What weights servers have now, beside one another: that of the config or of a person's order, times what
// part of it is theirs as they have come up lately (slow start), by how they fare (dynamic weights), and by
// what their group carries. Found with each epoch; algorithms only see the products.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { WHOLE } from '../scoreboard/shares.ts'
import { weightOf } from '../scoreboard/states.ts'
import { factorsOf } from './groups.ts'
import { configuredWeight, type Server } from './server.ts'
import { type InUse, isUp } from './usable.ts'

type Board = Pick<Scoreboard, 'state' | 'order' | 'circuits' | 'passive' | 'shares'>

/** The largest weight of those in use is this where they are multiplied: others are rounded beside it. */
const FINEST = 1000

/** Gives servers the weights that config or a person says. */
export function baseWeights(servers: readonly Server[], board: Board): void {
  for (const server of servers) {
    server.weight = weightOf(board.order(server.slot), configuredWeight(server))
    server.hasTurns = false
  }
}

/**
 * Gives servers their weights beside one another. False: all are whole, and their weights are as they were.
 * `isBlind`: the algorithm knows no weights of the config.
 */
export function weigh(
  servers: readonly Server[],
  { usable, groups }: Pick<InUse, 'usable' | 'groups'>,
  board: Board,
  isBlind: boolean,
): boolean {
  const weightIn = ({ weight }: Server): number => (isBlind ? Math.min(weight, 1) : weight)
  const factors = groups === null ? null : factorsOf(groups, weightIn)
  const own = servers.map((server) => shareOf(server, board))
  const parts = servers.map(({ backup, group }, at) => own[at]! * (factors?.get(backup ? 0 : group) ?? 1))
  if (parts.every((part) => part === 1)) return false
  const weights = servers.map((server, at) => weightIn(server) * parts[at]!)
  const inUse = usable.length > 0 ? new Set(usable) : new Set(servers)
  const largest = weights.reduce(
    (most, weight, at) => (inUse.has(servers[at]!) ? Math.max(most, weight) : most),
    0,
  )
  for (const [at, server] of servers.entries()) {
    const weight = weights[at]!
    if (weight > 0) server.weight = Math.max(1, Math.round((weight / largest) * FINEST))
    server.hasTurns = own[at]! < 1
  }
  return true
}

/** What part of its weight a server has. */
export const shareOf = (server: Server, board: Board): number =>
  (warmthOf(server, board) * meritOf(server, board)) / (WHOLE * WHOLE)

/** In hundredths. One that is used although it is not up, as others are not either, has it all. */
const warmthOf = (server: Server, board: Board): number =>
  server.options.slow_start !== undefined && isUp(server, board) ? board.shares.warmth(server.slot) : WHOLE

const meritOf = ({ slot, options }: Server, { shares }: Board): number =>
  options.dynamic_weights?.mode === 'enforce' ? shares.merit(slot) : WHOLE
