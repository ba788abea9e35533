// How the scoreboard lies in memory: a table of equal records. A slot is a record's index, and growing
// appends, so that offsets never move. Record 0 is the gateway itself, the others are servers and backends. A
// record is (1 + rows) lines of 64 bytes:
//
//   line 0, shared: 16 Int32                      | line 1 + n, written by worker n alone
//     0  state            servers                 |   0   Int32    in flight; open client connections in record 0
//                                                 |   4   Int32    beats in record 0; attempts given up, servers
//     1  generation       which use of the slot   |   8   Float64  requests
//     2  in flight        sum of all rows' cells  |   16  Float64  failures
//     3  epoch            backends                |   24  Float64  bytes in
//     4  cursor           backends                |   32  Float64  bytes out
//     5  failing          servers: in a row       |   40  Float64  connections accepted in record 0; attempts refused
//     6  last fault       servers: its place + 1  |   48  Float64  attempts, servers
//     7  when, in s       servers                 |   56  Float64  failed attempts, servers
//     8  order            servers                 |
//     14 magic, 15 rows   record 0 only           |

const LINE_BYTES = 64
export const LINE_INTS = 16
export const LINE_DOUBLES = 8

export const STATE = 0
export const GENERATION = 1
export const IN_FLIGHT = 2
export const EPOCH = 3
export const CURSOR = 4
export const FAILING = 5
export const LAST_FAULT = 6
export const LAST_FAULT_S = 7
export const ORDER = 8
export const MAGIC = 14
const ROWS = 15

export const REQUESTS = 1
export const FAILURES = 2
export const BYTES_IN = 3
export const BYTES_OUT = 4
export const ACCEPTED = 5
/** The same cell, of servers. */
export const REFUSED_ATTEMPTS = 5
/** An Int32 of a row. */
export const BEATS = 1
/** The same cell, of servers: begins again from 0 after 2^32. */
export const GIVEN_UP_ATTEMPTS = 1
export const ATTEMPTS = 6
export const FAILED_ATTEMPTS = 7

const MAGIC_VALUE = 0x51_1c_e0_01

/** Size of a table. */
export function bytesOf(records: number, rows: number): number {
  return records * (1 + rows) * LINE_BYTES
}

/** Marks a new table, so that who maps it knows its shape. */
export function format(buffer: ArrayBufferLike, byteOffset: number, rows: number): void {
  const line = new Int32Array(buffer, byteOffset, LINE_INTS)
  line[ROWS] = rows
  line[MAGIC] = MAGIC_VALUE
}

/** Rows of a formatted table; null: this is none. */
export function rowsOf(buffer: ArrayBufferLike, byteOffset: number): number | null {
  const line = new Int32Array(buffer, byteOffset, LINE_INTS)
  return line[MAGIC] === MAGIC_VALUE ? (line[ROWS] ?? null) : null
}
