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
import type { BackendConfig } from './backend.options.ts'
import { circuitOf } from './circuit-breaker.ts'
import { carrying, type Group } from './groups.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'

export interface InUse {
  /** Those that get new work. */
  readonly usable: readonly Server[]
  /** To whom somebody may belong already: the same and those that drain, backups not beside others. */
  readonly bound: readonly Server[]
  /** Those that stand by: of the next group, else backups. */
  readonly standBy: readonly Server[]
  /** Those whose breakers are half-open: a few attempts are let through. */
  readonly halfOpen: readonly Server[]
  /** The groups that carry a part each; null: one has all there is to do. */
  readonly groups: readonly Group[] | null
}

export const NONE: readonly Server[] = []

type Board = Pick<Scoreboard, 'state' | 'order' | 'circuits' | 'passive'>

/**
 * The servers that are up, of the first group and of as many behind it as carry what those before them do
 * not. Backups stand in while no other is up. When fewer than `panic_threshold` of the others are up, all of
 * them are used, as so many failures rather mean that the checks are wrong, or that the few would be overrun;
 * where there are groups, only when those that are up are not enough. Where all that is known is that none is
 * up, those are tried that nothing is known of yet. What a person has taken out of use stays out, and counts
 * for nothing; who is out by its breaker or by passive health is so in a panic, too.
 */
export function inUse(servers: readonly Server[], board: Board, options: Thresholds): InUse {
  const weighted = servers.filter((server) => server.weight > 0)
  const isAdmin = (server: Server, admin: number): boolean => adminOf(board.order(server.slot)) === admin
  const ready = weighted.filter((server) => isAdmin(server, ADMIN_READY))
  const { usable, groups } = usableOf(ready, board, options)
  const drained = weighted.filter(
    (one) =>
      isAdmin(one, ADMIN_DRAIN) && board.state(one.slot) === STATE_UP && circuitOf(one, board) === CLOSED,
  )
  const halfOpen = ready.filter(
    (one) =>
      circuitOf(one, board) === HALF_OPEN && board.state(one.slot) === STATE_UP && isWanted(one, usable),
  )
  return {
    usable,
    groups,
    halfOpen,
    standBy: standingBy(ready.filter((one) => isUp(one, board) && !usable.includes(one))),
    bound: drained.length === 0 ? usable : boundOf([...usable, ...drained]),
  }
}

/** Whether it would be in use: one that stands by is asked by nobody, however its breaker is. */
const isWanted = ({ backup, group }: Server, usable: readonly Server[]): boolean =>
  backup
    ? usable.every((one) => one.backup)
    : usable.length === 0 || usable.some((one) => one.backup || one.group >= group)

type Thresholds = Pick<BackendConfig, 'panic_threshold' | 'failover_below'>

/** Whether a server gets work by what is known of it. */
export const isUp = (server: Server, board: Board): boolean =>
  board.state(server.slot) === STATE_UP && circuitOf(server, board) === CLOSED

/** Those of the next group, or the backups. */
function standingBy(unused: readonly Server[]): readonly Server[] {
  const next = unused.reduce(
    (first, { backup, group }) => (backup ? first : Math.min(first, group)),
    Infinity,
  )
  return unused.filter(({ backup, group }) => (next === Infinity ? backup : !backup && group === next))
}

function usableOf(
  ready: readonly Server[],
  board: Board,
  { panic_threshold: panicThreshold, failover_below: failoverBelow }: Thresholds,
): Pick<InUse, 'usable' | 'groups'> {
  const main = ready.filter((server) => !server.backup)
  const { groups, isEnough } = carrying(main, (server) => isUp(server, board), failoverBelow)
  const up = groups.flatMap((group) => group.up)
  const only = (usable: readonly Server[]) => ({ usable, groups: null })
  const backups = up.length > 0 ? NONE : ready.filter((server) => server.backup && isUp(server, board))
  if (backups.length > 0) return only(backups)
  // What attempts have shown is no mistake of the checks.
  const closed = main.filter(
    (server) => circuitOf(server, board) === CLOSED && !board.passive.isOut(server.slot),
  )
  const mayPanic = !isEnough || main.every(({ group }) => group === main[0]!.group)
  if (mayPanic && up.length < closed.length * panicThreshold)
    return only(closed.filter((server) => board.state(server.slot) !== STATE_EMPTY))
  if (up.length > 0) return { usable: up, groups: groups.length < 2 ? null : groups }
  const isUnknown = (server: Server): boolean =>
    board.state(server.slot) === STATE_STARTING && circuitOf(server, board) === CLOSED
  const unknown = standingBy(main.filter(isUnknown))
  return only(unknown.length > 0 ? unknown : ready.filter(isUnknown))
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

/** Whether there is one that was not tried. */
export function isAnyUntried(servers: readonly Server[], tried: Tried): boolean {
  for (let i = 0; i < servers.length; i++) if (!isTried(tried, servers[i]!)) return true
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
