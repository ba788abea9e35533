// Changes of the config while the gateway runs: each is applied, or rejected and told; one that workers keep
// dying of, that is not confirmed, or that nobody wants any more, is taken back.
import { logEvent } from '../../telemetry/log.ts'
import type { Totals } from '../../telemetry/registry.ts'
import { tellRejected } from '../news.ts'
import { type ApplyProblem, type Checked, type Edition, problemOf } from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Applier, Outcome, Served, Wish } from './apply.ts'
import { Confirmation, type Pending } from './confirmation.ts'
import { fileChanged, hashOfFile } from './file-part.ts'
import type { History } from './history.ts'

/** Why the newest config is not the one that is served. */
export interface Rejection {
  readonly timeMs: number
  readonly problems: readonly ApplyProblem[]
}

/** What became of a wish to change what is served. */
export type Changed =
  | { readonly is: 'applied'; readonly revision: number; readonly hash: string }
  /** A dry run: nothing stands against it. */
  | { readonly is: 'sound'; readonly hash: string }
  | { readonly is: 'rejected'; readonly revision: number; readonly problems: readonly ApplyProblem[] }
  /** It starts or stops. */
  | { readonly is: 'not_now' }

/** A text that is to become that of the config file. */
export interface NewText {
  readonly text: string
  readonly by: string | null
  /** The hash of what stands in the file, or how it begins; null: it is what is served. */
  readonly expected: string | null
  readonly isDryRun: boolean
  /** It is taken back unless it is confirmed by then; null: it stays. */
  readonly confirmWithinMs: number | null
}

export interface ChangesParts {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'check' | 'locate'>
  readonly totals: Totals
  /** Null before the first config is known, and once it stops: then nothing changes. */
  readonly applier: () => Applier | null
  readonly history: () => Pick<History, 'hold'> | null
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
  readonly #confirmation: Confirmation
  /** What was served before the present plan. */
  #previous: Edition | null = null
  /** The newest change that read the file. */
  #last: Promise<Changed> = Promise.resolve({ is: 'not_now' })
  #pending = 0

  constructor(parts: ChangesParts) {
    this.#parts = parts
    this.#confirmation = new Confirmation(parts.history, (pending) => this.#onLate(pending))
  }

  /** What waits to be confirmed. */
  get unconfirmed(): Pending | null {
    return this.#confirmation.pending
  }

  /** Applies the file as it is now. What stands against it is told; the config that runs goes on. */
  reload(): Promise<Changed> {
    this.#last = this.#change({ check: () => this.#parts.source.read(), isReading: true })
    return this.#last
  }

  /** Makes a text that of the config file, and applies it; one that is refused is told to nobody else. */
  async apply(given: NewText): Promise<{ readonly changed: Changed; readonly warnings: readonly string[] }> {
    const { isDryRun, confirmWithinMs } = given
    const warnings: string[] = []
    let held: Edition | null = null
    const check = async (): Promise<Checked> => {
      const found = await this.#checkGiven(given)
      // Whoever gave the text has another name for it.
      const { file } = this.#parts
      warnings.push(...found.warnings.map((line) => (line.startsWith(file) ? line.slice(file.length) : line)))
      const running = this.#running?.edition
      if (found.checked.is === 'valid' && !isDryRun && confirmWithinMs !== null && running)
        held = this.#confirmation.hold(found.checked.edition, running)
      return found.checked
    }
    const waits = (): { previous: Edition; withinMs: number } | null =>
      held === null || confirmWithinMs === null ? null : { previous: held, withinMs: confirmWithinMs }
    return { changed: await this.#change({ check, isDryRun }, { waits, tells: 'log' }), warnings }
  }

  /** Whoever made the change says that it is good; false: nothing waits for that. */
  confirm(): boolean {
    const isConfirmed = this.#confirmation.end()
    if (isConfirmed) logEvent('info', 'confirmed', { revision: this.#running?.revision })
    return isConfirmed
  }

  /** Goes back to what was served before, or before what is not confirmed; null: there is nothing such. */
  rollBack(by: string | null): Promise<Changed> | null {
    const to = this.#confirmation.pending?.previous ?? this.#previous
    if (to === null) return null
    const { file } = this.#parts
    const check = (): Promise<Checked> => {
      // Of a file that was changed since, nobody knows whether that is what is to be gone back from.
      const [found, served] = [hashOfFile(file), this.#running?.edition.hash]
      return Promise.resolve(
        found === null || found !== served
          ? { is: 'invalid', problems: [problemOf(fileChanged(file, found))] }
          : { is: 'valid', edition: { ...to, from: 'rollback', by, replaces: found } },
      )
    }
    return this.#change({ check }, { tells: 'log' })
  }

  /** Workers keep dying of the plan: the one before it comes back. */
  unsound(): void {
    const revision = this.#running?.revision
    const previous = this.#confirmation.pending?.previous ?? this.#previous
    if (!this.#parts.applier()) return
    if (!previous)
      return logEvent('error', 'unsound', {
        revision,
        why: 'its workers keep dying; there is no config to go back to',
      })
    this.#previous = null
    this.#takeBack(previous, 'its workers kept dying')
  }

  /** The gateway stops: nothing is taken back any more. */
  stop(): void {
    this.#confirmation.stop()
  }

  get #running(): Served | null {
    return this.#parts.applier()?.running ?? null
  }

  #onLate(pending: Pending): void {
    if (pending === this.#confirmation.pending)
      this.#takeBack(pending.previous, `it was not confirmed within ${pending.withinMs / 1000} s`)
  }

  #takeBack(previous: Edition, why: string): void {
    const given = this.#running
    const { file } = this.#parts
    const check = (): Promise<Checked | null> => {
      // What has been applied since is not what is to be taken back.
      if (this.#running?.edition !== given?.edition) return Promise.resolve(null)
      const hash = given?.edition.hash ?? null
      // What we wrote is taken back as well. A file that a person wrote is theirs.
      const isOurs = given?.edition.replaces !== null && hashOfFile(file) === hash
      const edition: Edition = { ...previous, from: 'rollback', by: null, replaces: isOurs ? hash : null }
      return Promise.resolve({ is: 'valid', edition })
    }
    void this.#change({ check }).then(({ is }) => {
      if (is !== 'applied' || this.#running?.edition.from !== 'rollback') return
      // What was just given up is nothing to come back to.
      this.#previous = null
      const { revision: to, edition } = this.#running
      logEvent('warn', 'rolled_back', { revision: given?.revision, to, hash: edition.hash, why })
      const message = `revision ${given?.revision} was rolled back: ${why}`
      this.#onRejected([{ path: '', message }])
    })
  }

  async #checkGiven({ text, by, expected }: NewText): ReturnType<WatchedConfig['check']> {
    const { file, source } = this.#parts
    const found = hashOfFile(file)
    if (found === null || !found.startsWith(expected ?? this.#running?.edition.hash ?? 'none'))
      return { checked: { is: 'invalid', problems: [problemOf(fileChanged(file, found))] }, warnings: [] }
    return source.check({ text, from: 'api', by, replaces: found })
  }

  async #change(wish: Wish, how: How = {}): Promise<Changed> {
    if (this.#pending++ === 0) this.#parts.onBegin()
    try {
      return await this.#applyAndTell(wish, how)
    } finally {
      if (--this.#pending === 0) this.#parts.onSettled()
    }
  }

  async #applyAndTell(wish: Wish, { waits, tells = 'all' }: How): Promise<Changed> {
    const parts = this.#parts
    const applier = parts.applier()
    if (!applier) return { is: 'not_now' }
    let before: Edition | null = null
    const check = (): Promise<Checked | null> => {
      before = applier.running?.edition ?? null
      return wish.check()
    }
    const outcome = await applier.apply({ ...wish, check })
    if (!parts.applier()) return { is: 'not_now' }
    // The newer one has read the file later.
    if (outcome.is === 'superseded') return this.#last
    const wait = waits?.() ?? null
    if (wait !== null && outcome.is !== 'applied') this.#confirmation.letGo(applier.running?.edition ?? null)
    if (outcome.is === 'sound') return { is: 'sound', hash: outcome.edition.hash }
    if (outcome.is === 'rejected' && wish.isDryRun) return this.#refuse(outcome, 'caller')
    parts.totals.counter('config_reloads_total', [outcome.is]).add(1)
    if (outcome.is === 'rejected') return this.#refuse(outcome, tells)
    const { served } = outcome
    this.#previous = before
    this.rejection = null
    // Any other change that is served ends a wait: whoever made it reached the gateway as it was.
    if (wait === null) this.#confirmation.end()
    else this.#confirmation.begin(wait.previous, wait.withinMs)
    await parts.onApplied(served)
    if (wait !== null)
      logEvent('info', 'unconfirmed', { revision: served.revision, within_ms: wait.withinMs })
    return { is: 'applied', revision: served.revision, hash: served.edition.hash }
  }

  async #refuse(
    { problems, edition }: Extract<Outcome, { is: 'rejected' }>,
    tells: How['tells'],
  ): Promise<Changed> {
    const located = await this.#parts.source.locate(problems, edition)
    if (tells === 'all') return this.#onRejected(located)
    if (tells === 'log') tellRejected(this.#parts.file, this.#running?.revision, located)
    return { is: 'rejected', revision: this.#running?.revision ?? 0, problems: located }
  }

  #onRejected(problems: readonly ApplyProblem[]): Changed {
    const { file, tell } = this.#parts
    this.rejection = { timeMs: Date.now(), problems }
    const running = this.#running?.revision
    tellRejected(file, running, problems)
    tell(problems)
    return { is: 'rejected', revision: running ?? 0, problems }
  }
}

interface How {
  /** What is served again unless it is confirmed, and by when; null: it stays. */
  readonly waits?: () => { readonly previous: Edition; readonly withinMs: number } | null
  /** Who hears what stands against it beside who wished for it; only where it came from the file all do. */
  readonly tells?: 'all' | 'log' | 'caller'
}
