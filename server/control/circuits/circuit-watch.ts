// The supervisor's half of breakers: what is open becomes half-open when its time is over, and what workers
// have decided is told. All of it lies on the scoreboard; what is kept here is only what was told.
import type { CircuitBreakerConfig } from '../../backends/circuit-breaker.options.ts'
import { CLOSED, FORCED_OPEN, HALF_OPEN, OPEN, type Opening } from '../../scoreboard/circuits.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { slotKey } from '../orders/places.ts'
import type { PlanBody } from '../processes/worker.ts'

/** What has become of a breaker. */
export type CircuitNews = { readonly backend: string; readonly server: string; readonly mode: string } & (
  | { readonly is: 'opened'; readonly opening: Opening }
  | { readonly is: 'half_open' }
  | { readonly is: 'closed' }
  /** It would have opened, but too many servers are out. */
  | { readonly is: 'held'; readonly maxOut: number }
)

/** A server that has a breaker. */
export interface WatchedCircuit {
  readonly backend: string
  readonly server: string
  readonly options: CircuitBreakerConfig
  readonly slot: number
  readonly backendSlot: number
  /** As they were told last. */
  state: number
  serial: number
  held: number
  /** Looks in a row at which a worker had begun to open it, and not ended that. */
  openingLooks: number
  /** The same of a slice of its window. */
  beginningLooks: number
  /** Looks until being held back is news again. */
  quietLooks: number
}

/** Whoever opens a breaker, or begins a slice, needs microseconds; after so many looks it must be dead. */
const OPENING_LOOKS = 2
/** Of 100 ms: one that is held back all the time is told once a minute. */
const HELD_LOOKS = 600

export interface CircuitWatchParts {
  readonly board: () => Scoreboard
  /** The clock that all processes share, in ms. */
  readonly now: () => number
  readonly onNews: (news: CircuitNews) => void
}

export class CircuitWatch {
  readonly #parts: CircuitWatchParts
  /** By record and which of its uses. */
  #watched = new Map<string, WatchedCircuit>()

  constructor(parts: CircuitWatchParts) {
    this.#parts = parts
  }

  get watched(): ReadonlyMap<string, WatchedCircuit> {
    return this.#watched
  }

  /** A plan is about to be served. A breaker that is in it no more is closed: a later one begins anew. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = this.#watched
    this.#watched = new Map()
    for (const [backend, { servers, circuit_breaker: options }] of Object.entries(config.backends)) {
      if (options === undefined || options.mode === 'off') continue
      const own = slots[backend]
      for (const { name, url } of servers) {
        const server = name ?? url
        const slot = own?.servers[server]
        if (own === undefined || slot === undefined) continue
        const key = slotKey(slot)
        const known = before.get(key) ?? NEW
        const place = { backend, server, options, slot: slot.index, backendSlot: own.slot.index }
        this.#watched.set(key, { ...known, ...place })
      }
    }
    for (const [key, { slot }] of before)
      if (!this.#watched.has(key) && key.endsWith(`.${this.#parts.board().generation(slot)}`)) this.#end(slot)
  }

  #end(slot: number): void {
    const { circuits } = this.#parts.board()
    circuits.force(slot, 0)
    circuits.close(slot, circuits.state(slot), this.#parts.now())
    circuits.forget(slot)
  }

  /** Moves on what is due, and tells what is new. Says whether any is not closed. */
  look(): boolean {
    const board = this.#parts.board()
    const nowMs = this.#parts.now()
    let isAnyOut = false
    for (const one of this.#watched.values()) {
      this.#endOpening(one, board, nowMs)
      this.#endBeginning(one, board)
      this.#tell(one, board)
      if (one.state === OPEN) this.#mayHalfOpen(one, board, nowMs)
      if (one.state !== CLOSED) isAnyOut = true
    }
    return isAnyOut
  }

  /** The worker that had begun to open it has died. */
  #endOpening(one: WatchedCircuit, board: Scoreboard, nowMs: number): void {
    const { circuits } = board
    one.openingLooks = circuits.isOpening(one.slot) ? one.openingLooks + 1 : 0
    if (one.openingLooks < OPENING_LOOKS) return
    const { open_for: openMs } = one.options
    const figures = { total: 0, failed: 0, slow: 0, inARow: 0 }
    circuits.opened(one.slot, { reason: 'unknown', ...figures, openMs, times: 1 }, nowMs)
    board.bumpEpoch(one.backendSlot)
  }

  /** The worker that had begun a slice has died: as long as it is there nobody can judge by shares. */
  #endBeginning(one: WatchedCircuit, { circuits }: Scoreboard): void {
    one.beginningLooks = circuits.isBeginning(one.slot) ? one.beginningLooks + 1 : 0
    if (one.beginningLooks >= OPENING_LOOKS) circuits.dropBeginnings(one.slot)
  }

  #tell(one: WatchedCircuit, { circuits }: Scoreboard): void {
    const { slot } = one
    // In this order: who sees an opening sees its number as well.
    const state = circuits.state(slot)
    const serial = circuits.serial(slot)
    if (serial !== one.serial) this.#tellOpening(one, circuits.opening(slot), serial)
    else if (!circuits.isOpening(slot)) {
      if (state === CLOSED && one.state !== CLOSED) this.#parts.onNews({ ...placeOf(one), is: 'closed' })
      one.state = state
    }
    this.#tellHeld(one, circuits.held(slot))
  }

  #tellOpening(one: WatchedCircuit, opening: Opening, serial: number): void {
    const isAgain = opening.reason === 'half_open' || opening.reason === 'manual'
    // Between two looks it was closed, and opened again.
    if (one.state !== CLOSED && !isAgain) this.#parts.onNews({ ...placeOf(one), is: 'closed' })
    one.serial = serial
    one.state = OPEN
    this.#parts.onNews({ ...placeOf(one), is: 'opened', opening })
  }

  #tellHeld(one: WatchedCircuit, held: number): void {
    if (one.quietLooks > 0) one.quietLooks--
    if (held !== one.held && one.quietLooks === 0) {
      one.quietLooks = HELD_LOOKS
      this.#parts.onNews({ ...placeOf(one), is: 'held', maxOut: one.options.max_out })
    }
    one.held = held
  }

  #mayHalfOpen(one: WatchedCircuit, board: Scoreboard, nowMs: number): void {
    const { circuits } = board
    const { slot } = one
    const openMs = ((nowMs | 0) - circuits.sinceMs(slot)) | 0
    const isOver = openMs < 0 || openMs >= circuits.opening(slot).openMs
    if (!isOver || circuits.forced(slot) === FORCED_OPEN || !circuits.halfOpen(slot, nowMs)) return
    board.bumpEpoch(one.backendSlot)
    one.state = HALF_OPEN
    this.#parts.onNews({ ...placeOf(one), is: 'half_open' })
  }
}

const placeOf = ({ backend, server, options: { mode } }: WatchedCircuit) => ({ backend, server, mode })

const NEW = { state: CLOSED, serial: 0, held: 0, openingLooks: 0, beginningLooks: 0, quietLooks: 0 } as const
