// Second factors of users: the secret of an authenticator app, and codes for whoever lost it.
import { randomBytes } from 'node:crypto'
import { hashOf } from './secrets.ts'
import type { StateDb } from './state-db.ts'
import type { StateKey } from './state-key.ts'
import type { Table } from './table.ts'
import { base32, newTotpSecret, stepOfCode } from './totp.ts'

export const SECOND_FACTORS: Table = {
  name: 'second_factors',
  steps: [
    `CREATE TABLE totp (
      user TEXT PRIMARY KEY COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
      sealed BLOB NOT NULL,
      begun_ms INTEGER NOT NULL,
      since_ms INTEGER,
      last_step INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE recovery_codes (
      hash BLOB PRIMARY KEY,
      user TEXT NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE
    ) STRICT`,
  ],
}

const RECOVERY_CODES = 10
/** 80 bits: a plain hash keeps it. */
const RECOVERY_BYTES = 10
/** How long a set-up that was begun may take. */
const SET_UP_MS = 10 * 60_000

interface Row {
  readonly sealed: Uint8Array
  readonly begun_ms: number
  /** Null: set up, but no code of it was shown yet. */
  readonly since_ms: number | null
  readonly last_step: number
}

export class SecondFactors {
  readonly #db: StateDb
  readonly #key: StateKey
  readonly #nowMs: () => number

  constructor(db: StateDb, key: StateKey, nowMs: () => number) {
    this.#db = db
    this.#key = key
    this.#nowMs = nowMs
  }

  /** Whether a code is asked of this user. */
  isOn(user: string): boolean {
    return (this.#row(user)?.since_ms ?? null) !== null
  }

  /** Recovery codes that are left. */
  recoveryCodesLeft(user: string): number {
    const query = this.#db.sql.query<{ n: number }, [string]>(
      'SELECT count(*) AS n FROM recovery_codes WHERE user = ?',
    )
    return query.get(user)?.n ?? 0
  }

  /** A new secret, which counts once a code of it was shown; null: this user has one that counts. */
  begin(user: string): Uint8Array | null {
    const secret = newTotpSecret()
    const sealed = this.#key.seal('totp', secret, user.toLowerCase())
    const query = this.#db.sql.query(
      `INSERT INTO totp (user, sealed, begun_ms) VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE
      SET sealed = excluded.sealed, begun_ms = excluded.begun_ms, last_step = 0 WHERE since_ms IS NULL`,
    )
    const { changes } = this.#db.write(() => query.run(user, sealed, this.#nowMs()))
    return changes > 0 ? secret : null
  }

  /** Turns on what was begun; its recovery codes, which are told this once. Null: the code is not of it. */
  confirm(user: string, code: string): readonly string[] | null {
    return this.#db.transaction(() => {
      const row = this.#row(user)
      if (row === null || row.since_ms !== null || this.#nowMs() - row.begun_ms > SET_UP_MS) return null
      if (!this.#takeCode(user, row, code)) return null
      this.#db.sql.query('UPDATE totp SET since_ms = ? WHERE user = ?').run(this.#nowMs(), user)
      return this.#newRecoveryCodes(user)
    })
  }

  /** Takes a code of the app, or a recovery code; each is good once. */
  take(user: string, code: string): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(user)
      if (row === null || row.since_ms === null) return false
      return this.#takeCode(user, row, code) || this.#takeRecoveryCode(user, code)
    })
  }

  /** False: there was none. */
  remove(user: string): boolean {
    return this.#db.transaction(() => {
      this.#db.sql.query('DELETE FROM recovery_codes WHERE user = ?').run(user)
      return this.#db.sql.query('DELETE FROM totp WHERE user = ?').run(user).changes > 0
    })
  }

  #row(user: string): Row | null {
    const query = this.#db.sql.query<Row, [string]>(
      'SELECT sealed, begun_ms, since_ms, last_step FROM totp WHERE user = ?',
    )
    return query.get(user)
  }

  #takeCode(user: string, { sealed, last_step: lastStep }: Row, code: string): boolean {
    const secret = this.#key.open('totp', sealed, user.toLowerCase())
    const step = secret && stepOfCode(secret, code, { nowMs: this.#nowMs(), lastStep })
    if (step === null) return false
    this.#db.sql.query('UPDATE totp SET last_step = ? WHERE user = ?').run(step, user)
    return true
  }

  #takeRecoveryCode(user: string, code: string): boolean {
    const plain = code.replace(/[ -]/g, '').toUpperCase()
    if (!/^[A-Z2-7]{16}$/.test(plain)) return false
    const query = this.#db.sql.query('DELETE FROM recovery_codes WHERE user = ? AND hash = ?')
    return query.run(user, hashOf(`${user.toLowerCase()} ${plain}`)).changes > 0
  }

  #newRecoveryCodes(user: string): readonly string[] {
    this.#db.sql.query('DELETE FROM recovery_codes WHERE user = ?').run(user)
    const codes = Array.from({ length: RECOVERY_CODES }, () => base32(randomBytes(RECOVERY_BYTES)))
    const keep = this.#db.sql.query('INSERT INTO recovery_codes (hash, user) VALUES (?, ?)')
    for (const code of codes) keep.run(hashOf(`${user.toLowerCase()} ${code}`), user)
    return codes.map((code) => (code.match(/.{4}/g) ?? []).join('-'))
  }
}
