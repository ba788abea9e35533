// Token buckets that all workers take from: memory of its own beside the table of records, used only where a
// rule asks for it, and never larger than it was made.
//
// A bucket is one number, the time at which it will be full again (GCRA's theoretical arrival time): a token
// moves it on by what one token takes to come back, by one compare-and-exchange. A bucket that is full has no
// cell. The memory is an array of groups of 256 bytes; the first is the header. A key belongs to one group,
// by a hash that nobody outside can know, and lies anywhere in it.
//
//   header: Int32                                     | group: 64 Int32
//     0  magic        written last                    |   0        lease     0: free; when the one who adds a key
//     1  groups       how many                        |                      to this group took it (ms, shared clock)
//     2  seed a       of the hash, random             |   1 + 3n   tag       the key's other 32 bits of hash; 0: free
//     3  seed b                                       |   2 + 3n   full at   in units (parts of a token's time), modulo 2^32
//     4  evicted      live keys that had to make room |   3 + 3n   until     seconds: from then on the bucket counts as
//     5  uncounted    passed, as no lease was had     |                      full, and its cells as free; n below 21
//
// Who takes reads full-at, until and tag in this order, then exchanges full-at; who gives cells to another
// key clears the tag first and writes it last. So nobody ever moves another key's bucket: the tag read after
// full-at is the one that full-at belonged to, and full-at has changed if the cells changed hands since.
// Cells become free, live or another key's only under the group's lease, which ends a second after its holder
// died.

import { createFile, fillWithZeros, mapFile } from './file.ts'
import { hashOf, MULTIPLY_A, MULTIPLY_B } from './key-hash.ts'
import { hasLease } from './lease.ts'

/** Of 32 bits. */
const HASHES = 2 ** 32
const GROUP_INTS = 64
const GROUP_BYTES = GROUP_INTS * 4
const CELLS = 21
const CELL_INTS = 3

const MAGIC = 0
const GROUPS = 1
const SEED_A = 2
const SEED_B = 3
const EVICTED = 4
const UNCOUNTED = 5
const MAGIC_VALUE = 0x51_1c_e0_03

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
const UNTIL_MAX = 0x7f_ff_ff_ff
/** The clocks of processes are read at the start of their turns: so much they may differ. */
const SLACK_S = 1

/** What a bucket holds and how fast it fills. */
export interface Rate {
  /** So many tokens come back in so many ms. */
  readonly tokens: number
  readonly perMs: number
  readonly burst: number
}

/** The buckets of one limit, each with a key of its own. */
export interface Limit extends Rate {
  /** Where the hash of its keys begins: limits of other names share no bucket. */
  readonly a: number
  readonly b: number
  /** Units of a token. */
  readonly token: number
  readonly unitsPerMs: number
  readonly burstUnits: number
}

/** No memory yet: an empty header. */
const NOTHING = new Int32Array(GROUP_INTS)

/** A view of one process on the buckets; their memory is asked for once somebody takes. */
export class Buckets {
  /** Memory for so many bytes at most, for this process alone. */
  static private(bytes: number): Buckets {
    return new Buckets(() => {
      const memory = new Uint8Array(Buckets.sizeWithin(bytes))
      Buckets.format(memory)
      return memory
    })
  }

  /** The largest size of a table that is not beyond this. */
  static sizeWithin(bytes: number): number {
    return Math.max(2, Math.floor(bytes / GROUP_BYTES)) * GROUP_BYTES
  }

  /** Marks zeros as a table. */
  static format({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const header = new Int32Array(buffer, byteOffset, GROUP_INTS)
    crypto.getRandomValues(header.subarray(SEED_A, SEED_B + 1))
    header[GROUPS] = byteLength / GROUP_BYTES - 1
    Atomics.store(header, MAGIC, MAGIC_VALUE)
  }

  /** A file for a table that is not needed yet: nothing of it but the header's place. */
  static createFile(folder: string | null): number {
    return createFile(GROUP_BYTES, folder)
  }

  /** Gives such a file its size, once; before that nobody may open it. */
  static sizeFile(fd: number, bytes: number): void {
    fillWithZeros(fd, GROUP_BYTES, Buckets.sizeWithin(bytes))
    Buckets.format(mapFile(fd))
  }

  /** Those in a file that another process has made. */
  static shared(fd: number): Buckets {
    return new Buckets(() => mapFile(fd))
  }

  readonly #open: () => Uint8Array
  #ints: Int32Array = NOTHING
  #groups = 1
  /** What happened in the latest `take`, beside its answer. */
  lastEvicted = false
  lastUncounted = false

  constructor(open: () => Uint8Array) {
    this.#open = open
  }

  /**
   * The limit of this name; at the same rate it has the same buckets in all processes, and after a reload.
   */
  limit(name: string, rate: Rate): Limit {
    const ints = (this.#ints = this.#ints === NOTHING ? this.#map() : this.#ints)
    const token = unitsOf(rate)
    // What is in a bucket means nothing in other units: a change of the rate begins anew. One of the burst
    // does not, up to 16,384 tokens.
    const text = `${name}\0${rate.tokens}/${rate.perMs}/${token}`
    const a = hashOf(text, ints[SEED_A]!, MULTIPLY_A)
    const b = hashOf(text, ints[SEED_B]!, MULTIPLY_B)
    const unitsPerMs = (rate.tokens * token) / rate.perMs
    return { ...rate, a, b, token, unitsPerMs, burstUnits: rate.burst * token }
  }

  #map(): Int32Array {
    const { buffer, byteOffset, byteLength } = this.#open()
    const ints = new Int32Array(buffer, byteOffset, byteLength >> 2)
    if (Atomics.load(ints, MAGIC) !== MAGIC_VALUE) throw new Error('these are no buckets')
    this.#groups = ints[GROUPS]!
    return ints
  }

  /**
   * Takes a token of a key's bucket. What is left in it, in units; below zero: there was none, and the next
   * one comes in so many units.
   */
  take(limit: Limit, key: string, nowMs: number): number {
    const ints = this.#ints
    const a = hashOf(key, limit.a, MULTIPLY_A)
    const tag = hashOf(key, limit.b, MULTIPLY_B) | 1
    const group = (1 + Math.floor(((a >>> 0) * this.#groups) / HASHES)) * GROUP_INTS
    // By the other hash: the upper half of this one is much the same for all keys of a group.
    const first = ((tag >>> 16) * CELLS) >>> 16
    this.#tag = tag
    this.#group = group
    this.#first = first
    this.#nowMs = nowMs
    this.lastEvicted = this.lastUncounted = false
    for (let n = 0; n < CELLS; n++) {
      const place = first + n
      const at = group + 1 + (place < CELLS ? place : place - CELLS) * CELL_INTS
      if (ints[at] !== tag) continue
      const left = this.#takeAt(at, limit)
      if (left !== GONE) return left
    }
    return this.#takeNew(limit)
  }

  // What the latest `take` is about.
  #tag = 0
  #group = 0
  #first = 0
  #nowMs = 0

  /** Takes from the bucket at these cells; GONE when it is not the key's, or not live. */
  #takeAt(at: number, { burstUnits, token, unitsPerMs }: Limit): number {
    const ints = this.#ints
    const nowMs = this.#nowMs
    const now = (nowMs * unitsPerMs) | 0
    const nowS = Math.floor(nowMs / 1000)
    for (;;) {
      const fullAt = Atomics.load(ints, at + 1)
      const untilS = Atomics.load(ints, at + 2)
      if (Atomics.load(ints, at) !== this.#tag || untilS < nowS) return GONE
      const missing = (fullAt - now) | 0
      const used = missing < 0 ? 0 : missing > burstUnits ? burstUnits : missing
      const left = burstUnits - used - token
      if (left < 0) return left
      if (Atomics.compareExchange(ints, at + 1, fullAt, (now + used + token) | 0) !== fullAt) continue
      const fullS = secondsOf(nowMs + (used + token) / unitsPerMs)
      if (fullS > untilS) Atomics.compareExchange(ints, at + 2, untilS, fullS)
      return left
    }
  }

  /**
   * The key has no live bucket, as far as was seen: it gets one, or another process gives it one meanwhile.
   */
  #takeNew(limit: Limit): number {
    const ints = this.#ints
    const group = this.#group
    const lease = this.#nowMs | 0 || 1
    if (!hasLease(ints, group, lease)) {
      // Its first token would have been granted in any case.
      this.lastUncounted = true
      Atomics.add(ints, UNCOUNTED, 1)
      return limit.burstUnits - limit.token
    }
    const at = this.#findRoom()
    let left = ints[at] === this.#tag ? this.#takeAt(at, limit) : GONE
    if (left === GONE) left = this.#fillAt(at, limit)
    Atomics.compareExchange(ints, group, lease, 0)
    return left
  }

  /** The key's own cells, or free ones, or those of the bucket that is nearest to full. */
  #findRoom(): number {
    const ints = this.#ints
    const goneS = Math.floor(this.#nowMs / 1000) - SLACK_S
    let free = -1
    let soonest = -1
    let soonestS = UNTIL_MAX
    for (let n = 0; n < CELLS; n++) {
      const place = this.#first + n
      const at = this.#group + 1 + (place < CELLS ? place : place - CELLS) * CELL_INTS
      if (ints[at] === this.#tag) return at
      const untilS = Atomics.load(ints, at + 2)
      if (ints[at] === 0 || untilS < goneS) {
        if (free < 0) free = at
      } else if (untilS <= soonestS) {
        soonest = at
        soonestS = untilS
      }
    }
    if (free >= 0) return free
    this.lastEvicted = true
    Atomics.add(ints, EVICTED, 1)
    return soonest
  }

  /** Makes these cells the full bucket of the key, and takes one token of it. The group's lease is held. */
  #fillAt(at: number, { burstUnits, token, unitsPerMs }: Limit): number {
    const ints = this.#ints
    Atomics.store(ints, at, 0)
    Atomics.store(ints, at + 1, (((this.#nowMs * unitsPerMs) | 0) + token) | 0)
    Atomics.store(ints, at + 2, secondsOf(this.#nowMs + token / unitsPerMs))
    Atomics.store(ints, at, this.#tag)
    return burstUnits - token
  }

  /** Size of the memory. */
  get bytes(): number {
    return this.#ints === NOTHING ? 0 : this.#ints.byteLength
  }

  /** Live keys that had to make room for others since the start, in all processes. */
  get evicted(): number {
    return Atomics.load(this.#ints, EVICTED)
  }

  /** Requests that passed without being counted. */
  get uncounted(): number {
    return Atomics.load(this.#ints, UNCOUNTED)
  }
}

/** Into how many units tokens of this rate are cut. */
function unitsOf({ tokens, perMs, burst }: Rate): number {
  const most = Math.min(
    2 ** TOKEN_BITS_MAX,
    2 ** BURST_BITS / burst,
    (2 ** LATE_BITS * perMs) / tokens / LATE_MS,
  )
  return 2 ** Math.max(TOKEN_BITS_MIN, Math.floor(Math.log2(most)))
}

/** What `left` means: none is so low. */
const GONE = -0x80_00_00_00

/** One second more than needed: `until` may be written by two processes in either order. */
const secondsOf = (ms: number): number => Math.min(UNTIL_MAX, Math.floor(ms / 1000) + 2)
