// Figures of ten minutes each, for ninety days. Only times in which something was counted have a row.
import type { Statement } from 'bun:sqlite'
import { CELLS, COUNTED, type FigureKind, type TenMinutesOf } from '../../tables/figures.ts'
import { LABEL_OTHER } from '../../tables/metrics.ts'
import { addCells } from '../../telemetry/figure-cells.ts'
import type { StateDb } from './state-db.ts'
import type { Table } from './table.ts'

export const FIGURES: Table = {
  name: 'figures',
  steps: [
    `CREATE TABLE figure_series (
       id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name)
     ) STRICT;
     CREATE TABLE figures (
       series INTEGER NOT NULL REFERENCES figure_series (id) ON DELETE CASCADE,
       at INTEGER NOT NULL,
       requests INTEGER NOT NULL, client_errors INTEGER NOT NULL, server_errors INTEGER NOT NULL,
       aborted INTEGER NOT NULL, connections INTEGER NOT NULL, faults INTEGER NOT NULL,
       bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, active INTEGER NOT NULL,
       buckets BLOB NOT NULL,
       PRIMARY KEY (series, at)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX figures_at ON figures (at);`,
  ],
}

export const KEPT_S = 90 * 86_400
/** Of one time: those with less make one of their kind, `other`. */
const SERIES_MAX = 2000
/** Beyond, the oldest go: some 100 MB. */
const ROWS_MAX = 1_000_000
/** Names that have no figures any more go with one of so many writes: once a day. */
const SWEEP_EVERY = 144

type Row = Readonly<Record<(typeof COUNTED)[number], number>> & {
  readonly at: number
  readonly buckets: Uint8Array
}

export interface FiguresLimits {
  readonly seriesMax?: number
  readonly rowsMax?: number
}

export class Figures {
  readonly #db: StateDb
  readonly #limits: Required<FiguresLimits>
  readonly #ids = new Map<string, number>()
  /** Null: to be counted. */
  #rows: number | null = null
  #writes = 0
  /** That of which the above is known. */
  #sql: StateDb['sql'] | null = null

  constructor(db: StateDb, { seriesMax = SERIES_MAX, rowsMax = ROWS_MAX }: FiguresLimits = {}) {
    this.#db = db
    this.#limits = { seriesMax, rowsMax }
  }

  /**
   * Adds what was counted in the ten minutes from `beganS` on (seconds since 1970) to what is there of them,
   * and removes what is too old: all of it or nothing. Throws what SQLite says.
   */
  add(beganS: number, all: readonly TenMinutesOf[]): void {
    if (this.#sql !== this.#db.sql) this.#forget()
    this.#sql = this.#db.sql
    try {
      this.#db.transaction(() => this.#add(beganS, all))
    } catch (error) {
      // What was found out meanwhile was undone with the rest.
      this.#forget()
      throw error
    }
  }

  #forget(): void {
    this.#ids.clear()
    this.#rows = null
  }

  #add(beganS: number, all: readonly TenMinutesOf[]): void {
    let rows = this.#rows ?? this.#count()
    const before = this.#query<Row>(`SELECT * FROM figures WHERE series = ? AND at = ?`)
    const write = this.#query<never>(
      `INSERT OR REPLACE INTO figures (series, at, ${COUNTED.join(', ')}, buckets)
         VALUES (?, ?, ${COUNTED.map(() => '?').join(', ')}, ?)`,
    )
    for (const { kind, name, cells } of limited(all, this.#limits.seriesMax)) {
      const id = this.#idOf(kind, name)
      const row = before.get(id, beganS)
      if (row === null) rows++
      else addCells(cells, cellsOf(row))
      write.run(id, beganS, ...COUNTED.map((_, i) => Math.round(cells[i] ?? 0)), bucketsOf(cells))
    }
    this.#rows = this.#prune(beganS, rows)
    if (this.#writes++ % SWEEP_EVERY === 0) this.#sweep()
  }

  /** Names of a kind that have figures in these times, those with the most first. */
  busiest(kind: FigureKind, fromS: number, toS: number, max: number): string[] {
    return this.#query<{ name: string }>(
      `SELECT name FROM figure_series JOIN figures ON series = id WHERE kind = ? AND at >= ? AND at < ?
       GROUP BY id ORDER BY sum(requests) + sum(connections) DESC LIMIT ?`,
    )
      .all(kind, fromS, toS, max)
      .map(({ name }) => name)
  }

  /** What was counted of a name in the times that began within these. */
  read(kind: FigureKind, name: string, fromS: number, toS: number): { atS: number; cells: Float64Array }[] {
    return this.#query<Row>(
      `SELECT figures.* FROM figures JOIN figure_series ON series = id
       WHERE kind = ? AND name = ? AND at >= ? AND at < ? ORDER BY at`,
    )
      .all(kind, name, fromS, toS)
      .map((row) => ({ atS: row.at, cells: cellsOf(row) }))
  }

  #query<T>(text: string): Statement<T, (string | number | Uint8Array)[]> {
    return this.#db.sql.query<T, (string | number | Uint8Array)[]>(text)
  }

  #idOf(kind: FigureKind, name: string): number {
    const key = `${kind} ${name}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#query('INSERT OR IGNORE INTO figure_series (kind, name) VALUES (?, ?)').run(kind, name)
    const found = this.#query<{ id: number }>('SELECT id FROM figure_series WHERE kind = ? AND name = ?')
    const { id } = found.get(kind, name) ?? { id: -1 }
    this.#ids.set(key, id)
    return id
  }

  /** How many rows are left of so many. */
  #prune(nowS: number, rows: number): number {
    const left = rows - this.#query('DELETE FROM figures WHERE at < ?').run(nowS - KEPT_S).changes
    const beyond = left - this.#limits.rowsMax
    if (beyond <= 0) return left
    const most = this.#query(
      'DELETE FROM figures WHERE at <= (SELECT at FROM figures ORDER BY at LIMIT 1 OFFSET ?)',
    )
    return left - most.run(beyond - 1).changes
  }

  #sweep(): void {
    this.#query('DELETE FROM figure_series WHERE NOT EXISTS (SELECT 1 FROM figures WHERE series = id)').run()
    this.#ids.clear()
  }

  #count(): number {
    return this.#query<{ rows: number }>('SELECT count(*) AS rows FROM figures').get()?.rows ?? 0
  }
}

/** The busiest, and one for all others of each kind. */
function limited(all: readonly TenMinutesOf[], max: number): readonly TenMinutesOf[] {
  const copies: TenMinutesOf[] = all.map((one) => ({ ...one, cells: one.cells.slice() }))
  if (all.length <= max) return copies
  const weight = ({ cells }: TenMinutesOf): number =>
    (cells[COUNTED.indexOf('requests')] ?? 0) + (cells[COUNTED.indexOf('connections')] ?? 0)
  copies.sort((a, b) => weight(b) - weight(a))
  const others = new Map<FigureKind, TenMinutesOf>()
  for (const { kind, cells } of copies.splice(max)) {
    const other = others.get(kind) ?? { kind, name: LABEL_OTHER, cells: new Float64Array(CELLS) }
    others.set(kind, other)
    addCells(other.cells, cells)
  }
  for (const [kind, other] of others) {
    const known = copies.find((one) => one.kind === kind && one.name === LABEL_OTHER)
    if (known === undefined) copies.push(other)
    else addCells(known.cells, other.cells)
  }
  return copies
}

function cellsOf(row: Row): Float64Array {
  const cells = new Float64Array(CELLS)
  COUNTED.forEach((name, i) => void (cells[i] = row[name]))
  let at = 0
  for (let i = COUNTED.length; i < CELLS && at < row.buckets.length; i++) {
    let [value, factor, byte] = [0, 1, 0]
    do {
      byte = row.buckets[at++] ?? 0
      value += (byte & 0x7f) * factor
      factor *= 128
    } while (byte >= 0x80)
    cells[i] = value
  }
  return cells
}

/** Counts of the buckets, seven bits a byte, the low ones first, without the zeros at the end. */
function bucketsOf(cells: Float64Array): Uint8Array {
  let end = CELLS
  while (end > COUNTED.length && cells[end - 1] === 0) end--
  const bytes: number[] = []
  for (let i = COUNTED.length; i < end; i++) {
    let value = Math.round(cells[i] ?? 0)
    while (value >= 0x80) {
      bytes.push((value % 128) + 0x80)
      value = Math.floor(value / 128)
    }
    bytes.push(value)
  }
  return Uint8Array.from(bytes)
}
