// The table of what workers share: servers, backends and the gateway itself. Where each cell lies stands in
// layout.ts; what limits know of keys is in key-table.ts. No locks: a cell has one writer, or changes by one
// Atomics operation.
//
// In flight exists twice: in the worker's row, so that a dead worker's share can be taken back, and as the
// total, so that a limit holds over all workers. A row is never below what its worker added to the total (row
// first when adding, last when taking away): a worker seen between the two steps makes `reconcile` count too
// much for a second, never too little.
import { Adaptive } from './adaptive.ts'
import { Buckets } from './buckets.ts'
import { Circuits } from './circuits.ts'
import { Gauges } from './gauges.ts'
import { Leases } from './leases.ts'
import * as layout from './layout.ts'
import { Passive } from './passive.ts'
import { reconcile, sumOf, takeBack } from './reconcile.ts'
import { Shares } from './shares.ts'
import { type Mapped, Table } from './table.ts'
import { Windows } from './windows.ts'

const GATEWAY = 0 // its own record
const PRIVATE_BYTES = 64 * 1024 // of dry runs and tests: not used before somebody takes

/** A view on the table for one process: worker `row` writes, -1 only reads and decides. */
export class Scoreboard {
  readonly rows: number
  /** Which worker writes; -1: none. */
  readonly row: number
  /** What rules with limits take from; of this process alone where it is not shared. */
  buckets = Buckets.private(PRIVATE_BYTES)
  windows = Windows.private(PRIVATE_BYTES)
  leases: Leases
  /** Permits and retries in flight. */
  readonly gauges: Gauges
  readonly circuits: Circuits
  readonly adaptive: Adaptive
  readonly passive: Passive
  readonly shares: Shares
  readonly #table: Table
  /** The table's, at hand. */
  #ints: Int32Array
  #doubles: Float64Array
  readonly #stride: number
  readonly #own: number

  constructor(bytes: Mapped, rows: number, row: number) {
    this.#table = new Table(bytes, rows, row)
    this.rows = rows
    this.row = row
    this.gauges = new Gauges(this.#table)
    this.leases = Leases.private(PRIVATE_BYTES, rows, Math.max(0, row))
    this.circuits = new Circuits(this.#table)
    this.passive = new Passive(this.#table)
    this.shares = new Shares(this.#table)
    this.adaptive = new Adaptive(this.#table)
    this.#ints = this.#table.ints
    this.#doubles = this.#table.doubles
    this.#stride = this.#table.stride
    this.#own = this.#table.own
  }

  /** Goes on with the same table in a larger mapping. */
  remap(bytes: Mapped): void {
    this.#table.remap(bytes)
    this.#ints = this.#table.ints
    this.#doubles = this.#table.doubles
  }

  /** Records that are mapped. */
  get records(): number {
    return this.#table.records
  }

  state(slot: number): number {
    return Atomics.load(this.#ints, slot * this.#stride + layout.STATE)
  }

  /** Sets the state of a server; its backend's epoch is to be bumped after it. */
  setState(slot: number, state: number): void {
    Atomics.store(this.#ints, slot * this.#stride + layout.STATE, state)
  }

  /** What a person has ordered of a server (states.ts). */
  order(slot: number): number {
    return Atomics.load(this.#ints, slot * this.#stride + layout.ORDER)
  }

  /** Orders something of a server; its backend's epoch is to be bumped after it. */
  setOrder(slot: number, order: number): void {
    Atomics.store(this.#ints, slot * this.#stride + layout.ORDER, order)
  }

  /** Takes one of `max` places over all workers; false: none. Several at the last one may all be refused. */
  enter(slot: number, max: number): boolean {
    const ints = this.#ints
    const total = slot * this.#stride + layout.IN_FLIGHT
    if (Atomics.load(ints, total) >= max) return false
    const own = slot * this.#stride + this.#own
    // One writer, but the supervisor reads: an atomic store keeps the order of the two steps.
    Atomics.store(ints, own, ints[own]! + 1)
    if (Atomics.add(ints, total, 1) < max) return true
    this.leave(slot)
    return false
  }

  /** Gives a place back. */
  leave(slot: number): void {
    const ints = this.#ints
    Atomics.sub(ints, slot * this.#stride + layout.IN_FLIGHT, 1)
    const own = slot * this.#stride + this.#own
    Atomics.store(ints, own, ints[own]! - 1)
  }

  /** Exchanges and tunnels in flight, over all workers. */
  inFlight(slot: number): number {
    return Atomics.load(this.#ints, slot * this.#stride + layout.IN_FLIGHT)
  }

  /** Nothing is held of a server or backend. */
  isEmpty(slot: number): boolean {
    return layout.GAUGES.every((gauge) => this.gauges.held(slot, gauge) === 0)
  }

  // Backends

  /** Another one with each change of a state within it. */
  epoch(slot: number): number {
    return Atomics.load(this.#ints, slot * this.#stride + layout.EPOCH)
  }

  /** Tells the workers that states within the backend have changed. */
  bumpEpoch(slot: number): void {
    Atomics.add(this.#ints, slot * this.#stride + layout.EPOCH, 1)
  }

  /** The next place of the sequence that all workers walk together, from 0 to 2^32 - 1 and around. */
  nextCursor(slot: number): number {
    return Atomics.add(this.#ints, slot * this.#stride + layout.CURSOR, 1) >>> 0
  }

  // Sums: each worker adds to its own cells, readers sum up the rows

  /** Counts a request to a server, or one of the gateway in record 0. */
  count(slot: number, failed: boolean): void {
    const at = (slot * this.#stride + this.#own) >> 1
    this.#doubles[at + layout.REQUESTS]! += 1
    if (failed) this.#doubles[at + layout.FAILURES]! += 1
  }

  /** Counts bytes received from clients (in) and sent to them (out). */
  addBytes(slot: number, bytesIn: number, bytesOut: number): void {
    const at = (slot * this.#stride + this.#own) >> 1
    this.#doubles[at + layout.BYTES_IN]! += bytesIn
    this.#doubles[at + layout.BYTES_OUT]! += bytesOut
  }

  /** Counts an attempt that the server answered. */
  attemptAnswered(slot: number): void {
    const ints = this.#ints
    this.#doubles[((slot * this.#stride + this.#own) >> 1) + layout.ATTEMPTS]! += 1
    const failing = slot * this.#stride + layout.FAILING
    if (Atomics.load(ints, failing) !== 0) Atomics.store(ints, failing, 0)
  }

  /**
   * Counts an attempt that failed, or an answer that broke off (`wasAnswered`: counted as an attempt before);
   * `fault` is its place in FAULT_CODES, `nowS` in seconds since 1970.
   */
  attemptFailed(slot: number, fault: number, wasAnswered: boolean, nowS: number): void {
    const ints = this.#ints
    const at = (slot * this.#stride + this.#own) >> 1
    if (!wasAnswered) this.#doubles[at + layout.ATTEMPTS]! += 1
    this.#doubles[at + layout.FAILED_ATTEMPTS]! += 1
    const first = slot * this.#stride
    Atomics.store(ints, first + layout.LAST_FAULT, fault + 1)
    Atomics.store(ints, first + layout.LAST_FAULT_S, nowS)
    Atomics.add(ints, first + layout.FAILING, 1)
  }

  /** Of a failed attempt: no byte of it reached the server. */
  attemptRefused(slot: number): void {
    this.#doubles[((slot * this.#stride + this.#own) >> 1) + layout.REFUSED_ATTEMPTS]! += 1
  }

  refusedAttempts(slot: number): number {
    return this.#table.sum(slot, layout.REFUSED_ATTEMPTS)
  }

  /** Counts an attempt for whose answer its client did not wait: that tells nothing of the server. */
  attemptGivenUp(slot: number): void {
    this.#ints[slot * this.#stride + this.#own + layout.GIVEN_UP_ATTEMPTS]! += 1
  }

  givenUpAttempts(slot: number): number {
    return sumOf(this.#ints, { first: slot * this.#stride, rows: this.rows }, layout.GIVEN_UP_ATTEMPTS)
  }

  /** All of them: answered, failed, or given up. */
  attempts(slot: number): number {
    return this.#table.sum(slot, layout.ATTEMPTS) + this.givenUpAttempts(slot)
  }

  failedAttempts(slot: number): number {
    return this.#table.sum(slot, layout.FAILED_ATTEMPTS)
  }

  /**
   * The last fault of a server's attempts: how many failed since one was answered, its place in FAULT_CODES,
   * and when (seconds since 1970); null: none failed yet.
   */
  lastFault(slot: number): { inARow: number; fault: number; atS: number } | null {
    const first = slot * this.#stride
    const place = Atomics.load(this.#ints, first + layout.LAST_FAULT)
    if (place === 0) return null
    return {
      inARow: Atomics.load(this.#ints, first + layout.FAILING),
      fault: place - 1,
      atS: Atomics.load(this.#ints, first + layout.LAST_FAULT_S) >>> 0,
    }
  }

  requests(slot: number): number {
    return this.#table.sum(slot, layout.REQUESTS)
  }

  failures(slot: number): number {
    return this.#table.sum(slot, layout.FAILURES)
  }

  bytesIn(slot: number): number {
    return this.#table.sum(slot, layout.BYTES_IN)
  }

  bytesOut(slot: number): number {
    return this.#table.sum(slot, layout.BYTES_OUT)
  }

  /** Counts a client connection that opened or closed. */
  connections(delta: 1 | -1): void {
    if (delta === -1) return this.leave(GATEWAY)
    const ints = this.#ints
    Atomics.store(ints, this.#own, ints[this.#own]! + 1)
    Atomics.add(ints, layout.IN_FLIGHT, 1)
    this.#doubles[(this.#own >> 1) + layout.ACCEPTED]! += 1
  }

  /** Client connections that are open, over all workers. */
  activeConnections(): number {
    return this.inFlight(GATEWAY)
  }

  /** Another number once anything was served (a connection, an exchange), without a look at all records. */
  served(): number {
    return this.acceptedConnections() + this.bytesIn(GATEWAY) + this.bytesOut(GATEWAY)
  }

  /** Client connections ever accepted. */
  acceptedConnections(): number {
    return this.#table.sum(GATEWAY, layout.ACCEPTED)
  }

  /** This worker is alive. */
  beat(): void {
    Atomics.add(this.#ints, this.#own + layout.BEATS, 1)
  }

  /** How often the worker of a row was alive. */
  beats(row: number): number {
    return Atomics.load(this.#ints, layout.rowInts(row) + layout.BEATS)
  }

  /** Which use of the slot this is. */
  generation(slot: number): number {
    return Atomics.load(this.#ints, slot * this.#stride + layout.GENERATION)
  }

  /**
   * Gives a slot to a new tenant: all its cells become zero. Only when nothing is in flight there and no plan
   * names the old one.
   */
  setGeneration(slot: number, generation: number): void {
    if (this.generation(slot) === generation) return
    this.#table.clear(slot, slot === GATEWAY ? layout.MAGIC : layout.LINE_INTS)
    Atomics.store(this.#ints, slot * this.#stride + layout.GENERATION, generation)
  }

  /** Takes back what a worker that has exited held, connections too. What it counted stays. */
  clearRow(row: number): void {
    for (let slot = 0; slot < this.records; slot++)
      takeBack(this.#ints, { first: slot * this.#stride, rows: this.rows }, row)
    this.leases.clearRow(row)
  }

  /** Makes each total the sum of its rows again, where they differ and nothing moves. */
  reconcile(): void {
    for (let slot = 0; slot < this.records; slot++)
      reconcile(this.#ints, { first: slot * this.#stride, rows: this.rows })
    this.leases.reconcile()
  }
}
