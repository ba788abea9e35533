// What is done with the store once something is served: the first user, and edits of the file in the audit.
// What came by the API stands there already, with who asked for it.
import { record } from './audit-trail.ts'
import type { Served } from './change/apply.ts'
import { FirstRun } from './first-run.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

export interface RecordHands {
  readonly store: Pick<StoreKeeper, 'open' | 'keep'>
  readonly env: Readonly<Record<string, string | undefined>>
}

export class ServedRecord {
  readonly #firstRun = new FirstRun()
  /** Of the text that was served before; a text that is read again is no news. */
  #hash: string | null = null

  /** Where nothing is kept, that was told by who opens it. */
  async served({ revision, edition }: Served, { store, env }: RecordHands): Promise<void> {
    const { hash, from, config } = edition
    const before = this.#hash
    this.#hash = hash
    if (config.admin !== false) await this.#firstRun.look(store, env)
    if (from !== 'file' || before === null || before === hash) return
    record(store, {
      ...{ who: null, from: 'file', action: 'config.edit', resource: 'config', result: 'done' },
      ...{ before: { hash: before }, after: { revision, hash }, requestId: '' },
      message: 'the config file was changed',
    })
  }
}
