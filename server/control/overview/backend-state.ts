// How a backend is, from how its servers are.
import type { ServerHealth } from '../../telemetry/server-health.ts'

/**
 * down: no server takes requests. out: nor does one, as persons took them all out of use. failing: some are
 * up by their checks, and each fails all of its requests. waiting: the first checks are not over. degraded:
 * some servers of those that should do not. panic: so few are up that those that are down are used, too
 * (panic_threshold). unknown: nothing has asked any of those that take requests.
 */
export type BackendState = 'up' | 'degraded' | 'panic' | 'failing' | 'down' | 'out' | 'waiting' | 'unknown'

/** A server that failed so many requests in a row serves nobody. */
const ROW_LEAST = 3

export interface Sorted {
  readonly state: BackendState
  readonly all: readonly ServerHealth[]
  /** They take requests. */
  readonly usable: readonly ServerHealth[]
  /** Checks, or a person, say that they are down, or breakers are open; without a check, requests failed. */
  readonly ailing: readonly ServerHealth[]
  /** They get work, and the last requests failed, or are let through one by one by a breaker. */
  readonly failing: readonly ServerHealth[]
  /** Taken out of use by a person, or their breakers held open by one. */
  readonly out: readonly ServerHealth[]
}

/** Of those that are ready: down by checks, or by requests where there is none. */
const MAY_AIL: ReadonlySet<ServerHealth['state']> = new Set(['down', 'unchecked'])

/** `isUntried`: of one without a check, that it has had no request either. */
export function sorted(
  all: readonly ServerHealth[],
  isUntried: (server: ServerHealth) => boolean = () => false,
): Sorted {
  const ready = all.filter(({ admin }) => admin === 'ready')
  const out = all.filter((one) => one.admin !== 'ready' || isHeldOpen(one))
  const usable = ready.filter(({ healthy }) => healthy)
  const ailing = ready.filter(
    (one) => !one.healthy && !isHeldOpen(one) && (MAY_AIL.has(one.state) || isLeftAlone(one)),
  )
  const failing = usable.filter(({ reason }) => reason !== null)
  const isUnknown = usable.length > 0 && usable.every(isUntried)
  const state = isUnknown && ailing.length === 0 ? 'unknown' : stateOf(all, { usable, ailing, failing, out })
  return { all, usable, ailing, failing, out, state }
}

/** Its breaker is open, and not only watches. */
export const isLeftAlone = ({ healthy, circuit_state, operational, reason }: ServerHealth): boolean =>
  !healthy && circuit_state === 'Open' && operational !== 'down' && reason?.startsWith('circuit ') === true

/** That is so as a person wants it. */
export const isHeldOpen = (server: ServerHealth): boolean =>
  server.orders?.some(({ kind, value }) => kind === 'circuit' && value === 'open') === true &&
  server.admin === 'ready' &&
  isLeftAlone(server)

/** Its breaker lets a few requests through. */
export const isTriedAgain = ({ circuit_state, reason }: ServerHealth): boolean =>
  circuit_state === 'HalfOpen' && reason?.startsWith('circuit ') === true

/** "connect_refused, 12 in a row, the last 3 s ago". */
const isLost = ({ reason }: ServerHealth): boolean =>
  Number(/^[a-z_]+, ([0-9]+) in a row/.exec(reason ?? '')?.[1] ?? 0) >= ROW_LEAST

function stateOf(
  all: readonly ServerHealth[],
  { usable, ailing, failing, out }: Omit<Sorted, 'state' | 'all'>,
): BackendState {
  if (ailing.some(({ panic }) => panic === true)) return 'panic'
  if (usable.length > 0 && usable.every(isLost)) return 'failing'
  if (usable.length > 0) return ailing.length > 0 || failing.length > 0 ? 'degraded' : 'up'
  if (all.length > 0 && out.length === all.length) return 'out'
  return ailing.length > 0 || all.length === 0 ? 'down' : 'waiting'
}
