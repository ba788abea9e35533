// What is done with the store once something is served or refused: the first user, and edits of the file in
// the audit. What came by the API stands there already, with who asked for it.
import { record } from './audit-trail.ts'
import type { Served } from './change/apply.ts'
import { FirstRun } from './first-run.ts'
import type { ApplyProblem } from './problem.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

export interface RecordHands {
  readonly store: Pick<StoreKeeper, 'open' | 'keep'>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Of what stands against a file so many are told; the log has all. */
const PROBLEMS_MAX = 10

export class ServedRecord {
  readonly #hands: RecordHands
  readonly #firstRun = new FirstRun()
  /** Of the text that was served before; a text that is read again is no news. */
  #hash: string | null = null
  /** Of the text that was refused last. */
  #refused: string | null = null

  constructor(hands: RecordHands) {
    this.#hands = hands
  }

  /** Where nothing is kept, that was told by who opens it. */
  async served({ revision, edition }: Served): Promise<void> {
    const { store, env } = this.#hands
    const { hash, from, config } = edition
    const before = this.#hash
    this.#hash = hash
    this.#refused = null
    if (config.admin !== false) await this.#firstRun.look(store, env)
    if (from !== 'file' || before === null || before === hash) return
    record(store, {
      ...{ who: null, from: 'file', action: 'config.edit', resource: 'config', result: 'done' },
      ...{ before: { hash: before }, after: { revision, hash }, requestId: '' },
      message: 'the config file was changed',
    })
  }

  /** What is kept is another one. */
  async reopened({ edition: { config } }: Served): Promise<void> {
    const { store, env } = this.#hands
    this.#firstRun.again()
    if (config.admin !== false) await this.#firstRun.look(store, env)
  }

  /** What the file says is not served. `hash`: of its text; null: it cannot be read. */
  refused(hash: string | null, problems: readonly ApplyProblem[]): void {
    const text = hash ?? 'none'
    if (text === this.#refused) return
    this.#refused = text
    const told = problems.slice(0, PROBLEMS_MAX).map(({ path, line, message }) => ({ path, line, message }))
    record(this.#hands.store, {
      ...{ who: null, from: 'file', action: 'config.edit', resource: 'config', result: 'refused' },
      ...{ before: { hash: this.#hash }, after: { hash, problems: told }, requestId: '' },
      message: `the config file was changed, and is not served: ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
    })
  }
}
