// Finds the adaptive limits of backends: once for all workers, which count how long answers take.
import type { AdaptiveLimitConfig } from '../../backends/adaptive-limit.options.ts'
import { quantileOf } from '../../scoreboard/adaptive.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { Gradient } from './gradient.ts'
import type { PlanBody } from './worker.ts'

interface Watched {
  readonly slot: number
  readonly generation: number
  readonly words: AdaptiveLimitConfig
  readonly gradient: Gradient
  /** What was counted since that could say something. */
  cells: readonly number[]
  dueMs: number
}

const LOOK_EVERY_MS = 100

export class AdaptiveLimits {
  readonly #board: () => Scoreboard
  readonly #now: () => number
  #watched: readonly Watched[] = []
  #timer: Timer | null = null

  constructor(board: () => Scoreboard, now = () => performance.now()) {
    this.#board = board
    this.#now = now
  }

  /** A plan is about to be served. What says the same goes on with what was found. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = new Map(this.#watched.map((one) => [one.slot, one]))
    this.#watched = Object.entries(config.backends).flatMap(([name, { adaptive_limit: words }]) => {
      const slot = slots[name]?.slot
      if (words === undefined || words.mode === 'off' || slot === undefined) return []
      const { index, generation } = slot
      const known = before.get(index)
      before.delete(index)
      if (known?.generation === generation && Bun.deepEquals(known.words, words, true)) return [known]
      return [this.#begin({ slot: index, generation, words })]
    })
    for (const { slot, generation } of before.values())
      if (this.#board().generation(slot) === generation) this.#board().adaptive.setLimit(slot, 0)
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = this.#watched.length === 0 ? null : setInterval(() => this.look(), LOOK_EVERY_MS)
    this.#timer?.unref()
  }

  #begin(one: Pick<Watched, 'slot' | 'generation' | 'words'>): Watched {
    const gradient = new Gradient(one.words)
    this.#board().adaptive.take(one.slot)
    this.#board().adaptive.setLimit(one.slot, gradient.limit)
    return {
      ...one,
      gradient,
      cells: [],
      dueMs: this.#now() + one.words.window,
    }
  }

  /** Finds those anew whose windows are over. */
  look(): void {
    const now = this.#now()
    for (const one of this.#watched) if (now >= one.dueMs) this.#over(one, now)
  }

  #over(one: Watched, now: number): void {
    const { slot, words, gradient } = one
    const { adaptive } = this.#board()
    one.dueMs = now + words.window
    const cells = adaptive.take(slot).map((count, cell) => count + (one.cells[cell] ?? 0))
    const samples = cells.reduce((sum, count) => sum + count, 0)
    const latencyMs = quantileOf(cells, words.quantile)
    adaptive.setLimit(slot, gradient.over({ samples, latencyMs, inFlight: adaptive.awaited(slot) }, now))
    one.cells = gradient.isUsed ? [] : cells
  }
}
