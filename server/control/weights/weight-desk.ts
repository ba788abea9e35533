// Where it is looked after what part of their weights servers have.
import type { PlanBody } from '../processes/worker.ts'
import { Merits } from './merits.ts'
import { WarmthWatch, type WarmthParts } from './warmth.ts'

/** Between two looks while a server is out, or has a part of its weight only. */
const LOOK_EVERY_MS = 100
const JUDGE_EVERY_MS = 1000

export class WeightDesk {
  readonly #warmth: WarmthWatch
  readonly #merits: Merits
  #warming: Timer | null = null
  #judging: Timer | null = null

  constructor({
    now = () => performance.now(),
    ...parts
  }: Omit<WarmthParts, 'now'> & { now?: () => number }) {
    this.#warmth = new WarmthWatch({ ...parts, now })
    this.#merits = new Merits(parts.board)
  }

  /** A plan is about to be served. */
  commit(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#warmth.commit(plan)
    this.#merits.commit(plan)
    this.#lookLater()
    if (this.#judging !== null) clearInterval(this.#judging)
    this.#judging = this.#merits.isAny ? setInterval(() => this.#merits.look(), JUDGE_EVERY_MS) : null
    this.#judging?.unref()
  }

  /** Something may be new: a server has changed its state, or was ordered something of. */
  look(): void {
    this.#warmth.look()
    this.#lookLater()
  }

  #lookLater(): void {
    if (this.#warming !== null) clearTimeout(this.#warming)
    this.#warming = this.#warmth.isAnyCold ? setTimeout(() => this.look(), LOOK_EVERY_MS) : null
    this.#warming?.unref()
  }
}
