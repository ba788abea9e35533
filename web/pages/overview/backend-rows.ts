// The backends as the overview lists them: those that are not well first, and the others in the order of the
// file. Nothing is ordered by what changes each second.
import type { AnswerOf } from '../../data/api.ts'

/** The looks that states have over the whole dashboard. */
type State = 'up' | 'warn' | 'down' | 'drain' | 'maint' | 'unk'

export interface BackendRow {
  readonly name: string
  readonly state: State
  readonly word: string
  /** Why, where it is not well. */
  readonly reason: string
  readonly pips: readonly State[]
  readonly up: number
  readonly servers: number
}

/** As the API tells it of a backend. */
interface Fares {
  readonly status: 'up' | 'degraded' | 'down'
  readonly servers: number
  readonly servers_up: number
  readonly states?: Readonly<Record<string, number>>
  readonly worst?: { readonly server: string; readonly reason: string }
  readonly total_requests?: number
}

const LOOKS: Readonly<Record<Fares['status'], { state: State; word: string; rank: number }>> = {
  down: { state: 'down', word: 'Down', rank: 0 },
  degraded: { state: 'warn', word: 'Degraded', rank: 1 },
  up: { state: 'up', word: 'Up', rank: 2 },
}

/** Looks of servers' states, and the order in which their pips stand. */
const PIPS: readonly (readonly [string, State])[] = [
  ['up', 'up'],
  ['unchecked', 'unk'],
  ['starting', 'unk'],
  ['down', 'down'],
  ['draining', 'drain'],
  ['maintenance', 'maint'],
  ['held', 'maint'],
]

/** More servers than this have a count alone: a row of a hundred shapes is read by nobody. */
const PIPS_MAX = 12

export function rowsOf({ items }: Pick<AnswerOf<'GET /api/v1/backends'>, 'items'>): BackendRow[] {
  return items
    .map(({ id, live }) => ({ name: id, fares: live as Fares }))
    .filter(({ fares }) => fares !== undefined && fares !== null)
    .map((one, at) => ({ ...one, at }))
    .toSorted((a, b) => LOOKS[a.fares.status].rank - LOOKS[b.fares.status].rank || a.at - b.at)
    .map(({ name, fares }) => rowOf(name, fares))
}

function rowOf(name: string, fares: Fares): BackendRow {
  const { status, servers, servers_up: up } = fares
  const { state, word } = isUnknown(fares)
    ? ({ state: 'unk', word: 'Not known yet' } as const)
    : { ...LOOKS[status], ...(status === 'down' && up > 0 && { word: 'Failing' }) }
  return { name, state, word, reason: reasonOf(fares), pips: pipsOf(fares), up, servers }
}

/** Nobody checks those that would take requests, and there was none. */
const isUnknown = ({ status, servers_up: up, states, total_requests: requests }: Fares): boolean =>
  status === 'up' && requests === 0 && up > 0 && states?.['unchecked'] === up

function reasonOf(fares: Fares): string {
  const { status, servers, servers_up: up, worst } = fares
  if (isUnknown(fares)) return 'No check, and no request yet'
  // Servers are up by their checks, and fail what they get.
  if (status === 'down' && up > 0) return worst === undefined ? '' : `${worst.server}: ${worst.reason}`
  if (status === 'down') return servers === 0 ? 'It has no servers' : 'No server up'
  // Also of one that is well: persons took servers out.
  if (up < servers) return `${up} of ${servers} take new requests`
  return worst === undefined ? '' : `${worst.server}: ${worst.reason}`
}

function pipsOf({ servers, servers_up: up, states }: Fares): readonly State[] {
  if (servers > PIPS_MAX) return []
  const counts = states ?? { up, down: servers - up }
  return PIPS.flatMap(([word, state]) => Array<State>(counts[word] ?? 0).fill(state))
}
