// state.db whose file was removed or replaced while it is open: what is open can still be read and written,
// but nobody finds it again. What another puts in its place is taken, once it is whole; where nothing comes,
// what is open is written there.
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { keepNames } from '../../lib/write-whole.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import type { StateDb } from './state-db.ts'
import { isDamage, storeProblemOf, StoreProblem } from './store-problem.ts'

/**
 * What became of it: `there` is the usual case; `opened`: another that stands in its place; `written`: what
 * is open, to its place; `made`: a new one, as what is open is damaged; `gone`: nothing yet.
 */
export type Found = 'there' | 'gone' | 'opened' | 'written' | 'made'

/** A copy that comes back is as it was for so long: whoever copies is done with it. */
const STEADY_MS = 2000
/** Whoever puts a copy back has so long, once the folder is there. */
const ABSENT_MS = 3000
/** A write that failed stops everybody for as long as it takes: not again and again. */
const WRITE_AGAIN_MS = 60_000
const LOGS = ['-wal', '-shm']

export class LostDatabase {
  readonly #nowMs: () => number
  /** What SQLite keeps beside the file that is open, by its ending: it belongs to no other. */
  readonly #logs = new Map<string, string>()
  #seen: { readonly mark: string; readonly sinceMs: number } | null = null
  #notBeforeMs = 0
  /** Why what stands there cannot be taken. */
  problem: StoreProblem | null = null

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Looks after it: to be asked every few seconds. `reopen` takes what stands there. */
  look(db: Pick<StateDb, 'path' | 'isThere' | 'sql'>, reopen: () => void): Found {
    if (db.isThere()) {
      for (const end of LOGS) this.#logs.set(end, idOf(lookAt(`${db.path}${end}`)))
      this.#seen = null
      this.problem = null
      return 'there'
    }
    const file = lookAt(db.path)
    const folder = lookAt(dirname(db.path))
    const mark = file === null ? `none in ${idOf(folder)}` : `${idOf(file)} ${file.size} ${file.mtimeMs}`
    const now = this.#nowMs()
    if (this.#seen?.mark !== mark) this.#seen = { mark, sinceMs: now }
    const ageMs = Math.abs(now - this.#seen.sinceMs)
    if (folder === null || ageMs < (file === null ? ABSENT_MS : STEADY_MS) || now < this.#notBeforeMs)
      return 'gone'
    try {
      return this.#mend(db, file !== null, reopen)
    } catch (error) {
      this.problem = storeProblemOf(error) ?? new StoreProblem(String(error), wayToWrite(error))
      this.#notBeforeMs = now + WRITE_AGAIN_MS
      return 'gone'
    }
  }

  #mend(db: Pick<StateDb, 'path' | 'sql'>, isThere: boolean, reopen: () => void): Found {
    // 1. Logs of the file that is open would be taken for those of the other one.
    for (const end of LOGS) {
      const found = lookAt(`${db.path}${end}`)
      if (found !== null && idOf(found) === this.#logs.get(end)) rmSync(`${db.path}${end}`)
      // Those of another that are there before it: it is on its way.
      else if (found !== null && !isThere) return 'gone'
    }
    // 2. Nothing came: what is open, all of it.
    const written = isThere ? 'opened' : writeOut(db)
    // 3. From now on that.
    reopen()
    this.#seen = null
    this.problem = null
    return written
  }
}

/** A whole copy, which takes its place in one step, unless another stands there by then. */
function writeOut({ path, sql }: Pick<StateDb, 'path' | 'sql'>): 'written' | 'made' {
  const fresh = freshCopyOf(path)
  try {
    rmSync(fresh, { force: true })
    // SQLite takes an empty file as it is: with these rights.
    closeSync(openSync(fresh, 'wx', 0o600))
    handToOwner(fresh, dirname(path))
    sql.query('VACUUM INTO ?').run(fresh)
    const fd = openSync(fresh, 'r')
    fsyncSync(fd)
    closeSync(fd)
    if (!existsSync(path)) linkSync(fresh, path)
    keepNames(dirname(path))
    return 'written'
  } catch (error) {
    if (isDamage(String((error as { readonly code?: unknown }).code))) return 'made'
    throw error
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** Where a copy is written; what a gateway that was killed has left there is of no use. */
export const freshCopyOf = (path: string): string => `${path}.new`

/** Null: nothing is there, or nothing that can be looked at, as a link that leads nowhere. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}

const idOf = (stats: Stats | null): string => (stats === null ? 'none' : `${stats.dev} ${stats.ino}`)
