// Changes of the config while the gateway runs: each is applied, or rejected and told; one that workers keep
// dying of, that is not confirmed, or that nobody wants any more, is taken back.
import { logEvent } from '../../telemetry/log.ts'
import { tellRejected } from '../news.ts'
import {
  type ApplyProblem,
  type Checked,
  type Edition,
  type Rejection,
  type TakenBackFact,
} from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Outcome, Served, Wish } from './apply.ts'
import type { ChangesParts, How } from './changes-parts.ts'
import { checkGiven, type NewText } from './check-given.ts'
import { type Coming, Confirmation, type Pending, type Waits } from './confirmation.ts'
import { hashIn, hashOf, hashOfFile } from './file-part.ts'
import type { GivenText } from '../source/config-source.ts'
import { lockOutMs } from './lock-out.ts'
import { keepingAdmin } from './keeps-admin.ts'
import type { RevisionBook } from './revision-book.ts'
import { asNow, type BackTo, checkedBack } from './roll-back.ts'
import { takeBack, type TakenBack } from './take-back.ts'

/** What became of a wish to change what is served. */
export type Changed =
  | { readonly is: 'applied'; readonly revision: number; readonly hash: string }
  /** A dry run: nothing stands against it. */
  | Extract<Outcome, { is: 'sound' }>
  | { readonly is: 'rejected'; readonly revision: number; readonly problems: readonly ApplyProblem[] }
  /** It starts or stops. */
  | { readonly is: 'not_now' }

export class Changes {
  /** Null: the newest config is served. */
  rejection: Rejection | null = null
  readonly #parts: ChangesParts
  readonly #confirmation: Confirmation
  /** What was served before the present plan. */
  #previous: Edition | null = null
  /** What was served before the present text. */
  #otherText: Edition | null = null
  /** The revision that was taken back unasked, and that no other text has followed; null: none was. */
  takenBack: number | null = null
  /** The hash of what is served, where we wrote it into the file. */
  #written: string | null = null
  /** The newest change that read the file. */
  #last: Promise<Changed> = Promise.resolve({ is: 'not_now' })
  #pending = 0

  constructor(parts: ChangesParts) {
    this.#parts = parts
    this.#confirmation = new Confirmation(parts.history, (pending) => this.#onLate(pending))
  }

  get book(): RevisionBook | null {
    return this.#parts.book()
  }

  get isChanging(): boolean {
    return this.#pending > 0
  }

  /** A text as if it stood in the file. */
  check(given: GivenText): ReturnType<WatchedConfig['check']> {
    return this.#parts.source.check(given)
  }

  /** What waits to be confirmed. */
  get unconfirmed(): Pending | null {
    return this.#confirmation.pending
  }

  /** A start is served; `takenBack` is what stood in the file and was never confirmed. */
  began(takenBack: TakenBackFact | null): void {
    if (takenBack === null) return
    this.takenBack = takenBack.revision
    this.#tellTakenBack(takenBack)
  }

  /** Applies the file as it is now. What stands against it is told; the config that runs goes on. */
  reload(): Promise<Changed> {
    this.#last = this.#change({ check: () => this.#parts.source.read(), isReading: true })
    return this.#last
  }

  /** Makes a text that of the config file, and applies it; one that is refused is told to nobody else. */
  async apply(given: NewText): Promise<{ readonly changed: Changed; readonly warnings: readonly string[] }> {
    const { text, by, account, isDryRun, signal, meanwhile } = given
    const warnings: string[] = []
    let held: Coming | null = null
    let withinMs = given.confirmWithinMs
    let isFound = false
    const isGone = (): boolean => isDryRun && signal?.aborted === true
    const check = async (): Promise<Checked | null> => {
      const world = { ...this.#parts, served: this.#running?.edition ?? null }
      const answer = isGone() ? null : checkGiven(given, world)
      const found = await answer?.catch((error: unknown) => (isGone() ? null : Promise.reject(error)))
      if (!found || isGone()) return null
      warnings.push(...found.warnings)
      const running = this.#running?.edition
      isFound = found.checked.is === 'valid' && found.checked.edition.config === given.found?.config
      if (found.checked.is === 'valid' && running)
        withinMs ??= lockOutMs(given.note, running, found.checked.edition)
      if (found.checked.is === 'valid' && !isDryRun && withinMs !== null && running)
        held = this.#confirmation.hold(found.checked.edition, running)
      return found.checked
    }
    const waits = (): Waits | null => (held === null || withinMs === null ? null : { held, withinMs })
    const tried: Wish['tried'] = (config) => (isFound ? (given.found?.added ?? null) : config)
    const how: How = { waits, tells: 'log', given: { from: 'api', by, hash: hashOf(text) } }
    return { changed: await this.#change({ check, account, isDryRun, tried, meanwhile }, how), warnings }
  }

  /** Whoever made the change says that it is good; false: nothing waits for that. */
  confirm(by: string | null = null): boolean {
    const isConfirmed = this.#confirmation.confirm()
    if (isConfirmed) logEvent('info', 'confirmed', { revision: this.#running?.revision })
    if (isConfirmed) this.book?.confirmed(by)
    return isConfirmed
  }

  /**
   * Goes back to what was served before, or before what is not confirmed, or to a revision that is kept;
   * null: there is nothing such.
   */
  rollBack(
    by: string | null,
    { revision = null, message = null, keepsAdmin = null, expected = null }: BackTo = {},
  ): Promise<Changed> | null {
    const { file, source } = this.#parts
    const [from, book] = [this.#running, this.book]
    const known = revision === null ? (this.#confirmation.pending?.previous ?? this.#otherText) : null
    // What was just given up is nothing to come back to.
    const before = this.takenBack === null ? book?.before(from?.revision ?? 0) : null
    const to = known ?? revision ?? before ?? null
    if (to === null) return null
    const restores = typeof to === 'number' ? to : (book?.numberOf(to.hash) ?? null)
    const back = { to, from, by, expected, note: { message, restores, keepsAdmin } }
    const check = (): Promise<Checked> =>
      checkedBack(back, { file, source, book, running: () => this.#running })
    const hash = typeof to === 'number' ? (book?.find(to)?.hash ?? '') : to.hash
    return this.#change({ check }, { tells: 'log', given: { from: 'rollback', by, hash } })
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
    const given = this.#running?.edition
    const isServed = (): boolean => this.#running?.edition === given
    // As it was when they lived: other values may be what they die of.
    void this.#takeBack({ to: () => Promise.resolve(previous), why: 'its workers kept dying', isServed })
  }

  /** What is served does harm: what was before its text comes back; false: it does not. */
  async worsened(hash: string, why: string): Promise<boolean> {
    const previous = this.#confirmation.pending?.previous ?? this.#otherText
    if (previous === null || !this.#parts.applier()) return false
    const isServed = (): boolean => this.#running?.edition.hash === hash
    await this.#takeBack({ to: () => asNow(previous, this.#parts.source), why, isServed })
    return !isServed()
  }

  /** The gateway stops: nothing is taken back any more. */
  stop(): void {
    this.#confirmation.stop()
  }

  get #running(): Served | null {
    return this.#parts.applier()?.running ?? null
  }

  #onLate(pending: Pending): void {
    const { previous, withinMs } = pending
    const why = `it was not confirmed within ${withinMs / 1000} s`
    void this.#takeBack({
      to: () => asNow(previous, this.#parts.source),
      why,
      isServed: () => pending === this.#confirmation.pending,
    })
  }

  async #takeBack(taken: TakenBack): Promise<void> {
    const given = this.#running
    const why = await takeBack(this.#confirmation.givingUp(taken), {
      file: this.#parts.file,
      running: () => this.#running?.edition ?? null,
      written: () => this.#written,
      change: (check, isInFile) => this.#change({ check }, { isInFile }),
    })
    this.#confirmation.isGoingBack = false
    if (why === null || this.#running === null) return
    // What was just given up is nothing to come back to.
    this.#previous = null
    this.#otherText = null
    const { revision: to, edition } = this.#running
    const revision = given?.revision ?? 0
    logEvent('warn', 'rolled_back', { revision, to, hash: edition.hash, why })
    this.takenBack = revision
    this.book?.reverted(revision, why)
    this.#tellTakenBack({ revision, why })
    if (this.#pending === 0) this.#parts.onSettled()
  }

  #tellTakenBack({ revision, why }: TakenBackFact): void {
    const { file, tell } = this.#parts
    const problems = [{ path: '', message: `revision ${revision} was rolled back: ${why}` }]
    const isInFile = hashOfFile(file) === hashIn(this.#running?.edition ?? null)
    const more = isInFile || why.includes(file) ? '' : `; ${file} has another text`
    // Where the file has what is served, nothing in it was rejected.
    if (isInFile) tell(problems)
    else this.#onRejected(problems)
    this.rejection = { timeMs: Date.now(), problems, takenBack: { revision, why: `${why}${more}` } }
  }

  async #change(wish: Wish, how: How = {}): Promise<Changed> {
    // That reloads nothing: whoever manages the service is told of none.
    if (wish.isDryRun) return this.#applyAndTell(wish, how)
    if (this.#pending++ === 0) this.#parts.onBegin()
    try {
      return await this.#applyAndTell(wish, how)
    } finally {
      if (--this.#pending === 0) this.#parts.onSettled()
    }
  }

  async #applyAndTell(wish: Wish, how: How): Promise<Changed> {
    const parts = this.#parts
    const applier = parts.applier()
    if (!applier) return { is: 'not_now' }
    let before: Edition | null = null
    const check = (): Promise<Checked | null> => {
      before = applier.running?.edition ?? null
      return keepingAdmin(wish.check(), before)
    }
    const outcome = await applier.apply({ ...wish, check })
    if (!parts.applier()) return { is: 'not_now' }
    if (outcome.is === 'superseded' && wish.isDryRun) return { is: 'not_now' }
    // The newer one has read the file later.
    if (outcome.is === 'superseded') return this.#last
    const wait = how.waits?.() ?? null
    if (wait !== null && outcome.is !== 'applied') this.#confirmation.letGo()
    if (outcome.is === 'sound') return outcome
    if (outcome.is === 'rejected' && wish.isDryRun) return this.#refuse(outcome, { tells: 'caller' })
    parts.totals.counter('config_reloads_total', [outcome.is]).add(1)
    if (outcome.is === 'rejected') return this.#refuse(outcome, how)
    const { served } = outcome
    this.rejection = null
    this.#previous = before
    // The same text read again, as for a log that is moved away, is no news of anybody.
    if (!wish.isReading || served.edition.hash !== hashIn(before)) this.#begin(served.edition, before, how)
    await parts.onApplied(served)
    if (wait !== null)
      logEvent('info', 'unconfirmed', { revision: served.revision, within_ms: wait.withinMs })
    return { is: 'applied', revision: served.revision, hash: served.edition.hash }
  }

  /** Another text is served from now on. */
  #begin({ hash, replaces }: Edition, before: Edition | null, { waits, isInFile = false }: How): void {
    this.#otherText = before
    this.takenBack = null
    this.#written = replaces === null ? null : hash
    const wait = waits?.() ?? null
    // Any other change that is served ends a wait: whoever made it reached the gateway as it was.
    if (wait === null) this.#confirmation.end({ isInFile })
    else this.#confirmation.begin(wait.held, wait.withinMs)
  }

  async #refuse(
    { problems, edition }: Extract<Outcome, { is: 'rejected' }>,
    { tells = 'all', given }: How,
  ): Promise<Changed> {
    const located = await this.#parts.source.locate(problems, edition)
    if (tells === 'all') this.#parts.onFileRefused(located)
    if (tells === 'all') return this.#onRejected(located)
    if (tells === 'log') tellRejected(given ?? { file: this.#parts.file }, this.#running?.revision, located)
    return { is: 'rejected', revision: this.#running?.revision ?? 0, problems: located }
  }

  #onRejected(problems: readonly ApplyProblem[]): Changed {
    const { file, tell } = this.#parts
    this.rejection = { timeMs: Date.now(), problems }
    const running = this.#running?.revision
    tellRejected({ file }, running, problems)
    tell(problems)
    return { is: 'rejected', revision: running ?? 0, problems }
  }
}
