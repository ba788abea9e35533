// Backends and their servers as the API tells them, and the words for how they are.
import type { AnswerOf } from './api.ts'
import type { Circuit, PassiveState } from './api-types.ts'

/** As in the config, with every default where it is `effective`. */
export interface ServerFields {
  readonly url: string
  readonly name?: string
  readonly weight?: number
  readonly max_connections?: number
  readonly backup?: boolean
  readonly group?: number
  readonly [field: string]: unknown
}

export type ServerState = 'up' | 'unchecked' | 'down' | 'draining' | 'maintenance' | 'starting'
export type AdminState = 'ready' | 'drain' | 'maintenance'

/** What a person has ordered of a server. */
export interface OrderFacts {
  readonly kind: 'admin' | 'weight' | 'health' | 'circuit'
  readonly value: string | number
  readonly reason: string | null
  readonly by: string
  readonly since: string
  /** Null: it does not end by itself. */
  readonly until: string | null
}

export interface LastCheck {
  readonly time: string
  readonly result: 'pass' | 'fail'
  readonly reason: string | null
  readonly ms: number | null
}

export interface ServerLive {
  /** It gets new work. */
  readonly healthy: boolean
  /** The one in force. */
  readonly weight: number
  readonly configured_weight?: number
  /** What part of its weight it has, as it came up lately. */
  readonly slow_start?: number
  /** By how it fares, where weights follow that. */
  readonly dynamic_weight?: number
  /** That is not in force. */
  readonly dynamic_weight_shadow?: boolean
  /** It is down, and gets requests all the same (panic_threshold). */
  readonly panic?: boolean
  readonly active_connections: number
  readonly state: ServerState
  readonly reason: string | null
  readonly admin: AdminState
  readonly operational: 'up' | 'down' | 'starting' | 'unchecked'
  /** Why that is so; left out: the gateway is older. */
  readonly operational_reason?: string | null
  readonly orders?: readonly OrderFacts[]
  /** Since when its checks, or who said so, have it as it is; null: from the start. */
  readonly since?: string | null
  readonly last_check?: LastCheck
  /** Of its breaker: Closed, Open or HalfOpen. */
  readonly circuit_state?: string
  /** Left out: its backend has none. */
  readonly circuit?: Circuit
  readonly passive?: PassiveState
  readonly total_requests: number
  readonly failed_requests: number
}

export interface BackendLive {
  readonly status: 'up' | 'degraded' | 'down'
  readonly servers: number
  readonly servers_up: number
  readonly active_connections: number
  /** held: a person has its breaker open. */
  readonly states: Readonly<Partial<Record<ServerState | 'held', number>>>
  /** What wants to be looked at first. */
  readonly worst?: { readonly server: string; readonly state: ServerState; readonly reason: string }
  /** Left out: it has none of its own. */
  readonly limit?: { readonly in_flight: number; readonly most: number }
  /** As it was found by adaptive_limit: of what waits for answers to begin. */
  readonly adaptive_limit?: { readonly in_flight: number; readonly most: number; readonly mode: string }
  /** Requests in its queue. */
  readonly waiting?: number
  /** Left out where nothing is tried again. */
  readonly retries?: {
    readonly by_reason: Counts
    /** By the budget. */
    readonly refused: number
    readonly under_way: number
    readonly most: number
  }
  readonly hedges?: Counts
  readonly sticky?: Counts
}

/** Since the start of the gateway, by a word each. */
export type Counts = Readonly<Record<string, number>>

/** One of a list of resources, with what it is made of. */
export type ResourceOf<Fields, Live> = Omit<
  AnswerOf<'GET /api/v1/backends/{backend}'>,
  'configured' | 'effective' | 'live'
> & { readonly configured: Fields; readonly effective: Required<Fields>; readonly live: Live | null }

export type ServerResource = ResourceOf<ServerFields, ServerLive>

/** The looks that states have over the whole dashboard. */
export type Look = 'up' | 'warn' | 'down' | 'drain' | 'maint' | 'unk'
export interface Shown {
  readonly look: Look
  readonly word: string
}

const SHOWN: Readonly<Record<ServerState, Shown>> = {
  up: { look: 'up', word: 'Up' },
  down: { look: 'down', word: 'Down' },
  unchecked: { look: 'unk', word: 'Unchecked' },
  starting: { look: 'unk', word: 'Starting' },
  draining: { look: 'drain', word: 'Draining' },
  maintenance: { look: 'maint', word: 'Maintenance' },
}

export const shownState = (state: ServerState): Shown => SHOWN[state]

/** Its breaker is open, and does not only watch. */
export const isOpen = ({ circuit_state: is, healthy, admin, operational, reason }: ServerLive): boolean =>
  is === 'Open' && !healthy && admin === 'ready' && operational !== 'down' && isOfBreaker(reason)

/** That is so as a person wants it: no alarm. */
export const isHeldOpen = (live: ServerLive): boolean =>
  isOpen(live) && orderOf(live, 'circuit')?.value === 'open'

/** Passive health has taken it out. */
export const isTakenOut = ({ operational, reason }: ServerLive): boolean =>
  operational === 'down' && reason?.startsWith('passive: ') === true

const isOfBreaker = (reason: string | null): boolean => reason?.startsWith('circuit ') === true

/** What checks and requests say of a server, whatever a person has ordered. */
export function shownOperation(live: ServerLive): Shown {
  const { operational, admin, reason } = live
  if (admin === 'maintenance') return SHOWN.unchecked
  if (isHeldOpen(live)) return { look: 'maint', word: 'Held open' }
  if (isOpen(live)) return { look: 'down', word: 'Breaker open' }
  if (isTakenOut(live)) return { look: 'down', word: 'Taken out' }
  if (admin === 'ready' && operational !== 'down' && isOfBreaker(reason))
    return { look: 'warn', word: 'Half-open' }
  // A reason that no person gave, of a server that is not down: its last requests failed.
  if (operational !== 'down' && admin === 'ready' && reason !== null && operational !== 'starting')
    return { look: 'warn', word: 'Failing' }
  return SHOWN[operational]
}

export const shownAdmin = (admin: AdminState): Shown =>
  admin === 'ready' ? { look: 'up', word: 'Ready' } : SHOWN[admin === 'drain' ? 'draining' : 'maintenance']

export const shownBackend = (status: BackendLive['status']): Shown =>
  ({
    up: { look: 'up', word: 'Up' } as const,
    degraded: { look: 'warn', word: 'Degraded' } as const,
    down: { look: 'down', word: 'Down' } as const,
  })[status]

/** What an order is about, before who gave it; '': that is said beside it. */
export const aboutOrder = ({ kind, value }: OrderFacts): string =>
  kind === 'admin' ? '' : kind === 'circuit' ? `Breaker held ${value}` : `${capital(kind)} ${value}`

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`

/** The order of a kind that is in force. */
export const orderOf = (live: ServerLive | null, kind: OrderFacts['kind']): OrderFacts | null =>
  live?.orders?.find((order) => order.kind === kind) ?? null

/** The whole address without its scheme, as it is read: 192.0.2.11:8080. */
export const addressOf = (url: string): string => url.replace(/^[a-z]+:\/\//, '')
