// What a backend would do with a request now: which servers get work and why the others do not, by the code
// that workers ask.
import type { BackendConfig } from '../../backends/backend.options.ts'
import { keysServer } from '../../backends/by-hash.ts'
import { BOUND, keyOf } from '../../backends/key.ts'
import { newServer, type Server } from '../../backends/server.ts'
import { isKeyed, stickyWords } from '../../backends/sticky-words.ts'
import { isBlind } from '../../backends/picks.ts'
import { baseWeights, shareOf, weigh } from '../../backends/weights.ts'
import { type InUse, inUse, isByBreakers, whyUnused } from '../../backends/usable.ts'
import type { RequestHead } from '../../head/request-head.ts'
import { CARRIED, PERMITS } from '../../scoreboard/layout.ts'
import type { RateBoard } from '../../middleware/rate-counter.ts'
import type { Leases } from '../../scoreboard/leases.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { HALF_OPEN } from '../../scoreboard/circuits.ts'
import { circuitReason } from '../../telemetry/circuit-words.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'
import { WHOLE } from '../../scoreboard/shares.ts'
import { STATE_DOWN } from '../../scoreboard/states.ts'
import { type ExplainedLimits, explainLimits } from './explain-limits.ts'
import { type ExplainedRetries, explainRetries } from './explain-retries.ts'
import { type ExplainedSession, explainSession } from './explain-session.ts'

/** How servers are now. */
export interface ServerStates {
  readonly board: Scoreboard
  readonly slots: Readonly<Record<string, BackendSlots>>
  /** What the supervisor says of why one is not up, or was taken out of use. */
  readonly reasonOf: (backend: string, server: string) => string | null
  /** What is under way at once by rules and keys; left out: nobody here knows. */
  readonly leases?: Leases | undefined
  /** What rates have counted; left out: nobody here knows. */
  readonly counts?: RateBoard | undefined
  /** Requests that wait for a server of a backend with room; left out: none does. */
  readonly waitingOf?: ((backend: string) => number) | undefined
  /** What signs cookies of backends that name no secret; left out: nobody here knows it. */
  readonly stickySecret?: string | undefined
}

/** A server, and whether it would get this request. */
export interface ExplainedServer {
  readonly server: string
  readonly url: string
  readonly weight: number
  readonly backup: boolean
  readonly gets_work: boolean
  /** Why it gets none, or why it does all the same; null: nothing stands against it. */
  readonly why: string | null
  readonly in_flight: number
}

export interface ExplainedBackend {
  readonly backend: string
  readonly algorithm: string
  /** What the request is hashed by; null: it is not. */
  readonly hashed_by: string | null
  /** Where its hash leads; null: it is not hashed, or nobody gets work. */
  readonly hashed_to: string | null
  /** Which session it belongs to by its cookie; null: the backend has none. */
  readonly sticky: ExplainedSession | null
  /** What it may carry, and how much of that is in use; null: there is nothing to say. */
  readonly limits: ExplainedLimits | null
  /** When it would be asked again; null: it never is. */
  readonly retries: ExplainedRetries | null
  readonly servers: readonly ExplainedServer[]
  readonly servers_left_out: number
  readonly servers_with_work: number
}

/** So many are listed, those first that get work. */
const SERVERS_MAX = 100

export function explainBackend(
  name: string,
  options: BackendConfig,
  states: ServerStates,
  { request, client }: { readonly request: RequestHead; readonly client: string },
): ExplainedBackend {
  const servers = serversOf(name, options, states)
  const used = inUse(servers, states.board, options)
  const whole = wholeOf(name, options, states)
  const found = servers.map((server) => explained(server, used, states, whole))
  weigh(servers, used, states.board, isBlind(options))
  const parts = partsOf(used.usable)
  const all = found.map((one, i) => ({ ...one, why: one.why ?? partWords(servers[i], parts) }))
  const shown =
    all.length <= SERVERS_MAX ? all : all.toSorted((a, b) => Number(b.gets_work) - Number(a.gets_work))
  return {
    backend: name,
    algorithm: options.algorithm,
    hashed_by: hashedBy(options),
    hashed_to: hashedTo(options, used, states, keyOf(options)(request, client)),
    limits: explainLimits(name, options, states),
    retries: explainRetries(
      { options, servers, slot: states.slots[name]?.slot.index, board: states.board },
      request,
    ),
    sticky: explainSession({ name, options, servers, used, states }, request),
    servers: shown.slice(0, SERVERS_MAX),
    servers_left_out: Math.max(0, all.length - SERVERS_MAX),
    servers_with_work: all.filter((one) => one.gets_work).length,
  }
}

/** What part of the load each group carries now; nothing where one has it all. */
function partsOf(usable: readonly Server[]): ReadonlyMap<number, number> {
  const all = usable.reduce((sum, { weight }) => sum + weight, 0)
  const groups = Map.groupBy(usable, ({ group }) => group)
  if (groups.size < 2 || all === 0) return new Map()
  const weightOf = (servers: readonly Server[]): number =>
    servers.reduce((sum, { weight }) => sum + weight, 0)
  return new Map([...groups].map(([group, servers]) => [group, weightOf(servers) / all]))
}

/** "group 2 carries 38 %"; null: there is nothing to say. */
function partWords(server: Server | undefined, parts: ReadonlyMap<number, number>): string | null {
  const part = server === undefined ? undefined : parts.get(server.group)
  return part === undefined || server === undefined
    ? null
    : `group ${server.group} carries ${Math.round(part * 100)} %`
}

function serversOf(backend: string, options: BackendConfig, { board, slots }: ServerStates): Server[] {
  const own = slots[backend]?.servers ?? {}
  const servers = options.servers.flatMap((config, index) => {
    const slot = own[config.name ?? config.url]
    if (slot === undefined) return []
    return [newServer({ backend, options, index, slot, tls: null, previous: null })]
  })
  baseWeights(servers, board)
  return servers
}

/** What it is called that no server of a backend takes work. */
export const noneFault = (
  name: string,
  options: BackendConfig,
  states: ServerStates,
): 'no_server' | 'circuit_open' =>
  isByBreakers(serversOf(name, options, states), states.board) ? 'circuit_open' : 'no_server'

/** What stands against all of its servers: together they carry as much as they may; null: nothing. */
function wholeOf(
  name: string,
  { max_connections: written = Infinity, adaptive_limit }: BackendConfig,
  { board, slots }: ServerStates,
): string | null {
  const slot = slots[name]?.slot.index
  if (slot === undefined) return null
  const inFlight = board.gauges.held(slot, CARRIED)
  if (inFlight >= written) return `full: ${inFlight} of ${written} in flight at the backend`
  const found = adaptive_limit?.mode === 'enforce' ? board.adaptive.limit(slot) || Infinity : Infinity
  const awaited = board.adaptive.awaited(slot)
  return awaited < found
    ? null
    : `full: ${awaited} of ${found} wait for answers of the backend (adaptive_limit)`
}

function explained(
  server: Server,
  { usable, halfOpen }: InUse,
  { board, reasonOf }: ServerStates,
  whole: string | null,
): ExplainedServer {
  const { name, url, weight, backup, maxConnections, slot } = server
  const inFlight = board.inFlight(slot)
  const isUsed = usable.includes(server) || (halfOpen.includes(server) && isLetThrough(server, board))
  const full = inFlight < maxConnections ? whole : `full: ${inFlight} of ${maxConnections} in flight`
  const why = isUsed ? whyUsed(server, board) : whyOut(server, { board, reasonOf })
  return {
    ...{ server: name, url, weight, backup },
    gets_work: isUsed && full === null,
    why: isUsed && full !== null ? full : why,
    in_flight: inFlight,
  }
}

const isLetThrough = ({ slot, options }: Server, { gauges }: Scoreboard): boolean =>
  gauges.held(slot, PERMITS) < (options.circuit_breaker?.half_open_requests ?? 0)

const whyUsed = (server: Server, board: Scoreboard): string | null =>
  whyUsedAtAll(server, board) ?? whyLess(server, board)

const whyUsedAtAll = ({ slot, options }: Server, board: Scoreboard): string | null =>
  options.circuit_breaker?.mode === 'enforce' && board.circuits.state(slot) === HALF_OPEN
    ? `${circuitReason(board, slot)}; ${options.circuit_breaker.half_open_requests} at once are let through`
    : board.state(slot) === STATE_DOWN
      ? 'down, but fewer are up than panic_threshold: all are used'
      : null

/** "29 % of its weight, as it came up lately (slow_start)". */
function whyLess(server: Server, board: Scoreboard): string | null {
  const share = shareOf(server, board)
  if (share === 1) return null
  const isWarming = server.options.slow_start !== undefined && board.shares.warmth(server.slot) !== WHOLE
  const isMerit = board.shares.merit(server.slot) !== WHOLE
  const why = [
    ...(isWarming ? ['as it came up lately (slow_start)'] : []),
    ...(isMerit ? ['by how it fares (dynamic_weights)'] : []),
  ]
  return `${Math.round(share * 100)} % of its weight, ${why.join(' and ')}`
}

function whyOut(server: Server, { board, reasonOf }: Pick<ServerStates, 'board' | 'reasonOf'>): string {
  const told = reasonOf(server.backend, server.name) ?? undefined
  const plain = whyUnused(server, board, undefined)
  if (plain === null)
    return server.backup
      ? 'a backup: it stands by while others are up'
      : server.group === 1
        ? 'others go before it'
        : `group ${server.group}: the groups before it carry all`
  // The supervisor knows who has a breaker open.
  if (told?.startsWith('circuit ') === true && plain.startsWith('circuit ')) return told
  return told === undefined ? plain : `${plain}: ${told}`
}

function hashedBy({ algorithm, hash, sticky }: BackendConfig): string | null {
  const words = stickyWords({ sticky })
  if (words?.by === 'client_ip') return 'client_ip'
  if (words?.by === 'header') return `header ${words.header}`
  if (algorithm === 'ip_hash') return 'client_ip'
  if (algorithm !== 'hash' || hash === undefined) return null
  return hash.name === undefined ? hash.by : `${hash.by} ${hash.name}`
}

/** Its bound, or its own, may send it on to the next one. */
function hashedTo(
  options: BackendConfig,
  { usable, bound }: InUse,
  { board }: ServerStates,
  key: number,
): string | null {
  if (hashedBy(options) === null) return null
  const words = stickyWords(options)
  const isByKey = words !== null && isKeyed(words)
  // Who shows no such field belongs nowhere.
  if (isByKey && key < BOUND) return null
  const goesOn = isByKey ? words.drain === 'sticky' : options.algorithm === 'hash' && key >= BOUND
  const servers = goesOn ? bound : usable
  return servers.length === 0 ? null : (keysServer({ servers, board })(key)?.name ?? null)
}
