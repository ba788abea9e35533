// Who changed what, from where, and who tried to: written once, never changed, the oldest forgotten when
// there is too much of it.
import type { Principal } from './principal.ts'
import { redacted, redactedText } from './redacted.ts'
import { whereItCan } from './store-problem.ts'
import type { Db, Table } from './table.ts'

export const AUDIT: Table = {
  name: 'audit',
  steps: [
    `CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      kind TEXT,
      name TEXT,
      role TEXT,
      who_id TEXT,
      address TEXT NOT NULL,
      action TEXT NOT NULL,
      resource TEXT NOT NULL,
      before TEXT,
      after TEXT,
      result TEXT NOT NULL,
      request_id TEXT NOT NULL,
      message TEXT,
      bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_name ON audit (name, id);
    CREATE INDEX audit_by_action ON audit (action, id);
    CREATE INDEX audit_by_time ON audit (at_ms, id);
    CREATE TRIGGER audit_stands BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'what the audit has is not changed'); END;
    CREATE TRIGGER audit_forgets_oldest BEFORE DELETE ON audit
      WHEN EXISTS (SELECT 1 FROM audit WHERE id < OLD.id)
      BEGIN SELECT RAISE(ABORT, 'the audit forgets its oldest first'); END`,
  ],
}

/** As much is kept: some 100,000 entries. */
const BYTES_MAX = 32 * 1024 * 1024
/** Of what was before, and of what is after. */
const VALUE_CHARS_MAX = 16_384
const TEXT_CHARS_MAX = 500
/** The size is looked at once in so many entries. */
const LOOK_EVERY = 100
/** What an entry takes beside its texts, its indexes included. */
const ENTRY_BYTES = 200

export interface NewEntry {
  /** Milliseconds since 1970; default now. */
  readonly at?: number
  /** Null: nobody who is known. */
  readonly who: Principal | null
  readonly from: string
  /** Dotted, as `server.state`. */
  readonly action: string
  /** As `backends/api/servers/api-3`. */
  readonly resource: string
  readonly before?: unknown
  readonly after?: unknown
  readonly result: 'done' | 'refused'
  readonly requestId: string
  readonly message?: string | null
}

/** As the API tells it. */
export interface Entry {
  readonly id: number
  readonly time: string
  readonly who: {
    readonly kind: string
    readonly name: string
    readonly role: string
    readonly id: string
  } | null
  readonly from: string
  readonly action: string
  readonly resource: string
  readonly before: unknown
  readonly after: unknown
  readonly result: 'done' | 'refused'
  readonly request_id: string
  readonly message: string | null
}

export interface AuditFilter {
  /** Entries before this one: the cursor of a page. */
  readonly before?: number | null
  readonly limit: number
  readonly sinceMs?: number | null
  readonly untilMs?: number | null
  readonly actor?: string | null
  /** An action, or all that begin with it and a dot. */
  readonly action?: string | null
  /** A resource, or all below it. */
  readonly resource?: string | null
}

/** As it is written: no secret is in it any more, and all of it has its bounds. */
export interface ReadyEntry {
  readonly at_ms: number
  readonly kind: string | null
  readonly name: string | null
  readonly role: string | null
  readonly who_id: string | null
  readonly address: string
  readonly action: string
  readonly resource: string
  readonly before: string | null
  readonly after: string | null
  readonly result: 'done' | 'refused'
  readonly request_id: string
  readonly message: string | null
  /** What it takes, about. */
  readonly bytes: number
}

interface Row extends ReadyEntry {
  readonly id: number
}

export class Audit {
  readonly #db: Db
  readonly #nowMs: () => number
  readonly #bytesMax: number
  #sinceLook = LOOK_EVERY

  constructor(db: Db, nowMs: () => number, bytesMax = BYTES_MAX) {
    this.#db = db
    this.#nowMs = nowMs
    this.#bytesMax = bytesMax
  }

  /** Writes an entry, its secrets hidden; gives its id. */
  record(entry: NewEntry): number {
    return this.write(readyEntry(entry, this.#nowMs()))
  }

  /** Writes what is ready; gives its id. */
  write(row: ReadyEntry): number {
    const { lastInsertRowid } = this.#db.write(() =>
      this.#db.sql
        .query(
          `INSERT INTO audit (at_ms, kind, name, role, who_id, address, action, resource, before, after, result,
          request_id, message, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[row.at_ms, row.kind, row.name, row.role, row.who_id, row.address, row.action, row.resource],
          ...[row.before, row.after, row.result, row.request_id, row.message, row.bytes],
        ),
    )
    // It is written: were it told otherwise, it would be written again.
    if (++this.#sinceLook >= LOOK_EVERY) whereItCan(() => this.#prune())
    return Number(lastInsertRowid)
  }

  /** The newest first. */
  list({ before, limit, sinceMs, untilMs, actor, action, resource }: AuditFilter): Entry[] {
    const query = this.#db.sql.query<Row, (string | number | null)[]>(
      `SELECT * FROM audit WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR at_ms >= ?2)
      AND (?3 IS NULL OR at_ms < ?3) AND (?4 IS NULL OR name = ?4)
      AND (?5 IS NULL OR action = ?5 OR substr(action, 1, length(?5) + 1) = ?5 || '.')
      AND (?6 IS NULL OR resource = ?6 OR substr(resource, 1, length(?6) + 1) = ?6 || '/')
      ORDER BY id DESC LIMIT ?7`,
    )
    const filter = [before, sinceMs, untilMs, actor, action, resource].map((value) => value ?? null)
    return query.all(...filter, limit).map(entryOf)
  }

  #prune(): void {
    this.#sinceLook = 0
    const total = (): number =>
      this.#db.sql.query<{ bytes: number | null }, []>('SELECT sum(bytes) AS bytes FROM audit').get()
        ?.bytes ?? 0
    // A tenth at once: then it is not done for each entry.
    if (total() <= this.#bytesMax) return
    const rest = this.#bytesMax * 0.9
    const query = this.#db.sql.query(
      `DELETE FROM audit WHERE id <= (SELECT max(id) FROM
      (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS newer FROM audit) WHERE newer > ?)`,
    )
    this.#db.write(() => query.run(rest))
  }
}

/** Hides secrets, and cuts what is too long. */
export function readyEntry(entry: NewEntry, nowMs: number): ReadyEntry {
  const { who, result } = entry
  const [before = null, after = null] = [entry.before, entry.after].map(textOf)
  const [action, resource, name, whoId, from, requestId, message] = [
    ...[entry.action, entry.resource, who?.name, who?.id, entry.from, entry.requestId, entry.message],
  ].map(shortText)
  const texts = [before, after, action, resource, name, whoId, from, requestId, message]
  return {
    ...{ at_ms: entry.at ?? nowMs, kind: who?.kind ?? null, name: name ?? null, role: who?.role ?? null },
    ...{ who_id: whoId ?? null, address: from ?? '', action: action ?? '', resource: resource ?? '' },
    ...{ before, after, result, request_id: requestId ?? '', message: message ?? null },
    bytes: texts.reduce((sum, text) => sum + (text?.length ?? 0), ENTRY_BYTES),
  }
}

const shortText = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : redactedText(text).slice(0, TEXT_CHARS_MAX)

/** Null: there is nothing to tell. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const text = JSON.stringify(redacted(value))
  return text.length <= VALUE_CHARS_MAX ? text : JSON.stringify(cutValue(text, VALUE_CHARS_MAX))
}

const cutValue = (text: string, max: number): object => ({
  cut: true,
  of_chars: text.length,
  begins: text.slice(0, max / 4),
})

/** A value as it is written, to be told; null: there is none. One that is longer is cut. */
export function valueOf(text: string | null, charsMax = Infinity): unknown {
  if (text === null) return null
  return text.length <= charsMax ? (JSON.parse(text) as unknown) : cutValue(text, charsMax)
}

const entryOf = (row: Row): Entry => ({
  id: row.id,
  time: new Date(row.at_ms).toISOString(),
  who:
    row.kind === null
      ? null
      : { kind: row.kind, name: row.name ?? '', role: row.role ?? '', id: row.who_id ?? '' },
  from: row.address,
  action: row.action,
  resource: row.resource,
  before: valueOf(row.before),
  after: valueOf(row.after),
  result: row.result,
  request_id: row.request_id,
  message: row.message,
})
