// Whether a process hangs: it says nothing any more, but has not died (stopped, in an endless loop, waiting
// for a disk). Each is looked at once a second. Two kinds of silence are not held against it: looks that came
// late, as then the supervisor did not run either, do not count; and one that had work to do but was not
// given a processor is waited for much longer.
import { readFileSync } from 'node:fs'

export const LOOK_EVERY_MS = 1000
/** A look that comes so much later than it should says nothing about others. */
const LATE = 1.5
/** Looks in a row without a beat. */
const HUNG_AFTER = 5
const STARVED_AFTER = 30
/** A share of its silence that it waited for a processor. */
const STARVED = 0.5

export interface PulseOptions {
  /** How long it has waited for a processor since its start; null: the system does not say. */
  readonly waitedMs: () => number | null
  /** Looks without a beat after which it hangs. */
  readonly hungAfter?: number
  readonly everyMs?: number
}

export class Pulse {
  /** How long it has been silent, as far as that counts. */
  silentMs = 0
  #beat: number | null = null
  #lookedMs = 0
  #waitedMs: number | null = null
  readonly #options: PulseOptions
  readonly #everyMs: number

  constructor(options: PulseOptions) {
    this.#options = options
    this.#everyMs = options.everyMs ?? LOOK_EVERY_MS
  }

  /** Looks at how often it has beaten so far, so long after the last look; true: it hangs. */
  look(beat: number, nowMs: number, sinceMs = this.#everyMs): boolean {
    const isLate = nowMs - this.#lookedMs > sinceMs * LATE
    this.#lookedMs = nowMs
    if (beat !== this.#beat) {
      this.#beat = beat
      this.silentMs = 0
      this.#waitedMs = null
      return false
    }
    if (isLate) return false
    if (this.silentMs === 0) this.#waitedMs = this.#options.waitedMs()
    this.silentMs += sinceMs
    const { hungAfter = HUNG_AFTER } = this.#options
    if (this.silentMs < hungAfter * this.#everyMs) return false
    return this.silentMs >= Math.max(STARVED_AFTER, hungAfter) * this.#everyMs || !this.#isStarved()
  }

  #isStarved(): boolean {
    const waitedMs = this.#options.waitedMs()
    if (waitedMs === null || this.#waitedMs === null) return false
    return waitedMs - this.#waitedMs > this.silentMs * STARVED
  }
}

/** How long the main thread of a process has waited for a processor (proc(5), schedstat); null: not known. */
export function waitedMs(pid: number): number | null {
  try {
    const waitedNs = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1])
    return Number.isFinite(waitedNs) ? waitedNs / 1e6 : null
  } catch {
    return null
  }
}
