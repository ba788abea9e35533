// What was counted of late: each second for five minutes, ten seconds for two hours, a minute for a day, of
// the gateway and of each listener, rule, backend and server that had anything to do. It hears what the
// supervisor adds up of the workers anyway: nothing of it runs where exchanges do. Time here is that of a
// clock that is never set; names are what series go by, so that a reload goes on with those that it keeps.
import { Chunks, LEVELS, SAMPLES } from './chunks.ts'
import { heardBy } from './counting.ts'
import { Remembered, TEN_MINUTES } from './remembered.ts'
import type { Totals } from '../../telemetry/registry.ts'
import { type FigureKind as Kind, TEN_MINUTES_S, type TenMinutesOf } from '../../tables/figures.ts'
import { LABEL_OTHER } from '../../tables/metrics.ts'

/** More make one of their kind, `other`, as long as nothing of those that are there is forgotten. */
const REMEMBERED_MAX = 10_000
const SWEEP_EVERY_S = 60
/** What was counted while the supervisor was held up is spread over so many seconds at most. */
const LATE_S_MAX = 10
/** Seconds with nothing to count, after which it rests. */
const QUIET_S = 3
/** A second is over for sure so long after its end. */
const AFTER_MS = 5

export interface HistoryParts {
  readonly totals: Totals
  /** Never set back. */
  readonly nowMs: () => number
  readonly wallMs: () => number
  /** Counts what nobody tells, such as what is active. */
  readonly measure: (history: FigureHistory) => void
  /** These were counted in the second that is over. */
  readonly onSecond: (counted: readonly Remembered[]) => void
  /** Whether a second is wanted also where nothing was counted. */
  readonly isWatched: () => boolean
  /** Ten minutes are over, which began then (seconds since 1970). */
  readonly onTenMinutes: (beganS: number, all: readonly TenMinutesOf[]) => void
  readonly later: (ms: number, act: () => void) => () => void
}

export class FigureHistory {
  readonly chunks = new Chunks()
  /** The second in which it began. */
  readonly beganS: number
  readonly #parts: HistoryParts
  readonly #byKind = new Map<Kind, Map<string, Remembered>>()
  #count = 0
  /** Counted in this second. */
  #dirty: Remembered[] = []
  /** Of each level, those with something in its unfinished time. */
  readonly #open: Remembered[][] = [...LEVELS.map(() => []), []]
  /** The times of levels that are unfinished. */
  readonly #slots: number[]
  #tenMinutesS: number
  /** The last second that is finished. */
  #second: number
  #quiet = 0
  #cancel: (() => void) | null = null
  #isTicking = false
  #sweptS: number

  constructor(parts: HistoryParts) {
    this.#parts = parts
    this.beganS = this.nowS
    this.#second = this.beganS - 1
    this.#sweptS = this.beganS
    this.#slots = LEVELS.map(({ seconds }) => Math.floor(this.beganS / seconds))
    this.#tenMinutesS = this.#wallSlot()
    parts.totals.onCounted = heardBy({
      find: (kind, name) => this.find(kind, name),
      mark: (one) => this.mark(one),
    })
  }

  /** Seconds of its own clock. */
  get nowS(): number {
    return Math.floor(this.#parts.nowMs() / 1000)
  }

  /** The last second that is over and counted. */
  get finishedS(): number {
    // While it rests nothing is counted, and all that is over is finished.
    return this.#isTicking ? this.#second : Math.max(this.#second, this.nowS - 1)
  }

  /** When ten minutes that are not over began; seconds since 1970. */
  get tenMinutesS(): number {
    return this.#tenMinutesS
  }

  get size(): number {
    return this.#count
  }

  /** All of a kind. */
  all(kind: Kind): Iterable<Remembered> {
    return this.#byKind.get(kind)?.values() ?? []
  }

  known(kind: Kind, name: string): Remembered | undefined {
    return this.#byKind.get(kind)?.get(name)
  }

  /** What is remembered under a name; made where there is none. */
  find(kind: Kind, name: string): Remembered {
    let names = this.#byKind.get(kind)
    if (names === undefined) this.#byKind.set(kind, (names = new Map()))
    const known = names.get(name)
    if (known !== undefined) return known
    if (name !== LABEL_OTHER && !this.#hasRoom()) return this.find(kind, LABEL_OTHER)
    const made = new Remembered(kind, name)
    made.lastSecond = this.nowS
    names.set(name, made)
    this.#count++
    return made
  }

  /** Something was counted to it. */
  mark(one: Remembered): void {
    if (one.isDirty) return
    one.isDirty = true
    this.#dirty.push(one)
    if (!this.#isTicking) this.wake()
  }

  /** Counts the seconds from now on, until there is nothing to count. */
  wake(): void {
    this.#quiet = 0
    if (this.#isTicking) return
    this.#isTicking = true
    this.#second = Math.max(this.#second, this.nowS - 1)
    this.#schedule()
  }

  /** What is unfinished of ten minutes is told, as another gateway goes on: it adds to that. */
  tellUnfinished(): void {
    this.#finishTenMinutes()
  }

  /** The gateway stops: what is unfinished of ten minutes is told. */
  end(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#isTicking = true
    // The second that is under way, too: no other comes.
    this.#finish(this.nowS)
    this.#finishTenMinutes()
    this.#parts.totals.onCounted = () => {}
  }

  /** The unfinished time of a level: when it began, in its own count. */
  slot(level: number): number {
    return this.#slots[level]!
  }

  /** What is too old to be kept goes, also after a rest. */
  expire(): void {
    const second = this.finishedS
    LEVELS.forEach(({ seconds }, level) => this.chunks.expire(level, Math.floor(second / seconds / SAMPLES)))
  }

  #schedule(): void {
    const waitMs = 1000 - (this.#parts.nowMs() % 1000) + AFTER_MS
    this.#cancel = this.#parts.later(waitMs, () => this.#tick())
  }

  #tick(): void {
    this.#cancel = null
    this.#finish()
    if (this.#quiet >= QUIET_S && !this.#parts.isWatched()) return this.#rest()
    this.#schedule()
  }

  /** Nothing is counted. Of ten minutes that are under way, somebody has to tell. */
  #rest(): void {
    this.#isTicking = false
    if (this.#open[TEN_MINUTES]!.length === 0) return
    const leftMs = (this.#tenMinutesS + TEN_MINUTES_S) * 1000 - this.#parts.wallMs()
    this.#cancel = this.#parts.later(Math.min(Math.max(leftMs, 0), TEN_MINUTES_S * 1000) + AFTER_MS, () => {
      this.#cancel = null
      if (!this.#isTicking) this.#finishTenMinutes()
    })
  }

  /** Brings what was counted into the seconds that are over. */
  #finish(last = this.nowS - 1): void {
    const { totals, measure, onSecond } = this.#parts
    const count = Math.min(last - this.#second, LATE_S_MAX)
    if (count <= 0) return
    totals.collectAll()
    measure(this)
    const counted = this.#dirty
    this.#dirty = []
    if (this.#wallSlot() !== this.#tenMinutesS) this.#finishTenMinutes()
    for (let part = 1; part <= count; part++) this.#finishSecond(last - count + part, counted, [part, count])
    for (const one of counted) one.isDirty = false
    this.#second = last
    this.#quiet = counted.length === 0 ? this.#quiet + 1 : 0
    onSecond(counted)
  }

  #finishSecond(second: number, counted: readonly Remembered[], [part, of]: readonly [number, number]): void {
    for (let level = 1; level < LEVELS.length; level++) {
      const slot = Math.floor(second / LEVELS[level]!.seconds)
      if (slot !== this.#slots[level]) this.#finishLevel(level, slot)
    }
    this.#slots[0] = second
    this.chunks.expire(0, Math.floor(second / SAMPLES))
    for (const one of counted) {
      for (let level = 1; level <= TEN_MINUTES; level++)
        if ((one.open & (1 << level)) === 0) this.#open[level]!.push(one)
      one.finishSecond(part, of)
      one.lastSecond = second
      one.write(0, second, this.chunks)
    }
  }

  #finishLevel(level: number, next: number): void {
    for (const one of this.#open[level]!) {
      one.write(level, this.#slots[level]!, this.chunks)
      one.clear(level)
    }
    this.#open[level] = []
    this.#slots[level] = next
    this.chunks.expire(level, Math.floor(next / SAMPLES))
  }

  #finishTenMinutes(): void {
    const open = this.#open[TEN_MINUTES]!
    this.#open[TEN_MINUTES] = []
    const beganS = this.#tenMinutesS
    this.#tenMinutesS = this.#wallSlot()
    const all = open.map((one) => {
      const { kind, name } = one
      const cells = one.cells(TEN_MINUTES).slice()
      one.clear(TEN_MINUTES)
      return { kind, name, cells }
    })
    if (all.length > 0) this.#parts.onTenMinutes(beganS, all)
  }

  #wallSlot(): number {
    return Math.floor(this.#parts.wallMs() / 1000 / TEN_MINUTES_S) * TEN_MINUTES_S
  }

  #hasRoom(): boolean {
    if (this.#count < REMEMBERED_MAX) return true
    if (this.nowS - this.#sweptS < SWEEP_EVERY_S) return false
    this.#sweptS = this.nowS
    this.expire()
    for (const names of this.#byKind.values())
      for (const [name, one] of names) {
        if (!one.isEmpty || one.lastSecond > this.nowS - SWEEP_EVERY_S) continue
        names.delete(name)
        this.#count--
      }
    // What counts to one that is gone has to look anew.
    for (const { series } of this.#parts.totals.families.values())
      for (const one of series.values()) one.heard = undefined
    return this.#count < REMEMBERED_MAX
  }
}
