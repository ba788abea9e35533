// How much of what a backend may carry is in use now, and who waits for it.
import type { BackendConfig } from '../../backends/backend.options.ts'
import { CARRIED } from '../../scoreboard/layout.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { BackendSlots } from '../../scoreboard/slot.ts'

export interface ExplainedLimits {
  /** What all its servers carry together; null: that is not counted, as it is not limited. */
  readonly in_flight: number | null
  /** max_connections; null: there is none. */
  readonly most: number | null
  /** What waits for answers to begin, and may as adaptive_limit has found; null: none is looked for. */
  readonly adaptive: {
    readonly in_flight: number
    readonly most: number
    readonly mode: 'enforce' | 'shadow'
  } | null
  /** Requests in the queues of all workers, as of the last second, and for how many each of them has room. */
  readonly waiting: number
  readonly queue: number
}

interface Now {
  readonly board: Scoreboard
  readonly slots: Readonly<Record<string, BackendSlots>>
  readonly waitingOf?: ((backend: string) => number) | undefined
}

/** Null: it has no limit of its own, and nobody waits. */
export function explainLimits(
  name: string,
  { max_connections: max, adaptive_limit: words, queue }: BackendConfig,
  { board, slots, waitingOf = () => 0 }: Now,
): ExplainedLimits | null {
  const slot = slots[name]?.slot.index
  const mode = words?.mode ?? 'off'
  const waiting = waitingOf(name)
  const most = max ?? null
  if (slot === undefined || (most === null && mode === 'off' && waiting === 0)) return null
  return {
    in_flight: most === null && mode === 'off' ? null : board.gauges.held(slot, CARRIED),
    most,
    adaptive:
      mode === 'off'
        ? null
        : { in_flight: board.adaptive.awaited(slot), most: board.adaptive.limit(slot), mode },
    waiting,
    queue: queue.size,
  }
}
