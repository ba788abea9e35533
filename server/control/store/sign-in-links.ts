// One-time links by which a user signs in without their password: kept by a hash, good once, and only for a
// while. What is in one is 131 bits of chance, so that guessing is hopeless.
import { isRole, type Role } from './principal.ts'
import { hashOf, randomWord } from './secrets.ts'
import type { StateDb } from './state-db.ts'
import type { Table } from './table.ts'

export const SIGN_IN_LINKS: Table = {
  name: 'sign_in_links',
  steps: [
    `CREATE TABLE sign_in_links (
      hash BLOB PRIMARY KEY,
      user TEXT NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
      most TEXT,
      expires_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_ms)`,
  ],
}

/** That are good at the same time; more of them are a mistake of a program. */
export const LINKS_MAX = 100
const MINUTE_MS = 60_000
const LASTS_MS_DEFAULT = 15 * MINUTE_MS
const LASTS_MS_MAX = 24 * 60 * MINUTE_MS
const TOKEN_CHARS = 22
const FORM = /^[0-9A-Za-z]{22}$/

export const WHY_NO_LASTS = 'a link lasts as 15m or 2h say, 24h at most'

/** How long one lasts, in ms, as `15m` and `2h` say; null: it is none of these, or more than a day. */
export function linkLasts(text: string | null): number | null {
  if (text === null) return LASTS_MS_DEFAULT
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,3})([hm])$/.exec(text) ?? []
  const ms = Number(count) * (unit === 'h' ? 60 * MINUTE_MS : MINUTE_MS)
  return count === '' || ms > LASTS_MS_MAX ? null : ms
}

/** How it is opened, behind the address of the gateway: in the fragment, which no log and no Referer has. */
export const linkPath = (token: string): string => `/_admin/#/link/${token}`

export interface SignInLink {
  readonly user: string
  /** The sign-in has this role at most; null: that of the user. */
  readonly most: Role | null
  readonly expiresMs: number
}

interface Row extends Omit<SignInLink, 'most'> {
  readonly most: string | null
}

const COLUMNS = 'user, most, expires_ms AS expiresMs'

export class SignInLinks {
  readonly #db: StateDb
  readonly #nowMs: () => number

  constructor(db: StateDb, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** A new one, told this once; null: there are too many that are still good. */
  add(
    user: string,
    { most, lastsMs }: { readonly most: Role | null; readonly lastsMs: number },
  ): { readonly token: string; readonly expiresMs: number } | null {
    const [token, now] = [randomWord(TOKEN_CHARS), this.#nowMs()]
    const expiresMs = now + lastsMs
    const isAdded = this.#db.transaction(() => {
      this.#db.sql.query('DELETE FROM sign_in_links WHERE expires_ms <= ?').run(now)
      const count = this.#db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM sign_in_links').get()
      if ((count?.n ?? 0) >= LINKS_MAX) return false
      this.#db.sql
        .query('INSERT INTO sign_in_links (hash, user, most, expires_ms) VALUES (?, ?, ?, ?)')
        .run(hashOf(token), user, most, expiresMs)
      return true
    })
    return isAdded ? { token, expiresMs } : null
  }

  /** Whose it is; null: nobody's, or it was used, or has ended. It stays good. */
  find(token: string): SignInLink | null {
    if (!FORM.test(token)) return null
    const query = this.#db.sql.query<Row, [Uint8Array, number]>(
      `SELECT ${COLUMNS} FROM sign_in_links WHERE hash = ? AND expires_ms > ?`,
    )
    return linkOf(query.get(hashOf(token), this.#nowMs()))
  }

  /** The same, and it is good no more: of many who come with it at the same time one gets it. */
  take(token: string): SignInLink | null {
    if (!FORM.test(token)) return null
    const query = this.#db.sql.query<Row, [Uint8Array, number]>(
      `DELETE FROM sign_in_links WHERE hash = ? AND expires_ms > ? RETURNING ${COLUMNS}`,
    )
    return linkOf(this.#db.write(() => query.get(hashOf(token), this.#nowMs())))
  }
}

/** A role that this version does not know is none that may be given. */
function linkOf(row: Row | null): SignInLink | null {
  if (row === null) return null
  const { most } = row
  return most === null || isRole(most) ? { ...row, most } : null
}
