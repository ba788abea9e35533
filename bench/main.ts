// npm run bench: Sluice beside nginx, HAProxy, Caddy and coturn, one worker each, in the same run. Loopback
// only.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build as buildExecutable } from '../build.ts'
import { killAll } from '../test/support/processes.ts'
import { CASES } from './cases.ts'
import { compare, type Effort } from './compare.ts'
import { CROWDS, fairness } from './fairness.ts'
import { caddy } from './contenders/caddy.ts'
import type { Contender, Recipe, Setting } from './contenders/contender.ts'
import { haproxy, haproxyWithoutLog } from './contenders/haproxy.ts'
import { nginx, nginxStreaming } from './contenders/nginx.ts'
import { SLUICE_AT_REST, sluice } from './contenders/sluice.ts'
import { kernelDrops } from './kernel.ts'
import { IDLE_HEAD, idleCost, idleRow } from './idle.ts'
import { MASSES, idleMemory, massMemory, stalledMemory } from './memory.ts'
import { spread, table, tableOf } from './report.ts'
import { turnBench } from './turn.ts'
import { TURN_CASES, TURN_EXTRAS } from './turn-cases.ts'

const MEMORY = ['idle', 'stalled', ...MASSES.map(({ name }) => name)]
const HELP = `Usage: bun bench/main.ts [options] [WHAT…]

WHAT: ${CASES.map(({ name }) => name).join(' ')} (CPU per request) · ${MEMORY.join(' · ')} (memory) · resting · start
      reloads (what a change of 1,000 and 10,000 rules costs those who are served meanwhile)
      ${CROWDS.map(({ name }) => name).join(' ')} (what busy connections cost the others)
      turn, that is ${[...TURN_CASES.map(({ name }) => name), ...TURN_EXTRAS].join(' ')}
Default: all of them.

  --seconds N      of each round (default 5)
  --rounds N       of each contender (default 3)
  --against LIST   rivals, with commas (default nginx,nginx-stream,haproxy,haproxy-nolog,caddy)
  --connections N  of "idle" (default 10000)
`
const RECIPES: readonly Recipe[] = [sluice, nginx, nginxStreaming, haproxy, haproxyWithoutLog, caddy]
const EXTRAS = [...MEMORY, 'resting', 'start', 'reloads', ...CROWDS.map(({ name }) => name)]
const TURN = [...TURN_CASES.map(({ name }) => name), ...TURN_EXTRAS]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    against: { type: 'string', default: 'nginx,nginx-stream,haproxy,haproxy-nolog,caddy' },
    connections: { type: 'string', default: '10000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) console.log(HELP)
else await main()

async function main(): Promise<void> {
  const known = [...CASES.map(({ name }) => name), ...EXTRAS, ...TURN]
  const asked =
    positionals.length > 0 ? positionals.flatMap((name) => (name === 'turn' ? TURN : [name])) : known
  const unknown = asked.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(' ')}\n\n${HELP}`)
  process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143))
  const others = asked.filter((name) => !TURN.includes(name))
  if (others.length > 0) await benchHttp(others)
  const effort = { rounds: Number(values.rounds), seconds: Number(values.seconds) * 2 }
  if (others.length < asked.length) await turnBench(asked, effort)
}

async function benchHttp(asked: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const origin = await startOrigin()
  const sink = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  try {
    await runAll(asked, { folder, originPort: origin.port, sinkPort: sink.port })
  } finally {
    sink.close()
    origin.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startOrigin(): Promise<{ port: number; stop: () => void }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'origin.ts')], {
    stdin: 'ignore',
    stdout: 'pipe',
  })
  process.on('exit', () => killAll([child.pid]))
  for await (const bytes of child.stdout) {
    return { port: Number(Buffer.from(bytes).toString()), stop: () => killAll([child.pid]) }
  }
  throw new Error('The origin did not start.')
}

async function runAll(asked: readonly string[], setting: Setting): Promise<void> {
  const recipes = chosen()
  const effort: Effort = { seconds: Number(values.seconds), rounds: Number(values.rounds), warmUpSeconds: 2 }
  if (asked.includes('start')) console.log(await startTable(recipes, setting))
  for (const what of CASES.filter(({ name }) => asked.includes(name))) {
    // Fresh ones for each case: what an earlier case left behind weighs on none.
    await withAll(recipes, setting, async (contenders) => {
      console.log(tableOf(what, await compare(contenders, what, effort), sluice.name))
    })
  }
  for (const crowd of CROWDS.filter(({ name }) => asked.includes(name))) {
    await withAll(recipes, setting, async (contenders) => {
      console.log(`\n${crowd.name}\n\n${table(await fairness(contenders, crowd, effort.rounds))}`)
    })
  }
  if (asked.includes('reloads')) await largeConfigs()
  if (asked.includes('resting'))
    console.log(await restingTable([...recipes, ...SLUICE_AT_REST], setting, effort.seconds))
  for (const name of MEMORY.filter((extra) => asked.includes(extra))) {
    const rows = await memoryRows(name, recipes, setting)
    console.log(`\n${name}\n\n${table(rows)}`)
  }
}

function chosen(): Recipe[] {
  const rivals = values.against.split(',')
  return RECIPES.filter(({ name, program }) => {
    if (name !== sluice.name && !rivals.includes(name)) return false
    if (program === null) console.log(`${name} is not installed: left out`)
    return program !== null
  })
}

async function withAll(
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

/** A program of its own: it has its own gateways, of the executable. */
async function largeConfigs(): Promise<void> {
  await buildExecutable()
  console.log('\nreloads: quiet rounds and rounds with a reload in turn\n')
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'large-configs.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.on('exit', () => killAll([child.pid]))
  await child.exited
}

async function startTable(recipes: readonly Recipe[], setting: Setting): Promise<string> {
  const rows: string[][] = []
  for (const recipe of recipes) {
    const times: number[] = []
    for (let run = 0; run < 7; run++) {
      const contender = await recipe.start(setting)
      times.push(contender.startMs)
      await contender.stop()
    }
    rows.push([recipe.name, spread(times, 0)])
  }
  return `\nstart: from spawn to the first answer\n\n${table([['contender', 'ms'], ...rows])}`
}

/** Beside them Bun's own floor: a program with nothing to do, and one with a timer each second. */
async function restingTable(recipes: readonly Recipe[], setting: Setting, seconds: number): Promise<string> {
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

async function memoryRows(name: string, recipes: readonly Recipe[], setting: Setting): Promise<string[][]> {
  const rows =
    name === 'idle'
      ? [['contender', 'connections', 'bytes each']]
      : [['contender', 'growth MB', 'dropped by the kernel']]
  for (const recipe of recipes) {
    await withAll([recipe], setting, async ([contender]) => {
      if (contender === undefined) return
      if (name === 'idle') {
        const { bytesEach, open } = await idleMemory(
          contender,
          Math.min(Number(values.connections), recipe.connectionsMax ?? Infinity),
        )
        rows.push([recipe.name, String(open), bytesEach.toFixed(0)])
      } else {
        const before = kernelDrops()
        const mass = MASSES.find((one) => one.name === name)
        const grown = await (mass ? massMemory(contender, mass) : stalledMemory(contender))
        rows.push([recipe.name, (grown / 1e6).toFixed(1), String(kernelDrops() - before)])
      }
    })
  }
  return rows
}
