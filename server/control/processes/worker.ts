// A worker as the supervisor sees it: a process of its own, or (`workers: 0`) the same machine in this
// process.
import type { BackendSlots } from '../../scoreboard/slot.ts'
import type { Plan } from '../../snapshot/plan.ts'

/** What a worker says to a plan. `gone`: it died or did not answer in time. */
export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'gone'; readonly why: string }

/** A plan before it is addressed to a worker: the sockets differ by worker, the reasons by moment. */
export interface PlanBody {
  /** Counts what was tried in this run; a revision counts what was applied. */
  readonly number: number
  readonly config: Plan['config']
  readonly slots: Readonly<Record<string, BackendSlots>>
  readonly records: number
  readonly door: Plan['door']
  readonly certificates: Plan['certificates']
}

export type Reasons = Plan['reasons']

export interface Worker {
  readonly slot: number
  readonly row: number
  readonly pid: number
  /** When it was started, by performance.now(). */
  readonly startedMs: number
  /**
   * How often it has beaten; null: it is not expected to, as it has not begun, is busy with an answer, or is
   * this process.
   */
  readonly beat: number | null
  /** How many connections its drain cut off, once it is gone. */
  readonly aborted: number
  /** Ports of listeners that it bound by itself, by name; null: it was given its sockets. */
  readonly ports: ReadonlyMap<string, number> | null
  /** Settles when it is able to take plans; false when it died before. */
  readonly hello: Promise<boolean>
  /** Settles when it is gone. */
  readonly exited: Promise<void>
  prepare(plan: PlanBody, reasons: Reasons): Promise<Answer>
  /** Swaps to the plan that it is ready for; false when it is gone instead. */
  commit(plan: PlanBody): Promise<boolean>
  drop(plan: PlanBody): void
  reason(backend: string, server: string, reason: string): void
  reopenLogs(): void
  /** Still accepts, but says to clients and to who asks for its health that it will not for long. */
  announceDrain(): void
  /** Accepts no more, finishes what is in flight, ends. */
  drain(withinMs: number): void
  kill(): void
}
