// Slow start: a server that comes up has a part of its weight at first, which grows by time. The supervisor
// writes that part to the scoreboard, step by step, so that all workers pick by the same weights. Who is out
// has the least part already: whoever sees it come up, sees that.
import type { SlowStartConfig } from '../../backends/slow-start.options.ts'
import { circuitOf } from '../../backends/circuit-breaker.ts'
import type { BackendConfig } from '../../backends/backend.options.ts'
import { CLOSED } from '../../scoreboard/circuits.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { WHOLE } from '../../scoreboard/shares.ts'
import { ADMIN_MAINTENANCE, adminOf, STATE_DOWN, STATE_UP } from '../../scoreboard/states.ts'
import { slotKey } from '../orders/places.ts'
import type { PlanBody } from '../processes/worker.ts'

const STEPS = 20

/** What has become of a server. */
export interface WarmthNews {
  readonly backend: string
  readonly server: string
  readonly is: 'warming' | 'warm'
  readonly overMs: number
  readonly least: number
}

type Phase = { readonly is: 'out' } | { readonly is: 'warming'; readonly sinceMs: number } | { is: 'warm' }

interface Watched {
  readonly backend: string
  readonly server: string
  readonly options: BackendConfig
  readonly start: SlowStartConfig
  readonly slot: number
  readonly backendSlot: number
  phase: Phase
}

export interface WarmthParts {
  readonly board: () => Pick<Scoreboard, 'state' | 'order' | 'circuits' | 'shares' | 'bumpEpoch'>
  /** Ms of a clock that only goes on. */
  readonly now: () => number
  readonly onNews: (news: WarmthNews) => void
}

export class WarmthWatch {
  readonly #parts: WarmthParts
  /** By record and which of its uses. */
  #watched = new Map<string, Watched>()
  /** Servers of the plan before, and its backends by their records. */
  #known: ReadonlySet<string> = new Set()

  constructor(parts: WarmthParts) {
    this.#parts = parts
  }

  /** A plan is about to be served. A server that is new in a backend which is served already comes up. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = this.#watched
    const known = new Set<string>()
    this.#watched = new Map()
    for (const [backend, options] of Object.entries(config.backends)) {
      const own = slots[backend]
      if (own === undefined) continue
      known.add(slotKey(own.slot))
      const isServed = this.#known.has(slotKey(own.slot))
      for (const slot of Object.values(own.servers)) known.add(slotKey(slot))
      if (options.slow_start !== undefined)
        this.#watch({ backend, options, start: options.slow_start, isServed }, own, before)
    }
    for (const [key, { slot }] of before)
      if (!this.#watched.has(key) && known.has(key)) this.#parts.board().shares.setWarmth(slot, WHOLE)
    this.#known = known
    this.look()
  }

  #watch(
    { isServed, ...of }: Pick<Watched, 'backend' | 'options' | 'start'> & { readonly isServed: boolean },
    { slot: { index: backendSlot }, servers }: PlanBody['slots'][string],
    before: ReadonlyMap<string, Watched>,
  ): void {
    for (const [server, slot] of Object.entries(servers)) {
      const key = slotKey(slot)
      const phase = before.get(key)?.phase ?? (isServed && !this.#known.has(key) ? OUT : WARM)
      this.#watched.set(key, { ...of, server, slot: slot.index, backendSlot, phase })
    }
  }

  /** Whether any has less than its weight, or is out. */
  get isAnyCold(): boolean {
    return this.#watched.values().some(({ phase }) => phase.is !== 'warm')
  }

  /** Moves on what is due. */
  look(): void {
    for (const one of this.#watched.values()) this.#move(one, this.#parts.now())
  }

  #move(one: Watched, nowMs: number): void {
    const was = one.phase
    one.phase = this.#phaseOf(one, nowMs)
    const isNew = one.phase.is !== was.is
    const hundredths = hundredthsOf(one, nowMs)
    if (hundredths === WHOLE) one.phase = WARM
    const board = this.#parts.board()
    if (board.shares.warmth(one.slot) !== hundredths) {
      board.shares.setWarmth(one.slot, hundredths)
      board.bumpEpoch(one.backendSlot)
    }
    if (isNew && one.phase.is === 'warming') this.#tell(one, 'warming')
    if (was.is === 'warming' && one.phase.is === 'warm') this.#tell(one, 'warm')
  }

  /** Of one that nobody has checked yet nothing is new. */
  #phaseOf({ slot, options, phase }: Watched, nowMs: number): Phase {
    const board = this.#parts.board()
    const state = board.state(slot)
    const isHeldOut =
      adminOf(board.order(slot)) === ADMIN_MAINTENANCE || circuitOf({ slot, options }, board) !== CLOSED
    if (state === STATE_DOWN || isHeldOut) return OUT
    return state === STATE_UP && phase.is === 'out' ? { is: 'warming', sinceMs: nowMs } : phase
  }

  #tell({ backend, server, start: { over: overMs, least } }: Watched, is: WarmthNews['is']): void {
    this.#parts.onNews({ backend, server, is, overMs, least })
  }
}

const OUT: Phase = { is: 'out' }
const WARM: Phase = { is: 'warm' }

function hundredthsOf({ phase, start }: Watched, nowMs: number): number {
  if (phase.is === 'warm') return WHOLE
  const passed = phase.is === 'out' ? 0 : (nowMs - phase.sinceMs) / start.over
  return Math.max(1, Math.round(shareAfter(Math.floor(passed * STEPS) / STEPS, start) * WHOLE))
}

/** What part of its weight a server has after this part of the time. */
const shareAfter = (passed: number, { aggression, least }: SlowStartConfig): number =>
  Math.min(1, Math.max(least, passed ** (1 / aggression)))
