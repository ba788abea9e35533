// How servers and backends were, minute by minute, in the last hour; and since when they are as they are now.
// It is kept in this process: deaths of workers do not touch it, and what was before the start is not known.
import { CLOSED, HALF_OPEN } from '../../scoreboard/circuits.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { ADMIN_DRAIN, ADMIN_MAINTENANCE, adminOf, STATE_DOWN, STATE_UP } from '../../scoreboard/states.ts'
import { failingSince } from '../../telemetry/attempts.ts'
import type { ServerFacts } from '../../telemetry/server-health.ts'
import type { Span } from './seen.ts'

/** What a minute had, as bits: it may have had several. */
const UP = 1
const UNCHECKED = 2
const DEGRADED = 4
const DRAINING = 8
const MAINTENANCE = 16
const DOWN = 32
/** By its breaker. */
const OPENED = 64
const HALF_OPENED = 128

/** In an answer each minute is one letter. */
export const LETTERS = {
  u: 'up',
  g: 'degraded',
  d: 'down',
  b: 'breaker open',
  h: 'breaker half-open',
  m: 'maintenance',
  r: 'draining',
  c: 'unchecked',
  '-': 'unknown',
} as const

export const MINUTE_MS = 60_000
/** Minutes that are kept. */
export const KEPT = 60
/** Servers, and backends, beyond so many are not followed. */
const FOLLOWED_MAX = 10_000
/** Rows of each kind in an answer. */
const TOLD_MAX = 1000

export interface TimelineRow {
  readonly backend: string
  readonly server?: string
  /** A letter for each minute, the oldest first. */
  readonly cells: string
}

export interface Timelines {
  readonly step_s: 60
  /** Where the first minute begins; and of the last, how much is over. */
  readonly from: string
  readonly last_s: number
  readonly letters: Readonly<Record<string, string>>
  readonly backends: readonly TimelineRow[]
  readonly servers: readonly TimelineRow[]
  /** Servers that are not told, as there are too many. */
  readonly left_out: number
}

interface Row {
  readonly backend: string
  readonly server: string
  readonly url: string
  slot: number
  readonly cells: Uint8Array
  minute: number
  /** One bit. */
  state: number
  sinceMs: number
  lastUpMs: number | null
}

export class HealthTimelines {
  readonly #nowMs: () => number
  readonly #wallMs: () => number
  readonly #servers = new Map<string, Row>()
  readonly #backends = new Map<string, Row>()

  /** `nowMs`: of a clock that is never set. */
  constructor(nowMs: () => number = () => performance.now(), wallMs: () => number = Date.now) {
    this.#nowMs = nowMs
    this.#wallMs = wallMs
  }

  /** How all servers of the plan are now; to be asked each second or two. */
  look(servers: readonly ServerFacts[], board: Scoreboard): void {
    const nowMs = this.#nowMs()
    const nowS = this.#wallMs() / 1000
    const gone = new Set(this.#servers.keys())
    const states = new Map<string, number[]>()
    for (const facts of servers) {
      const { backend, server } = facts
      const state = stateOf(facts, board, nowS)
      const own = states.get(backend)
      if (own === undefined) states.set(backend, [state])
      else own.push(state)
      const key = `${backend}\n${server}`
      gone.delete(key)
      const row = this.#rowOf(this.#servers, key, facts)
      if (row !== null) mark(row, state, isUsable(state), nowMs)
    }
    for (const key of gone) this.#servers.delete(key)
    for (const name of this.#backends.keys()) if (!states.has(name)) this.#backends.delete(name)
    for (const [backend, own] of states) {
      const row = this.#rowOf(this.#backends, backend, { backend, server: '', url: '', slot: 0 })
      if (row !== null) mark(row, backendState(own), own.some(isUsable), nowMs)
    }
  }

  /** An event of this gateway: one that was down for less than there is between two looks was down. */
  hear(event: string, fields: Readonly<Record<string, unknown>>): void {
    if (event !== 'server_down' && (event !== 'circuit_opened' || fields['mode'] === 'shadow')) return
    const row = this.#servers.get(`${String(fields['backend'])}\n${String(fields['server'])}`)
    if (row === undefined) return
    pass(row, this.#nowMs())
    add(row, event === 'server_down' ? DOWN : OPENED)
  }

  spanOf(backend: string, server?: string): Span {
    const row =
      server === undefined ? this.#backends.get(backend) : this.#servers.get(`${backend}\n${server}`)
    if (row === undefined) return { sinceMs: null, lastUpMs: null }
    const toWall = (ms: number): number => Math.round(this.#wallMs() - (this.#nowMs() - ms))
    return { sinceMs: toWall(row.sinceMs), lastUpMs: row.lastUpMs === null ? null : toWall(row.lastUpMs) }
  }

  /** The last minutes; of one backend, or of all: those that were not well first, then the busiest. */
  told(minutes: number, only: string | null, board: Pick<Scoreboard, 'attempts'>): Timelines {
    const nowMs = this.#nowMs()
    const of = (rows: Iterable<Row>): Row[] =>
      [...rows].filter(({ backend }) => only === null || backend === only)
    const servers = of(this.#servers.values())
    const all = servers.length <= TOLD_MAX ? servers : worthiest(servers, board)
    const minute = Math.floor(nowMs / MINUTE_MS)
    const fromMs = (minute - minutes + 1) * MINUTE_MS
    return {
      step_s: 60,
      from: new Date(this.#wallMs() - (nowMs - fromMs)).toISOString(),
      last_s: Math.floor((nowMs % MINUTE_MS) / 1000),
      letters: LETTERS,
      backends: of(this.#backends.values())
        .slice(0, TOLD_MAX)
        .map((row) => ({ backend: row.backend, cells: cellsOf(row, minute, minutes) })),
      servers: all.map((row) => ({
        backend: row.backend,
        server: row.server,
        cells: cellsOf(row, minute, minutes),
      })),
      left_out: servers.length - all.length,
    }
  }

  /** Another address is another server. */
  #rowOf(
    rows: Map<string, Row>,
    key: string,
    { backend, server, url, slot }: Pick<ServerFacts, 'backend' | 'server' | 'url' | 'slot'>,
  ): Row | null {
    const known = rows.get(key)
    if (known?.url === url) {
      known.slot = slot
      return known
    }
    if (known === undefined && rows.size >= FOLLOWED_MAX) return null
    const nowMs = this.#nowMs()
    const row = {
      ...{ backend, server, url, slot, cells: new Uint8Array(KEPT) },
      ...{ minute: Math.floor(nowMs / MINUTE_MS), state: 0, sinceMs: nowMs, lastUpMs: null },
    }
    rows.set(key, row)
    return row
  }
}

function stateOf({ slot, isChecked, breaker }: ServerFacts, board: Scoreboard, nowS: number): number {
  const admin = adminOf(board.order(slot))
  if (admin === ADMIN_DRAIN) return DRAINING
  if (admin === ADMIN_MAINTENANCE) return MAINTENANCE
  const state = board.state(slot)
  if (state === STATE_DOWN) return DOWN
  if (state !== STATE_UP) return UNCHECKED
  const circuit = breaker === 'enforce' ? board.circuits.state(slot) : CLOSED
  if (circuit !== CLOSED) return circuit === HALF_OPEN ? HALF_OPENED : OPENED
  const isFailing = failingSince(board, slot, nowS) !== null
  if (!isChecked) return isFailing ? DOWN : UNCHECKED
  return isFailing ? DEGRADED : UP
}

const isUsable = (state: number): boolean => (state & (UP | UNCHECKED | DEGRADED | HALF_OPENED)) !== 0

function backendState(states: readonly number[]): number {
  const usable = states.filter(isUsable)
  if (usable.length === states.length) {
    if (states.includes(DEGRADED) || states.includes(HALF_OPENED)) return DEGRADED
    return states.every((state) => state === UNCHECKED) ? UNCHECKED : UP
  }
  if (usable.length > 0) return DEGRADED
  if (states.includes(DOWN)) return DOWN
  if (states.includes(OPENED)) return OPENED
  return states.includes(DRAINING) ? DRAINING : MAINTENANCE
}

function mark(row: Row, state: number, isOfUse: boolean, nowMs: number): void {
  pass(row, nowMs)
  add(row, state)
  if (row.state !== state) {
    // Its first look: it is as it is since it is looked at.
    row.state = state
    row.sinceMs = nowMs
  }
  if (isOfUse) row.lastUpMs = nowMs
}

/** The minute of now had this as well. */
function add({ cells, minute }: Row, state: number): void {
  cells[minute % KEPT] = (cells[minute % KEPT] ?? 0) | state
}

/** Minutes that have passed since were as it was. */
function pass(row: Row, nowMs: number): void {
  const minute = Math.floor(nowMs / MINUTE_MS)
  const first = Math.max(row.minute + 1, minute - KEPT + 1)
  for (let at = first; at <= minute; at++) row.cells[at % KEPT] = at === minute ? 0 : row.state
  row.minute = minute
}

function cellsOf({ cells, minute: last, state }: Row, minute: number, minutes: number): string {
  let text = ''
  for (let at = minute - minutes + 1; at <= minute; at++)
    // A minute that has just begun, and was not looked at.
    text += letterOf(at > last ? state : at <= last - KEPT ? 0 : (cells.at(at % KEPT) ?? 0))
  return text
}

/** The worst of a minute; who was down in a part of it was degraded. A breaker is told as that. */
function letterOf(had: number): string {
  if (had === 0) return '-'
  if ((had & DOWN) !== 0) return isUsable(had) || (had & OPENED) !== 0 ? 'g' : 'd'
  if ((had & OPENED) !== 0) return 'b'
  if ((had & MAINTENANCE) !== 0) return 'm'
  if ((had & DRAINING) !== 0) return 'r'
  if ((had & HALF_OPENED) !== 0) return 'h'
  if ((had & DEGRADED) !== 0) return 'g'
  return (had & UP) !== 0 ? 'u' : 'c'
}

function worthiest(rows: readonly Row[], board: Pick<Scoreboard, 'attempts'>): Row[] {
  const wasWell = ({ cells }: Row): number => (cells.every((had) => (had & ~(UP | UNCHECKED)) === 0) ? 1 : 0)
  return rows
    .map((row) => ({ row, well: wasWell(row), busy: board.attempts(row.slot) }))
    .toSorted((a, b) => a.well - b.well || b.busy - a.busy)
    .slice(0, TOLD_MAX)
    .map(({ row }) => row)
}
