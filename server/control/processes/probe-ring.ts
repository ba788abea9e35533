// Has a process of its own ask whether io_uring is to be had (see sockets/uring/probe-process.ts).
import { mainCommand } from '../children/own-command.ts'
import { isOwnChild } from '../children/reap.ts'
import { procText } from '../../lib/proc.ts'

/** Far more than it takes: of a machine that is this busy nothing is known, and epoll does as well. */
const WITHIN_MS = 5000
/** Between looks whether it lives in part only. */
const LOOK_EVERY_MS = 50

export interface ProbeOptions {
  readonly env: Readonly<Record<string, string>>
  /** Program and arguments; others in tests. */
  readonly command?: readonly string[]
  readonly withinMs?: number
}

/** What stands against io_uring on this machine, in words; null: nothing. */
export async function probeRing(options: ProbeOptions): Promise<string | null> {
  try {
    return await ask(options)
  } catch (error) {
    return `nobody could ask for it: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function ask({
  env,
  command = mainCommand('probe-ring'),
  withinMs = WITHIN_MS,
}: ProbeOptions): Promise<string | null> {
  const child = Bun.spawn({ cmd: [...command], env: { ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
  isOwnChild(child.pid, child.exited)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, withinMs)
  // A filter may end the thread that asks alone (SECCOMP_RET_KILL_THREAD, SCMP_ACT_KILL): the rest of its
  // process would wait for ever.
  let isHalved = false
  const looking = setInterval(() => {
    if (!isFirstThreadGone(child.pid)) return
    isHalved = true
    child.kill('SIGKILL')
  }, LOOK_EVERY_MS)
  const [text] = await Promise.all([child.stdout.text(), child.exited])
  clearTimeout(timer)
  clearInterval(looking)
  // Where it had just ended as a whole, the signal met nobody.
  if (isHalved && child.signalCode === 'SIGKILL') return KILLED
  if (isLate) return `who asked for it had no answer for ${withinMs / 1000} s`
  if (child.signalCode === 'SIGSYS') return KILLED
  if (child.signalCode !== null) return `who asked for it died (${String(child.signalCode)})`
  return (JSON.parse(text) as { readonly why: string | null }).why
}

/** Its first thread has ended, and it has not: it is called a zombie, and nobody can wait for it. */
function isFirstThreadGone(pid: number): boolean {
  const stat = procText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

const KILLED =
  'a seccomp filter ends whoever asks for it: the profile of the container, or SystemCallFilter= of the unit'
