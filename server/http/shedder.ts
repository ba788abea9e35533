// Whether a worker has more to do than it can, and which share of new exchanges it refuses for that. Looked
// at only where the config says what is too much: its turns are late, its memory, its descriptors. The share
// grows as long as it is too much, and shrinks once it is clearly less.
import type { LogEvent } from '../telemetry/log.ts'
import type { OverloadConfig } from './overload.options.ts'

export type OverloadCause = 'loop_lag' | 'memory' | 'descriptors'
/** By what is looked at, how near it came to too much, which is 1; what is not there is not looked at. */
export type OverloadLevels = Readonly<Partial<Record<OverloadCause, number>>>

/** What of a process is looked at; lateness is measured by the shedder itself. */
export interface Measures {
  now(): number
  /** Resident bytes. */
  memory(): number
  /** Share of the descriptors that are in use. */
  descriptors(): number
}

/** So often a turn is looked for: how late it comes is the lag. */
export const PROBE_MS = 50
/** The share changes with every so many of them. */
const PROBES = 5
/** It grows by so much, twice where it is twice too much, up to four times; and shrinks by it. */
const STEP = 0.05
const STEPS_MAX = 4
/** Below this part of what is too much it shrinks; in between it stays. */
const CALM = 0.8
/** While it lasts it is told again after so long. */
const TOLD_EVERY_MS = 10_000
/** So far beyond its limit memory takes the largest share, as a part of that. */
const MEMORY_SPREAD = 0.25
const PRIORITIES = 201
const MIDDLE = 100
/** Of what came, this part still counts at the next look: some two seconds in all. */
const KEPT = 0.9
const SEEN_LEAST = 0.01

type Words = Pick<OverloadConfig, 'mode' | 'most'> & Partial<Pick<OverloadConfig, OverloadCause>>

export class Shedder {
  readonly #measures: Measures
  readonly #tell: LogEvent
  /** Null: nothing is looked at. */
  #words: Words | null = null
  #timer: Timer | null = null
  #dueMs = 0
  #lagMs = 0
  #levels: Partial<Record<OverloadCause, number>> = {}
  #probes = 0
  #toldMs = 0
  /** Of new exchanges, as they come, which are refused. */
  share = 0
  /** What was too much last. */
  cause: OverloadCause = 'loop_lag'
  /** Exchanges of the last seconds by their priority, those of long ago counted less. */
  readonly #seen = new Float64Array(PRIORITIES)
  /** Those below are refused, those at it in part. */
  #border = 0
  #part = 0
  /** What of whole refusals at the border has come together. */
  #carried = 0

  constructor(measures: Measures, tell: LogEvent) {
    this.#measures = measures
    this.#tell = tell
  }

  /** Goes by these words from now on. */
  configure(words: Words): void {
    const { mode, loop_lag, memory, descriptors } = words
    const isOn = mode !== 'off' && (loop_lag ?? memory ?? descriptors) !== undefined
    this.#words = isOn ? words : null
    if (!isOn) return this.stop()
    if (this.#timer !== null) return
    this.#dueMs = this.#measures.now() + PROBE_MS
    this.#timer = setInterval(() => this.probe(), PROBE_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#levels = {}
    this.#set(0, 0)
  }

  /** Something is looked at. */
  get isOn(): boolean {
    return this.#words !== null
  }

  get isShadow(): boolean {
    return this.#words?.mode === 'shadow'
  }

  /** The largest since this was asked last. */
  takeLevels(): OverloadLevels {
    const levels = this.#levels
    this.#levels = {}
    return levels
  }

  /** Whether a new exchange of this priority is too much. */
  refuses(priority: number): boolean {
    if (this.#words === null) return false
    const place = priority + MIDDLE
    this.#seen[place] = (this.#seen[place] ?? 0) + 1
    if (this.share === 0 || place > this.#border) return false
    if (place < this.#border) return true
    this.#carried += this.#part
    if (this.#carried < 1) return false
    this.#carried--
    return true
  }

  /** A turn has come. */
  probe(): void {
    const now = this.#measures.now()
    this.#lagMs = Math.max(this.#lagMs, now - this.#dueMs)
    this.#dueMs = now + PROBE_MS
    if (++this.#probes < PROBES && this.#lagMs < (this.#words?.loop_lag ?? Infinity)) return
    this.#judge(now)
    this.#probes = this.#lagMs = 0
  }

  #judge(now: number): void {
    const level = this.#level()
    const less = this.share - STEP
    if (level < CALM) return this.#set(Math.max(0, less), now)
    const most = this.#mostAt(level)
    if (this.share > most) return this.#set(Math.max(most, less), now)
    const steps = level < 1 ? 0 : Math.min(STEPS_MAX, Math.floor(level))
    this.#set(Math.min(most, this.share + STEP * steps), now)
  }

  /**
   * The largest share. What a process has taken of memory it hardly gives back, however little it has to do:
   * so much as it is beyond its limit, or all would be refused once that was reached.
   */
  #mostAt(level: number): number {
    const { most = 0 } = this.#words ?? {}
    if (this.cause !== 'memory') return most
    return Math.min(most, Math.max(STEP, (most * (level - 1)) / MEMORY_SPREAD))
  }

  /** How near it is to too much, which is 1. */
  #level(): number {
    const { loop_lag, memory, descriptors } = this.#words ?? {}
    let level = 0
    const of = (cause: OverloadCause, value: number, limit: number): void => {
      const near = value / limit
      this.#levels[cause] = Math.max(near, this.#levels[cause] ?? 0)
      if (near <= level) return
      level = near
      if (level >= 1) this.cause = cause
    }
    if (loop_lag !== undefined) of('loop_lag', this.#lagMs, loop_lag)
    if (memory !== undefined) of('memory', this.#measures.memory(), memory)
    if (descriptors !== undefined) of('descriptors', this.#measures.descriptors(), descriptors)
    return level
  }

  #set(share: number, now: number): void {
    const before = this.share
    // Sums of steps miss 0 by a hair.
    this.share = share < STEP / 2 ? 0 : share
    this.#findBorder()
    const isNews = this.share > 0 && (before === 0 || now - this.#toldMs >= TOLD_EVERY_MS)
    if (isNews) this.#tellAt(now)
    if (this.share === 0 && before > 0) this.#tell('info', 'overload_ended', { cause: this.cause })
  }

  /** The lowest priorities that make up the share of what came lately. */
  #findBorder(): void {
    let left = this.share * this.#age()
    // Nothing has come lately: what comes now is taken for what most of it is.
    this.#border = MIDDLE
    this.#part = this.share
    if (left < SEEN_LEAST) return
    for (let place = 0; place < PRIORITIES; place++) {
      const count = this.#seen[place] ?? 0
      if (count < left || count === 0) {
        left -= count
        continue
      }
      this.#border = place
      this.#part = left / count
      return
    }
  }

  /** What came before counts less with each look; says how much there is. */
  #age(): number {
    let sum = 0
    for (let place = 0; place < PRIORITIES; place++) {
      const kept = (this.#seen[place] ?? 0) * KEPT
      this.#seen[place] = kept
      sum += kept
    }
    return sum
  }

  #tellAt(now: number): void {
    this.#toldMs = now
    const { cause, share, isShadow } = this
    const limit = this.#words?.[cause]
    this.#tell('warn', 'overloaded', {
      ...{ cause, limit, share: Math.round(share * 100) / 100 },
      ...(isShadow && { shadow: true }),
    })
  }
}
