// A worker as the supervisor sees it: a process of its own, or (`workers: 0`) the same machine in this
// process.
import type { Amendment, HandingOver } from '../../worker/messages.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'
import type { CacheQuestion } from '../../cache/questions.ts'
import type { RequestsQuestion } from '../../telemetry/request-ring.ts'
import type { Plan } from '../../snapshot/plan.ts'
import type { Kept } from '../children/kept.ts'

/** A plan before it is addressed to a worker: the sockets differ by worker, the reasons by moment. */
export interface PlanBody {
  /** Counts what was tried in this run; a revision counts what was applied. */
  readonly number: number
  readonly config: Plan['config']
  readonly slots: Readonly<Record<string, BackendSlots>>
  readonly records: number
  readonly door: Plan['door']
  readonly certificates: Plan['certificates']
  readonly httpChallenges?: NonNullable<Plan['httpChallenges']>
  readonly files?: Plan['files']
  readonly geo?: Plan['geo']
  readonly keys?: Plan['keys']
  readonly plugins?: Plan['plugins']
  readonly stickySecret?: Plan['stickySecret']
  readonly sessionSecret?: Plan['sessionSecret']
  readonly challenges: Plan['challenges']
}

/** What of it is found out for a config, beside its slots. */
export type Gathered = Omit<PlanBody, 'number' | 'config' | 'slots' | 'records'>

export type Reasons = Plan['reasons']

/** One that serves, as the crew knows it. */
export interface Worker extends Kept<PlanBody> {
  readonly slot: number
  readonly row: number
  /**
   * How often it has beaten; null: it is not expected to, as it has not begun, is busy with an answer, or is
   * this process.
   */
  readonly beat: number | null
  /** Ports of listeners that it bound by itself, by name; null: it was given its sockets. */
  readonly ports: ReadonlyMap<string, number> | null
  reason(backend: string, server: string, reason: string): void
  /** Changes one thing of the plan that it serves; settles when it does, where that is waited for. */
  amend(amendment: Amendment): void | Promise<void>
  /** About its last requests, or what it has stored; rejects when there is no answer in time. */
  ask(question: RequestsQuestion | CacheQuestion, withinMs: number): Promise<unknown>
  reopenLogs(): void
  /** Still accepts, but says to clients and to who asks for its health that it will not for long. */
  announceDrain(isHandedOver?: boolean): void
  /** Another gateway takes over, or this one does from another. */
  handOver(told: HandingOver): void
}
