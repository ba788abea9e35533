// One run of the program that makes the load of a case, and what it says: wrk, or bench/paced.ts for a steady
// rate.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killAll } from '../test/support/processes.ts'
import type { Case } from './cases.ts'
import { oneCipher } from './https.ts'

export interface Load {
  readonly requests: number
  readonly us: number
  readonly bytes: number
  /** Failed connects, reads, writes, timeouts and answers that were no 2xx or 3xx. */
  readonly errors: number
  readonly p50us: number
  readonly p99us: number
}

const SCRIPT = join(import.meta.dir, 'wrk/case.lua')
const PACED = join(import.meta.dir, 'paced.ts')

/** Drives one case against a port for this many seconds; `rate` a second where it is paced. */
export async function load(port: number, what: Case, seconds: number, rate = 0): Promise<Load> {
  const command = what.kind === 'paced' ? paced(port, what, seconds, rate) : wrk(port, what, seconds)
  const child = Bun.spawn(command, {
    env: { ...process.env, ...(what.tls !== undefined && oneCipher(tmpdir())) },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: (seconds + 30) * 1000,
  })
  running.add(child.pid)
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  running.delete(child.pid)
  const line = out.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`${command[0]} said:\n${out}${problems}`)
  return JSON.parse(line) as Load
}

const paced = (port: number, { connections }: Case, seconds: number, rate: number): string[] =>
  [process.execPath, PACED, port, connections, rate, seconds].map(String)

const wrk = (port: number, { target, kind, connections, tls, isPassed }: Case, seconds: number): string[] => [
  'wrk',
  '-t1',
  `-c${connections}`,
  `-d${Math.ceil(seconds)}s`,
  '--timeout',
  '10s',
  '-s',
  SCRIPT,
  `${tls === undefined ? 'http' : 'https'}://${isPassed === true ? 'localhost' : '127.0.0.1'}:${port}${target}`,
  '--',
  kind,
]

const running = new Set<number>()
process.on('exit', () => killAll([...running]))
