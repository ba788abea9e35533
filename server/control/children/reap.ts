// As process 1 of a container we inherit every process there whose parent has ended (what `docker exec` or a
// health check left behind), and have to wait for it, or it stays a zombie for good. Bun waits for its own
// children, and for no others: those are left to it.
import { ptr } from 'bun:ffi'
import { libc } from '../../lib/native.ts'

const P_ALL = 0
const WNOHANG = 1
const WEXITED = 4
const WNOWAIT = 0x0100_0000
/** siginfo_t is 128 bytes; the process id stands behind signal, errno, code and a gap. */
const SIGINFO_INTS = 32
const SI_PID = 4
/** By then Bun has waited for a child of its own that ended. */
const AGAIN_MS = 200

/** Children that Bun waits for, by process id. */
const own = new Set<number>()

/** To be told of each child that is started here. */
export function isOwnChild(pid: number, exited: Promise<unknown>): void {
  own.add(pid)
  void exited.finally(() => own.delete(pid))
}

/** Waits from now on for whatever was left to this process. */
export function reapOrphans(): void {
  const info = new Int32Array(SIGINFO_INTS)
  let later: Timer | null = null
  const reap = (): void => {
    for (let pid = nextDead(info); pid > 0; pid = nextDead(info)) {
      // It stands before the others until Bun has waited for it.
      if (own.has(pid)) {
        later ??= setTimeout(() => {
          later = null
          reap()
        }, AGAIN_MS)
        return
      }
      libc().waitpid(pid, null, WNOHANG)
    }
  }
  process.on('SIGCHLD', reap)
  reap()
}

/** A child that has ended and that nobody has waited for yet; 0: there is none. */
function nextDead(info: Int32Array): number {
  info[SI_PID] = 0
  const found = libc().waitid(P_ALL, 0, ptr(info), WEXITED | WNOHANG | WNOWAIT) === 0
  return found ? (info[SI_PID] ?? 0) : 0
}
