// How much each key holds at once, over all workers: memory of its own beside the table of records, used only
// where a rule asks for it, and never larger than it was made.
//
// A key that holds something has a cell: its total, which decides, and what each worker holds of it, so that
// the share of one that died comes back. A key that holds nothing needs none: its cell is anybody's. The
// memory is a header of 64 Int32, then groups of 16 cells. A key belongs to one group, by a hash that nobody
// outside can know, and lies anywhere in it.
//
//   header: Int32                              | group: Int32
//     0  magic      written last               |   0                 lease    0: free; when the one who adds a key
//     1  groups     how many                   |                              took it (ms, shared clock)
//     2  seed a     of the hash, random        |   1 + n (2 + rows)  tag      the key's other 32 bits of hash; 0: none
//     3  seed b                                |   2 + n (2 + rows)  total
//     4  uncounted  passed: no cell was had    |   3 + n (2 + rows)  what worker 0 holds, and so on
//
// Who takes adds to its own share first, then to the total, and looks at the tag behind that: it holds, as a
// cell whose total is not 0 keeps its key. Who gives a cell to another key holds the group's lease,
// takes the total from 0 to 1, clears the tag, and sees that nobody of the old key came between.
import { createFile, fillWithZeros, mapFile } from './file.ts'
import { hashOf, MULTIPLY_A, MULTIPLY_B } from './key-hash.ts'
import { hasLease } from './lease.ts'
import { type Cells, reconcileCells, takeBackCell } from './reconcile.ts'

/** Of 32 bits. */
const HASHES = 2 ** 32
const HEADER_INTS = 64
const CELLS = 16

const MAGIC = 0
const GROUPS = 1
const SEED_A = 2
const SEED_B = 3
const UNCOUNTED_AT = 4
const MAGIC_VALUE = 0x51_1c_e0_05

/** What `take` gives where it holds nothing: as many are held as may be. */
export const REFUSED = -1
/** No cell was to be had: it passes. */
export const UNCOUNTED = -2
const GONE = -3
/** Looks, a second apart, at a cell of which a dead worker held something. */
const DOUBTS = 10

/** The keys of one limit: those of other names are other keys. */
export interface LeaseNames {
  readonly a: number
  readonly b: number
}

/** No memory yet: an empty header. */
const NOTHING = new Int32Array(HEADER_INTS)

const cellInts = (rows: number): number => 2 + rows
const groupInts = (rows: number): number => 1 + CELLS * cellInts(rows)

/** A view of one process; the memory is asked for once somebody takes. */
export class Leases {
  /** Memory of this process alone. */
  static private(bytes: number, rows: number, row: number): Leases {
    const open = (): Uint8Array => {
      const memory = new Uint8Array(Leases.sizeWithin(bytes, rows))
      Leases.format(memory, rows)
      return memory
    }
    return new Leases(open, rows, row)
  }

  /** The largest size that is not beyond this. */
  static sizeWithin(bytes: number, rows: number): number {
    const groups = Math.max(1, Math.floor((bytes / 4 - HEADER_INTS) / groupInts(rows)))
    return (HEADER_INTS + groups * groupInts(rows)) * 4
  }

  /** Marks zeros as such memory. */
  static format({ buffer, byteOffset, byteLength }: Uint8Array, rows: number): void {
    const header = new Int32Array(buffer, byteOffset, HEADER_INTS)
    crypto.getRandomValues(header.subarray(SEED_A, SEED_B + 1))
    header[GROUPS] = Math.floor((byteLength / 4 - HEADER_INTS) / groupInts(rows))
    Atomics.store(header, MAGIC, MAGIC_VALUE)
  }

  /** A file for what is not needed yet: nothing of it but the header's place. */
  static createFile(folder: string | null): number {
    return createFile(HEADER_INTS * 4, folder)
  }

  /** Gives such a file its size, once; before that nobody may open it. */
  static sizeFile(fd: number, bytes: number, rows: number): void {
    fillWithZeros(fd, HEADER_INTS * 4, Leases.sizeWithin(bytes, rows))
    Leases.format(mapFile(fd), rows)
  }

  /** Those in a file that another process has made. */
  static shared(fd: number, rows: number, row: number): Leases {
    return new Leases(() => mapFile(fd), rows, row)
  }

  readonly #open: () => Uint8Array
  readonly #rows: number
  /** Which worker takes; -1: none. */
  readonly #row: number
  #ints: Int32Array = NOTHING
  #groups = 1
  /** Cells of which a worker that died held something, and how often they are still looked at. */
  readonly #doubtful = new Map<number, number>()

  constructor(open: () => Uint8Array, rows: number, row: number) {
    this.#open = open
    this.#rows = rows
    this.#row = row
  }

  /** The keys of the limit of this name: the same in all processes, and after a reload. */
  names(name: string): LeaseNames {
    this.#map()
    const a = hashOf(name, this.#ints[SEED_A]!, MULTIPLY_A)
    return { a, b: hashOf(name, this.#ints[SEED_B]!, MULTIPLY_B) }
  }

  #map(): void {
    if (this.#ints !== NOTHING) return
    const { buffer, byteOffset, byteLength } = this.#open()
    const ints = new Int32Array(buffer, byteOffset, byteLength >> 2)
    if (Atomics.load(ints, MAGIC) !== MAGIC_VALUE) throw new Error('these are no leases')
    this.#groups = ints[GROUPS]!
    this.#ints = ints
  }

  /**
   * Takes one of `max` that the key may hold. What `giveBack` is to be told; REFUSED or UNCOUNTED: nothing is
   * held. `nowMs`: the clock that all processes share.
   */
  take({ a, b }: LeaseNames, key: string, max: number, nowMs: number): number {
    const ints = this.#ints
    const tag = hashOf(key, b, MULTIPLY_B) | 1
    const hash = hashOf(key, a, MULTIPLY_A) >>> 0
    const group = HEADER_INTS + Math.floor((hash * this.#groups) / HASHES) * groupInts(this.#rows)
    const at = this.#find(group, tag)
    const got = at === -1 ? GONE : this.#takeAt(at, tag, max)
    if (got !== GONE) return got
    const lease = nowMs | 0 || 1
    if (!hasLease(ints, group, lease)) return this.#uncounted()
    const taken = this.#takeNew(group, tag, max)
    Atomics.compareExchange(ints, group, lease, 0)
    return taken
  }

  /** Where the key's cell is; -1: it has none. */
  #find(group: number, tag: number): number {
    const step = cellInts(this.#rows)
    const first = group + 1
    for (let n = 0; n < CELLS; n++) if (this.#ints[first + n * step] === tag) return first + n * step
    return -1
  }

  #takeAt(at: number, tag: number, max: number): number {
    const ints = this.#ints
    this.#hold(at, 1)
    for (;;) {
      const held = Atomics.load(ints, at + 1)
      if (Atomics.load(ints, at) !== tag) return this.#letGo(at, GONE)
      if (held >= max) return this.#letGo(at, REFUSED)
      if (Atomics.compareExchange(ints, at + 1, held, held + 1) !== held) continue
      if (Atomics.load(ints, at) === tag) return at
      Atomics.sub(ints, at + 1, 1)
      return this.#letGo(at, GONE)
    }
  }

  /** The group's lease is held. */
  #takeNew(group: number, tag: number, max: number): number {
    // Another process may have given it a cell meanwhile.
    const known = this.#find(group, tag)
    const got = known === -1 ? GONE : this.#takeAt(known, tag, max)
    if (got !== GONE) return got
    const step = cellInts(this.#rows)
    for (let n = 0; n < CELLS; n++) {
      const at = group + 1 + n * step
      if (Atomics.load(this.#ints, at + 1) === 0 && this.#claim(at, tag)) return at
    }
    return this.#uncounted()
  }

  #claim(at: number, tag: number): boolean {
    const ints = this.#ints
    this.#hold(at, 1)
    if (Atomics.compareExchange(ints, at + 1, 0, 1) === 0) {
      const before = Atomics.exchange(ints, at, 0)
      if (Atomics.load(ints, at + 1) === 1) {
        Atomics.store(ints, at, tag)
        return true
      }
      Atomics.store(ints, at, before)
      Atomics.sub(ints, at + 1, 1)
    }
    this.#hold(at, -1)
    return false
  }

  #uncounted(): number {
    Atomics.add(this.#ints, UNCOUNTED_AT, 1)
    return UNCOUNTED
  }

  /** One writer, but the supervisor reads: an atomic store keeps the order of the two steps. */
  #hold(at: number, delta: 1 | -1): void {
    const own = at + 2 + this.#row
    Atomics.store(this.#ints, own, this.#ints[own]! + delta)
  }

  #letGo(at: number, why: number): number {
    this.#hold(at, -1)
    return why
  }

  /** Gives back what `take` has given, once. */
  giveBack(at: number): void {
    Atomics.sub(this.#ints, at + 1, 1)
    this.#hold(at, -1)
  }

  /** How many a key holds, over all workers. */
  held({ a, b }: LeaseNames, key: string): number {
    const hash = hashOf(key, a, MULTIPLY_A) >>> 0
    const group = HEADER_INTS + Math.floor((hash * this.#groups) / HASHES) * groupInts(this.#rows)
    const at = this.#find(group, hashOf(key, b, MULTIPLY_B) | 1)
    return at === -1 ? 0 : Atomics.load(this.#ints, at + 1)
  }

  /** Takes back what a worker that has exited held. */
  clearRow(row: number): void {
    if (this.#ints === NOTHING) return
    for (let group = 0; group < this.#groups; group++)
      for (let n = 0; n < CELLS; n++) {
        const at = HEADER_INTS + group * groupInts(this.#rows) + 1 + n * cellInts(this.#rows)
        if (this.#ints[at + 2 + row] === 0) continue
        takeBackCell(this.#ints, this.#cellsAt(at), row)
        this.#doubtful.set(at, DOUBTS)
      }
  }

  /** Looks again at totals that could not be made right, or were while somebody was between two steps. */
  reconcile(): void {
    for (const [at, looks] of this.#doubtful) {
      reconcileCells(this.#ints, this.#cellsAt(at))
      if (looks > 1) this.#doubtful.set(at, looks - 1)
      else this.#doubtful.delete(at)
    }
  }

  #cellsAt(at: number): Cells {
    return { total: at + 1, first: at + 2, step: 1, rows: this.#rows }
  }

  /** The supervisor maps it, as it has to take back. */
  open(): void {
    this.#map()
  }

  /** Whether this process has looked at it: what is held can be asked. */
  get isOpen(): boolean {
    return this.#ints !== NOTHING
  }

  /** Size of the memory. */
  get bytes(): number {
    return this.#ints === NOTHING ? 0 : this.#ints.byteLength
  }
}
