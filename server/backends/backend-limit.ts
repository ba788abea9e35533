// How much all servers of a backend may carry together, over all workers: exchanges, tunnels, connections and
// flows. Counted on the scoreboard, so that what a dead worker held comes back. The limit is written, or
// found by the supervisor (adaptive_limit), or both. What is found is a limit of what waits for its answer to
// begin: it goes by how long that takes, and tunnels and streams that last for hours are nothing to it.
import { ANSWERING, CARRIED } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { AdaptiveLimitConfig } from './adaptive-limit.options.ts'
import type { Outcome } from './outcome.ts'

interface Words {
  readonly max_connections?: number
  readonly adaptive_limit?: AdaptiveLimitConfig
}

export class BackendLimit {
  readonly #board: Scoreboard
  /** That of the backend: no other has it as long as any place is taken. */
  readonly #slot: number
  /** As it is written; Infinity: it is not. */
  readonly #written: number
  readonly #isAdaptive: boolean
  readonly #isShadow: boolean
  #shadowed = 0

  constructor(board: Scoreboard, slot: number, { max_connections, adaptive_limit }: Words) {
    this.#board = board
    this.#slot = slot
    this.#written = max_connections ?? Infinity
    this.#isAdaptive = adaptive_limit !== undefined && adaptive_limit.mode !== 'off'
    this.#isShadow = adaptive_limit?.mode === 'shadow'
  }

  /** Takes a place; false: there is none. Of several at the last one gets it. */
  enter(): boolean {
    if (this.#isShadow && this.#board.adaptive.awaited(this.#slot) >= this.#found) this.#shadowed++
    return this.#board.gauges.enter(this.#slot, CARRIED, this.most)
  }

  /** Gives one back. */
  leave(): void {
    this.#board.gauges.leave(this.#slot, CARRIED)
  }

  /** A head has come, so long after the request was sent. Who fails fast is not fast. */
  answered(status: number, firstByteMs: number): void {
    this.#board.gauges.enter(this.#slot, ANSWERING, Infinity)
    if (this.#isAdaptive && firstByteMs >= 0 && status < 500)
      this.#board.adaptive.add(this.#slot, firstByteMs)
  }

  /** A place is given back with what became of it: who let wait for too long was slow. */
  ended(outcome: Outcome): void {
    if (outcome.is === 'answered' || (outcome.is === 'lost' && outcome.wasAnswered))
      this.#board.gauges.leave(this.#slot, ANSWERING)
    this.leave()
    if (!this.#isAdaptive || outcome.is !== 'lost') return
    const { code } = outcome.loss
    if (code === 'response_timeout' || code === 'attempt_timeout')
      this.#board.adaptive.add(this.#slot, outcome.waitedMs)
  }

  /** Places that are taken, over all workers. */
  get inUse(): number {
    return this.#board.gauges.held(this.#slot, CARRIED)
  }

  get isFull(): boolean {
    return this.inUse >= this.most
  }

  /** Most that may be taken now. */
  get most(): number {
    if (!this.#isAdaptive || this.#isShadow) return this.#written
    return Math.min(this.#written, this.#found + this.#board.gauges.held(this.#slot, ANSWERING))
  }

  /** Where that is set, and what is. */
  get told(): { readonly word: 'max_connections' | 'adaptive_limit'; readonly value: number } {
    return this.most === this.#written
      ? { word: 'max_connections', value: this.#written }
      : { word: 'adaptive_limit', value: this.#found }
  }

  /** What the supervisor has found; Infinity: nothing yet. */
  get #found(): number {
    return this.#board.adaptive.limit(this.#slot) || Infinity
  }

  /** How many entered since this was asked last that would have been refused. */
  takeShadowed(): number {
    const count = this.#shadowed
    this.#shadowed = 0
    return count
  }
}

/** The limit that a backend's words ask for; null: none. */
export function backendLimitOf(words: Words, board: Scoreboard, slot: number): BackendLimit | null {
  const { max_connections, adaptive_limit } = words
  const isOn = max_connections !== undefined || (adaptive_limit?.mode ?? 'off') !== 'off'
  return isOn ? new BackendLimit(board, slot, words) : null
}
