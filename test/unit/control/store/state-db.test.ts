import { Database } from 'bun:sqlite'
import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StateDb, stateDbPath } from '../../../../server/control/store/state-db.ts'
import { StoreProblem, storeProblemOf } from '../../../../server/control/store/store-problem.ts'

const folders: string[] = []
const open: StateDb[] = []
afterEach(() => {
  for (const db of open.splice(0)) db.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'state-db-'))
  folders.push(made)
  return made
}

function opened(...given: Parameters<typeof StateDb.open>): StateDb {
  const db = StateDb.open(...given)
  open.push(db)
  return db
}

function problemOf(work: () => unknown): StoreProblem {
  try {
    work()
  } catch (error) {
    if (error instanceof StoreProblem) return error
    throw error
  }
  throw new Error('it was opened')
}

const FIRST = 'CREATE TABLE things (name TEXT PRIMARY KEY) STRICT'
const SECOND = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"
const V1 = [{ name: 'things', steps: [FIRST] }]
const V2 = [{ name: 'things', steps: [FIRST, SECOND] }]

describe('state.db', () => {
  test('is made for its user alone, in a folder that is made as well', () => {
    const data = join(folder(), 'deep', 'data')
    opened(data, V1)
    expect(statSync(stateDbPath(data)).mode & 0o777).toBe(0o600)
    expect(statSync(`${stateDbPath(data)}-wal`).mode & 0o777).toBe(0o600)
    expect(statSync(data).mode & 0o777).toBe(0o700)
  })

  test('that others may read is closed to them', () => {
    const data = folder()
    opened(data, V1).close()
    chmodSync(stateDbPath(data), 0o644)
    opened(data, V1)
    expect(statSync(stateDbPath(data)).mode & 0o777).toBe(0o600)
  })

  test('keeps what it has while its tables go on to their newest versions', () => {
    const data = folder()
    const before = opened(data, V1)
    before.sql.run("INSERT INTO things (name) VALUES ('ball')")
    before.close()
    const after = opened(data, [...V2, { name: 'more', steps: ['CREATE TABLE more (a INTEGER) STRICT'] }])
    expect(after.sql.query('SELECT * FROM things').all()).toEqual([{ name: 'ball', colour: 'red' }])
    expect(after.sql.query('SELECT * FROM more').all()).toEqual([])
  })

  test('a step that fails leaves all tables as they were', () => {
    const data = folder()
    opened(data, V1).close()
    const broken = [{ name: 'things', steps: [FIRST, SECOND, 'ALTER TABLE nothing ADD COLUMN a TEXT'] }]
    expect(problemOf(() => StateDb.open(data, broken)).message).toContain('nothing')
    const columns = opened(data, V1).sql.query("SELECT name FROM pragma_table_info('things')").all()
    expect(columns).toEqual([{ name: 'name' }])
  })

  test('of a newer Sluice is refused, and says so', () => {
    const data = folder()
    opened(data, V2).close()
    const { message, hint } = problemOf(() => StateDb.open(data, V1))
    expect(message).toBe(
      `${stateDbPath(data)} was written by a newer Sluice: "things" is of version 2, and this one knows 1`,
    )
    expect(hint).toStartWith('run that Sluice or a newer one')
    // Nothing was done to it.
    opened(data, V2)
  })

  test('of another program is not written to', () => {
    const data = folder()
    const other = new Database(stateDbPath(data), { create: true })
    other.run('CREATE TABLE theirs (a)')
    other.close()
    expect(problemOf(() => StateDb.open(data, V1)).message).toContain('another program')
    const again = new Database(stateDbPath(data), { readonly: true })
    expect(again.query('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'theirs' }])
    again.close()
  })

  test('that is no database, or a damaged one, says what to do', () => {
    const data = folder()
    writeFileSync(stateDbPath(data), 'not a database at all, but long enough to be taken for one'.repeat(100))
    const { message, hint } = problemOf(() => StateDb.open(data, V1))
    expect(message).toContain('is damaged: file is not a database')
    expect(hint).toContain('put a copy of it back')
  })

  test('whose damage shows only in use says what to do as well', () => {
    const error = Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' })
    const { message, hint } = storeProblemOf(error) ?? {}
    expect(message).toBe('state.db is damaged: database disk image is malformed')
    expect(hint).toContain('put a copy of it back')
    expect(hint).not.toContain('make room')
  })

  test('a folder that is a file, or that cannot be made, says why and what to do', () => {
    const data = join(folder(), 'data')
    writeFileSync(data, '')
    const { message, hint } = problemOf(() => StateDb.open(data, V1))
    expect(message).toContain('state.db cannot be opened: ')
    expect(hint).toEndWith('name another folder with "data"')
    expect(problemOf(() => StateDb.open('/proc/none/data', V1)).message).toContain('ENOENT')
  })

  test('may be open more than once, and each sees what the other wrote', () => {
    const data = folder()
    const [one, two] = [opened(data, V1), opened(data, V1)]
    one.transaction(() => one.sql.run("INSERT INTO things (name) VALUES ('ball')"))
    expect(two.sql.query('SELECT name FROM things').all()).toEqual([{ name: 'ball' }])
    two.sql.run("INSERT INTO things (name) VALUES ('bat')")
    expect(one.sql.query('SELECT count(*) AS n FROM things').get()).toEqual({ n: 2 })
  })

  test('is made once by processes that open it at the same time', async () => {
    const data = folder()
    const script = join(data, 'open.ts')
    const file = join(import.meta.dir, '../../../../server/control/store/state-db.ts')
    writeFileSync(
      script,
      `import { StateDb } from '${file}'
const db = StateDb.open('${data}', ${JSON.stringify(V2)})
db.transaction(() => db.sql.run('INSERT INTO things (name) VALUES (?)', [String(process.pid)]))
db.close()`,
    )
    const children = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, script], { stderr: 'pipe' }),
    )
    const said = await Promise.all(children.map((child) => new Response(child.stderr).text()))
    expect(said).toEqual(['', '', '', ''])
    expect(opened(data, V2).sql.query('SELECT count(*) AS n FROM things').get()).toEqual({ n: 4 })
  })

  test('a transaction that throws has done nothing', () => {
    const db = opened(folder(), V1)
    const work = (): void => {
      db.sql.run("INSERT INTO things (name) VALUES ('ball')")
      throw new Error('no')
    }
    expect(() => db.transaction(work)).toThrow('no')
    expect(db.sql.query('SELECT * FROM things').all()).toEqual([])
  })

  test('what is deleted is not left in the file', () => {
    const data = folder()
    const db = opened(data, V1)
    const secret = 'planted-'.concat('x'.repeat(32))
    db.sql.run('INSERT INTO things (name) VALUES (?)', [secret])
    db.sql.run('DELETE FROM things')
    db.sql.run('PRAGMA wal_checkpoint(TRUNCATE)')
    expect(readFileSync(stateDbPath(data)).includes(secret)).toBe(false)
  })
})
