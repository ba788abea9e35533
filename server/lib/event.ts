// What happens outside of a socket's own events, as an event of its own: it reads the clock, does its work,
// and sends what that staged. One forgotten flush would be an answer that never leaves.
import { tellBug } from './bug.ts'
import { tick } from './clock.ts'
import { flush } from './stage.ts'

/** Runs this as an event: a timer's, a resolver's, a Promise's. What it throws is its caller's. */
export function event(go: () => void): void {
  tick()
  go()
  flush()
}

/**
 * Goes on after what has come from others meanwhile, for fairness: an event like that of a socket, whose bugs
 * are contained to its connection.
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
