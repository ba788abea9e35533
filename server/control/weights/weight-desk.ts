// Where it is looked after what part of their weights servers have, and what groups of them carry.
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { PlanBody } from '../processes/worker.ts'
import { GroupsInUse, type GroupsNews } from './groups-in-use.ts'
import { Merits } from './merits.ts'
import { type WarmthNews, WarmthWatch } from './warmth.ts'

/** Between two looks while a server is out, or has a part of its weight only. */
const LOOK_EVERY_MS = 100
const JUDGE_EVERY_MS = 1000

export interface WeightDeskParts {
  readonly board: () => Scoreboard
  readonly onWarmth: (news: WarmthNews) => void
  readonly onGroups: (news: GroupsNews) => void
}

export class WeightDesk {
  readonly #warmth: WarmthWatch
  readonly #merits: Merits
  readonly #groups: GroupsInUse
  #warming: Timer | null = null
  #judging: Timer | null = null

  constructor({ board, onWarmth, onGroups }: WeightDeskParts) {
    this.#warmth = new WarmthWatch({ board, now: () => performance.now(), onNews: onWarmth })
    this.#merits = new Merits(board)
    this.#groups = new GroupsInUse(board, onGroups)
  }

  /** A plan is about to be served. */
  commit(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#warmth.commit(plan)
    this.#merits.commit(plan)
    this.#groups.commit(plan)
    this.#lookLater()
    if (this.#judging !== null) clearInterval(this.#judging)
    const isAny = this.#merits.isAny || this.#groups.isAny
    this.#judging = isAny ? setInterval(() => this.#judge(), JUDGE_EVERY_MS) : null
    this.#judging?.unref()
  }

  #judge(): void {
    this.#merits.look()
    this.#groups.look()
  }

  /** Something may be new: a server has changed its state, or was ordered something of. */
  look(): void {
    this.#warmth.look()
    this.#groups.look()
    this.#lookLater()
  }

  #lookLater(): void {
    if (this.#warming !== null) clearTimeout(this.#warming)
    this.#warming = this.#warmth.isAnyCold ? setTimeout(() => this.look(), LOOK_EVERY_MS) : null
    this.#warming?.unref()
  }
}
