// Failed sign-ins, and how long the next one has to wait: by account and address together, so that nobody
// locks another one out. Kept here so that a restart forgives nothing, and "sluice admin unlock" counts at
// once.
import type { StateDb } from './state-db.ts'
import type { StateKey } from './state-key.ts'
import type { Table } from './table.ts'

export const FAILURES: Table = {
  name: 'failures',
  steps: [
    // Of an account a mark alone: people type passwords where names belong.
    `CREATE TABLE failures (
      account BLOB NOT NULL,
      address TEXT NOT NULL,
      count INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,
      PRIMARY KEY (account, address)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX failures_by_time ON failures (last_ms)`,
  ],
}

/** As many are free; the next one waits a second, and each after it twice as long. */
const FREE = 5
const FIRST_WAIT_MS = 1000
export const WAIT_MS_MAX = 15 * 60_000
/** After so long without a try nothing is held against anybody. */
const FORGET_MS = 24 * 3_600_000
const ROWS_MAX = 10_000

const waitAfter = (count: number): number =>
  count < FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** Math.min(count - FREE, 20), WAIT_MS_MAX)

export class Failures {
  readonly #db: StateDb
  readonly #key: StateKey
  readonly #nowMs: () => number

  constructor(db: StateDb, key: StateKey, nowMs: () => number) {
    this.#db = db
    this.#key = key
    this.#nowMs = nowMs
  }

  /**
   * Counts a try as failed before it is judged, so that many at the same time are no more than one after
   * another. Gives how long it has to wait, in ms; 0: it may be made.
   */
  begin(account: string, address: string): number {
    const [mark, now] = [this.#markOf(account), this.#nowMs()]
    return this.#db.transaction(() => {
      this.#prune(now)
      const query = this.#db.sql.query<{ count: number; last_ms: number }, [Uint8Array, string]>(
        'SELECT count, last_ms FROM failures WHERE account = ? AND address = ?',
      )
      const { count = 0, last_ms: last = 0 } = query.get(mark, address) ?? {}
      // A clock that was set back makes nobody wait for longer.
      const rest = Math.min(last + waitAfter(count) - now, waitAfter(count))
      if (rest > 0) return rest
      this.#db.sql
        .query('INSERT OR REPLACE INTO failures (account, address, count, last_ms) VALUES (?, ?, ?, ?)')
        .run(mark, address, count + 1, now)
      return 0
    })
  }

  /** The try that was counted was none. */
  succeeded(account: string, address: string): void {
    const query = this.#db.sql.query('DELETE FROM failures WHERE account = ? AND address = ?')
    this.#db.write(() => query.run(this.#markOf(account), address))
  }

  /** The try that was counted was half of one: it is held against nobody, and makes nothing good. */
  takeBack(account: string, address: string): void {
    const query = this.#db.sql.query(
      'UPDATE failures SET count = count - 1 WHERE account = ? AND address = ? AND count > 0',
    )
    this.#db.write(() => query.run(this.#markOf(account), address))
  }

  /** From all addresses; how many had failed. */
  unlock(account: string): number {
    const query = this.#db.sql.query('DELETE FROM failures WHERE account = ?')
    return this.#db.write(() => query.run(this.#markOf(account))).changes
  }

  #markOf(account: string): Uint8Array {
    return this.#key.markOf('account', account.toLowerCase())
  }

  #prune(now: number): void {
    this.#db.sql.query('DELETE FROM failures WHERE last_ms < ?').run(now - FORGET_MS)
    const count = this.#db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM failures').get()?.n ?? 0
    if (count < ROWS_MAX) return
    this.#db.sql
      .query(
        `DELETE FROM failures WHERE (account, address) IN
        (SELECT account, address FROM failures ORDER BY last_ms LIMIT ?)`,
      )
      .run(ROWS_MAX / 10)
  }
}
