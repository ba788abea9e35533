// What the supervisor has to do with TURN, as a part of each change. Most gateways have no turn listener:
// what serves one is loaded when the first comes, so that they start no later for it.
import type { Config } from '../../config/schema.ts'
import type { Part } from '../change/part.ts'
import type { PlanBody } from '../processes/worker.ts'
import type { ApplyProblem, Edition } from '../problem.ts'
import type { BindProblem } from '../sockets/bind-problem.ts'
import { turnListeners } from './relay-plan.ts'
import type { TurnKeeper } from './turn-keeper.ts'

type Told = (problems: readonly BindProblem[], from: Edition['from']) => readonly ApplyProblem[]

export class TurnSide implements Part {
  readonly name = 'turn'
  /** Null: there was no turn listener yet. */
  keeper: TurnKeeper | null = null
  readonly #load: () => Promise<TurnKeeper>
  readonly #told: Told

  constructor(load: () => Promise<TurnKeeper>, told: Told) {
    this.#load = load
    this.#told = told
  }

  /** Where workers find the relay; null: the config has no turn listener. */
  async doorOf(config: Config): Promise<string | null> {
    return (await this.#keeperFor(config))?.doorOf(config) ?? null
  }

  async stage({ config, from }: Pick<Edition, 'config' | 'from'>): Promise<readonly ApplyProblem[]> {
    const keeper = await this.#keeperFor(config)
    return keeper === null ? [] : this.#told(await keeper.stage(config), from)
  }

  async ask(plan: PlanBody): Promise<readonly ApplyProblem[]> {
    return (await this.keeper?.prepare(plan)) ?? []
  }

  async commit(): Promise<void> {
    await this.keeper?.commit()
  }

  drop(): void {
    this.keeper?.drop()
  }

  async #keeperFor(config: Config): Promise<TurnKeeper | null> {
    const isWanted = Object.keys(turnListeners(config)).length > 0
    if (isWanted && !this.keeper) this.keeper = await this.#load()
    return this.keeper
  }
}
