// Fairness between connections: work that one of them has plenty of is done in turns.
import { flush } from '../lib/stage.ts'
import { tellBug } from '../lib/bug.ts'
import { tick } from '../lib/clock.ts'

/** How many requests of one client are served before others have their turn. */
export const TURN_REQUESTS = 64

/**
 * Goes on after what has come from others meanwhile: an event like that of a socket, whose bugs are contained
 * to its connection.
 */
export function inTurn(conn: { terminate(): void }, go: () => void): void {
  setImmediate(() => {
    tick()
    try {
      go()
    } catch (error) {
      tellBug(error)
      conn.terminate()
    }
    flush()
  })
}
