// The memory of history. It is had in chunks of sixty samples of one series, only where something was
// counted, and never more than a limit: where that is reached the oldest chunk of the same level makes way,
// so that more series mean a shorter history rather than none.
import { COLUMNS } from './columns.ts'

export interface Level {
  readonly seconds: number
  /** How many samples are kept. */
  readonly kept: number
}

/** 1 s for 5 minutes, 10 s for 2 hours, 60 s for a day. */
export const LEVELS: readonly Level[] = [
  { seconds: 1, kept: 300 },
  { seconds: 10, kept: 720 },
  { seconds: 60, kept: 1440 },
]
export const SAMPLES = 60
/** Chunks of a series at a level: one more than is kept, for the one that is being filled. */
export const CHUNKS: readonly number[] = LEVELS.map(({ kept }) => kept / SAMPLES + 1)
/** Where those of a level begin in the list of a series. */
export const FIRST_CHUNK: readonly number[] = CHUNKS.map((_, level) =>
  CHUNKS.slice(0, level).reduce((sum, count) => sum + count, 0),
)
export const CHUNKS_OF_SERIES = CHUNKS.reduce((sum, count) => sum + count, 0)
export const NO_CHUNK = -1

const CHUNK_CELLS = SAMPLES * COLUMNS.length
export const CHUNK_BYTES = CHUNK_CELLS * 2
const SLAB_CHUNKS = 512
const MEMORY_MAX = 64 * 1024 * 1024
/** Parts of the memory for each level. */
const SHARES = [0.25, 0.25, 0.5]

interface Lent {
  readonly id: number
  /** The list of the series that has it, and where it stands there. */
  readonly owner: Int32Array
  readonly place: number
  readonly number: number
}

/** Those of one level, the oldest first. */
interface Queue {
  readonly max: number
  lent: Lent[]
  head: number
  /** All chunks from this number on are there, but for those of their time; 0: none had to make way. */
  completeFrom: number
}

export class Chunks {
  readonly #slabs: Uint16Array[] = []
  readonly #free: number[] = []
  #made = 0
  readonly #queues: readonly Queue[]

  constructor(memoryMax = MEMORY_MAX) {
    this.#queues = SHARES.map((share) => {
      return { max: Math.floor((memoryMax * share) / CHUNK_BYTES), lent: [], head: 0, completeFrom: 0 }
    })
  }

  /** Bytes that are had by now. */
  get bytes(): number {
    return this.#slabs.length * SLAB_CHUNKS * CHUNK_BYTES
  }

  /** From which chunk on nothing had to make way for more series. */
  completeFrom(level: number): number {
    return this.#queues[level]!.completeFrom
  }

  /** An empty chunk for this place in the list of a series; the place says so. */
  lend(level: number, number: number, owner: Int32Array): number {
    const queue = this.#queues[level]!
    if (queue.lent.length - queue.head >= queue.max) this.#makeWay(queue)
    const id = this.#free.pop() ?? this.#make()
    const place = placeOf(level, number)
    owner[place] = id
    queue.lent.push({ id, owner, place, number })
    this.slab(id).fill(0, this.offset(id), this.offset(id) + CHUNK_CELLS)
    return id
  }

  /** Takes back those that are older than what is kept at a level whose newest chunk is this. */
  expire(level: number, newest: number): void {
    const queue = this.#queues[level]!
    const oldest = newest - CHUNKS[level]! + 1
    while (queue.head < queue.lent.length && queue.lent[queue.head]!.number < oldest) this.#takeBack(queue)
  }

  /** Where the cells of a chunk are: sixty of each column, one column after the other, from its offset on. */
  slab(id: number): Uint16Array {
    return this.#slabs[Math.floor(id / SLAB_CHUNKS)]!
  }
  offset(id: number): number {
    return (id % SLAB_CHUNKS) * CHUNK_CELLS
  }

  #make(): number {
    if (this.#made === this.#slabs.length * SLAB_CHUNKS)
      this.#slabs.push(new Uint16Array(SLAB_CHUNKS * CHUNK_CELLS))
    return this.#made++
  }

  #makeWay(queue: Queue): void {
    queue.completeFrom = Math.max(queue.completeFrom, queue.lent[queue.head]!.number + 1)
    this.#takeBack(queue)
  }

  #takeBack(queue: Queue): void {
    const { id, owner, place } = queue.lent[queue.head++]!
    owner[place] = NO_CHUNK
    this.#free.push(id)
    // Now and then in one go: a shift for each would move all the others.
    if (queue.head < 1024 || queue.head * 2 < queue.lent.length) return
    queue.lent = queue.lent.slice(queue.head)
    queue.head = 0
  }
}

/** Where the chunk of this number stands in the list of a series. */
export const placeOf = (level: number, number: number): number =>
  FIRST_CHUNK[level]! + (number % CHUNKS[level]!)
