// Rollouts of a running gateway: one of each backend at a time. What runs is noted: a gateway that ends in
// the midst of one leaves what was done as it is, and says so when it comes back.
import { logEvent } from '../telemetry/log.ts'
import { Rollout, type RolloutHands, type RolloutPlan } from './change/rollout.ts'
import type { OperationNotes } from './operation-notes.ts'
import type { Operation, Operations } from './operations.ts'

export interface RolloutsParts {
  readonly operations: Operations
  readonly notes: Pick<OperationNotes, 'note' | 'forget'>
  readonly hands: (by: string) => Omit<RolloutHands, 'tell' | 'onPause'>
}

/** What its operations are called. */
export const ROLLOUT = 'rollout'

export class Rollouts {
  readonly #parts: RolloutsParts
  readonly #running = new Map<string, Rollout>()
  #isStopping = false

  constructor(parts: RolloutsParts) {
    this.#parts = parts
  }

  /** Those of a backend, the newest first. */
  list(backend: string): readonly Operation[] {
    return this.#parts.operations
      .list()
      .filter(({ kind, facts }) => kind === ROLLOUT && facts['backend'] === backend)
  }

  /** Gives the id of the operation; null: one of this backend runs. */
  begin(plan: RolloutPlan, by: string): string | null {
    const { operations, hands: handsOf, notes } = this.#parts
    if ([...this.#running.values()].some((one) => one.plan.backend === plan.backend)) return null
    const { backend, added, removed, batchSize, intervalMs } = plan
    const facts = { backend, by, added, removed, batch_size: batchSize, interval_s: intervalMs / 1000 }
    const id = operations.begin(ROLLOUT, facts)
    const [hands, started] = [handsOf(by), new Date().toISOString()]
    const note = (step: string): void => {
      const { revision = null, edition } = hands.served() ?? {}
      notes.note({ ...{ id, kind: ROLLOUT, started, facts, step }, revision, hash: edition?.hash ?? null })
    }
    const rollout = new Rollout(plan, {
      ...hands,
      tell: (what) => {
        operations.step(id, what)
        note(what)
        logEvent('info', 'rollout_step', { operation: id, backend, what })
      },
      onPause: (isPaused) => operations.mark(id, isPaused ? 'paused' : 'running'),
    })
    this.#running.set(id, rollout)
    note('it began')
    const ended = rollout.run().catch((error: unknown) => {
      logEvent('error', 'bug', { process: 'supervisor', part: 'rollout', error: String(error) })
      return { end: 'failed', why: 'a bug of the gateway: see its log' } as const
    })
    void ended.then(({ end, why }) => {
      this.#running.delete(id)
      // One that only ended as the gateway does is told by the next start.
      if (!this.#isStopping) notes.forget(id)
      operations.end(id, end, { why })
      logEvent(end === 'done' ? 'info' : 'warn', 'rollout_ended', { operation: id, backend, state: end, why })
    })
    return id
  }

  /** False: it does not run, or does so already. */
  wish(id: string, wish: 'go' | 'pause' | 'abort' | 'roll_back'): boolean {
    return this.#running.get(id)?.wish(wish) ?? false
  }

  /** The gateway stops: whatever becomes of those that run now, they are cut. */
  stop(): void {
    this.#isStopping = true
  }
}
