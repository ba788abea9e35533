// Changes that are watched: what is measured once they are served decides whether they stay.
import type { Edit } from '../config/edit/values.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { STATE_DOWN, STATE_STARTING } from '../scoreboard/states.ts'
import { logEvent } from '../telemetry/log.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import type { Served } from './change/apply.ts'
import type { Changed, Changes } from './change/changes.ts'
import type { NewText } from './change/check-given.ts'
import { ChangeWatch } from './change/change-watch.ts'
import type { Measured } from './change/worse.ts'
import { tellCut } from './cut-operations.ts'
import { OperationNotes } from './operation-notes.ts'
import { Operations } from './operations.ts'
import { Rollouts } from './rollouts.ts'
import type { SeenLive } from './seen-live.ts'

export interface GuardedText extends NewText {
  /** It is taken back by itself where figures worsen in this time against the same time before. */
  readonly watchMs?: number | null
}

export interface GuardedChange {
  readonly changed: Changed
  readonly warnings: readonly string[]
  /** That which watches it; null: nobody does. */
  readonly operation?: string | null
}

/** Of a running supervisor. */
export interface Guarded {
  readonly running: Served | null
  readonly board: Pick<Scoreboard, 'state'>
  readonly live: Pick<SeenLive, 'figures'>
  readonly changes: Pick<Changes, 'apply' | 'worsened' | 'rollBack' | 'takenBack' | 'book'>
  readonly options: { readonly file: string }
}

export class GuardedChanges {
  readonly operations = new Operations()
  readonly #notes = new OperationNotes(() => this.#seen.running?.edition.config.data ?? null)
  readonly rollouts: Rollouts
  readonly #seen: Guarded
  readonly #servers: () => readonly ServerFacts[]
  readonly #watch: ChangeWatch

  constructor(seen: Guarded, servers: () => readonly ServerFacts[]) {
    this.#seen = seen
    this.#servers = servers
    this.#watch = new ChangeWatch({
      measure: (seconds) => this.#measure(seconds),
      isServed: (hash) => seen.running?.edition.hash === hash,
      takeBack: (hash, why) => seen.changes.worsened(hash, why),
      every: (ms, act) => {
        let isLooking = false
        const timer = setInterval(() => {
          if (isLooking) return
          isLooking = true
          void act()
            .catch(tellBug)
            .finally(() => (isLooking = false))
        }, ms)
        return () => clearInterval(timer)
      },
      nowMs: () => performance.now(),
    })
    this.rollouts = new Rollouts({
      operations: this.operations,
      notes: this.#notes,
      hands: (by) => this.#handsOf(by),
    })
  }

  async apply(given: GuardedText): Promise<GuardedChange> {
    const { watchMs = null, isDryRun } = given
    const { changes } = this.#seen
    if (watchMs === null || isDryRun) return changes.apply(given)
    const before = await this.#watch.before(watchMs)
    const { changed, warnings } = await changes.apply(given)
    if (changed.is !== 'applied') return { changed, warnings }
    const { revision, hash } = changed
    const facts = { revision, window_s: watchMs / 1000, before }
    const id = this.operations.begin(WATCH, facts)
    const started = new Date().toISOString()
    this.#notes.note({ ...{ id, kind: WATCH, started, facts, revision, hash }, step: 'it was watched' })
    void this.#watch.begin({ revision, hash, windowMs: watchMs, before }).then(({ outcome, why, after }) => {
      const state = outcome === 'kept' ? 'done' : outcome === 'superseded' ? 'aborted' : 'failed'
      this.operations.end(id, state, { outcome, why, after })
      this.#notes.forget(id)
    })
    return { changed, warnings, operation: id }
  }

  /** After a start, what the run before left in the midst; in the history once that is `opened`. */
  tellCut(opened: Promise<void>): void {
    const { running: served, changes } = this.#seen
    const { operations } = this
    const told = tellCut(this.#notes.takeLeft(), { operations, served, takenBack: changes.takenBack })
    if (told.length === 0) return
    void opened.then(() => {
      for (const { revision, why } of told) changes.book?.remark(revision, why)
    })
  }

  stop(): void {
    this.#watch.stop()
    this.rollouts.stop()
  }

  #handsOf(by: string): ReturnType<ConstructorParameters<typeof Rollouts>[0]['hands']> {
    const { changes } = this.#seen
    return {
      served: () => this.#seen.running,
      edit: (edits, message) => this.#edit(edits, message, by),
      stateOf: (backend, server) => {
        const found = this.#servers().find((one) => one.backend === backend && one.server === server)
        return found === undefined ? STATE_STARTING : this.#seen.board.state(found.slot)
      },
      measure: (seconds) => this.#measure(seconds),
      back: (revision, message) => changes.rollBack(by, { revision, message }) ?? Promise.resolve(null),
      sleep: (ms) => Bun.sleep(ms),
    }
  }

  async #edit(edits: readonly Edit[], message: string, by: string): Promise<Changed> {
    const { running, changes, options } = this.#seen
    if (running === null) return { is: 'not_now' }
    const { editConfig } = await import('../config/edit/config-edit.ts')
    const edited = editConfig(options.file, running.edition.text, edits)
    if ('refused' in edited) throw new Error(edited.refused)
    const { text } = edited
    const given = { text, by, expected: running.edition.hash, isDryRun: false, confirmWithinMs: null }
    return (await changes.apply({ ...given, note: { message, keepsAdmin: 'role' } })).changed
  }

  async #measure(seconds: number): Promise<Measured> {
    const { live, board } = this.#seen
    const asked = { kind: 'gateway', name: '', windowS: seconds, stepS: 1 } as const
    const [gateway] = (await live.figures(asked)).series
    const { requests = [], p95_ms: slow = [], server_errors: errors = [] } = gateway?.columns ?? {}
    const timed = requests.map((count, at) => ((slow[at] ?? null) === null ? 0 : (count ?? 0)))
    const all = sum(timed)
    const servers = this.#servers()
    return {
      seconds,
      requests: sum(requests),
      server_errors: sum(errors),
      p95_ms: all === 0 ? null : sum(timed.map((count, at) => count * (slow[at] ?? 0))) / all,
      servers: servers.length,
      usable: servers.filter(({ slot }) => board.state(slot) !== STATE_DOWN).length,
    }
  }
}

/** What operations that watch a change are called. */
const WATCH = 'change.watch'

const tellBug = (error: unknown): void =>
  logEvent('error', 'bug', { process: 'supervisor', part: 'watch', error: String(error) })

const sum = (list: readonly (number | null)[]): number =>
  list.reduce<number>((all, one) => all + (one ?? 0), 0)
