// Closes a listening socket without losing who already knocked: the kernel drops the connections that wait in its queue
// when its last descriptor is closed, so it goes on accepting until nobody came for two turns of the event loop.
import type { OpenListener } from '../http1/listen.ts'

const QUIET_TURNS = 2
/** Under steady load there may be no quiet turn: then it is closed all the same. */
const LONGEST_MS = 1000

/** Stops a listener once its queue is empty, then calls `done`. */
export function retire(
  listener: Pick<OpenListener, 'accepted' | 'stop'>,
  now: () => number,
  done: () => void,
): void {
  const untilMs = now() + LONGEST_MS
  let { accepted } = listener
  let quiet = -1 // the turn that is running now has perhaps not looked at the socket yet
  const turn = (): void => {
    quiet = listener.accepted === accepted ? quiet + 1 : 0
    accepted = listener.accepted
    if (quiet < QUIET_TURNS && now() < untilMs) return void setImmediate(turn)
    listener.stop()
    done()
  }
  setImmediate(turn)
}
