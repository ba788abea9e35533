// Wakes who waits for the time of its bytes: one timer for all that are due within a moment, and none while
// nobody waits.
import { guarded } from '../lib/bug.ts'
import { event } from '../lib/event.ts'

/** Nobody sees a difference below that. */
const TICK_MS = 10

interface Tick {
  readonly timer: Timer
  readonly waiting: Set<() => void>
}

const ticks = new Map<number, Tick>()

/** A wait that can be ended before its time. */
export interface Wait {
  stop(): void
}

/** Calls `go` once so many ms are over, as an event. */
export function wakeAfter(ms: number, go: () => void): Wait {
  const at = Math.ceil((performance.now() + ms) / TICK_MS)
  const tick = ticks.get(at) ?? begin(at)
  const own = (): void => go()
  tick.waiting.add(own)
  return {
    stop: () => {
      if (!tick.waiting.delete(own) || tick.waiting.size > 0 || ticks.get(at) !== tick) return
      clearTimeout(tick.timer)
      ticks.delete(at)
    },
  }
}

function begin(at: number): Tick {
  const tick: Tick = {
    waiting: new Set(),
    timer: setTimeout(
      () => {
        ticks.delete(at)
        event(() => {
          for (const go of tick.waiting) {
            tick.waiting.delete(go)
            guarded(go)
          }
        })
      },
      at * TICK_MS - performance.now(),
    ),
  }
  ticks.set(at, tick)
  return tick
}
