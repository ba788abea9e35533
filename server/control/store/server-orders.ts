// What persons have ordered of servers, so that a restart does not bring back who is out.
import type { KeptOrder, OrderKind, OrderStore, OrderValue, ServerPlace } from '../orders/order.ts'
import type { StateDb } from './state-db.ts'
import type { Table } from './table.ts'

export const SERVER_ORDERS: Table = {
  name: 'server_orders',
  steps: [
    `CREATE TABLE server_orders (
      backend TEXT NOT NULL,
      server TEXT NOT NULL,
      url TEXT NOT NULL,
      kind TEXT NOT NULL,
      value TEXT NOT NULL,
      reason TEXT,
      by TEXT NOT NULL,
      since_ms INTEGER NOT NULL,
      until_ms INTEGER,
      PRIMARY KEY (backend, server, url, kind)
    ) STRICT`,
  ],
}

interface Row extends Omit<KeptOrder, 'value'> {
  readonly value: string
}

const VALUES: Readonly<Record<OrderKind, RegExp>> = {
  admin: /^(?:drain|maintenance)$/,
  weight: /^[0-9]{1,4}$/,
  health: /^(?:up|down)$/,
  circuit: /^(?:open|closed)$/,
}

export class ServerOrders implements OrderStore {
  readonly #db: StateDb

  constructor(db: StateDb) {
    this.#db = db
  }

  all(): readonly KeptOrder[] {
    const rows = this.#db.sql
      .query<Row, []>(
        `SELECT backend, server, url, kind, value, reason, by, since_ms AS sinceMs, until_ms AS untilMs
        FROM server_orders`,
      )
      .all()
    return rows.flatMap((row) => {
      if (!Object.hasOwn(VALUES, row.kind) || !VALUES[row.kind].test(row.value)) return []
      return [{ ...row, value: row.kind === 'weight' ? Number(row.value) : (row.value as OrderValue) }]
    })
  }

  keep({ backend, server, url, kind, value, reason, by, sinceMs, untilMs }: KeptOrder): void {
    const query = this.#db.sql.query(
      `INSERT OR REPLACE INTO server_orders (backend, server, url, kind, value, reason, by, since_ms, until_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const row = [backend, server, url, kind, String(value), reason, by, sinceMs, untilMs]
    this.#db.write(() => query.run(...row))
  }

  forget({ backend, server, url }: ServerPlace, kind: OrderKind): void {
    const query = this.#db.sql.query(
      'DELETE FROM server_orders WHERE backend = ? AND server = ? AND url = ? AND kind = ?',
    )
    this.#db.write(() => query.run(backend, server, url, kind))
  }
}
