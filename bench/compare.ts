// Drives one case against all contenders in alternation and compares the CPU that their processes used.
import { cpuTicks } from '../test/support/processes.ts'
import type { Case } from './cases.ts'
import type { Contender } from './contenders/contender.ts'
import { wrk } from './wrk.ts'

/** Of one contender in one round. */
export interface Round {
  readonly cpuUs: number
  readonly perSecond: number
  readonly p99Ms: number
  readonly errors: number
}

export interface Result {
  readonly contender: string
  readonly rounds: readonly Round[]
}

export interface Effort {
  readonly seconds: number
  readonly rounds: number
  readonly warmUpSeconds: number
}

const TICK_US = 10_000

/**
 * All rounds of all contenders. Each round begins with another one, so that a slow drift of the machine hits
 * all alike.
 */
export async function compare(
  contenders: readonly Contender[],
  what: Case,
  { seconds, rounds, warmUpSeconds }: Effort,
): Promise<Result[]> {
  for (const contender of contenders) await wrk(contender.port, what, what.warmUpSeconds ?? warmUpSeconds)
  const results = contenders.map(({ name }) => ({ contender: name, rounds: [] as Round[] }))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length
      const contender = contenders[index]
      if (contender !== undefined) results[index]?.rounds.push(await measure(contender, what, seconds))
    }
  }
  return results
}

async function measure(contender: Contender, what: Case, seconds: number): Promise<Round> {
  const pids = contender.pids()
  const before = cpuTicks(pids)
  const said = await wrk(contender.port, what, seconds)
  const after = cpuTicks(pids)
  const ticks = after.user + after.system - before.user - before.system
  const done = what.size === null ? said.requests : said.bytes / what.size
  return {
    cpuUs: (ticks * TICK_US) / done,
    perSecond: (done * 1e6) / said.us,
    p99Ms: said.p99us / 1000,
    errors: said.errors,
  }
}
