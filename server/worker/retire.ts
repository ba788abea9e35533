// Closes a listening socket without losing who already knocked. The kernel resets the connections that wait
// in its queue, and those whose handshake is under way, when its last descriptor is closed. So first it takes
// no further handshakes; then it goes on accepting until none is under way and nobody came for two turns of
// the event loop.
import type { OpenAddress } from '../accept/open-address.ts'
import { libc } from '../lib/native.ts'
import { dropSyns } from '../lib/syn-filter.ts'
import { handshakesOn } from '../lib/tcp-table.ts'

const QUIET_TURNS = 2
/** Who was dropped knocks again after a second: by then it should be closed. */
const LONGEST_MS = 900
/** Between looks at the handshakes: the table of a busy machine is long. */
const LOOK_EVERY_MS = 20

export interface Retiring {
  readonly listener: Pick<OpenAddress, 'accepted' | 'fd' | 'stop'>
  /** Null: not known, its handshakes cannot be held off. */
  readonly fd: number | null
  /** Null: there are no handshakes. */
  readonly port: number | null
}

/** Outside of tests: the system's own. */
export interface RetireWorld {
  readonly now: () => number
  readonly dropSyns: (fd: number) => boolean
  readonly handshakesOn: (port: number) => number
  /** Ends the listening of all who have the socket. */
  readonly unlisten: (fd: number) => void
}

const SHUT_RDWR = 2
const SYSTEM: RetireWorld = {
  now: () => performance.now(),
  dropSyns,
  handshakesOn,
  unlisten: (fd) => void libc().shutdown(fd, SHUT_RDWR),
}

/** Stops a listener once its queue is empty, then calls `done`. */
export function retire(retiring: Retiring, done: () => void, world: RetireWorld = SYSTEM): void {
  const { listener, fd, port } = retiring
  const untilMs = world.now() + LONGEST_MS
  if (fd !== null) world.dropSyns(fd)
  let { accepted } = listener
  let quiet = -1 // the turn that is running now has perhaps not looked at the socket yet
  const turn = (): void => {
    quiet = listener.accepted === accepted ? quiet + 1 : 0
    accepted = listener.accepted
    const isLate = world.now() >= untilMs
    if (!isLate && quiet < QUIET_TURNS) return void setImmediate(turn)
    if (!isLate && port !== null && world.handshakesOn(port) > 0) {
      quiet = -1
      return void setTimeout(turn, LOOK_EVERY_MS)
    }
    if (fd !== null) world.unlisten(listener.fd)
    listener.stop()
    done()
  }
  setImmediate(turn)
}
