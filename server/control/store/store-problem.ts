/** What is kept cannot be opened or used: why, and what a person can do. */
export class StoreProblem extends Error {
  override readonly name = 'StoreProblem'
  readonly hint: string

  constructor(why: string, hint: string) {
    super(why)
    this.hint = hint
  }
}

/** Another process holds it: what could not be written now can be in a while. */
export class StoreBusy extends StoreProblem {
  constructor(why: string) {
    super(
      why,
      'ask again in a while, or end what holds it: a program that looks into databases, or makes a copy of them',
    )
  }
}

/** The same of what SQLite throws where it is used, as on a full disk; null: that is none of it. */
export function storeProblemOf(error: unknown): StoreProblem | null {
  if (error instanceof StoreProblem) return error
  const { code = '', message = '' } = error as { readonly code?: unknown; readonly message?: string }
  if (typeof code !== 'string' || !code.startsWith('SQLITE_') || code.startsWith('SQLITE_CONSTRAINT'))
    return null
  if (isBusy(error)) return new StoreBusy('state.db is held by another process')
  if (isDamage(code)) {
    const hint = `${WHEN_DAMAGED}; a gateway that has it open must be started anew then`
    return new StoreProblem(`state.db is damaged: ${message}`, hint)
  }
  return new StoreProblem(
    `state.db cannot be used: ${message} (${code})`,
    'let the user of the gateway read and write in the data folder, and make room on its disk',
  )
}

/** Of what SQLite says: what is written there is no database, or not any more. */
export const isDamage = (code: string): boolean => /^SQLITE_(?:CORRUPT|NOTADB)/.test(code)

/** Of what SQLite throws: another process holds it. */
export const isBusy = (error: unknown): boolean =>
  String((error as { readonly code?: unknown } | null)?.code).startsWith('SQLITE_BUSY')

export const WHEN_DAMAGED =
  'put a copy of it back, or move it away with what begins alike (state.db-wal, state.db-shm): then a new one is made, without users and tokens'

/** Does what is good to have: a full disk, or one who holds the database, is no reason to refuse anybody. */
export function whereItCan(keep: () => unknown): void {
  try {
    keep()
  } catch (error) {
    if (storeProblemOf(error) === null) throw error
  }
}
