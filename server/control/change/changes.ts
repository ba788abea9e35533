// Changes of the config while the gateway runs: each is applied, or rejected and told; one that workers keep
// dying of is taken back.
import { logEvent } from '../../telemetry/log.ts'
import type { Totals } from '../../telemetry/registry.ts'
import type { Applier, Served } from './apply.ts'
import { tellRejected } from '../news.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { ApplyProblem, Checked, Edition } from '../problem.ts'

/** Why the newest config is not the one that is served. */
export interface Rejection {
  readonly timeMs: number
  readonly problems: readonly ApplyProblem[]
}

/** What became of a wish to apply the file. */
export type Reloaded =
  | { readonly is: 'applied'; readonly revision: number }
  | { readonly is: 'rejected'; readonly revision: number; readonly problems: readonly ApplyProblem[] }
  /** It starts or stops. */
  | { readonly is: 'not_now' }

export interface ChangesParts {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'locate'>
  readonly totals: Totals
  /** Null before the first config is known, and once it stops: then nothing changes. */
  readonly applier: () => Applier | null
  /** Settles when it has been told. */
  readonly onApplied: (served: Served) => Promise<void>
  /** Shows problems to who started it. */
  readonly tell: (problems: readonly ApplyProblem[]) => void
  /** A change begins. */
  readonly onBegin: () => void
  /** The last of those that had begun is over, whatever became of it. */
  readonly onSettled: () => void
}

export class Changes {
  /** Null: the newest config is served. */
  rejection: Rejection | null = null
  readonly #parts: ChangesParts
  /** What was served before the present plan. */
  #previous: Edition | null = null
  /** The newest change. */
  #last: Promise<Reloaded> = Promise.resolve({ is: 'not_now' })
  #pending = 0

  constructor(parts: ChangesParts) {
    this.#parts = parts
  }

  /** Applies the file as it is now. What stands against it is told; the config that runs goes on. */
  reload(): Promise<Reloaded> {
    this.#last = this.#change(() => this.#parts.source.read())
    return this.#last
  }

  /** Workers keep dying of the plan: the one before it comes back. */
  rollBack(): void {
    const previous = this.#previous
    const applier = this.#parts.applier()
    if (!applier) return
    const revision = applier.running?.revision
    if (!previous)
      return logEvent('error', 'unsound', {
        revision,
        why: 'its workers keep dying; there is no config to go back to',
      })
    this.#previous = null
    this.#last = this.#change(() =>
      Promise.resolve({ is: 'valid', edition: { ...previous, from: 'rollback' } }),
    )
    void this.#last.then(() => {
      // What was just given up is nothing to come back to.
      this.#previous = null
      this.#onRejected([
        { path: '', message: `revision ${revision} was rolled back: its workers kept dying` },
      ])
    })
  }

  async #change(check: () => Promise<Checked>): Promise<Reloaded> {
    if (this.#pending++ === 0) this.#parts.onBegin()
    try {
      return await this.#applyAndTell(check)
    } finally {
      if (--this.#pending === 0) this.#parts.onSettled()
    }
  }

  async #applyAndTell(check: () => Promise<Checked>): Promise<Reloaded> {
    const parts = this.#parts
    const applier = parts.applier()
    if (!applier) return { is: 'not_now' }
    const before = applier.running?.edition ?? null
    const outcome = await applier.apply(check)
    if (!parts.applier()) return { is: 'not_now' }
    // The newer one has read the file later.
    if (outcome.is === 'superseded') return this.#last
    parts.totals.counter('config_reloads_total', [outcome.is]).add(1)
    if (outcome.is === 'rejected')
      return this.#onRejected(await parts.source.locate(outcome.problems, outcome.edition))
    this.#previous = before
    this.rejection = null
    await parts.onApplied(outcome.served)
    return { is: 'applied', revision: outcome.served.revision }
  }

  #onRejected(problems: readonly ApplyProblem[]): Reloaded {
    const { file, applier, tell } = this.#parts
    this.rejection = { timeMs: Date.now(), problems }
    const running = applier()?.running?.revision
    tellRejected(file, running, problems)
    tell(problems)
    return { is: 'rejected', revision: running ?? 0, problems }
  }
}
