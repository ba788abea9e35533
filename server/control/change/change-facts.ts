// What those who make changes want to know: texts that were served, what a text would do, whether it holds.
import { readText } from '../source/config-source.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Revision } from '../store/revisions.ts'
import type { ApplyProblem, Edition } from '../problem.ts'
import type { Served } from './apply.ts'
import type { KeptText, RevisionBook } from './revision-book.ts'
import { type Review, reviewOf } from './review.ts'

/** A text that can be compared: kept, served, or in the file. */
export interface NamedText {
  /** "revision 12", "the config file". */
  readonly name: string
  readonly text: string
  /** Null: as a config it means nothing any more. */
  readonly edition: Edition | null
  /** What stands against it. */
  readonly problems: readonly ApplyProblem[]
}

/** Of a text all that comparing it takes. */
interface Compared extends Pick<NamedText, 'name' | 'text'> {
  readonly edition: Pick<Edition, 'config'> | null
}

export interface ChangeFactsParts {
  /** The config file. */
  readonly file: () => string
  readonly source: Pick<WatchedConfig, 'check'>
  readonly served: () => Served | null
  /** Open, if it can be. */
  readonly book: () => Promise<RevisionBook | null>
  /** What is in flight to each server now. */
  readonly inFlight: () => (backend: string, server: string) => number
}

export class ChangeFacts {
  readonly #parts: ChangeFactsParts
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: ChangeFactsParts) {
    this.#parts = parts
  }

  get served(): Served | null {
    return this.#parts.served()
  }

  /** Opens what is kept, unless it is open. */
  async open(): Promise<void> {
    await this.#parts.book()
  }

  /** The newest first, those below a number; null: what is kept cannot be opened. */
  async list(below: number, most: number): Promise<readonly Revision[] | null> {
    return (await this.#parts.book())?.list(below, most) ?? null
  }

  /** Null: it is not kept. */
  async read(revision: number): Promise<KeptText | null> {
    return (await this.#parts.book())?.read(revision) ?? null
  }

  /** A revision by its number, `running` or `disk`; null: there is no such. */
  async named(name: string): Promise<NamedText | null> {
    const { served } = this.#parts
    const running = served()
    if (name === 'running' && running !== null)
      return { ...named(`revision ${running.revision}`, running.edition.text), edition: running.edition }
    if (name === 'disk') {
      const file = this.#parts.file()
      const text = readText(file)
      return text === null ? null : this.check(text, file)
    }
    if (!/^[1-9][0-9]{0,14}$/.test(name)) return null
    const kept = await this.read(Number(name))
    if (kept === null) return null
    const { number } = kept.revision
    const isRunning = running?.edition.hash === kept.revision.hash
    const title = `revision ${number}`
    return isRunning ? { ...named(title, kept.text), edition: running.edition } : this.check(kept.text, title)
  }

  /** A text as if it stood in the file. One after another: a large one takes a process of its own. */
  check(text: string, name: string): Promise<NamedText> {
    const checked = this.#last.then(() => this.#check(text, name))
    this.#last = checked.catch(() => {})
    return checked
  }

  async #check(text: string, name: string): Promise<NamedText> {
    const given = { text, from: 'api', by: null, replaces: null } as const
    const { checked } = await this.#parts.source.check(given)
    return checked.is === 'valid'
      ? { ...named(name, text), edition: checked.edition }
      : { ...named(name, text), edition: null, problems: checked.problems }
  }

  /** Null: one of them is no valid config now. */
  async review(before: Compared, after: Compared): Promise<Review | null> {
    const [old, now] = [before.edition, after.edition]
    if (old === null || now === null) return null
    return reviewOf({
      before: { config: old.config, text: before.text },
      after: { config: now.config, text: after.text },
      names: [before.name, after.name],
      inFlight: this.#parts.inFlight(),
    })
  }
}

const named = (name: string, text: string): Omit<NamedText, 'edition'> => ({ name, text, problems: [] })
