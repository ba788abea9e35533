// state.db in the data folder: what the gateway keeps beside its config file. SQLite, opened by the
// supervisor and, beside it or alone, by commands.
import { Database } from 'bun:sqlite'
import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import { isBusy, isDamage, StoreBusy, StoreProblem, WHEN_DAMAGED } from './store-problem.ts'
import type { Table } from './table.ts'

/** How long a writer waits for another process before it gives up, unless it is told otherwise. */
const BUSY_MS = 5000
/** What the write-ahead log is cut back to once its pages are in the database. */
const WAL_BYTES = 4 * 1024 * 1024
/** "SLUI": says whose database it is (PRAGMA application_id). */
const APPLICATION_ID = 0x53_4c_55_49

const ELSEWHERE = 'name another folder with "data"'

/** Where it stands. */
export const stateDbPath = (data: string): string => join(data, 'state.db')

export interface StateDbOptions {
  /** How long a write stops this process at most while another one holds the database, in ms. */
  readonly busyMs?: number
}

export class StateDb {
  /** Where it was opened. */
  readonly path: string
  #sql: Database
  #file: { readonly dev: number; readonly ino: number }
  readonly #busyMs: number
  /** The last write was refused, as another process held the database. */
  #isHeld = false

  private constructor(sql: Database, path: string, busyMs: number) {
    this.#sql = sql
    this.path = path
    this.#file = statSync(path)
    this.#busyMs = busyMs
  }

  /**
   * Opens state.db of a data folder for its user alone (0600), makes it where there is none, and brings each
   * table to its newest version in one transaction. Throws a StoreProblem when it cannot.
   */
  static open(data: string, tables: readonly Table[], { busyMs = BUSY_MS }: StateDbOptions = {}): StateDb {
    const path = stateDbPath(data)
    makeReady(data, path)
    let sql: Database | null = null
    try {
      sql = new Database(path, { readwrite: true, strict: true })
      configure(sql, busyMs)
      const db = new StateDb(sql, path, busyMs)
      db.#claim(path)
      db.#bringUp(path, tables)
      return db
    } catch (error) {
      sql?.close()
      throw error instanceof StoreProblem ? error : problemOf(path, error, busyMs)
    }
  }

  /** For prepared statements of the tables of this room: not to be held, as another may take its place. */
  get sql(): Database {
    return this.#sql
  }

  /** All of it or nothing. No other process writes meanwhile; one within another is part of it. */
  transaction<T>(work: () => T): T {
    return this.write(() => this.sql.transaction(work).immediate())
  }

  /**
   * Whatever writes. Another process may hold the database for minutes: that is waited for once, and not
   * again by each of those who come meanwhile.
   */
  write<T>(work: () => T): T {
    try {
      const done = work()
      if (this.#isHeld) this.#wait(this.#busyMs)
      this.#isHeld = false
      return done
    } catch (error) {
      if (isBusy(error) && !this.#isHeld) this.#wait(0)
      this.#isHeld ||= isBusy(error)
      throw error
    }
  }

  #wait(ms: number): void {
    this.sql.run(`PRAGMA busy_timeout = ${ms}`)
  }

  /** Whether its file stands there still, and no other in its place. */
  isThere(): boolean {
    const { dev, ino } = this.#file
    try {
      const now = statSync(this.path)
      return now.dev === dev && now.ino === ino
    } catch {
      return false // it is gone, or a link that leads nowhere, or where this user may not look
    }
  }

  /** Goes on with the file that stands in its place. Throws a StoreProblem: then nothing has changed. */
  reopen(tables: readonly Table[]): void {
    const other = StateDb.open(dirname(this.path), tables, { busyMs: this.#busyMs })
    this.#sql.close()
    this.#sql = other.#sql
    this.#file = other.#file
    this.#isHeld = false
  }

  close(): void {
    this.sql.close()
  }

  /** A database of another program is never written to. */
  #claim(path: string): void {
    const row = this.sql.query<{ application_id: number }, []>('PRAGMA application_id').get()
    const id = row?.application_id ?? 0
    if (id === APPLICATION_ID) return
    const { tables } = this.sql
      .query<{ tables: number }, []>("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table'")
      .get() ?? { tables: 0 }
    // One that another process makes at this moment has tables and says whose it is in one transaction.
    if (id !== 0 || tables > 0)
      throw new StoreProblem(
        `${path} is the database of another program`,
        `move it elsewhere, or ${ELSEWHERE}`,
      )
  }

  #bringUp(path: string, tables: readonly Table[]): void {
    // Read first: whoever has nothing to bring up waits for no writer.
    if (this.#behind(path, tables).length === 0) return
    this.transaction(() => {
      this.sql.run(`PRAGMA application_id = ${APPLICATION_ID}`)
      this.sql.run(
        'CREATE TABLE IF NOT EXISTS versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT',
      )
      const keep = this.sql.query('INSERT OR REPLACE INTO versions (name, version) VALUES (?, ?)')
      for (const { name, steps, version } of this.#behind(path, tables)) {
        for (const step of steps.slice(version)) this.sql.run(step)
        keep.run(name, steps.length)
      }
    })
  }

  /** Tables that are older than this program, and their versions; throws when one is newer. */
  #behind(path: string, tables: readonly Table[]): (Table & { readonly version: number })[] {
    const versions = this.#versions()
    return tables.flatMap((table) => {
      const version = versions.get(table.name) ?? 0
      if (version > table.steps.length)
        throw new StoreProblem(
          `${path} was written by a newer Sluice: "${table.name}" is of version ${version}, and this one knows ${table.steps.length}`,
          `run that Sluice or a newer one, or ${ELSEWHERE}`,
        )
      return version < table.steps.length ? [{ ...table, version }] : []
    })
  }

  #versions(): ReadonlyMap<string, number> {
    const known = this.sql.query("SELECT 1 FROM sqlite_schema WHERE name = 'versions'").get()
    if (known === null) return new Map()
    const rows = this.sql.query<{ name: string; version: number }, []>('SELECT name, version FROM versions')
    return new Map(rows.all().map(({ name, version }) => [name, version]))
  }
}

/**
 * Folder and file, for this user alone. Looks without opening: closing a file ends the locks that this
 * process has on it.
 */
function makeReady(data: string, path: string): void {
  try {
    const made = mkdirSync(data, { recursive: true, mode: 0o700 })
    if (made !== undefined) handToOwner(data, dirname(made))
    try {
      closeSync(openSync(path, 'wx', 0o600))
      handToOwner(path, data)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    accessSync(data, constants.W_OK)
    accessSync(path, constants.R_OK | constants.W_OK)
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreProblem(`${path} cannot be opened: ${why}`, `${wayToWrite(error)}, or ${ELSEWHERE}`)
  }
}

function configure(sql: Database, busyMs: number): void {
  // First: what follows may have to wait.
  sql.run(`PRAGMA busy_timeout = ${busyMs}`)
  const mode = sql.query<{ journal_mode: string }, []>('PRAGMA journal_mode').get()?.journal_mode
  if (mode !== 'wal') sql.run('PRAGMA journal_mode = WAL')
  sql.run(`PRAGMA journal_size_limit = ${WAL_BYTES}`)
  // What was told to be done is done after a power cut, too.
  sql.run('PRAGMA synchronous = FULL')
  sql.run('PRAGMA foreign_keys = ON')
  // What is deleted is overwritten, and the database runs no code of its own.
  sql.run('PRAGMA secure_delete = ON')
  sql.run('PRAGMA trusted_schema = OFF')
}

function problemOf(path: string, error: unknown, busyMs: number): StoreProblem {
  const { code = '', message } = error as { readonly code?: string; readonly message: string }
  if (isDamage(code)) return new StoreProblem(`${path} is damaged: ${message}`, WHEN_DAMAGED)
  if (isBusy(error)) return new StoreBusy(`${path} is held by another process for more than ${busyMs} ms`)
  if (code.startsWith('SQLITE_FULL')) return new StoreProblem(`${path}: ${message}`, 'make room on its disk')
  return new StoreProblem(
    `${path} cannot be opened: ${message}${code === '' ? '' : ` (${code})`}`,
    `let the user of the gateway read and write there, or ${ELSEWHERE}`,
  )
}
