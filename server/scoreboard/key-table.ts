// What limits remember of keys: memory that all workers share, an array of groups of cells, in which each key
// has a cell as long as there is something to remember of it. Never larger than it was made, and nothing is
// told of the keys but two hashes that nobody outside can know: whoever makes up keys neither finds those of
// others nor makes any look longer than one group.
//
//   header: 64 Int32                                  | group: Int32
//     0  magic        written last                    |   0          lease   0: free; when the one who adds a key
//     1  groups       how many                        |                      to this group took it (ms, shared clock)
//     2  seed a       of the hash, random             |   1 + n size tag     the key's other 32 bits of hash; 0: free
//     3  seed b                                       |   2 + n size until   seconds: from then on nothing is left to
//     4  evicted      live keys that had to make room |                      remember, and the cell counts as free
//     5  uncounted    passed, as no lease was had     |   3 + n size         what is remembered: buckets.ts, windows.ts
//
// A key belongs to one group, and lies anywhere in it. Who gives a cell to another key clears the tag first
// and writes it last. Cells become free, live or another key's only under the group's lease, which ends a
// second after its holder died.
import { createFile, fillWithZeros, mapFile } from './file.ts'
import { hashOf, MULTIPLY_A, MULTIPLY_B } from './key-hash.ts'
import { hasLease } from './lease.ts'

/** Of 32 bits. */
const HASHES = 2 ** 32
const HEADER_INTS = 64

const MAGIC = 0
const GROUPS = 1
const SEED_A = 2
const SEED_B = 3
const EVICTED = 4
const UNCOUNTED = 5

const UNTIL_MAX = 0x7f_ff_ff_ff
/** The clocks of processes are read at the start of their turns: so much they may differ. */
const SLACK_S = 1

/** What cells of a table look like. */
export interface Shape {
  readonly magic: number
  /** In a group. */
  readonly cells: number
  /** Int32 of a cell. */
  readonly cellInts: number
}

/** The keys of one limit: those of other names are other keys. */
export interface KeyNames {
  /** Where the hash of its keys begins. */
  readonly a: number
  readonly b: number
}

/** No memory yet: an empty header. */
const NOTHING = new Int32Array(HEADER_INTS)

const groupInts = ({ cells, cellInts }: Shape): number => 1 + cells * cellInts

/** The largest size of a table that is not beyond this. */
export function sizeWithin(bytes: number, shape: Shape): number {
  const groups = Math.max(1, Math.floor((bytes / 4 - HEADER_INTS) / groupInts(shape)))
  return (HEADER_INTS + groups * groupInts(shape)) * 4
}

/** Marks zeros as a table. */
export function formatTable({ buffer, byteOffset, byteLength }: Uint8Array, shape: Shape): void {
  const header = new Int32Array(buffer, byteOffset, HEADER_INTS)
  crypto.getRandomValues(header.subarray(SEED_A, SEED_B + 1))
  header[GROUPS] = Math.floor((byteLength / 4 - HEADER_INTS) / groupInts(shape))
  Atomics.store(header, MAGIC, shape.magic)
}

/** Memory for so many bytes at most, of this process alone. */
export function privateTable(bytes: number, shape: Shape): Uint8Array {
  const memory = new Uint8Array(sizeWithin(bytes, shape))
  formatTable(memory, shape)
  return memory
}

/** A file for a table that is not needed yet: nothing of it but the header's place. */
export const createTable = (folder: string | null): number => createFile(HEADER_INTS * 4, folder)

/** Gives such a file its size, once; before that nobody may open it. */
export function sizeTable(fd: number, bytes: number, shape: Shape): void {
  fillWithZeros(fd, HEADER_INTS * 4, sizeWithin(bytes, shape))
  formatTable(mapFile(fd), shape)
}

/** What a take means that found no live cell of its key: no count is so low. */
export const GONE = -0x80_00_00_00

/** A view of one process on such a table; its memory is asked for once somebody takes. */
export abstract class KeyTable {
  /** What happened in the latest `take`, beside its answer. */
  lastEvicted = false
  lastUncounted = false
  protected ints: Int32Array = NOTHING
  // What the latest `take` is about.
  protected tag = 0
  protected nowMs = 0
  readonly #open: () => Uint8Array
  readonly #shape: Shape
  readonly #groupInts: number
  #groups = 1
  #group = 0
  #first = 0

  constructor(open: () => Uint8Array, shape: Shape) {
    this.#open = open
    this.#shape = shape
    this.#groupInts = groupInts(shape)
  }

  /** Maps the memory, where that was not done. */
  open(): void {
    if (this.ints !== NOTHING) return
    const { buffer, byteOffset, byteLength } = this.#open()
    const ints = new Int32Array(buffer, byteOffset, byteLength >> 2)
    if (Atomics.load(ints, MAGIC) !== this.#shape.magic) throw new Error('this is no such table')
    this.#groups = ints[GROUPS]!
    this.ints = ints
  }

  /** The same in all processes, and after a reload. */
  protected namesOf(name: string): KeyNames {
    this.open()
    const a = hashOf(name, this.ints[SEED_A]!, MULTIPLY_A)
    return { a, b: hashOf(name, this.ints[SEED_B]!, MULTIPLY_B) }
  }

  /** What follows is about this key. */
  protected begin({ a, b }: KeyNames, key: string, nowMs: number): void {
    const { cells } = this.#shape
    const hash = hashOf(key, a, MULTIPLY_A) >>> 0
    this.tag = hashOf(key, b, MULTIPLY_B) | 1
    this.#group = HEADER_INTS + Math.floor((hash * this.#groups) / HASHES) * this.#groupInts
    // By the other hash: the upper half of this one is much the same for all keys of a group.
    this.#first = ((this.tag >>> 16) * cells) >>> 16
    this.nowMs = nowMs
    this.lastEvicted = this.lastUncounted = false
  }

  /** The cell that has the key's tag, live or not; -1: none has. */
  protected find(): number {
    const { ints, tag } = this
    const { cells, cellInts } = this.#shape
    for (let n = 0; n < cells; n++) {
      const place = this.#first + n
      const at = this.#group + 1 + (place < cells ? place : place - cells) * cellInts
      if (ints[at] === tag) return at
    }
    return -1
  }

  /** Takes the lease of the key's group; false: its request passes uncounted. */
  protected lock(): boolean {
    if (hasLease(this.ints, this.#group, this.#lease)) return true
    this.lastUncounted = true
    Atomics.add(this.ints, UNCOUNTED, 1)
    return false
  }

  protected unlock(): void {
    Atomics.compareExchange(this.ints, this.#group, this.#lease, 0)
  }

  get #lease(): number {
    return this.nowMs | 0 || 1
  }

  /** The key's own cell, or a free one, or that of the key of which least is left to remember. */
  protected findRoom(): number {
    const ints = this.ints
    const { cells, cellInts } = this.#shape
    const goneS = Math.floor(this.nowMs / 1000) - SLACK_S
    let free = -1
    let soonest = -1
    let soonestS = UNTIL_MAX
    for (let n = 0; n < cells; n++) {
      const place = this.#first + n
      const at = this.#group + 1 + (place < cells ? place : place - cells) * cellInts
      if (ints[at] === this.tag) return at
      const untilS = Atomics.load(ints, at + 1)
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

  /** Something of the key is to be remembered for as long as this, at least. */
  protected keepUntil(at: number, ms: number): void {
    const ints = this.ints
    const untilS = Atomics.load(ints, at + 1)
    const wantedS = secondsOf(ms)
    if (wantedS > untilS) Atomics.compareExchange(ints, at + 1, untilS, wantedS)
  }

  /** Whether this process has looked at it: what is left can be asked. */
  get isOpen(): boolean {
    return this.ints !== NOTHING
  }

  /** Size of the memory. */
  get bytes(): number {
    return this.ints === NOTHING ? 0 : this.ints.byteLength
  }

  /** Live keys that had to make room for others since the start, in all processes. */
  get evicted(): number {
    return Atomics.load(this.ints, EVICTED)
  }

  /** Requests that passed without being counted. */
  get uncounted(): number {
    return Atomics.load(this.ints, UNCOUNTED)
  }
}

/** One second more than needed: `until` may be written by two processes in either order. */
export const secondsOf = (ms: number): number => Math.min(UNTIL_MAX, Math.floor(ms / 1000) + 2)
