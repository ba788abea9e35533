// Where it is looked after what part of their weights servers have.
import type { PlanBody } from '../processes/worker.ts'
import { WarmthWatch, type WarmthParts } from './warmth.ts'

/** Between two looks while a server is out, or has a part of its weight only. */
const LOOK_EVERY_MS = 100

export class WeightDesk {
  readonly #warmth: WarmthWatch
  #timer: Timer | null = null

  constructor({
    now = () => performance.now(),
    ...parts
  }: Omit<WarmthParts, 'now'> & { now?: () => number }) {
    this.#warmth = new WarmthWatch({ ...parts, now })
  }

  /** A plan is about to be served. */
  commit(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#warmth.commit(plan)
    this.#lookLater()
  }

  /** Something may be new: a server has changed its state, or was ordered something of. */
  look(): void {
    this.#warmth.look()
    this.#lookLater()
  }

  #lookLater(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = this.#warmth.isAnyCold ? setTimeout(() => this.look(), LOOK_EVERY_MS) : null
    this.#timer?.unref()
  }
}
