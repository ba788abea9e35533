// Sign-ins of browsers. A cookie holds 256 bits of chance and nothing else; what they stand for is kept here,
// so that ending one, or changing a role, counts with the next request.
import { isAtLeast, isRole, type Role } from './principal.ts'
import { hashOf, newSecret, randomWord } from './secrets.ts'
import type { StateDb } from './state-db.ts'
import { whereItCan } from './store-problem.ts'
import type { Table } from './table.ts'

export const SIGN_INS: Table = {
  name: 'sign_ins',
  steps: [
    `CREATE TABLE sign_ins (
      id TEXT PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      user TEXT NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
      created_ms INTEGER NOT NULL,
      seen_ms INTEGER NOT NULL,
      proved_ms INTEGER NOT NULL,
      address TEXT NOT NULL,
      agent TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sign_ins_by_user ON sign_ins (user, created_ms)`,
    'ALTER TABLE sign_ins ADD COLUMN most TEXT',
  ],
}

/** Unused for so long, it ends. */
export const IDLE_MS = 12 * 3_600_000
/** It ends after so long, however much it is used. */
export const WHOLE_MS = 7 * 24 * 3_600_000
/** How long a password or code that was given counts for what asks for a fresh one. */
export const STEP_UP_MS = 5 * 60_000
/** That it was used is written no oftener: each write waits for the disk. */
const SEEN_EVERY_MS = 60_000
/** Of one user; then the oldest ends. */
const SIGN_INS_MAX = 20
const AGENT_CHARS_MAX = 200

export interface SignIn {
  /** Names it; no secret. */
  readonly id: string
  readonly user: string
  /** That of the user, or the lesser one that it was begun with. */
  readonly role: Role
  readonly createdMs: number
  readonly seenMs: number
  /** When a password or a code was last given. */
  readonly provedMs: number
  readonly address: string
  readonly agent: string
}

/** Of one that begins. */
export interface NewSignIn extends Pick<SignIn, 'user' | 'address' | 'agent'> {
  /** It has this role at most, whatever the user's is; default: that of the user. */
  readonly most?: Role | null
  /** Begun without a password or a code: what asks for a fresh one asks for it. */
  readonly isUnproved?: boolean
}

interface Row extends SignIn {
  readonly most: string | null
}

const COLUMNS = `id, users.name AS user, users.role AS role, sign_ins.created_ms AS createdMs, seen_ms AS seenMs,
  proved_ms AS provedMs, address, agent, most FROM sign_ins JOIN users ON users.name = sign_ins.user`
const GOOD = 'seen_ms > ? AND sign_ins.created_ms > ?'

export class SignIns {
  readonly #db: StateDb
  readonly #nowMs: () => number

  constructor(db: StateDb, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** What the cookie of a new one holds. */
  begin({ user, address, agent, most = null, isUnproved = false }: NewSignIn): string {
    const [secret, now] = [newSecret(), this.#nowMs()]
    const proved = isUnproved ? 0 : now
    this.#db.transaction(() => {
      this.#prune(user)
      this.#db.sql
        .query(
          'INSERT INTO sign_ins (id, hash, user, created_ms, seen_ms, proved_ms, address, agent, most) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          randomWord(12),
          hashOf(secret),
          user,
          now,
          now,
          proved,
          address,
          agent.slice(0, AGENT_CHARS_MAX),
          most,
        )
    })
    return secret
  }

  /** Whose cookie this is; null: nobody's, or it has ended. */
  find(secret: string): SignIn | null {
    const [now, hash] = [this.#nowMs(), hashOf(secret)]
    const query = this.#db.sql.query<Row, [Uint8Array, number, number]>(
      `SELECT ${COLUMNS} WHERE hash = ? AND ${GOOD}`,
    )
    const found = signInOf(query.get(hash, now - IDLE_MS, now - WHOLE_MS))
    if (found !== null && now - found.seenMs >= SEEN_EVERY_MS) {
      const seen = this.#db.sql.query('UPDATE sign_ins SET seen_ms = ? WHERE hash = ?')
      whereItCan(() => this.#db.write(() => seen.run(now, hash)))
    }
    return found
  }

  /** Whether the one of this id has not ended. Nothing is written: asking is no use of it. */
  isGood(id: string): boolean {
    const now = this.#nowMs()
    const query = this.#db.sql.query<unknown, [string, number, number]>(
      `SELECT 1 FROM sign_ins WHERE id = ? AND ${GOOD}`,
    )
    return query.get(id, now - IDLE_MS, now - WHOLE_MS) !== null
  }

  /**
   * A password or code was given: the same sign-in goes on by another secret, so that whoever knew the one
   * before gains nothing. Null: it has ended.
   */
  prove(id: string): string | null {
    const [secret, now] = [newSecret(), this.#nowMs()]
    const query = this.#db.sql.query('UPDATE sign_ins SET hash = ?, proved_ms = ?, seen_ms = ? WHERE id = ?')
    const { changes } = this.#db.write(() => query.run(hashOf(secret), now, now, id))
    return changes > 0 ? secret : null
  }

  isProved({ provedMs }: Pick<SignIn, 'provedMs'>): boolean {
    return Math.abs(this.#nowMs() - provedMs) < STEP_UP_MS
  }

  /** False: there is none of this id. `user`: only if it is theirs. */
  end(id: string, user: string | null = null): boolean {
    const query = this.#db.sql.query('DELETE FROM sign_ins WHERE id = ?1 AND (?2 IS NULL OR user = ?2)')
    return this.#db.write(() => query.run(id, user)).changes > 0
  }

  /** Those of a user, or of all; those used last come first. */
  list(user: string | null = null): SignIn[] {
    const now = this.#nowMs()
    const query = this.#db.sql.query<Row, [number, number, string | null]>(
      `SELECT ${COLUMNS} WHERE ${GOOD} AND (?3 IS NULL OR user = ?3) ORDER BY seen_ms DESC, id`,
    )
    return query.all(now - IDLE_MS, now - WHOLE_MS, user).flatMap((row) => signInOf(row) ?? [])
  }

  #prune(user: string): void {
    const now = this.#nowMs()
    this.#db.sql
      .query('DELETE FROM sign_ins WHERE seen_ms <= ? OR created_ms <= ?')
      .run(now - IDLE_MS, now - WHOLE_MS)
    this.#db.sql
      .query(
        `DELETE FROM sign_ins WHERE id IN
        (SELECT id FROM sign_ins WHERE user = ? ORDER BY created_ms DESC, id LIMIT -1 OFFSET ?)`,
      )
      .run(user, SIGN_INS_MAX - 1)
  }
}

/** None of a role that this version does not know. */
function signInOf(row: Row | null): SignIn | null {
  if (row === null) return null
  const { most, ...found } = row
  if (most === null) return found
  return isRole(most) ? { ...found, role: isAtLeast(found.role, most) ? most : found.role } : null
}
