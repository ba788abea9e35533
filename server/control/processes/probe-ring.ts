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
    if (isLate || !isFirstThreadGone(child.pid)) return
    isHalved = true
    child.kill('SIGKILL')
  }, LOOK_EVERY_MS)
  const [text] = await Promise.all([child.stdout.text(), child.exited])
  clearTimeout(timer)
  clearInterval(looking)
  const { why, asks } = saidIn(text)
  // Where it had just ended as a whole, the signal met nobody.
  if (isHalved && child.signalCode === 'SIGKILL') return killedBy(asks)
  if (isLate) return `who asked for it had no answer for ${withinMs / 1000} s${toWhat(asks)}`
  if (child.signalCode === 'SIGSYS') return killedBy(asks)
  if (child.signalCode !== null) return `who asked for it died (${String(child.signalCode)})${toWhat(asks)}`
  if (why === undefined) return `who asked for it ended and said nothing (exit code ${child.exitCode})`
  return why
}

interface Said {
  /** What was found; left out: it did not come to that. */
  readonly why?: string | null
  /** The last call that was about to be made. */
  readonly asks?: string
}

/** Of a process that ended within a line, what it had said before. */
function saidIn(text: string): Said {
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as Said)) as Said
}

const toWhat = (asks = ''): string => (asks === '' ? '' : `, in ${asks}`)

/** Its first thread has ended, and it has not: it is called a zombie, and nobody can wait for it. */
function isFirstThreadGone(pid: number): boolean {
  const stat = procText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

const FILTERS = 'the profile of the container, or SystemCallFilter= of the unit'

/** One that lets the first call pass and not another is told apart: it is half open, which nobody means. */
const killedBy = (asks = 'io_uring_setup'): string =>
  asks === 'io_uring_setup'
    ? `a seccomp filter ends whoever asks for it: ${FILTERS}`
    : `a seccomp filter ends whoever calls ${asks}, though it lets io_uring_setup pass: ${FILTERS}`
