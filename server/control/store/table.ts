import type { Database } from 'bun:sqlite'

/**
 * One table (or a few that belong together); steps[n] takes it from version n to n+1, as SQL. A step is never
 * changed once it was released: databases that went through it would differ from those that go through it
 * now.
 */
export interface Table {
  readonly name: string
  readonly steps: readonly string[]
}

/** What modules of tables need of the database: StateDb, which names them all. */
export interface Db {
  readonly sql: Database
  /** All of it or nothing. */
  transaction<T>(work: () => T): T
  /** What writes and needs no transaction, as it is one statement. */
  write<T>(work: () => T): T
}
