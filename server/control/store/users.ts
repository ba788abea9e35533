// Who may sign in by a browser, and with what.
import type { Role } from './principal.ts'
import type { StateDb } from './state-db.ts'
import { whereItCan } from './store-problem.ts'
import type { Table } from './table.ts'

export const USERS: Table = {
  name: 'users',
  steps: [
    `CREATE TABLE users (
      name TEXT PRIMARY KEY COLLATE NOCASE,
      role TEXT NOT NULL,
      password TEXT NOT NULL,
      password_ms INTEGER NOT NULL,
      created_ms INTEGER NOT NULL,
      created_by TEXT NOT NULL,
      last_sign_in_ms INTEGER
    ) STRICT`,
  ],
}

export interface User {
  readonly name: string
  readonly role: Role
  /** When the password was set. */
  readonly passwordMs: number
  readonly createdMs: number
  readonly createdBy: string
  readonly lastSignInMs: number | null
  /** A second factor is asked of them. */
  readonly hasTotp: boolean
  /** False: they sign in by a link, and set one then. */
  readonly hasPassword: boolean
}

export interface NewUser {
  readonly name: string
  readonly role: Role
  /** As argon2id made it; '': none yet. */
  readonly hash: string
  readonly by: string
}

/** `last_admin`: nobody would be left who may add users. */
export type UserChange = 'done' | 'unknown' | 'last_admin'

interface Row extends Omit<User, 'hasTotp' | 'hasPassword'> {
  readonly hasTotp: number
  readonly hasPassword: number
}

const COLUMNS = `name, role, password_ms AS passwordMs, created_ms AS createdMs, created_by AS createdBy,
  last_sign_in_ms AS lastSignInMs, password <> '' AS hasPassword, EXISTS (SELECT 1 FROM totp WHERE user = name AND since_ms IS NOT NULL) AS hasTotp`

export const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$/

/** What stands against a name; null: nothing. */
export const whyNoUserName = (name: string): string | null =>
  USER_NAME.test(name)
    ? null
    : 'a user name has at most 63 letters, digits and "_.@-", and begins with a letter or digit'

export class Users {
  readonly #db: StateDb
  readonly #nowMs: () => number

  constructor(db: StateDb, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  count(): number {
    return this.#db.sql.query<{ n: number }, []>('SELECT count(*) AS n FROM users').get()?.n ?? 0
  }

  list(): User[] {
    const rows = this.#db.sql.query<Row, []>(`SELECT ${COLUMNS} FROM users ORDER BY name`).all()
    return rows.map(userOf)
  }

  find(name: string): User | null {
    const row = this.#db.sql.query<Row, [string]>(`SELECT ${COLUMNS} FROM users WHERE name = ?`).get(name)
    return row === null ? null : userOf(row)
  }

  /** Null: there is no such user, or they have no password. */
  hashOf(name: string): string | null {
    const query = this.#db.sql.query<{ password: string }, [string]>(
      'SELECT password FROM users WHERE name = ?',
    )
    return query.get(name)?.password || null
  }

  /** False: there is one of this name. */
  add({ name, role, hash, by }: NewUser): boolean {
    const now = this.#nowMs()
    const query = this.#db.sql.query(
      `INSERT INTO users (name, role, password, password_ms, created_ms, created_by) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`,
    )
    return this.#db.write(() => query.run(name, role, hash, now, now, by)).changes > 0
  }

  /** The first one: false when there is any. */
  addFirst(user: NewUser): boolean {
    return this.#db.transaction(() => this.count() === 0 && this.add(user))
  }

  setRole(name: string, role: Role): UserChange {
    return this.#db.transaction(() => {
      if (role !== 'admin' && this.#isLastAdmin(name)) return 'last_admin'
      // Whoever is signed in comes again: what a page shows is for the role that it was opened with.
      this.#db.sql.query('DELETE FROM sign_ins WHERE user = ?').run(name)
      const { changes } = this.#db.sql.query('UPDATE users SET role = ? WHERE name = ?').run(role, name)
      return changes > 0 ? 'done' : 'unknown'
    })
  }

  /** With their sign-ins and second factor. */
  remove(name: string): UserChange {
    return this.#db.transaction(() => {
      if (this.#isLastAdmin(name)) return 'last_admin'
      const { changes } = this.#db.sql.query('DELETE FROM users WHERE name = ?').run(name)
      return changes > 0 ? 'done' : 'unknown'
    })
  }

  /**
   * Ends their links, and all sign-ins but `but`, the id of one; false: there is no such user. Without a hash
   * ('') they have none, and sign in by a link.
   */
  setPassword(name: string, hash: string, but: string | null = null): boolean {
    return this.#db.transaction(() => {
      this.#db.sql.query('DELETE FROM sign_ins WHERE user = ? AND id IS NOT ?').run(name, but)
      this.#db.sql.query('DELETE FROM sign_in_links WHERE user = ?').run(name)
      const { changes } = this.#db.sql
        .query('UPDATE users SET password = ?, password_ms = ? WHERE name = ?')
        .run(hash, this.#nowMs(), name)
      return changes > 0
    })
  }

  /**
   * The password of a user goes: they sign in by a link from then on. The last admin who has one keeps it, as
   * nobody could make links any more.
   */
  takePassword(name: string): UserChange {
    return this.#db.transaction(() => {
      if (this.#isLastAdmin(name, "AND password <> ''")) return 'last_admin'
      return this.setPassword(name, '') ? 'done' : 'unknown'
    })
  }

  signedIn(name: string): void {
    const query = this.#db.sql.query('UPDATE users SET last_sign_in_ms = ? WHERE name = ?')
    whereItCan(() => this.#db.write(() => query.run(this.#nowMs(), name)))
  }

  #isLastAdmin(name: string, counted: '' | "AND password <> ''" = ''): boolean {
    const query = this.#db.sql.query<{ others: number; own: number }, [string, string]>(
      `SELECT count(*) FILTER (WHERE name <> ?) AS others, count(*) FILTER (WHERE name = ?) AS own
      FROM users WHERE role = 'admin' ${counted}`,
    )
    const { others, own } = query.get(name, name) ?? { others: 0, own: 0 }
    return own > 0 && others === 0
  }
}

const userOf = ({ hasTotp, hasPassword, ...user }: Row): User => ({
  ...{ ...user, hasTotp: hasTotp === 1, hasPassword: hasPassword === 1 },
})
