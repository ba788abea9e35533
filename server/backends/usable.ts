// Which servers of a backend get work, from their states on the scoreboard: found anew with each epoch, never
// for a pick.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  adminOf,
  STATE_DOWN,
  STATE_EMPTY,
  STATE_STARTING,
  STATE_UP,
} from '../scoreboard/states.ts'
import type { Server } from './server.ts'

export interface InUse {
  /** Those that get new work. */
  readonly usable: readonly Server[]
  /** To whom somebody may belong already: the same and those that drain, backups not beside others. */
  readonly bound: readonly Server[]
  /** Backups that stand by. */
  readonly standBy: readonly Server[]
}

export const NONE: readonly Server[] = []

type Board = Pick<Scoreboard, 'state' | 'order'>

/**
 * The servers that are up. Backups stand in while no other is up. When fewer than `panicThreshold` of the
 * others are up, all of them are used, as so many failures rather mean that the checks are wrong, or that the
 * few would be overrun. Where all that is known is that none is up, those are tried that nothing is known of
 * yet. What a person has taken out of use stays out, and counts for nothing.
 */
export function inUse(servers: readonly Server[], board: Board, panicThreshold: number): InUse {
  const weighted = servers.filter((server) => server.weight > 0)
  const isAdmin = (server: Server, admin: number): boolean => adminOf(board.order(server.slot)) === admin
  const ready = weighted.filter((server) => isAdmin(server, ADMIN_READY))
  const usable = usableOf(ready, board, panicThreshold)
  const drained = weighted.filter((one) => isAdmin(one, ADMIN_DRAIN) && board.state(one.slot) === STATE_UP)
  const standBy = ready.filter(
    (server) => server.backup && board.state(server.slot) === STATE_UP && !usable.includes(server),
  )
  return { usable, standBy, bound: drained.length === 0 ? usable : boundOf([...usable, ...drained]) }
}

function usableOf(ready: readonly Server[], board: Board, panicThreshold: number): readonly Server[] {
  const main = ready.filter((server) => !server.backup)
  const isIn = (state: number) => (server: Server) => board.state(server.slot) === state
  const up = main.filter(isIn(STATE_UP))
  const backups = up.length > 0 ? NONE : ready.filter((server) => server.backup && isIn(STATE_UP)(server))
  if (backups.length > 0) return backups
  if (up.length < main.length * panicThreshold)
    return main.filter((server) => board.state(server.slot) !== STATE_EMPTY)
  if (up.length > 0) return up
  const unknown = main.filter(isIn(STATE_STARTING))
  return unknown.length > 0 ? unknown : ready.filter(isIn(STATE_STARTING))
}

function boundOf(servers: readonly Server[]): readonly Server[] {
  const main = servers.filter((server) => !server.backup)
  return (main.length > 0 ? main : servers).toSorted((a, b) => a.index - b.index)
}

/** Why a server gets no new work, where the supervisor has said no more than its states; null: it does. */
export function whyUnused(server: Server, board: Board, told: string | undefined): string | null {
  const admin = ADMIN_REASONS[adminOf(board.order(server.slot))]
  if (admin !== undefined) return admin
  const state = board.state(server.slot)
  if (state !== STATE_UP) return told ?? STATE_REASONS[state] ?? 'down'
  return server.weight === 0 ? 'weight 0' : null
}

const ADMIN_REASONS: Readonly<Record<number, string>> = {
  [ADMIN_DRAIN]: 'draining',
  [ADMIN_MAINTENANCE]: 'in maintenance',
}

const STATE_REASONS: Readonly<Record<number, string>> = {
  [STATE_EMPTY]: 'not started',
  [STATE_DOWN]: 'down',
  [STATE_STARTING]: 'not checked yet',
}
