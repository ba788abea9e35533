// What a start serves: the config file's text in a data folder that is nobody else's, unless that text was
// never confirmed when the gateway ended.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { confirmedOf } from './change/confirmation.ts'
import { History } from './change/history.ts'
import { RevisionBook } from './change/revision-book.ts'
import { DataFolder } from './data-folder.ts'
import type { ApplyProblem, Edition, TakenBackFact } from './problem.ts'
import type { ChosenSockets } from './processes/chosen-sockets.ts'
import { nameHash } from './processes/state-file.ts'
import type { WatchedConfig } from './source/watched-config.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

export interface FirstConfig {
  readonly edition: Edition
  /** What stood in the file, and is not served: it was not confirmed; null: it is served. */
  readonly takenBack: TakenBackFact | null
  readonly history: History
  readonly book: RevisionBook
  /** To be released at the end. */
  readonly folder: DataFolder
}

export interface FirstConfigOptions {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'check'>
  readonly chosen: Pick<ChosenSockets, 'problems'>
  readonly store: Pick<StoreKeeper, 'keep'>
  /** False once it is told to stop. */
  readonly isWanted: () => boolean
  /** The gateway that this one takes over from. */
  readonly predecessor: Pick<Predecessor, 'takeOver' | 'isOver'> | null
}

/** Or what stands against it. */
export async function firstConfig(
  options: FirstConfigOptions,
): Promise<FirstConfig | readonly ApplyProblem[]> {
  const { file, source, chosen, store, isWanted } = options
  const read = await source.read()
  if (!isWanted()) return []
  if (read.is === 'invalid') return [...read.problems, ...chosen.problems]
  const { data } = read.edition.config
  // What another gateway hands over: from here on it writes nothing there.
  const lock = (await options.predecessor?.takeOver(data)) ?? null
  const isAbandoned = options.predecessor?.isOver === true
  const folder = await DataFolder.take({ data, configFile: file, isWanted, lock, isAbandoned })
  if (!(folder instanceof DataFolder)) return [folder]
  const history = new History(data, file)
  if (history.isNew) await goOnFromStore(history, data, file)
  const book = new RevisionBook({ history, store, nowMs: Date.now })
  return { ...(await confirmedOf(read.edition, history, source)), history, book, folder }
}

/** The history was lost or cannot be read: its numbers are not given once more to other texts. */
async function goOnFromStore(history: History, data: string, file: string): Promise<void> {
  // A folder that is new has neither, and its start does not wait for SQLite.
  if (!existsSync(join(data, 'state.db'))) return
  try {
    const [{ StateDb }, { TABLES }, { Revisions }] = await Promise.all([
      import('./store/state-db.ts'),
      import('./store/tables.ts'),
      import('./store/revisions.ts'),
    ])
    const db = StateDb.open(data, TABLES)
    try {
      const newest = new Revisions(db, nameHash(file)).newest()
      if (newest !== null) history.goOn(newest.last, newest.hash)
    } finally {
      db.close()
    }
  } catch {
    // What stands against it is told once it is needed.
  }
}
