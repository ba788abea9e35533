// Texts that were served, so that each can be looked at, compared and brought back byte for byte. The number
// of a text is given by the file beside the database (change/history.ts), which a start reads and which is
// written after the config file: a row comes before the config file is renamed, as `coming`, and counts only
// once that file has its number. So whatever moment a gateway ends at, a row that counts has the number and
// the hash that the file gave it, and `settle` mends the one row of which the end was not seen.
import type { Db, Table } from './table.ts'

export const REVISIONS: Table = {
  name: 'revisions',
  steps: [
    `CREATE TABLE revisions (
      config TEXT NOT NULL,
      number INTEGER NOT NULL,
      last INTEGER NOT NULL,
      at INTEGER NOT NULL,
      hash TEXT NOT NULL,
      source TEXT NOT NULL,
      author TEXT,
      message TEXT,
      restores INTEGER,
      state TEXT NOT NULL,
      why TEXT,
      size INTEGER NOT NULL,
      stored INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (config, number)
    ) STRICT`,
  ],
}

export const SOURCES = ['ui', 'api', 'file', 'cli', 'rollback', 'start', 'discovery'] as const
export type Source = (typeof SOURCES)[number]

/**
 * `coming`: about to be served; `served`; `unconfirmed`: it is taken back unless somebody confirms it;
 * `confirmed`; `reverted`: it was taken back by itself, `why` says for what.
 */
export type RevisionState = 'coming' | 'served' | 'unconfirmed' | 'confirmed' | 'reverted'

/** What is known of a text before it is served. */
export interface NewRevision {
  readonly number: number
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly hash: string
  readonly source: Source
  readonly author: string | null
  readonly message: string | null
  /** The revision whose text it is, where one was brought back. */
  readonly restores: number | null
  /** Of the text, in bytes. */
  readonly size: number
}

export interface Revision extends NewRevision {
  /** The number of the last reading of the same text in a row: each reading is one. */
  readonly last: number
  readonly state: RevisionState
  readonly why: string | null
}

/** Texts that are kept; the oldest go first. */
const KEPT_MAX = 50
/** Of all texts as they are stored. */
const STORED_BYTES_MAX = 64 * 1024 * 1024
/** These stay, however large they are: what is served, and what to go back to. */
const KEPT_MIN = 2

const FACTS = 'number, last, at AS atMs, hash, source, author, message, restores, state, why, size' as const

export class Revisions {
  readonly #db: Db
  readonly #config: string

  /** `config` tells config files apart that had the data folder one after another. */
  constructor(db: Db, config: string) {
    this.#db = db
    this.#config = config
  }

  /**
   * Before the config file is written: `packed` is the text, deflated. False: another text has its number,
   * and stays unless this one comes to be served.
   */
  stage(revision: NewRevision, packed: Uint8Array): boolean {
    if (this.find(revision.number) !== null) return false
    this.#put(revision, packed, 'coming')
    return true
  }

  /** It came to nothing. */
  unstage(number: number): void {
    const query = this.#db.sql.query(
      "DELETE FROM revisions WHERE config = ? AND number = ? AND state = 'coming'",
    )
    this.#db.write(() => query.run(this.#config, number))
  }

  /** What is staged is served: the file beside the database says the same. */
  serve(number: number, state: 'served' | 'unconfirmed'): void {
    this.#db.transaction(() => {
      this.#mark(number, state, null)
      this.#prune()
    })
  }

  /** The same text was read again, and counts as another number. */
  reread(hash: string, number: number): boolean {
    const newest = this.#before(number)
    if (newest === null || newest.hash !== hash) return false
    const query = this.#db.sql.query('UPDATE revisions SET last = ? WHERE config = ? AND number = ?')
    this.#db.write(() => query.run(number, this.#config, newest.number))
    return true
  }

  /** What waits to be confirmed does so no more. */
  markUnconfirmed(state: 'confirmed' | 'reverted', why: string | null): void {
    const query = this.#db.sql.query(
      "UPDATE revisions SET state = ?, why = ? WHERE config = ? AND state = 'unconfirmed'",
    )
    this.#db.write(() => query.run(state, why, this.#config))
  }

  /** What became of it later. */
  mark(number: number, state: 'confirmed' | 'reverted', why: string | null): void {
    const one = this.find(number)
    if (one !== null) this.#mark(one.number, state, why)
  }

  /** What is to be known of it beside its state, unless that says something already. */
  remark(number: number, why: string): void {
    const query = this.#db.sql.query(
      'UPDATE revisions SET why = ? WHERE config = ? AND number <= ? AND last >= ? AND why IS NULL',
    )
    this.#db.write(() => query.run(why, this.#config, number, number))
  }

  /**
   * Agrees with what is served after a start. Gives false where its text is not known here: it is to be
   * added.
   */
  settle({ number, hash }: { readonly number: number; readonly hash: string }, whyReverted: string): boolean {
    return this.#db.transaction(() => {
      // Those were never served, or nobody was told that they were.
      this.#db.sql.query('DELETE FROM revisions WHERE config = ? AND number > ?').run(this.#config, number)
      const same = this.#exactly(number)
      if (same !== null && same.hash !== hash) {
        this.#db.sql.query('DELETE FROM revisions WHERE config = ? AND number = ?').run(this.#config, number)
      } else if (same?.state === 'coming') this.#mark(number, 'served', null)
      this.#db.sql.query("DELETE FROM revisions WHERE config = ? AND state = 'coming'").run(this.#config)
      // A start serves what was confirmed, and nothing waits any more.
      this.#db.sql
        .query(
          "UPDATE revisions SET state = 'reverted', why = ? WHERE config = ? AND state = 'unconfirmed' AND hash <> ?",
        )
        .run(whyReverted, this.#config, hash)
      this.#db.sql
        .query("UPDATE revisions SET state = 'served' WHERE config = ? AND state = 'unconfirmed'")
        .run(this.#config)
      return this.find(number)?.hash === hash || this.reread(hash, number)
    })
  }

  /** What is served without having been staged: a start does so, and what could not be written before. */
  add(revision: NewRevision, packed: Uint8Array, state: 'served' | 'unconfirmed' = 'served'): void {
    this.#db.transaction(() => {
      this.#put(revision, packed, state)
      this.#prune()
    })
  }

  /** The newest first; those below a number. */
  list(below: number, most: number): readonly Revision[] {
    return this.#db.sql
      .query<Revision, [string, number, number]>(
        `SELECT ${FACTS} FROM revisions WHERE config = ? AND number < ? AND state <> 'coming'
         ORDER BY number DESC LIMIT ?`,
      )
      .all(this.#config, below, most)
  }

  /** That of a number, as well where it is one of several readings of a text; null: it is not kept. */
  find(number: number): Revision | null {
    return this.#db.sql
      .query<Revision, [string, number, number]>(
        `SELECT ${FACTS} FROM revisions WHERE config = ? AND number <= ? AND last >= ? AND state <> 'coming'
         ORDER BY number DESC LIMIT 1`,
      )
      .get(this.#config, number, number)
  }

  /** Its text, deflated; null: it is not kept. */
  packed(number: number): Uint8Array | null {
    const one = this.find(number)
    if (one === null) return null
    const row = this.#db.sql
      .query<{ bytes: Uint8Array }, [string, number]>(
        'SELECT bytes FROM revisions WHERE config = ? AND number = ?',
      )
      .get(this.#config, one.number)
    return row?.bytes ?? null
  }

  /** The newest one with this text; null: there is none. */
  numberOf(hash: string): number | null {
    const row = this.#db.sql
      .query<{ number: number }, [string, string]>(
        "SELECT number FROM revisions WHERE config = ? AND hash = ? AND state <> 'coming' ORDER BY number DESC LIMIT 1",
      )
      .get(this.#config, hash)
    return row?.number ?? null
  }

  /** That with the highest number; null: there is none. */
  newest(): Revision | null {
    return this.list(Number.MAX_SAFE_INTEGER, 1)[0] ?? null
  }

  #exactly(number: number): Revision | null {
    return this.#db.sql
      .query<Revision, [string, number]>(`SELECT ${FACTS} FROM revisions WHERE config = ? AND number = ?`)
      .get(this.#config, number)
  }

  #before(number: number): Revision | null {
    return this.#db.sql
      .query<Revision, [string, number]>(
        `SELECT ${FACTS} FROM revisions WHERE config = ? AND number < ? AND state <> 'coming'
         ORDER BY number DESC LIMIT 1`,
      )
      .get(this.#config, number)
  }

  #mark(number: number, state: RevisionState, why: string | null): void {
    const query = this.#db.sql.query(
      'UPDATE revisions SET state = ?, why = ? WHERE config = ? AND number = ?',
    )
    this.#db.write(() => query.run(state, why, this.#config, number))
  }

  #put(one: NewRevision, packed: Uint8Array, state: RevisionState): void {
    const query = this.#db.sql.query(
      `INSERT OR REPLACE INTO revisions
       (config, number, last, at, hash, source, author, message, restores, state, size, stored, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const row = [
      ...[this.#config, one.number, one.number, one.atMs, one.hash, one.source, one.author],
      ...[one.message, one.restores, state, one.size, packed.length, packed],
    ]
    this.#db.write(() => query.run(...row))
  }

  /** The oldest go: by their count, and by what all take. */
  #prune(): void {
    const rows = this.#db.sql
      .query<{ number: number; stored: number }, [string]>(
        'SELECT number, stored FROM revisions WHERE config = ? ORDER BY number DESC',
      )
      .all(this.#config)
    let stored = 0
    const beyond = rows.find((row, index) => {
      stored += row.stored
      return index >= KEPT_MIN && (index >= KEPT_MAX || stored > STORED_BYTES_MAX)
    })
    if (beyond !== undefined)
      this.#db.sql
        .query('DELETE FROM revisions WHERE config = ? AND number <= ?')
        .run(this.#config, beyond.number)
  }
}

/** Each text that is kept or coming, deflated, of all config files that have had the data folder. */
export function* everyPacked({ sql }: Db): Generator<Uint8Array> {
  const ids = sql.query<{ rowid: number }, []>('SELECT rowid FROM revisions').all()
  const one = sql.query<{ bytes: Uint8Array }, [number]>('SELECT bytes FROM revisions WHERE rowid = ?')
  for (const { rowid } of ids) {
    const row = one.get(rowid)
    if (row !== null) yield row.bytes
  }
}
