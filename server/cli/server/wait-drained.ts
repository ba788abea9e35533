// Waiting until nothing is left of a server that was taken out of use, as scripts do before they stop it.
import type { ServerDocument } from '../../control/order-desk.ts'
import { parseDuration } from '../../lib/durations.ts'
import { askSocket } from '../control.ts'
import type { Gateway } from '../gateway.ts'
import type { Io } from '../io.ts'

const LOOK_EVERY_MS = 250

interface Wait {
  readonly gateway: Gateway
  /** Where its state is asked. */
  readonly path: string
  /** A duration, as it was given. */
  readonly wait: string
}

/** False, and a line on stderr: something is left after that time, or it is in use again. */
export async function isDrained({ gateway, path, wait }: Wait, io: Io): Promise<boolean> {
  const untilMs = performance.now() + (parseDuration(wait) ?? 0)
  for (;;) {
    const answer = await askSocket(gateway, { method: 'GET', path }, io)
    if (answer?.status !== 200) return false
    const { drained, admin, active_connections: left } = answer.body as ServerDocument
    if (drained) {
      io.stdout('drained: nothing is left of it\n')
      return true
    }
    if (admin === 'ready') io.stderr('sluice server: it is in use again\n')
    else if (performance.now() >= untilMs)
      io.stderr(`sluice server: not drained within ${wait}: ${left} left\n`)
    else {
      await Bun.sleep(LOOK_EVERY_MS)
      continue
    }
    return false
  }
}
