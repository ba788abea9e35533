// Changes of the config while the gateway runs: each is applied, or rejected and told; one that workers keep dying of is taken back.
import type { Config } from '../config/schema.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { Applier, ApplyProblem, Checked } from './apply.ts'
import { tellRejected } from './news.ts'
import type { WatchedConfig } from './watched-config.ts'
import type { PlanBody } from './worker.ts'

/** Why the newest config is not the one that is served. */
export interface Rejection {
  readonly timeMs: number
  readonly problems: readonly ApplyProblem[]
}

export interface ChangesParts {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'locate'>
  readonly totals: Totals
  /** Null before the first config is known, and once it stops: then nothing changes. */
  readonly applier: () => Applier | null
  /** Settles when it has been told. */
  readonly onApplied: (plan: PlanBody) => Promise<void>
  /** Shows problems to who started it. */
  readonly tell: (problems: readonly ApplyProblem[]) => void
}

export class Changes {
  /** Null: the newest config is served. */
  rejection: Rejection | null = null
  private readonly parts: ChangesParts
  /** What was served before the present plan. */
  private previous: Config | null = null

  constructor(parts: ChangesParts) {
    this.parts = parts
  }

  /** Applies the file as it is now. What stands against it is told; the config that runs goes on. */
  reload(): void {
    void this.applyAndTell(() => this.parts.source.read())
  }

  /** Workers keep dying of the plan: the one before it comes back. */
  rollBack(): void {
    const { previous } = this
    const applier = this.parts.applier()
    if (!applier) return
    const revision = applier.running?.revision
    if (!previous)
      return logEvent('error', 'unsound', {
        revision,
        why: 'its workers keep dying; there is no config to go back to',
      })
    this.previous = null
    void this.applyAndTell(() => Promise.resolve({ is: 'valid', config: previous })).then(() => {
      // What was just given up is nothing to come back to.
      this.previous = null
      this.onRejected([{ path: '', message: `revision ${revision} was rolled back: its workers kept dying` }])
    })
  }

  private async applyAndTell(check: () => Promise<Checked>): Promise<void> {
    const { parts } = this
    const applier = parts.applier()
    if (!applier) return
    const before = applier.running?.config ?? null
    const outcome = await applier.apply(check)
    if (outcome.is === 'superseded' || !parts.applier()) return
    parts.totals.counter('config_reloads_total', [outcome.is]).add(1)
    if (outcome.is === 'rejected') return this.onRejected(await parts.source.locate(outcome.problems))
    this.previous = before
    this.rejection = null
    await parts.onApplied(outcome.plan)
  }

  private onRejected(problems: readonly ApplyProblem[]): void {
    const { file, applier, tell } = this.parts
    this.rejection = { timeMs: Date.now(), problems }
    tellRejected(file, applier()?.running?.revision, problems)
    tell(problems)
  }
}
