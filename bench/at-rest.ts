// What contenders cost that nobody asks for anything, how soon they answer, and what crowds of connections
// take of memory: tables of figures that are no CPU per request.
import { killAll } from '../test/support/processes.ts'
import type { Contender, Recipe, Setting } from './contenders/contender.ts'
import { makePair, openIdleTls } from './https.ts'
import { IDLE_HEAD, idleCost, idleRow } from './idle.ts'
import { kernelDrops } from './kernel.ts'
import { MASSES, idleMemory, massMemory, stalledMemory } from './memory.ts'
import { spread, table, verdict } from './report.ts'

export const MEMORY = ['idle', 'idle-tls', 'stalled', ...MASSES.map(({ name }) => name)]
/** Bytes of an idle connection of ours, at most; of one in TLS. */
const IDLE_BYTES_GOAL = 3072
const IDLE_TLS_BYTES_GOAL = 7168
/** Of a core, in percent, that a worker of ours takes at rest, at most. */
const IDLE_WORKER_GOAL = 0.1
const STARTS = 7

/** Starts all, lets them be worked with, and ends them. */
export async function withAll(
  recipes: readonly Recipe[],
  setting: Setting,
  work: (contenders: readonly Contender[]) => Promise<void>,
): Promise<void> {
  const contenders: Contender[] = []
  try {
    for (const recipe of recipes) contenders.push(await recipe.start(setting))
    await work(contenders)
  } finally {
    for (const contender of contenders) await contender.stop()
  }
}

export async function startTable(recipes: readonly Recipe[], setting: Setting): Promise<string> {
  const rows: string[][] = []
  for (const recipe of recipes) {
    const times: number[] = []
    for (let run = 0; run < STARTS; run++) {
      const contender = await recipe.start(setting)
      times.push(contender.startMs)
      await contender.stop()
    }
    rows.push([recipe.name, spread(times, 0)])
  }
  return `\nstart: from spawn to the first answer\n\n${table([['contender', 'ms'], ...rows])}`
}

/** Beside them Bun's own floor: a program with nothing to do, and one with a timer each second. */
export async function restingTable(
  recipes: readonly Recipe[],
  setting: Setting,
  seconds: number,
): Promise<string> {
  const rows = [IDLE_HEAD]
  for (const recipe of recipes) {
    await withAll([recipe], setting, async ([contender]) => {
      if (contender === undefined) return
      rows.push(idleRow(recipe.name, await idleCost(() => contender.pids(), seconds)))
    })
  }
  const listens = 'Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })'
  for (const [name, code] of [
    ['bun, a socket', listens],
    ['bun, a timer each second', 'setInterval(() => {}, 1000)'],
  ] as const) {
    const child = Bun.spawn([process.execPath, '-e', code], { stdin: 'ignore' })
    const cost = await idleCost(() => [child.pid], seconds).finally(() => killAll([child.pid]))
    rows.push(idleRow(name, cost))
  }
  return `\nresting: nobody asks for anything\n\n${table(rows)}`
}

/**
 * The workers of ours alone, without their supervisor, all at the same time: what they wait for is nobody's
 * processor. Rows of the table of goals.
 */
export async function idleWorkers(
  ours: readonly Recipe[],
  setting: Setting,
  seconds: number,
): Promise<string[][]> {
  let goals: string[][] = []
  await withAll(ours, setting, async (contenders) => {
    const costs = await Promise.all(
      contenders.map((contender) => idleCost(() => contender.pids().slice(1), seconds)),
    )
    const rows = costs.map((cost, n) => idleRow(contenders[n]?.name ?? '', cost))
    console.log(`\nidle-worker: nobody asks for anything\n\n${table([IDLE_HEAD, ...rows])}`)
    goals = costs.map(({ processor }, n) => [
      'idle worker: % of a core',
      contenders[n]?.name ?? '',
      '',
      processor.toFixed(3),
      verdict(IDLE_WORKER_GOAL, processor),
    ])
  })
  return goals
}

/** One of the figures of memory; `most` connections where they are idle ones. Rows of the table of goals. */
export async function memoryOf(
  name: string,
  recipes: readonly Recipe[],
  setting: Setting,
  most: number,
): Promise<string[][]> {
  const rows: string[][] = []
  const goals: string[][] = []
  const isTls = name === 'idle-tls'
  const isIdle = isTls || name === 'idle'
  const own = isTls ? { ...setting, tls: makePair(setting.folder, 'ec') } : setting
  for (const recipe of recipes) {
    if (isTls && recipe.takesTls !== true) continue
    await withAll([recipe], own, async ([contender]) => {
      if (contender === undefined) return
      if (!isIdle) return void rows.push([recipe.name, ...(await growth(contender, name))])
      const count = Math.min(most, recipe.connectionsMax ?? Infinity)
      const { bytesEach, open } = await idleMemory(contender, count, isTls ? openIdleTls : undefined)
      rows.push([recipe.name, String(open), bytesEach.toFixed(0)])
      if (!recipe.name.startsWith('sluice')) return
      // On a machine so busy that the first were idle for too long before the last came, nothing is known.
      const told = verdict(
        isTls ? IDLE_TLS_BYTES_GOAL : IDLE_BYTES_GOAL,
        open < count ? Number.NaN : bytesEach,
      )
      goals.push([
        isTls ? 'idle TLS connection: bytes' : 'idle connection: bytes',
        recipe.name,
        '',
        bytesEach.toFixed(0),
        told,
      ])
    })
  }
  const head = isIdle
    ? ['contender', 'connections', 'bytes each']
    : ['contender', 'growth MB', 'dropped by the kernel']
  console.log(`\n${name}\n\n${table([head, ...rows])}`)
  return goals
}

async function growth(contender: Contender, name: string): Promise<string[]> {
  const before = kernelDrops()
  const mass = MASSES.find((one) => one.name === name)
  const grown = await (mass ? massMemory(contender, mass) : stalledMemory(contender))
  return [(grown / 1e6).toFixed(1), String(kernelDrops() - before)]
}
