// The loop of the relay process: waits for sockets, tells their handlers, sweeps deadlines, sends what has
// been queued. All of it is synchronous; Bun's own loop (signals, imports, messages to a Worker) gets its
// turn each second, and at once when a signal came: what it does then costs about a millisecond.
import { tellBug } from '../../lib/bug.ts'
import { nowMs, tick } from '../../lib/clock.ts'
import type { Wheel } from '../../lib/wheel.ts'
import type { SocketNetwork } from './network.ts'
import type { Poller } from './poller.ts'

export interface LoopParts {
  readonly poller: Poller
  readonly network: SocketNetwork
  readonly wheel: Wheel
  /** Asked before each turn: true ends the loop. */
  readonly until: () => boolean
}

const YIELD_EVERY_MS = 1000

/**
 * Runs until `until()` says so. What a handler throws is told (lib/bug.ts) and costs nobody else anything.
 */
export async function runLoop(parts: LoopParts): Promise<void> {
  let yieldedMs = tick()
  while (!parts.until()) {
    settle(parts)
    parts.poller.turn(Math.ceil(parts.wheel.quietMs(nowMs, YIELD_EVERY_MS)))
    if (!parts.poller.wasInterrupted && nowMs - yieldedMs < YIELD_EVERY_MS) continue
    settle(parts)
    await new Promise<void>((resume) => void setImmediate(resume))
    yieldedMs = tick()
  }
  settle(parts)
}

/** Ends a turn: deadlines, then all that was queued by anybody. */
function settle({ wheel, network }: LoopParts): void {
  try {
    wheel.sweep(nowMs)
    network.flush()
  } catch (error) {
    tellBug(error)
  }
}
