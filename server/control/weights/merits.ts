// Dynamic weights: each second it is reckoned what part of its weight a server is worth, beside the others of
// its backend, and that is written to the scoreboard for all workers.
//
//   speed     the share of good answers, squared, by the mean time to the first byte of those: who fails fast is not
//             fast. Found of ten attempts or more; what is known of fewer is nothing.
//   merit     the speed by the median of all that are known, within the bounds. It moves by a part of the way each
//             second, as load that moves changes what is measured.
//             Whose share of good answers is far below that of its peers gets no more than that part of its weight:
//             the few that it answers well may be fast.
//   trial     of whom nothing was heard for ten seconds nothing is known any more: its merit goes back to the whole, so
//             that one that was slow once is asked again, however few requests there are.
import type { BackendConfig } from '../../backends/backend.options.ts'
import type { DynamicWeightsConfig } from '../../backends/dynamic-weights.options.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { type Answers, WHOLE } from '../../scoreboard/shares.ts'
import { STATE_UP, weightOf } from '../../scoreboard/states.ts'
import { slotKey } from '../orders/places.ts'
import type { PlanBody } from '../processes/worker.ts'

/** Fewer attempts say nothing. */
const ATTEMPTS_MIN = 10
/** Looks after which nothing is known of a server of which so many were not heard. */
const FORGOTTEN_AFTER = 10
/** The part of its way that a merit goes with each look. */
const STEP = 0.3
/** In hundredths: weights that move by less would be made anew for nothing. */
const GRAIN = 5

interface Rated {
  readonly slot: number
  readonly options: BackendConfig
  /** What was counted as it was judged last. */
  known: Answers
  /** Looks since. */
  looks: number
  /** Good answers, squared, by ms; null: not known. */
  speed: number | null
  /** The share of good answers that was measured with it. */
  good: number
  merit: number
}

interface RatedBackend {
  readonly words: DynamicWeightsConfig
  readonly slot: number
  readonly servers: readonly Rated[]
}

type Board = Pick<Scoreboard, 'state' | 'order' | 'shares' | 'bumpEpoch'>

export class Merits {
  readonly #board: () => Board
  /** By record and which of its uses. */
  #rated = new Map<string, Rated>()
  #backends: readonly RatedBackend[] = []

  constructor(board: () => Board) {
    this.#board = board
  }

  /** Whether any backend has them. */
  get isAny(): boolean {
    return this.#backends.length > 0
  }

  /** A plan is about to be served. Who stays keeps its merit. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = this.#rated
    const kept = new Set(
      Object.values(slots).flatMap(({ servers }) => Object.values(servers).map((slot) => slotKey(slot))),
    )
    this.#rated = new Map()
    this.#backends = Object.entries(config.backends).flatMap(([name, options]) => {
      const { dynamic_weights: words } = options
      const own = slots[name]
      if (words === undefined || words.mode === 'off' || own === undefined) return []
      const servers = Object.values(own.servers).map((slot) => this.#rate(slot, options, before))
      return [{ words, slot: own.slot.index, servers }]
    })
    for (const [key, { slot }] of before)
      if (!this.#rated.has(key) && kept.has(key)) this.#board().shares.setMerit(slot, WHOLE)
  }

  #rate(
    slot: { readonly index: number; readonly generation: number },
    options: BackendConfig,
    before: ReadonlyMap<string, Rated>,
  ): Rated {
    const key = slotKey(slot)
    const known = this.#board().shares.answers(slot.index)
    const fresh = { known, looks: 0, speed: null, good: 1, merit: 1 }
    const rated = { ...(before.get(key) ?? fresh), slot: slot.index, options }
    this.#rated.set(key, rated)
    return rated
  }

  /** To be asked once a second. */
  look(): void {
    for (const backend of this.#backends) this.#judge(backend)
  }

  #judge({ words, slot, servers }: RatedBackend): void {
    const board = this.#board()
    for (const one of servers) this.#measure(one, board)
    const known = servers.filter(({ speed }) => speed !== null)
    const median = medianOf(known.map(({ speed }) => speed ?? 0))
    const good = medianOf(known.map((one) => one.good)) ?? 0
    let isNew = false
    for (const one of servers) {
      const isWhole = isOrdered(one, board) || board.state(one.slot) !== STATE_UP
      const wanted =
        isWhole || median === null || one.speed === null
          ? 1
          : within(Math.min(one.speed / median, mostOf(one, good)), words)
      one.merit = isWhole ? 1 : one.merit + STEP * (wanted - one.merit)
      if (write(one, board, wanted, words)) isNew = true
    }
    if (isNew) board.bumpEpoch(slot)
  }

  /** What a server that is not up did before says nothing of how it comes back. */
  #measure(one: Rated, board: Board): void {
    const now = board.shares.answers(one.slot)
    const good = now.good - one.known.good
    const bad = now.bad - one.known.bad
    one.looks++
    if (board.state(one.slot) !== STATE_UP) one.speed = null
    else if (good + bad >= ATTEMPTS_MIN) {
      one.speed = speedOf(good, bad, now.goodMs - one.known.goodMs)
      one.good = good / (good + bad)
    } else if (one.looks < FORGOTTEN_AFTER) return
    else one.speed = null
    one.known = now
    one.looks = 0
  }
}

/** Times are of a clock that may see none pass. */
const TIME_MIN_MS = 0.01

function speedOf(good: number, bad: number, goodMs: number): number {
  if (good === 0) return 0
  return (good / (good + bad)) ** 2 / Math.max(goodMs / good, TIME_MIN_MS)
}

/** Beside the share of good answers that its peers have. */
const mostOf = ({ good }: Rated, ofPeers: number): number =>
  good < ofPeers * AS_GOOD ? good / ofPeers : Number.POSITIVE_INFINITY
const AS_GOOD = 0.9

/** Null: of one alone nothing is to be compared. All that fail are alike. */
function medianOf(speeds: readonly number[]): number | null {
  if (speeds.length < 2) return null
  const sorted = speeds.toSorted((a, b) => a - b)
  const at = (place: number): number => sorted[Math.floor(place)] ?? 0
  const median = (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2
  return median === 0 ? null : median
}

const within = (share: number, { least, most }: DynamicWeightsConfig): number =>
  Math.min(most, Math.max(least, share))

/** Whether a person has ordered its weight. */
const isOrdered = ({ slot }: Rated, board: Board): boolean => weightOf(board.order(slot), -1) !== -1

/** Says whether workers are to look. Where it is going to stay it is written to the hundredth. */
function write(
  { slot, merit }: Rated,
  { shares }: Board,
  wanted: number,
  words: DynamicWeightsConfig,
): boolean {
  const was = shares.merit(slot)
  const isThere = Math.abs(merit - wanted) < GRAIN / WHOLE / 2
  const now = Math.round(within(isThere ? wanted : merit, words) * WHOLE)
  if (now === was || (Math.abs(now - was) < GRAIN && now !== WHOLE)) return false
  shares.setMerit(slot, now)
  return words.mode === 'enforce'
}
