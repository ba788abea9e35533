// Failed sign-ins, and how long the next one has to wait: by account and place together, so that nobody locks
// another one out. Whoever has many places, as a network of IPv6 or machines of others, is slowed down for an
// account by what all of them did; from where one has signed in before, none of that counts. Kept here so
// that a restart forgives nothing, and "sluice admin unlock" counts at once.
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
    `CREATE TABLE good_places (
      account BLOB NOT NULL,
      place TEXT NOT NULL,
      last_ms INTEGER NOT NULL,
      PRIMARY KEY (account, place)
    ) STRICT, WITHOUT ROWID`,
  ],
}

/** Whose tries count together. */
type Scope = 'place' | 'network' | 'all'
/** As many are free; the next one waits a second, and each after it twice as long, up to the most. */
const FREE: Readonly<Record<Scope, number>> = { place: 5, network: 20, all: 100 }
const FIRST_WAIT_MS = 1000
export const WAIT_MS_MAX = 15 * 60_000
/** Strangers together bring nobody to wait for longer who comes from a new place. */
const MOST_MS: Readonly<Record<Scope, number>> = { place: WAIT_MS_MAX, network: WAIT_MS_MAX, all: 30_000 }
const EVERYWHERE = '*'
/** Where somebody signed in is known for so long, and so many places of an account. */
const KNOWN_MS = 90 * 24 * 3_600_000
const KNOWN_MAX = 20
/** After so long without a try nothing is held against anybody. */
const FORGET_MS = 24 * 3_600_000
const ROWS_MAX = 10_000

const waitAfter = (count: number, of: Scope): number =>
  count < FREE[of] ? 0 : Math.min(FIRST_WAIT_MS * 2 ** Math.min(count - FREE[of], 20), MOST_MS[of])

/** From where somebody tries. */
export interface Place {
  /** An address, of IPv6 its /64; or the sign-in of somebody who gives their password anew. */
  readonly key: string
  /** What one person may have of it: of IPv6 the /48, else the same. Null: a sign-in, which counts alone. */
  readonly network: string | null
}

export interface Wait {
  /** 0: it may be tried. */
  readonly ms: number
  readonly of: Scope
}

/** Of a key that is kept. */
const scopeOf = (address: string): Scope =>
  address === EVERYWHERE ? 'all' : address.endsWith('/48') ? 'network' : 'place'

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
   * another. Gives how long it has to wait, and whose tries that is for.
   */
  begin(account: string, place: Place): Wait {
    const [mark, now] = [this.#markOf(account), this.#nowMs()]
    return this.#db.transaction(() => {
      this.#prune(now)
      const scopes = this.#scopesOf(account, place)
      const counts = scopes.map(({ of, key }) => ({ of, key, ...this.#countOf(mark, key) }))
      const waits = counts.map(({ of, count, last }): Wait => {
        const most = waitAfter(count, of)
        // A clock that was set back makes nobody wait for longer.
        return { of, ms: Math.min(last + most - now, most) }
      })
      const longest = waits.reduce((a, b) => (b.ms > a.ms ? b : a))
      if (longest.ms > 0) return longest
      const keep = this.#db.sql.query(
        'INSERT OR REPLACE INTO failures (account, address, count, last_ms) VALUES (?, ?, ?, ?)',
      )
      for (const { key, count } of counts) keep.run(mark, key, count + 1, now)
      return { ms: 0, of: 'place' }
    })
  }

  /** The try that was counted was none; its place is one of theirs from now on. */
  succeeded(account: string, place: Place): void {
    const [mark, now] = [this.#markOf(account), this.#nowMs()]
    this.#db.transaction(() => {
      const forget = this.#db.sql.query('DELETE FROM failures WHERE account = ? AND address = ?')
      this.#oneLess(mark, this.#scopesOf(account, place))
      forget.run(mark, place.key)
      if (place.network === null) return
      this.#db.sql
        .query('INSERT OR REPLACE INTO good_places (account, place, last_ms) VALUES (?, ?, ?)')
        .run(mark, place.key, now)
      this.#pruneGood(mark, now)
    })
  }

  /** The try that was counted was half of one: it is held against nobody, and makes nothing good. */
  takeBack(account: string, place: Place): void {
    this.#db.transaction(() => this.#oneLess(this.#markOf(account), this.#scopesOf(account, place)))
  }

  /** Whether somebody has signed in to this account from there. */
  isGood(account: string, { key }: Place): boolean {
    const query = this.#db.sql.query<unknown, [Uint8Array, string, number]>(
      'SELECT 1 FROM good_places WHERE account = ? AND place = ? AND last_ms > ?',
    )
    return query.get(this.#markOf(account), key, this.#nowMs() - KNOWN_MS) !== null
  }

  /** Until when somebody waits at one address or another; null: nobody does. */
  lockedUntilMs(account: string): number | null {
    const now = this.#nowMs()
    const rows = this.#db.sql
      .query<{ address: string; count: number; last: number }, [Uint8Array]>(
        'SELECT address, count, last_ms AS last FROM failures WHERE account = ?',
      )
      .all(this.#markOf(account))
    const untils = rows.map(({ address, count, last }) => last + waitAfter(count, scopeOf(address)))
    const most = Math.max(0, ...untils)
    return most > now ? most : null
  }

  /** From all addresses; how many had failed. */
  unlock(account: string): number {
    const mark = this.#markOf(account)
    const places = this.#db.sql.query(
      "DELETE FROM failures WHERE account = ? AND address <> '*' AND address NOT LIKE '%/48'",
    )
    const rest = this.#db.sql.query('DELETE FROM failures WHERE account = ?')
    return this.#db.transaction(() => {
      const { changes } = places.run(mark)
      rest.run(mark)
      return changes
    })
  }

  #markOf(account: string): Uint8Array {
    return this.#key.markOf('account', account.toLowerCase())
  }

  /** What counts for a try; from a good place nothing that others did. */
  #scopesOf(account: string, place: Place): readonly { readonly of: Scope; readonly key: string }[] {
    const own = { of: 'place', key: place.key } as const
    if (place.network === null || this.isGood(account, place)) return [own]
    const network = { of: 'network', key: place.network } as const
    return [own, ...(place.network === place.key ? [] : [network]), { of: 'all', key: EVERYWHERE }]
  }

  #countOf(mark: Uint8Array, key: string): { readonly count: number; readonly last: number } {
    const query = this.#db.sql.query<{ count: number; last: number }, [Uint8Array, string]>(
      'SELECT count, last_ms AS last FROM failures WHERE account = ? AND address = ?',
    )
    return query.get(mark, key) ?? { count: 0, last: 0 }
  }

  #oneLess(mark: Uint8Array, scopes: readonly { readonly key: string }[]): void {
    const query = this.#db.sql.query(
      'UPDATE failures SET count = count - 1 WHERE account = ? AND address = ? AND count > 0',
    )
    for (const { key } of scopes) query.run(mark, key)
  }

  #pruneGood(mark: Uint8Array, now: number): void {
    this.#db.sql.query('DELETE FROM good_places WHERE last_ms <= ?').run(now - KNOWN_MS)
    this.#db.sql
      .query(
        `DELETE FROM good_places WHERE account = ?1 AND place IN
        (SELECT place FROM good_places WHERE account = ?1 ORDER BY last_ms DESC, place LIMIT -1 OFFSET ?2)`,
      )
      .run(mark, KNOWN_MAX)
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
