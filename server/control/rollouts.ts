// Rollouts of a running gateway: one of each backend at a time. What runs is noted in the data folder: a
// gateway that ends in the midst of one says so when it comes back, and leaves what was done as it is.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../lib/write-whole.ts'
import { logEvent } from '../telemetry/log.ts'
import { Rollout, type RolloutHands, type RolloutPlan } from './change/rollout.ts'
import type { Operation, Operations } from './operations.ts'

export interface RolloutsParts {
  readonly operations: Operations
  /** The data folder; null: nothing is served yet. */
  readonly data: () => string | null
  readonly hands: (by: string) => Omit<RolloutHands, 'tell' | 'onPause'>
}

interface Noted {
  readonly id: string
  readonly backend: string
  readonly by: string
  readonly step: string
}

const KIND = 'rollout'

export class Rollouts {
  readonly #parts: RolloutsParts
  readonly #running = new Map<string, Rollout>()
  readonly #noted = new Map<string, Noted>()

  constructor(parts: RolloutsParts) {
    this.#parts = parts
  }

  /** Those of a backend, the newest first. */
  list(backend: string): readonly Operation[] {
    return this.#parts.operations
      .list()
      .filter(({ kind, facts }) => kind === KIND && facts['backend'] === backend)
  }

  /** Gives the id of the operation; null: one of this backend runs. */
  begin(plan: RolloutPlan, by: string): string | null {
    const { operations, hands } = this.#parts
    if ([...this.#running.values()].some((one) => one.plan.backend === plan.backend)) return null
    const { backend, added, removed, batchSize, intervalMs } = plan
    const facts = { backend, by, added, removed, batch_size: batchSize, interval_s: intervalMs / 1000 }
    const id = operations.begin(KIND, facts)
    const rollout = new Rollout(plan, {
      ...hands(by),
      tell: (what) => {
        operations.step(id, what)
        this.#note(id, { id, backend, by, step: what })
        logEvent('info', 'rollout_step', { operation: id, backend, what })
      },
      onPause: (isPaused) => operations.mark(id, isPaused ? 'paused' : 'running'),
    })
    this.#running.set(id, rollout)
    this.#note(id, { id, backend, by, step: 'it began' })
    const ended = rollout.run().catch((error: unknown) => {
      logEvent('error', 'bug', { process: 'supervisor', part: 'rollout', error: String(error) })
      return { end: 'failed', why: 'a bug of the gateway: see its log' } as const
    })
    void ended.then(({ end, why }) => {
      this.#running.delete(id)
      this.#note(id, null)
      operations.end(id, end, { why })
      logEvent(end === 'done' ? 'info' : 'warn', 'rollout_ended', { operation: id, backend, state: end, why })
    })
    return id
  }

  /** False: it does not run, or does so already. */
  wish(id: string, wish: 'go' | 'pause' | 'abort' | 'roll_back'): boolean {
    return this.#running.get(id)?.wish(wish) ?? false
  }

  /** After a start: what the run before left in the midst. */
  interrupted(): void {
    const file = this.#file()
    if (file === null) return
    let left: readonly Noted[]
    try {
      left = JSON.parse(readFileSync(file, 'utf8')) as readonly Noted[]
      rmSync(file, { force: true })
    } catch {
      // There was none: the usual case.
      return
    }
    for (const { id: before, backend, by, step } of left) {
      const why = `the gateway ended in the midst of it, after "${step}"; what was done stays`
      const id = this.#parts.operations.begin(KIND, { backend, by, before })
      this.#parts.operations.end(id, 'aborted', { why })
      logEvent('warn', 'rollout_ended', { operation: before, backend, state: 'aborted', why })
    }
  }

  #note(id: string, noted: Noted | null): void {
    if (noted === null) this.#noted.delete(id)
    else this.#noted.set(id, noted)
    const file = this.#file()
    if (file === null) return
    try {
      if (this.#noted.size === 0) rmSync(file, { force: true })
      else writeWhole(file, `${JSON.stringify([...this.#noted.values()])}\n`, { isLasting: true })
    } catch {
      // A folder that cannot be written is told of by what has to be there.
    }
  }

  #file(): string | null {
    const data = this.#parts.data()
    return data === null ? null : join(data, 'rollouts.json')
  }
}
