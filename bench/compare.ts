// Drives one case against all contenders in alternation and compares the CPU that their processes used.
import { cpuTicks } from '../test/support/processes.ts'
import { pause } from '../test/support/wait.ts'
import type { Case } from './cases.ts'
import type { Contender } from './contenders/contender.ts'
import { load } from './load.ts'

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
  /** Of the server behind all of them, which counts what it serves. */
  readonly originPort: number
}

const TICK_US = 10_000
/** Full load is measured for so long, to know what half of it is. */
const FULL_SECONDS = 3

/** Of a warm-up by count, and how often it is tried at most. */
const SPELL_SECONDS = 4
const SPELLS_MAX = 30

/**
 * All rounds of all contenders. Each round begins with another one, so that a slow drift of the machine hits
 * all alike. The steady rate of what is paced is half of what the slowest of `ours` can do at full load.
 */
export async function compare(
  contenders: readonly Contender[],
  what: Case,
  { seconds, rounds, warmUpSeconds, originPort }: Effort,
  ours: readonly string[],
): Promise<Result[]> {
  const rate = what.kind === 'paced' ? await halfLoad(contenders, what, ours) : 0
  for (const { name, port } of contenders) {
    if (what.warmUpRequests !== undefined) await serve(port, what, what.warmUpRequests)
    // Nothing of the others is compiled while it runs.
    else await load(port, what, ours.includes(name) ? (what.warmUpSeconds ?? warmUpSeconds) : 1, rate)
  }
  const results = contenders.map(({ name }) => ({ contender: name, rounds: [] as Round[] }))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length
      const contender = contenders[index]
      if (contender === undefined) continue
      const forSeconds = seconds * (what.longer ?? 1)
      results[index]?.rounds.push(await measure(contender, what, { seconds: forSeconds, rate, originPort }))
    }
  }
  return results
}

/** Has it serve so many. */
async function serve(port: number, what: Case, count: number): Promise<void> {
  let served = 0
  for (let spell = 0; served < count && spell < SPELLS_MAX; spell++)
    served += (await load(port, what, SPELL_SECONDS)).requests
}

async function halfLoad(
  contenders: readonly Contender[],
  what: Case,
  ours: readonly string[],
): Promise<number> {
  const full: number[] = []
  for (const { name, port } of contenders) {
    const { requests, us } = await load(port, { ...what, kind: 'browser' }, FULL_SECONDS)
    if (ours.includes(name)) full.push((requests * 1e6) / us)
  }
  const rate = Math.round(Math.min(...full) / 200) * 100
  console.log(`\n${what.name}: ${rate} requests a second`)
  return rate
}

interface Measured {
  readonly seconds: number
  readonly rate: number
  readonly originPort: number
}

async function measure(contender: Contender, what: Case, how: Measured): Promise<Round> {
  return what.rampSeconds === undefined
    ? measureWhole(contender, what, how)
    : measureSteady(contender, what, what.rampSeconds, how)
}

async function measureWhole(contender: Contender, what: Case, { seconds, rate }: Measured): Promise<Round> {
  const pids = contender.pids()
  const before = ticksOf(pids)
  const said = await load(contender.port, what, seconds, rate)
  const ticks = ticksOf(pids) - before
  const done = what.size === null ? said.requests : said.bytes / what.size
  return {
    cpuUs: (ticks * TICK_US) / done,
    perSecond: (done * 1e6) / said.us,
    p99Ms: said.p99us / 1000,
    errors: said.errors,
  }
}

/** What was used once all connections stood, and how many requests were served by it. */
async function measureSteady(
  contender: Contender,
  what: Case,
  rampSeconds: number,
  { seconds, rate, originPort }: Measured,
): Promise<Round> {
  const pids = contender.pids()
  // The paced client has a ramp of its own, and says how long its measure is to be.
  const whole = what.kind === 'paced' ? seconds + 1 : seconds + rampSeconds + 1
  const running = load(contender.port, what, whole, rate)
  await pause(rampSeconds * 1000)
  const served = await servedBy(originPort)
  const before = ticksOf(pids)
  const startMs = performance.now()
  await pause(seconds * 1000)
  const done = (await servedBy(originPort)) - served
  const ticks = ticksOf(pids) - before
  const tookMs = performance.now() - startMs
  const said = await running
  return {
    cpuUs: (ticks * TICK_US) / done,
    perSecond: (done * 1000) / tookMs,
    p99Ms: said.p99us / 1000,
    errors: said.errors,
  }
}

function ticksOf(pids: readonly number[]): number {
  const { user, system } = cpuTicks(pids)
  return user + system
}

async function servedBy(originPort: number): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${originPort}/count`)).text())
}
