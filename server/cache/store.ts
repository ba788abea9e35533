// The stored answers of one process, within bounds: what is not used makes room. Which go first is SIEVE's
// way (Zhang and others, NSDI 2024): a hand goes from the oldest to the newest and takes the first that
// nobody has asked for since it came by. What is asked for once, as by a crawler, goes before what is asked
// for again, and a hit is one write to a field.
import { Entry, entryFor, type EntryParts, type Slot } from './entry.ts'
import { Flights } from './flights.ts'
import type { RequestHead } from '../head/request-head.ts'
import { type Purge, purgedBy } from './purge.ts'
import type { StoredHead } from './stored-head.ts'
import type { Came } from './terms.ts'

/** Most kinds of requests that one key has answers for: the oldest makes room. */
const VARIANTS_MAX = 32
/** Part of the memory that may be taken by answers that are still coming. */
const COMING_PART = 4

export interface StoreFigures {
  readonly entries: number
  readonly bytes: number
  readonly stored: number
  readonly evicted: number
  readonly purged: number
}

export class CacheStore {
  /** The clock of the day, in ms. */
  readonly clock: () => number
  /** Requests that are under way for answers to be stored. */
  readonly flights = new Flights()
  readonly #slots = new Map<string, Slot>()
  readonly #byPlace = new Map<string, Set<Slot>>()
  readonly #byTag = new Map<string, Set<Entry>>()
  #limit: number
  #bytes = 0
  #coming = 0
  #entries = 0
  #stored = 0
  #evicted = 0
  #purged = 0
  #newest: Entry | null = null
  #oldest: Entry | null = null
  #hand: Entry | null = null

  constructor(limit: number, clock: () => number = Date.now) {
    this.#limit = limit
    this.clock = clock
  }

  /** It may hold so many bytes from now on. */
  limit(bytes: number): void {
    this.#limit = bytes
    this.#makeRoom(0)
  }

  get figures(): StoreFigures {
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      stored: this.#stored,
      evicted: this.#evicted,
      purged: this.#purged,
    }
  }

  /** What is stored for a request; null: nothing. */
  find(key: string, request: RequestHead): Entry | null {
    const slot = this.#slots.get(key)
    return slot === undefined ? null : entryFor(slot, request)
  }

  /** Whether there is anything for its key, for other requests perhaps. */
  has(key: string): boolean {
    return this.#slots.has(key)
  }

  /** So many bytes more, or fewer, are held for an answer that is still coming; false: there is no room. */
  reserve(bytes: number): boolean {
    if (bytes > 0 && this.#coming + bytes > this.#limit / COMING_PART) return false
    this.#coming += bytes
    return true
  }

  /** Stores an answer in place of what it takes the place of; false: it is larger than all there is. */
  put(key: string, place: string, parts: EntryParts): boolean {
    const entry = new Entry(parts)
    const slot = this.#slots.get(key) ?? { key, place, entries: [] }
    const bytes = entry.bytes + (slot.entries.length === 0 ? slotBytes(slot) : 0)
    if (bytes > this.#limit) return false
    for (const old of slot.entries) if (isSame(old, entry)) this.#drop(old)
    if (slot.entries.length >= VARIANTS_MAX) this.#drop(slot.entries[0] as Entry)
    this.#makeRoom(entry.bytes + slotBytes(slot))
    // Making room may have taken the slot itself.
    this.#open(slot)
    slot.entries = [...slot.entries, entry]
    this.#add(entry, slot)
    this.#stored++
    return true
  }

  #open(slot: Slot): void {
    if (this.#slots.get(slot.key) === slot) return
    this.#slots.set(slot.key, slot)
    this.#bytes += slotBytes(slot)
    addTo(this.#byPlace, slot.place, slot)
  }

  #add(entry: Entry, slot: Slot): void {
    entry.slot = slot
    entry.older = this.#newest
    if (this.#newest) this.#newest.newer = entry
    else this.#oldest = entry
    this.#newest = entry
    this.#bytes += entry.bytes
    this.#entries++
    for (const tag of entry.tags) addTo(this.#byTag, tag, entry)
  }

  /** Its server says that it has not changed. */
  freshen(entry: Entry, by: StoredHead, came: Came): void {
    const { bytes } = entry
    entry.freshen(by, came)
    if (entry.slot !== null) this.#bytes += entry.bytes - bytes
  }

  /** It is of no use any more. */
  remove(entry: Entry): void {
    if (entry.slot !== null) this.#drop(entry)
  }

  #drop(entry: Entry): void {
    const { slot, older, newer } = entry
    if (slot === null) return
    if (this.#hand === entry) this.#hand = newer
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
    entry.slot = entry.older = entry.newer = null
    this.#bytes -= entry.bytes
    this.#entries--
    for (const tag of entry.tags) removeFrom(this.#byTag, tag, entry)
    slot.entries = slot.entries.filter((one) => one !== entry)
    if (slot.entries.length > 0) return
    this.#slots.delete(slot.key)
    this.#bytes -= slotBytes(slot)
    removeFrom(this.#byPlace, slot.place, slot)
  }

  #makeRoom(bytes: number): void {
    while (this.#entries > 0 && this.#bytes + bytes > this.#limit) {
      const entry = this.#hand ?? (this.#oldest as Entry)
      this.#hand = entry.newer
      if (entry.wasUsed) entry.wasUsed = false
      else {
        this.#drop(entry)
        this.#evicted++
      }
    }
  }

  // ── purging ──

  /** Who tells the stores of other processes; null: there are none. */
  tell: ((purge: Purge) => void) | null = null

  /** A request has changed what is stored, here and elsewhere. */
  invalidate(purge: Purge): void {
    this.purge(purge)
    this.tell?.(purge)
  }

  /** Takes out what a purge names, and what is under way for it is not stored; how many answers that were. */
  purge(purge: Purge): number {
    this.flights.purge(purge)
    const entries = [...this.#namedBy(purge)]
    for (const entry of entries) this.#drop(entry)
    this.#purged += entries.length
    return entries.length
  }

  *#namedBy(purge: Purge): Generator<Entry> {
    if (purge.is === 'tag') return yield* this.#byTag.get(purge.tag) ?? []
    if (purge.is === 'place' && purge.host !== null) {
      for (const slot of this.#byPlace.get(`${purge.host}${purge.target}`) ?? []) yield* slot.entries
      return undefined
    }
    for (const slot of this.#slots.values()) if (purgedBy(purge, slot.place, slot.key)) yield* slot.entries
    return undefined
  }
}

const slotBytes = ({ key, place }: Slot): number => 2 * (2 * key.length + place.length) + 256

/** It is for the same requests. */
const isSame = (one: Entry, other: Entry): boolean =>
  one.selecting.length === other.selecting.length &&
  one.selecting.every(({ lower, value }) =>
    other.selecting.some((its) => its.lower === lower && its.value === value),
  )

function addTo<T>(map: Map<string, Set<T>>, key: string, one: T): void {
  const all = map.get(key)
  if (all === undefined) map.set(key, new Set([one]))
  else all.add(one)
}

function removeFrom<T>(map: Map<string, Set<T>>, key: string, one: T): void {
  const all = map.get(key)
  all?.delete(one)
  if (all?.size === 0) map.delete(key)
}
