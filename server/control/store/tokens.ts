// Tokens of programs: `slt_<id>_<secret>`. The id finds it, the hash of the secret keeps it.
import type { Role } from './principal.ts'
import { hashOf, newSecret, randomWord } from './secrets.ts'
import type { StateDb } from './state-db.ts'
import { isSame } from './state-key.ts'
import { whereItCan } from './store-problem.ts'
import type { Table } from './table.ts'

export const TOKENS: Table = {
  name: 'tokens',
  steps: [
    `CREATE TABLE tokens (
      id TEXT PRIMARY KEY,
      hash BLOB NOT NULL,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      scopes TEXT NOT NULL,
      ranges TEXT NOT NULL,
      created_ms INTEGER NOT NULL,
      created_by TEXT NOT NULL,
      expires_ms INTEGER,
      used_ms INTEGER,
      used_from TEXT
    ) STRICT`,
  ],
}

const DAY_MS = 24 * 3_600_000
const TOKEN_MS_DEFAULT = 90 * DAY_MS
const TOKEN_MS_MAX = 3650 * DAY_MS
/** More of them are a mistake of a program. */
export const TOKENS_MAX = 1000
/** That it was used is written no oftener: each write waits for the disk. */
const USED_EVERY_MS = 60_000
const FORM = /^slt_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})$/

/**
 * When a token ends that is made now: after 90 days, or as `90d`, `12h`, `30m` and `never` say. Undefined: it
 * is none of these, or more than ten years.
 */
export function expiryOf(lasts: string | null, nowMs: number): number | null | undefined {
  if (lasts === null) return nowMs + TOKEN_MS_DEFAULT
  if (lasts === 'never') return null
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,5})([dhm])$/.exec(lasts) ?? []
  const ms = Number(count) * (unit === 'd' ? DAY_MS : unit === 'h' ? 3_600_000 : 60_000)
  return count === '' || ms > TOKEN_MS_MAX ? undefined : nowMs + ms
}

export interface Token {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Resources that it may touch, as `backends/api/*`; empty: all. */
  readonly scopes: readonly string[]
  /** Ranges of addresses that it is taken from; empty: all. */
  readonly ranges: readonly string[]
  readonly createdMs: number
  readonly createdBy: string
  /** Null: never. */
  readonly expiresMs: number | null
  readonly usedMs: number | null
  readonly usedFrom: string | null
}

export type NewToken = Pick<Token, 'name' | 'role' | 'scopes' | 'ranges' | 'createdBy' | 'expiresMs'>

interface Row extends Omit<Token, 'scopes' | 'ranges'> {
  readonly hash: Uint8Array
  readonly scopes: string
  readonly ranges: string
}

const COLUMNS = `id, hash, name, role, scopes, ranges, created_ms AS createdMs, created_by AS createdBy,
  expires_ms AS expiresMs, used_ms AS usedMs, used_from AS usedFrom FROM tokens`

export class Tokens {
  readonly #db: StateDb
  readonly #nowMs: () => number

  constructor(db: StateDb, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** The token as it is told this once, and what is kept of it. Null: there are too many. */
  add(token: NewToken): { readonly text: string; readonly token: Token } | null {
    const [id, secret] = [randomWord(12), newSecret()]
    const { name, role, scopes, ranges, createdBy, expiresMs } = token
    return this.#db.transaction(() => {
      const count = this.#db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM tokens').get()?.n ?? 0
      if (count >= TOKENS_MAX) return null
      this.#db.sql
        .query(
          `INSERT INTO tokens (id, hash, name, role, scopes, ranges, created_ms, created_by, expires_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[id, hashOf(secret), name, role, JSON.stringify(scopes), JSON.stringify(ranges)],
          ...[this.#nowMs(), createdBy, expiresMs],
        )
      const kept = this.get(id)
      return kept && { text: `slt_${id}_${secret}`, token: kept }
    })
  }

  /** Whether a text has the form of a token, good or not. */
  static isOne(text: string): boolean {
    return text.startsWith('slt_')
  }

  /** Whose text this is, expired or not; null: nobody's. */
  find(text: string): Token | null {
    const [, id = '', secret = ''] = FORM.exec(text) ?? []
    if (id === '') return null
    const row = this.#row(id)
    return row !== null && isSame(hashOf(secret), row.hash) ? tokenOf(row) : null
  }

  get(id: string): Token | null {
    const row = this.#row(id)
    return row === null ? null : tokenOf(row)
  }

  isExpired({ expiresMs }: Pick<Token, 'expiresMs'>): boolean {
    return expiresMs !== null && expiresMs <= this.#nowMs()
  }

  isGood(id: string): boolean {
    const row = this.#row(id)
    return row !== null && !this.isExpired(row)
  }

  used({ id, usedMs, usedFrom }: Token, from: string): void {
    const now = this.#nowMs()
    if (usedMs !== null && now - usedMs < USED_EVERY_MS && usedFrom === from) return
    const keep = this.#db.sql.query('UPDATE tokens SET used_ms = ?, used_from = ? WHERE id = ?')
    whereItCan(() => this.#db.write(() => keep.run(now, from, id)))
  }

  list(): Token[] {
    const rows = this.#db.sql.query<Row, []>(`SELECT ${COLUMNS} ORDER BY created_ms DESC, id`).all()
    return rows.map(tokenOf)
  }

  /** False: there is none of this id. */
  remove(id: string): boolean {
    const query = this.#db.sql.query('DELETE FROM tokens WHERE id = ?')
    return this.#db.write(() => query.run(id)).changes > 0
  }

  #row(id: string): Row | null {
    return this.#db.sql.query<Row, [string]>(`SELECT ${COLUMNS} WHERE id = ?`).get(id)
  }
}

const tokenOf = ({ hash: _, scopes, ranges, ...row }: Row): Token => ({
  ...row,
  scopes: JSON.parse(scopes) as string[],
  ranges: JSON.parse(ranges) as string[],
})

/** Whether a resource, as `backends/api/servers/a`, is within scopes; none: it is. */
export function isWithin(scopes: readonly string[], resource: string): boolean {
  if (scopes.length === 0) return true
  return scopes.some((scope) => {
    if (scope === '*') return true
    if (!scope.endsWith('/*')) return resource === scope
    const above = scope.slice(0, -2)
    return resource === above || resource.startsWith(`${above}/`)
  })
}
