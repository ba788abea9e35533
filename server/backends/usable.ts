// Which servers of a backend get work, from their states on the scoreboard: found anew with each epoch, never
// for a pick.
import { CLOSED, HALF_OPEN } from '../scoreboard/circuits.ts'
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
import { circuitReason } from '../telemetry/circuit-words.ts'
import { circuitOf } from './circuit-breaker.ts'
import type { Server } from './server.ts'

export interface InUse {
  /** Those that get new work. */
  readonly usable: readonly Server[]
  /** To whom somebody may belong already: the same and those that drain, backups not beside others. */
  readonly bound: readonly Server[]
  /** Backups that stand by. */
  readonly standBy: readonly Server[]
  /** Those whose breakers are half-open: a few attempts are let through. */
  readonly halfOpen: readonly Server[]
}

export const NONE: readonly Server[] = []

type Board = Pick<Scoreboard, 'state' | 'order' | 'circuits'>

/**
 * The servers that are up. Backups stand in while no other is up. When fewer than `panicThreshold` of the
 * others are up, all of them are used, as so many failures rather mean that the checks are wrong, or that the
 * few would be overrun. Where all that is known is that none is up, those are tried that nothing is known of
 * yet. What a person has taken out of use stays out, and counts for nothing; whose breaker is not closed is
 * out, whatever else is known.
 */
export function inUse(servers: readonly Server[], board: Board, panicThreshold: number): InUse {
  const weighted = servers.filter((server) => server.weight > 0)
  const isAdmin = (server: Server, admin: number): boolean => adminOf(board.order(server.slot)) === admin
  const ready = weighted.filter((server) => isAdmin(server, ADMIN_READY))
  const usable = usableOf(ready, board, panicThreshold)
  const drained = weighted.filter(
    (one) =>
      isAdmin(one, ADMIN_DRAIN) && board.state(one.slot) === STATE_UP && circuitOf(one, board) === CLOSED,
  )
  const standBy = ready.filter((server) => server.backup && isUp(server, board) && !usable.includes(server))
  const halfOpen = ready.filter(
    (one) => circuitOf(one, board) === HALF_OPEN && board.state(one.slot) === STATE_UP,
  )
  return {
    usable,
    standBy,
    halfOpen,
    bound: drained.length === 0 ? usable : boundOf([...usable, ...drained]),
  }
}

const isUp = (server: Server, board: Board): boolean =>
  board.state(server.slot) === STATE_UP && circuitOf(server, board) === CLOSED

function usableOf(ready: readonly Server[], board: Board, panicThreshold: number): readonly Server[] {
  const main = ready.filter((server) => !server.backup)
  const up = main.filter((server) => isUp(server, board))
  const backups = up.length > 0 ? NONE : ready.filter((server) => server.backup && isUp(server, board))
  if (backups.length > 0) return backups
  // What attempts have shown is no mistake of the checks.
  const closed = main.filter((server) => circuitOf(server, board) === CLOSED)
  if (up.length < closed.length * panicThreshold)
    return closed.filter((server) => board.state(server.slot) !== STATE_EMPTY)
  if (up.length > 0) return up
  const isUnknown = (server: Server): boolean =>
    board.state(server.slot) === STATE_STARTING && circuitOf(server, board) === CLOSED
  const unknown = main.filter(isUnknown)
  return unknown.length > 0 ? unknown : ready.filter(isUnknown)
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
  if (circuitOf(server, board) !== CLOSED) return circuitReason(board, server.slot)
  return server.weight === 0 ? 'weight 0' : null
}

/** The same of all servers, for those that get none. */
export const unusedOf = (
  servers: readonly Server[],
  board: Board,
  told: ReadonlyMap<string, string>,
): readonly { server: string; reason: string }[] =>
  servers.flatMap((server) => {
    const reason = whyUnused(server, board, told.get(server.name))
    return reason === null ? [] : [{ server: server.name, reason }]
  })

/** Whether there is one whose bit is not in `tried`. */
export function isAnyUntried(servers: readonly Server[], tried: number): boolean {
  for (let i = 0; i < servers.length; i++) if ((tried & servers[i]!.triedBit) === 0) return true
  return false
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

/** Whether all that keeps work from these servers is that their breakers are not closed. */
export const isByBreakers = (servers: readonly Server[], board: Board): boolean => {
  const meant = servers.filter(
    (server) => server.weight > 0 && adminOf(board.order(server.slot)) === ADMIN_READY,
  )
  return meant.length > 0 && meant.every((server) => circuitOf(server, board) !== CLOSED)
}
