// Sliding windows that all workers count in, in memory of its own beside the table of records (key-table.ts).
//
// A window is counted in slices of time, a seventh of it each. What counts is the slice of now and the seven
// before it, so that never more pass in any time of the window's length, wherever that begins; a request is
// forgotten between one window and a seventh more after it.
//
//   cell: tag · until · 8 slices, by their number modulo 8: how many (20 bits), number modulo 2048 (11 bits),
//   sealed (1 bit): nothing is added any more
//
// All that changes is the newest slice, by compare-and-exchange: who begins a slice seals those before it
// first, those that nobody has begun too. So the sum that is decided by holds at the exchange, and a process
// whose clock is behind finds its slice sealed and counts in the newest. Who exchanges looks at the tag
// behind that, and takes back what it added where the cell changed hands.
import {
  createTable,
  GONE,
  type KeyNames,
  KeyTable,
  privateTable,
  secondsOf,
  type Shape,
  sizeTable,
  sizeWithin,
} from './key-table.ts'
import { mapFile } from './file.ts'

/** Whole slices of a window. */
export const SLICES = 7
const WORDS = SLICES + 1
const FIRST_WORD = 2
const SHAPE: Shape = { magic: 0x51_1c_e0_07, cells: 16, cellInts: FIRST_WORD + WORDS }

const COUNT_BITS = 20
const COUNTS = 2 ** COUNT_BITS - 1
const NUMBERS = 2 ** 11
const SEALED = -0x80_00_00_00

/** How many may pass in so many ms: at most 1,000,000, and a second or more. */
export interface Span {
  readonly requests: number
  readonly perMs: number
}

/** The windows of one limit, each with a key of its own. */
export interface Window extends Span, KeyNames {
  readonly sliceMs: number
}

const numberOf = (word: number): number => (word >>> COUNT_BITS) & (NUMBERS - 1)

/** How many slices the one is ahead of the other, which are no more than 1,023 apart. */
function ahead(one: number, other: number): number {
  const distance = (one - other) & (NUMBERS - 1)
  return distance < NUMBERS / 2 ? distance : distance - NUMBERS
}

/** A view of one process on the windows. */
export class Windows extends KeyTable {
  constructor(open: () => Uint8Array) {
    super(open, SHAPE)
  }

  static private(bytes: number): Windows {
    return new Windows(() => privateTable(bytes, SHAPE))
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
  static shared(fd: number): Windows {
    return new Windows(() => mapFile(fd))
  }

  /** The windows of this name; with the same length they are the same, however many may pass. */
  window(name: string, span: Span): Window {
    return { ...span, ...this.namesOf(`${name}\0${span.perMs}`), sliceMs: span.perMs / SLICES }
  }

  /** Counts so many. How many are left; below zero: nothing was counted, and so many are missing. */
  take(window: Window, key: string, nowMs: number, count = 1): number {
    this.begin(window, key, nowMs)
    const at = this.find()
    const left = at < 0 ? GONE : this.#takeAt(at, window, count)
    return left === GONE ? this.#takeNew(window, count, true) : left
  }

  /** Begins the window of a key with so many counted, where it has none. */
  start(window: Window, key: string, nowMs: number, count: number): void {
    this.begin(window, key, nowMs)
    this.#takeNew(window, Math.min(count, window.requests), false)
  }

  /** How many a key's window counts; -1: it has none that is remembered. */
  counted(window: Window, key: string, nowMs: number): number {
    const at = this.#live(window, key, nowMs)
    return at < 0 ? -1 : this.#sum(at, this.#newest(at, this.#sliceOf(window)))
  }

  /** In how many ms there will be room for so many, if nobody else takes it; at least a whole one. */
  waitMs(window: Window, key: string, nowMs: number, count = 1): number {
    const at = this.#live(window, key, nowMs)
    if (at < 0) return 1
    const slice = this.#sliceOf(window)
    const newest = this.#newest(at, slice)
    const isBehind = ahead(newest, slice)
    let missing = this.#sum(at, newest) + count - window.requests
    let number = (newest - SLICES) & (NUMBERS - 1)
    let slices = 0
    for (; slices <= SLICES && missing > 0; slices++, number = (number + 1) & (NUMBERS - 1)) {
      const word = Atomics.load(this.ints, wordAt(at, number))
      if (word !== 0 && numberOf(word) === number) missing -= word & COUNTS
    }
    // The slice that frees enough is forgotten when so many more have begun.
    const begunMs = Math.floor(nowMs / window.sliceMs) * window.sliceMs
    return Math.max(1, begunMs + (slices + isBehind) * window.sliceMs - nowMs)
  }

  #live(window: Window, key: string, nowMs: number): number {
    this.begin(window, key, nowMs)
    const at = this.find()
    return at < 0 || this.#isOver(at) ? -1 : at
  }

  #isOver(at: number): boolean {
    return Atomics.load(this.ints, at + 1) < Math.floor(this.nowMs / 1000)
  }

  #sliceOf({ sliceMs }: Window): number {
    return Math.floor(this.nowMs / sliceMs) % NUMBERS
  }

  /** The slice that is counted in: that of now, or a newer one that another process has begun. */
  #newest(at: number, slice: number): number {
    let newest = slice
    for (let n = 0; n < WORDS; n++) {
      const word = Atomics.load(this.ints, at + FIRST_WORD + n)
      if (word !== 0 && ahead(numberOf(word), newest) > 0) newest = numberOf(word)
    }
    return newest
  }

  /** All that counts with this slice. */
  #sum(at: number, newest: number): number {
    let sum = 0
    for (let n = 0; n < WORDS; n++) {
      const word = Atomics.load(this.ints, at + FIRST_WORD + n)
      if (word !== 0 && isWithin(ahead(newest, numberOf(word)))) sum += word & COUNTS
    }
    return sum
  }

  /** Counts in the window of this cell; GONE when it is not the key's, or not live. */
  #takeAt(at: number, window: Window, count: number): number {
    const { ints, nowMs } = this
    let slice = this.#sliceOf(window)
    for (;;) {
      const newest = this.#newest(at, slice)
      const place = wordAt(at, newest)
      const word = Atomics.load(ints, place)
      const isBegun = word !== 0 && numberOf(word) === newest
      if (isBegun && word < 0) {
        slice = (newest + 1) & (NUMBERS - 1)
        continue
      }
      if (!isBegun && !this.#seal(at, newest)) continue
      const left = window.requests - this.#sum(at, newest) - count
      if (Atomics.load(ints, at) !== this.tag || this.#isOver(at)) return GONE
      if (left < 0) {
        // Who is refused and keeps coming is not to be forgotten for newcomers.
        this.keepUntil(at, nowMs + window.perMs + 2 * window.sliceMs)
        return left
      }
      const next = isBegun ? word + count : (newest << COUNT_BITS) | count
      if (Atomics.compareExchange(ints, place, word, next) !== word) continue
      if (Atomics.load(ints, at) !== this.tag) {
        Atomics.sub(ints, place, count)
        return GONE
      }
      this.keepUntil(at, nowMs + window.perMs + 2 * window.sliceMs)
      return left
    }
  }

  /** Nothing is added any more to the slices before this one; false: somebody is further. */
  #seal(at: number, newest: number): boolean {
    const { ints } = this
    for (let back = 1; back <= SLICES; back++) {
      const number = (newest - back) & (NUMBERS - 1)
      const place = wordAt(at, number)
      for (;;) {
        const word = Atomics.load(ints, place)
        const isBegun = word !== 0 && numberOf(word) === number
        if (isBegun && word < 0) break
        if (!isBegun && word !== 0 && ahead(numberOf(word), newest) > 0) return false
        const sealed = isBegun ? word | SEALED : (number << COUNT_BITS) | SEALED
        if (Atomics.compareExchange(ints, place, word, sealed) === word) break
      }
    }
    return true
  }

  /**
   * The key has no live window, as far as was seen: it gets one, or another process gives it one meanwhile,
   * in which is counted only if `takes`.
   */
  #takeNew(window: Window, count: number, takes: boolean): number {
    const left = window.requests - count
    // What is counted first would have passed in any case; what is more than may pass never does.
    if (left < 0 || !this.lock()) return left
    const at = this.findRoom()
    const isOwn = this.ints[at] === this.tag && !this.#isOver(at)
    let got = isOwn && takes ? this.#takeAt(at, window, count) : GONE
    if (got === GONE && (takes || !isOwn)) got = this.#fillAt(at, window, count)
    this.unlock()
    return got
  }

  /** Makes this cell the window of the key. The group's lease is held. */
  #fillAt(at: number, window: Window, count: number): number {
    const { ints, nowMs } = this
    const slice = this.#sliceOf(window)
    Atomics.store(ints, at, 0)
    for (let n = 0; n < WORDS; n++) Atomics.store(ints, at + FIRST_WORD + n, 0)
    Atomics.store(ints, wordAt(at, slice), (slice << COUNT_BITS) | count)
    this.#seal(at, slice)
    Atomics.store(ints, at + 1, secondsOf(nowMs + window.perMs + 2 * window.sliceMs))
    Atomics.store(ints, at, this.tag)
    return window.requests - count
  }
}

const wordAt = (at: number, number: number): number => at + FIRST_WORD + (number & (WORDS - 1))

const isWithin = (back: number): boolean => back >= 0 && back <= SLICES
