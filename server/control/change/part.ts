// What takes part in a change: it stands in one place, the list of parts, and each step of the applier asks
// all of them.
import type { PlanBody } from '../processes/worker.ts'
import type { ApplyProblem, Edition } from '../problem.ts'

export interface Part {
  readonly name: string
  /** Gets ready, after the parts before it; nothing that is served changes. What stands against it. */
  stage(edition: Edition, plan: PlanBody): readonly ApplyProblem[] | Promise<readonly ApplyProblem[]>
  /** Asks other processes to be ready; only once nothing was found by any part here. */
  ask?(plan: PlanBody): Promise<readonly ApplyProblem[]>
  /** Settles when what was staged may be served; waited for only where nothing stands against it. */
  ready?(): Promise<void>
  /**
   * Makes it what is served. Only that of the first part may fail, by throwing what stands against it: when
   * it is through there is no way back.
   */
  commit(plan: PlanBody): void | Promise<void>
  /** Undoes what was staged, whatever of it was. */
  drop(plan: PlanBody): void
  /** All have committed: what nobody needs any more goes. */
  finish?(plan: PlanBody): Promise<void>
}
