// What the supervisor has to do with TURN. Most gateways have no turn listener: what serves one is loaded
// when the first comes, so that they start no later for it.
import type { Config } from '../../config/schema.ts'
import type { Question } from '../../turn/messages.ts'
import type { BindProblem } from '../sockets/bind-problem.ts'
import type { ApplyProblem } from '../problem.ts'
import { turnListeners } from './relay-plan.ts'
import type { BindsByName } from '../sockets/sockets.ts'
import type { TurnKeeper } from './turn-keeper.ts'
import type { PlanBody } from '../processes/worker.ts'

export class TurnSide {
  #keeper: TurnKeeper | null = null
  readonly #load: () => Promise<TurnKeeper>

  constructor(load: () => Promise<TurnKeeper>) {
    this.#load = load
  }

  /** Process id of the relay; null: there is none now. */
  get pid(): number | null {
    return this.#keeper?.relay.pid ?? null
  }

  /** Whether a relay serves. */
  get isServing(): boolean {
    return this.#keeper?.relay.isServing ?? false
  }

  /** Allocations that drains cut off. */
  get aborted(): number {
    return this.#keeper?.relay.aborted ?? 0
  }

  /** Allocations now: as of the last second. */
  get allocations(): number {
    return this.#keeper?.allocations ?? 0
  }

  /** The same by listener. */
  allocationsOf(config: Config): Record<string, number> {
    return this.#keeper?.allocationsOf(config) ?? {}
  }

  /** Where listeners are open for UDP. */
  addresses(listeners: BindsByName): Record<string, string> {
    return this.#keeper?.addresses(listeners) ?? {}
  }

  ask(question: Question): Promise<unknown> {
    return this.#keeper?.relay.ask(question) ?? Promise.resolve([])
  }

  // Changes of the config

  /** Where workers find the relay; null: the config has no turn listener. */
  async doorOf(config: Config): Promise<string | null> {
    return (await this.#keeperFor(config))?.doorOf(config) ?? null
  }

  async stage(config: Config): Promise<readonly BindProblem[]> {
    return (await this.#keeperFor(config))?.stage(config) ?? []
  }

  async prepare(plan: PlanBody): Promise<readonly ApplyProblem[]> {
    return (await this.#keeper?.prepare(plan)) ?? []
  }

  async commit(): Promise<void> {
    await this.#keeper?.commit()
  }

  drop(): void {
    this.#keeper?.drop()
  }

  // The end

  async drain(withinMs: number): Promise<void> {
    await this.#keeper?.drain(withinMs)
  }

  async kill(): Promise<void> {
    await this.#keeper?.relay.kill()
  }

  close(): void {
    this.#keeper?.close()
  }

  async #keeperFor(config: Config): Promise<TurnKeeper | null> {
    const isWanted = Object.keys(turnListeners(config)).length > 0
    if (isWanted && !this.#keeper) this.#keeper = await this.#load()
    return this.#keeper
  }
}
