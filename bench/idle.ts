// What doing nothing costs: wakings and processor time of all threads, and memory, of a contender that nobody
// asks for anything.
import { readdirSync, readFileSync } from 'node:fs'
import { pause } from '../test/support/wait.ts'

/** Until what a start leaves to do (compiling, collecting) is done. */
const SETTLE_MS = 60_000

export interface IdleCost {
  /** Each second, over all threads. */
  readonly wakings: number
  /** Percent of a core. */
  readonly processor: number
  /** In MB, over all processes: resident, and resident with what they share counted once. */
  readonly rss: number
  readonly pss: number
}

/** Measures these processes for so many seconds, after a minute in which they come to rest. */
export async function idleCost(pids: () => readonly number[], seconds: number): Promise<IdleCost> {
  await pause(SETTLE_MS)
  const before = threadsOf(pids())
  await pause(seconds * 1000)
  const after = threadsOf(pids())
  let wakings = 0
  let ranNs = 0
  for (const [thread, { switches, ran }] of after) {
    wakings += switches - (before.get(thread)?.switches ?? 0)
    ranNs += ran - (before.get(thread)?.ran ?? 0)
  }
  const memory = pids().map((pid) => text(`/proc/${pid}/smaps_rollup`))
  return {
    wakings: wakings / seconds,
    processor: ranNs / seconds / 1e7,
    rss: sumOf(memory, 'Rss'),
    pss: sumOf(memory, 'Pss'),
  }
}

/** As rows of a table. */
export const idleRow = (name: string, { wakings, processor, rss, pss }: IdleCost): string[] => [
  name,
  wakings.toFixed(1),
  processor.toFixed(3),
  rss.toFixed(0),
  pss.toFixed(0),
]

export const IDLE_HEAD = ['contender', 'wakings/s', '% of a core', 'RSS MB', 'PSS MB']

interface Thread {
  readonly switches: number
  readonly ran: number
}

function threadsOf(pids: readonly number[]): Map<string, Thread> {
  const threads = new Map<string, Thread>()
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const at = `/proc/${pid}/task/${task}`
      // A thread that waits by itself was woken once for it.
      const switches = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text(`${at}/status`))?.[1] ?? 0)
      threads.set(at, { switches, ran: Number(text(`${at}/schedstat`).split(' ')[0]) })
    }
  }
  return threads
}

const sumOf = (rollups: readonly string[], field: string): number =>
  rollups.reduce(
    (sum, rollup) => sum + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0),
    0,
  ) / 1024

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
