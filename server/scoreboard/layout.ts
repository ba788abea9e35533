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
//     9  warmth           servers: shares.ts      |
//     10 merit            servers                 |
//     14 magic, 15 rows   record 0 only           |
//                                                 | line 7 + 2n, of the same worker: Int32
//   line 1, shared: 16 Int32                      |   0   permits, servers
//     0  permits          servers: sum of rows    |   1   retries in flight, backends
//     1  retries          backends: sum of rows   |   2   attempts that a breaker in shadow mode would have refused
//     2  circuit          servers: circuits.ts    |   3   carried, backends
//     3  since            ms, of 32 bits          |   4   answering, 5 whether somebody waits, 6 how long: backends
//                                                 |   32  Float64  ms, 40 number of good answers, 48 bad ones: shares.ts
//                                                 |   Of an opening, at the end of line 1:
//     4  serial           openings ever           |   10  reason            its place
//     5  held             openings held back      |   11  open for          ms
//     6  good             in a row, half-open     |   12  openings          since it was closed for long
//     7  failed in a row                          |   and of its window, at the end of line 4:
//     8  forced           by a person             |   8   attempts    9   failed    10  slow    11  failed in a row
//     9  bad slice        the last one            |   and at the end of line 1:
//                                                 |   13  broken            what the last answer came to: failure-row.ts
//
//   lines 2 to 4, shared: ten slices of 4 Int32 (number, and the three counts when it began), then
//     12  attempts        all that were counted, modulo 2^32
//     13  failed          of those
//     14  slow
//
//   line 5, shared, of servers: passive health (passive.ts)
//     0  out  1  failures  2  errors  3  failures in a row  4  the most of that lately  5  what failed last  6  broken
//   and of backends:
//     13 queues           sum of rows
//     14 answering        sum of rows
//     15 carried          sum of rows
//   of backends line 1 has in 2 the limit that was found (adaptive.ts), and lines 2 to 4 what it is found by

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
export const WARMTH = 9
export const MERIT = 10

// Servers: breakers (circuits.ts)
export const CIRCUIT = LINE_INTS + 2
export const CIRCUIT_SINCE = LINE_INTS + 3
export const CIRCUIT_SERIAL = LINE_INTS + 4
export const CIRCUIT_HELD = LINE_INTS + 5
export const CIRCUIT_GOOD = LINE_INTS + 6
export const CIRCUIT_IN_A_ROW = LINE_INTS + 7
export const CIRCUIT_FORCED = LINE_INTS + 8
export const CIRCUIT_BAD_SLICE = LINE_INTS + 9
export const CIRCUIT_REASON = LINE_INTS + 10
export const OPEN_FOR = LINE_INTS + 11
export const OPENINGS = LINE_INTS + 12
export const CIRCUIT_BROKEN = LINE_INTS + 13
export const SLICES = 2 * LINE_INTS
export const OPENING_TOTAL = 4 * LINE_INTS + 8
export const OPENING_FAILED = 4 * LINE_INTS + 9
export const OPENING_SLOW = 4 * LINE_INTS + 10
export const OPENING_IN_A_ROW = 4 * LINE_INTS + 11
export const CIRCUIT_TOTAL = 4 * LINE_INTS + 12
export const CIRCUIT_FAILED = 4 * LINE_INTS + 13
export const CIRCUIT_SLOW = 4 * LINE_INTS + 14

// Servers: passive health (passive.ts)
export const PASSIVE_OUT = 5 * LINE_INTS
export const PASSIVE_FAILURES = 5 * LINE_INTS + 1
export const PASSIVE_ERRORS = 5 * LINE_INTS + 2
export const PASSIVE_ROW = 5 * LINE_INTS + 3
export const PASSIVE_PEAK = 5 * LINE_INTS + 4
export const PASSIVE_LAST = 5 * LINE_INTS + 5
export const PASSIVE_BROKEN = 5 * LINE_INTS + 6

// Backends
export const EPOCH = 3
export const CURSOR = 4
export const ADAPTIVE_LIMIT = LINE_INTS + 2
/** How many answers took how long. */
export const LATENCIES = 2 * LINE_INTS
export const LATENCY_CELLS = 3 * LINE_INTS

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

/** Of servers with dynamic weights (shares.ts). */
export const GOOD_MS = 12
export const GOOD = 13
export const BAD = 14

// Places of Int32
export const BEATS = 1
/** The same cell, of servers: begins again from 0 after 2^32. */
export const GIVEN_UP_ATTEMPTS = 1

/** Of servers: begins again from 0 after 2^32. */
export const SHADOW_ATTEMPTS = LINE_INTS + 2

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

/** Of a backend that has a limit: what its servers carry together. */
export const CARRIED: Gauge = { total: 5 * LINE_INTS + 15, own: LINE_INTS + 3 }

/** And those of them whose answers have begun, which may last for hours. */
export const ANSWERING: Gauge = { total: 5 * LINE_INTS + 14, own: LINE_INTS + 4 }

/** Of a backend: workers in which somebody waits for a server. */
export const QUEUES: Gauge = { total: 5 * LINE_INTS + 13, own: LINE_INTS + 5 }

/** Of a row of a backend: how urgent that is (turns.ts). */
export const WAITED = LINE_INTS + 6

/** All of them. */
export const GAUGES: readonly Gauge[] = [EXCHANGES, PERMITS, RETRIES, CARRIED, ANSWERING, QUEUES]

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
