import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Figures, FIGURES, KEPT_S } from '../../../../server/control/store/figures.ts'
import { StateDb } from '../../../../server/control/store/state-db.ts'
import { CELLS, COUNTED, type TenMinutesOf } from '../../../../server/tables/figures.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const AT_S = 1_767_322_800

function open(folder = mkdtempSync(join(tmpdir(), 'sluice-figures-'))): StateDb {
  if (!folders.includes(folder)) folders.push(folder)
  return StateDb.open(folder, [FIGURES])
}

function counted(name: string, requests: number, more: readonly number[] = []): TenMinutesOf {
  const cells = new Float64Array(CELLS)
  cells[COUNTED.indexOf('requests')] = requests
  more.forEach((count, i) => (cells[COUNTED.length + i] = count))
  return { kind: 'backend', name, cells }
}

const requestsIn = (figures: Figures, name: string, [from, to] = [0, 1e11]): number[][] =>
  figures.read('backend', name, from!, to!).map(({ atS, cells }) => [atS, cells[0]!])

test('figures are there again when the database is opened anew, buckets included', () => {
  const db = open()
  new Figures(db).add(AT_S, [counted('api', 123_456_789, [0, 5, 0, 300, 70_000_000])])
  db.close()
  const again = open(folders[0]!)
  const [row] = new Figures(again).read('backend', 'api', AT_S, AT_S + 600)
  expect(row!.atS).toBe(AT_S)
  expect([...row!.cells]).toEqual([...counted('', 123_456_789, [0, 5, 0, 300, 70_000_000]).cells])
  again.close()
})

test('what comes once more of the same ten minutes, as after a restart or a clock set back, is added', () => {
  const db = open()
  const figures = new Figures(db)
  figures.add(AT_S, [counted('api', 5, [1, 2])])
  figures.add(AT_S + 600, [counted('api', 7)])
  figures.add(AT_S, [counted('api', 10, [0, 3, 4]), counted('web', 1)])
  expect(requestsIn(figures, 'api')).toEqual([
    [AT_S, 15],
    [AT_S + 600, 7],
  ])
  expect([
    ...figures.read('backend', 'api', AT_S, AT_S + 1)[0]!.cells.slice(COUNTED.length, COUNTED.length + 3),
  ]).toEqual([1, 5, 4])
  expect(figures.busiest('backend', AT_S, AT_S + 600, 5)).toEqual(['api', 'web'])
  db.close()
})

test('what is older than ninety days goes, and names with it', () => {
  const db = open()
  const figures = new Figures(db)
  figures.add(AT_S - KEPT_S - 600, [counted('old', 5)])
  figures.add(AT_S - KEPT_S, [counted('edge', 5)])
  for (let i = 0; i < 144; i++) figures.add(AT_S, [counted('api', 1)])
  expect(requestsIn(figures, 'old')).toEqual([])
  expect(requestsIn(figures, 'edge')).toEqual([[AT_S - KEPT_S, 5]])
  const names = db.sql.query<{ name: string }, []>('SELECT name FROM figure_series ORDER BY name').all()
  expect(names.map(({ name }) => name)).toEqual(['api', 'edge'])
  db.close()
})

test('there are never more rows than a limit: the oldest go first', () => {
  const db = open()
  const figures = new Figures(db, { rowsMax: 10 })
  for (let i = 0; i < 30; i++) figures.add(AT_S + i * 600, [counted('api', i)])
  expect(requestsIn(figures, 'api').length).toBe(10)
  expect(requestsIn(figures, 'api')[0]).toEqual([AT_S + 20 * 600, 20])
  db.close()
})

test('of more series than a limit the busiest have their names, and others are one', () => {
  const db = open()
  const figures = new Figures(db, { seriesMax: 3 })
  figures.add(
    AT_S,
    [1, 1, 3, 4, 5].map((count) => counted(`b${count}`, count)),
  )
  expect(figures.busiest('backend', 0, 1e11, 9)).toEqual(['b5', 'b4', 'b3', 'other'])
  expect(requestsIn(figures, 'other')).toEqual([[AT_S, 2]])
  db.close()
})

test('what cannot be written leaves nothing half written, and is written later', () => {
  const db = open()
  const figures = new Figures(db)
  figures.add(AT_S, [counted('api', 1)])
  db.sql.run('PRAGMA query_only = ON')
  expect(() => figures.add(AT_S + 600, [counted('new', 2), counted('api', 2)])).toThrow()
  db.sql.run('PRAGMA query_only = OFF')
  figures.add(AT_S + 600, [counted('new', 2), counted('api', 2)])
  expect(requestsIn(figures, 'new')).toEqual([[AT_S + 600, 2]])
  db.close()
})

test('a full disk is one failed write, and nothing of it is there', () => {
  const db = open()
  const figures = new Figures(db)
  figures.add(AT_S, [counted('api', 1)])
  const { page_count: pages } = db.sql.query<{ page_count: number }, []>('PRAGMA page_count').get()!
  db.sql.run(`PRAGMA max_page_count = ${pages}`)
  const many = Array.from({ length: 1900 }, (_, i) => counted(`backend-with-a-long-name-${i}`, 1))
  expect(() => figures.add(AT_S + 600, many)).toThrow(/full/)
  expect(figures.busiest('backend', 0, 1e11, 9999)).toEqual(['api'])
  db.sql.run('PRAGMA max_page_count = 1073741823')
  figures.add(AT_S + 600, many)
  expect(figures.busiest('backend', 0, 1e11, 9999).length).toBe(1901)
  db.close()
})
