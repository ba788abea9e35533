// Token buckets that all workers take from, in memory of its own beside the table of records (key-table.ts).
//
// A bucket is one number, the time at which it will be full again (GCRA's theoretical arrival time): a token
// moves it on by what one token takes to come back, by one compare-and-exchange. A bucket that is full has no
// cell.
//
//   cell: tag · until · full at   in units (parts of a token's time), modulo 2^32; beyond `until` it is full
//
// Who takes reads full-at, until and tag in this order, then exchanges full-at. So nobody ever moves another
// key's bucket: the tag read after full-at is the one that full-at belonged to, and full-at has changed if
// the cell changed hands since.
import {
  createTable,
  GONE,
  KeyTable,
  type KeyNames,
  privateTable,
  secondsOf,
  type Shape,
  sizeTable,
  sizeWithin,
} from './key-table.ts'
import { mapFile } from './file.ts'

const SHAPE: Shape = { magic: 0x51_1c_e0_06, cells: 21, cellInts: 3 }

/**
 * A token is 16 to 65,536 units of time: what a clock in units rounds off is less than one of them, once. The
 * distance to a live bucket's number must stay well below 2^31, or which is ahead would not be known.
 */
const TOKEN_BITS_MIN = 4
const TOKEN_BITS_MAX = 16
const BURST_BITS = 30
const LATE_BITS = 29
/** A live bucket may have been full for so long. */
const LATE_MS = 3000

/** What a bucket holds and how fast it fills. */
export interface Rate {
  /** So many tokens come back in so many ms. */
  readonly tokens: number
  readonly perMs: number
  readonly burst: number
  /** So much may be owed beyond an empty bucket, in ms of the rate; left out: nothing. */
  readonly debtMs?: number
}

/** The buckets of one limit, each with a key of its own. */
export interface Limit extends Rate, KeyNames {
  /** Units of a token. */
  readonly token: number
  readonly unitsPerMs: number
  readonly burstUnits: number
  /** That and what may be owed. */
  readonly mostUnits: number
}

/** A view of one process on the buckets. */
export class Buckets extends KeyTable {
  constructor(open: () => Uint8Array) {
    super(open, SHAPE)
  }

  static private(bytes: number): Buckets {
    return new Buckets(() => privateTable(bytes, SHAPE))
  }

  /** The largest size of a table that is not beyond this. */
  static sizeWithin(bytes: number): number {
    return sizeWithin(bytes, SHAPE)
  }

  /** A file for a table that is not needed yet. */
  static createFile(folder: string | null): number {
    return createTable(folder)
  }

  /** Gives such a file its size, once; before that nobody may open it. */
  static sizeFile(fd: number, bytes: number): void {
    sizeTable(fd, bytes, SHAPE)
  }

  /** Those in a file that another process has made. */
  static shared(fd: number): Buckets {
    return new Buckets(() => mapFile(fd))
  }

  /**
   * The limit of this name; at the same rate it has the same buckets in all processes, and after a reload.
   */
  limit(name: string, rate: Rate): Limit {
    const token = unitsOf(rate)
    // What is in a bucket means nothing in other units: a change of the rate has others. One of the burst has
    // the same, up to 16,384 tokens.
    const names = this.namesOf(`${name}\0${rate.tokens}/${rate.perMs}/${token}`)
    const unitsPerMs = (rate.tokens * token) / rate.perMs
    const burstUnits = rate.burst * token
    const mostUnits = burstUnits + (rate.debtMs ?? 0) * unitsPerMs
    return { ...rate, ...names, token, unitsPerMs, burstUnits, mostUnits }
  }

  /**
   * Takes so many units, those of a token by default, of a key's bucket. What is left in it, in units; below
   * zero: nothing was taken, and so many units are missing.
   */
  take(limit: Limit, key: string, nowMs: number, units = limit.token): number {
    this.begin(limit, key, nowMs)
    return this.#take(limit, units, limit.burstUnits)
  }

  /**
   * Takes them though they may not be there yet, as long as less is owed than may be: whoever does waits
   * until what is left is 0. In units; what is beyond -(mostUnits - burstUnits) was not taken.
   */
  book(limit: Limit, key: string, nowMs: number, units: number): number {
    this.begin(limit, key, nowMs)
    const room = this.#take(limit, units, limit.mostUnits)
    return room + limit.burstUnits - limit.mostUnits
  }

  #take(limit: Limit, units: number, most: number): number {
    const at = this.find()
    const left = at < 0 ? GONE : this.#takeAt(at, limit, units, most)
    return left === GONE ? this.#takeNew(limit, units, most, true) : left
  }

  /** Begins the bucket of a key with so many units taken, where it has none. */
  start(limit: Limit, key: string, nowMs: number, units: number): void {
    this.begin(limit, key, nowMs)
    this.#takeNew(limit, Math.min(units, limit.burstUnits), limit.burstUnits, false)
  }

  /** Units that are missing of a key's bucket; -1: it has none, or a full one that may be forgotten. */
  missing(limit: Limit, key: string, nowMs: number): number {
    this.begin(limit, key, nowMs)
    const at = this.find()
    if (at < 0) return -1
    const fullAt = Atomics.load(this.ints, at + 2)
    const untilS = Atomics.load(this.ints, at + 1)
    if (Atomics.load(this.ints, at) !== this.tag || untilS < Math.floor(nowMs / 1000)) return -1
    return usedOf(fullAt, (nowMs * limit.unitsPerMs) | 0, limit.mostUnits)
  }

  /** Takes from the bucket in this cell, which holds so much; GONE when it is not the key's, or not live. */
  #takeAt(at: number, { unitsPerMs }: Limit, units: number, most: number): number {
    const { ints, nowMs } = this
    const now = (nowMs * unitsPerMs) | 0
    const nowS = Math.floor(nowMs / 1000)
    for (;;) {
      const fullAt = Atomics.load(ints, at + 2)
      const untilS = Atomics.load(ints, at + 1)
      if (Atomics.load(ints, at) !== this.tag || untilS < nowS) return GONE
      const used = usedOf(fullAt, now, most)
      const left = most - used - units
      if (left < 0) return left
      if (Atomics.compareExchange(ints, at + 2, fullAt, (now + used + units) | 0) !== fullAt) continue
      this.keepUntil(at, nowMs + (used + units) / unitsPerMs)
      return left
    }
  }

  /**
   * The key has no live bucket, as far as was seen: it gets one, or another process gives it one meanwhile,
   * of which is taken only if `takes`.
   */
  #takeNew(limit: Limit, units: number, most: number, takes: boolean): number {
    // What is taken first would have been granted in any case; what no bucket holds never is.
    if (units > most || !this.lock()) return most - units
    const at = this.findRoom()
    const isOwn = this.ints[at] === this.tag
    let left = isOwn && takes ? this.#takeAt(at, limit, units, most) : GONE
    if (left === GONE && (takes || !isOwn || this.#isOver(at))) left = this.#fillAt(at, limit, units, most)
    this.unlock()
    return left
  }

  #isOver(at: number): boolean {
    return Atomics.load(this.ints, at + 1) < Math.floor(this.nowMs / 1000)
  }

  /** Makes this cell the full bucket of the key, and takes of it. The group's lease is held. */
  #fillAt(at: number, { unitsPerMs }: Limit, units: number, most: number): number {
    const { ints, nowMs } = this
    Atomics.store(ints, at, 0)
    Atomics.store(ints, at + 2, (((nowMs * unitsPerMs) | 0) + units) | 0)
    Atomics.store(ints, at + 1, secondsOf(nowMs + units / unitsPerMs))
    Atomics.store(ints, at, this.tag)
    return most - units
  }
}

/** Units that are missing; never more than a bucket holds, which may have shrunk. */
function usedOf(fullAt: number, now: number, most: number): number {
  const missing = (fullAt - now) | 0
  return missing < 0 ? 0 : missing > most ? most : missing
}

/** Into how many units tokens of this rate are cut. */
function unitsOf({ tokens, perMs, burst, debtMs = 0 }: Rate): number {
  const most = Math.min(
    2 ** TOKEN_BITS_MAX,
    2 ** BURST_BITS / (burst + (debtMs * tokens) / perMs),
    (2 ** LATE_BITS * perMs) / tokens / LATE_MS,
  )
  return 2 ** Math.max(TOKEN_BITS_MIN, Math.floor(Math.log2(most)))
}
