// A new plan is on probation: workers that keep dying of it are its fault, not theirs.
import { YOUNG_MS } from '../children/back-off.ts'

const EARLY_DEATHS_MAX = 5
/** A plan that was served for so long has proven itself. */
const PROVEN_MS = 60_000

export class Probation {
  #sinceMs: number | null = null
  #earlyDeaths = 0

  /** A plan was committed. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#earlyDeaths = 0
  }

  /** A worker died, or hung; true, once, when there were too many of them for the plan to be sound. */
  failsBy(worker: { readonly startedMs: number }, hasServed: boolean, nowMs: number): boolean {
    const sinceMs = this.#sinceMs
    if (sinceMs === null || nowMs - sinceMs > PROVEN_MS) return false
    const underPlanMs = nowMs - Math.max(worker.startedMs, sinceMs)
    if (hasServed && underPlanMs > YOUNG_MS) return false
    return ++this.#earlyDeaths === EARLY_DEATHS_MAX
  }
}
