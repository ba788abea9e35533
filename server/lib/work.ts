// Work on bodies that takes time, such as compressing them: in short pieces, all of it together for so long
// in one turn of the loop, so that no other connection waits longer than that.
import { tellBug } from './bug.ts'
import { tick } from './clock.ts'
import { flush } from './stage.ts'

/** One job. Each step must be short: below a millisecond. */
export interface Work {
  /** Does a piece; false: there is nothing more to do for now. */
  step(): boolean
  /** A step threw: a bug. */
  failed(error: unknown): void
}

/** What all jobs together may take of a turn. */
const TURN_MS = 2
/** Where nobody waits, turns are not counted, as that costs a turn each: so long after, it is another one. */
const LATER_MS = 2 * TURN_MS

const waiting = new Set<Work>()
let spentMs = 0
let sinceMs = 0
let isArmed = false

/** Does it at once as far as this turn has time, and goes on in the next ones. */
export function work(job: Work): void {
  if (waiting.has(job)) return
  const nowMs = performance.now()
  if (waiting.size === 0 && nowMs - sinceMs > LATER_MS) {
    sinceMs = nowMs
    spentMs = 0
  }
  // Those that wait come first.
  if (waiting.size === 0 && !runs(job)) return
  waiting.add(job)
  arm()
}

/** Nobody wants it any more. */
export function stopWork(job: Work): void {
  waiting.delete(job)
}

/** Runs it until it is done or the turn is over; true: it is not done. */
function runs(job: Work): boolean {
  try {
    while (spentMs < TURN_MS) {
      const startMs = performance.now()
      const isMore = job.step()
      spentMs += performance.now() - startMs
      if (!isMore) return false
    }
    return true
  } catch (error) {
    tellBug(error)
    job.failed(error)
    return false
  }
}

/** In the next turn there is time again. */
function arm(): void {
  if (isArmed) return
  isArmed = true
  setImmediate(turn)
}

function turn(): void {
  isArmed = false
  spentMs = 0
  sinceMs = performance.now()
  tick()
  // One step each, as long as there is time: who has little to do is not behind who has much.
  while (spentMs < TURN_MS && waiting.size > 0) for (const job of waiting) stepOf(job)
  flush()
  if (waiting.size > 0) arm()
}

function stepOf(job: Work): void {
  if (spentMs >= TURN_MS) return
  const startMs = performance.now()
  // Behind those that have waited longer.
  waiting.delete(job)
  try {
    if (job.step()) waiting.add(job)
  } catch (error) {
    tellBug(error)
    job.failed(error)
  }
  spentMs += performance.now() - startMs
}
