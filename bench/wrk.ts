// One run of wrk, and what it says.
import { join } from 'node:path'
import type { Case } from './cases.ts'

export interface WrkResult {
  readonly requests: number
  readonly us: number
  readonly bytes: number
  /** Failed connects, reads, writes, timeouts and answers that were no 2xx or 3xx. */
  readonly errors: number
  readonly p50us: number
  readonly p99us: number
}

const SCRIPT = join(import.meta.dir, 'wrk/case.lua')

/** Drives one case against a port for this many seconds. */
export async function wrk(
  port: number,
  { target, kind, connections }: Case,
  seconds: number,
): Promise<WrkResult> {
  const child = Bun.spawn(
    [
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--timeout',
      '10s',
      '-s',
      SCRIPT,
      `http://127.0.0.1:${port}${target}`,
      '--',
      kind,
    ],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', timeout: (seconds + 30) * 1000 },
  )
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const line = out.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said:\n${out}${problems}`)
  return JSON.parse(line) as WrkResult
}
