// How the scoreboard lies in memory: a table of equal records. A slot is a record's index, and growing
// appends, so that offsets never move. Record 0 is the gateway itself, the others are servers and backends. A
// record is 6 shared lines of 64 bytes, and 2 for each row:
//
//   line 0, shared: 16 Int32                      | line 6 + 2n, written by worker n alone
//     0  state            servers                 |   0   Int32    in flight; open client connections in record 0
//     1  generation       which use of the slot   |   4   Int32    beats in record 0; attempts given up, servers
//     2  in flight        sum of all rows' cells  |   8   Float64  requests
//     3  epoch            backends                |   16  Float64  failures
//     4  cursor           backends                |   24  Float64  bytes in
//     5  failing          servers: in a row       |   32  Float64  bytes out
//     6  last fault       servers: its place + 1  |   40  Float64  connections accepted in record 0; attempts refused
//     7  when, in s       servers                 |   48  Float64  attempts, servers
//     8  order            servers                 |   56  Float64  failed attempts, servers
//     14 magic, 15 rows   record 0 only           |
//                                                 | line 7 + 2n, of the same worker: Int32
//   line 1, shared: 16 Int32                      |   0   permits, servers
//     0  permits          servers: sum of rows    |   1   retries in flight, backends
//     1  retries          backends: sum of rows   |
//
//   lines 2 to 5, shared: nothing yet

const LINE_BYTES = 64
export const LINE_INTS = 16
/** Lines of a record that all workers share, before those of the rows. */
const SHARED_LINES = 6
/** Lines of a row in a record. */
const ROW_LINES = 2

/** Where row `row` begins in a record, in Int32. */
export const rowInts = (row: number): number => (SHARED_LINES + row * ROW_LINES) * LINE_INTS

// Any record
export const GENERATION = 1
export const IN_FLIGHT = 2

// Servers
export const STATE = 0
export const FAILING = 5
export const LAST_FAULT = 6
export const LAST_FAULT_S = 7
export const ORDER = 8

// Backends
export const EPOCH = 3
export const CURSOR = 4

// The gateway
export const MAGIC = 14
const ROWS = 15

// Cells of a row: places of Float64
export const REQUESTS = 1
export const FAILURES = 2
export const BYTES_IN = 3
export const BYTES_OUT = 4
export const ACCEPTED = 5
/** The same cell, of servers. */
export const REFUSED_ATTEMPTS = 5
export const ATTEMPTS = 6
export const FAILED_ATTEMPTS = 7

// Places of Int32
export const BEATS = 1
/** The same cell, of servers: begins again from 0 after 2^32. */
export const GIVEN_UP_ATTEMPTS = 1

/**
 * What is held, counted twice: in the row of the worker that holds it, and as the total over all of them.
 * What a dead worker held is taken back from both.
 */
export interface Gauge {
  /** Its Int32 among the shared ones of a record. */
  readonly total: number
  /** And among those of a row. */
  readonly own: number
}

const EXCHANGES: Gauge = { total: IN_FLIGHT, own: 0 }
/** Of a server: requests that are let through although its breaker is not closed. */
export const PERMITS: Gauge = { total: LINE_INTS, own: LINE_INTS }
/** Of a backend: attempts in flight that are not the first of their requests. */
export const RETRIES: Gauge = { total: LINE_INTS + 1, own: LINE_INTS + 1 }

/** All of them. */
export const GAUGES: readonly Gauge[] = [EXCHANGES, PERMITS, RETRIES]

const MAGIC_VALUE = 0x51_1c_e0_04

/** Size of a table. */
export function bytesOf(records: number, rows: number): number {
  return records * (SHARED_LINES + rows * ROW_LINES) * LINE_BYTES
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
