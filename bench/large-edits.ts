// Edits of a config of 1,000 backends and 10,000 rules by the admin API: how long each answer takes, how long
// one turn of the supervisor's loop takes at most, and what the workers spend on a new plan. `bun
// bench/large-edits.ts [EXECUTABLE …]`, after `npm run build`; several executables take turns, the first is
// what the others are held against.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { controlSocketName } from '../server/control/control-socket.ts'
import { BACKENDS, bigConfig, RULES } from './big-config.ts'
import { median, table } from './report.ts'

const PORT = 18_600
const EACH = Number(process.env['EACH'] ?? '8')
const ROUNDS = Number(process.env['ROUNDS'] ?? '2')

/** What is asked; `of`: the how manieth time. */
interface Kind {
  readonly name: string
  readonly method: string
  readonly path: (of: number) => string
  readonly body?: (of: number) => unknown
}

const origin = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('here') })
const url = (host: number): string => `http://127.0.1.${host}:${origin.port}`
const KINDS: readonly Kind[] = [
  {
    name: 'a weight',
    method: 'PATCH',
    path: (of) => `backends/b${of * 7}/servers/127.0.0.1:${origin.port}`,
    body: (of) => ({ weight: 3 + of }),
  },
  {
    name: 'a server more',
    method: 'POST',
    path: (of) => `backends/b${of * 11}/servers`,
    body: (of) => ({ url: url(1 + of), weight: 2 }),
  },
  {
    name: 'a server less',
    method: 'DELETE',
    path: (of) => `backends/b${of * 11}/servers/127.0.1.${1 + of}:${origin.port}`,
  },
  {
    name: 'a rule more',
    method: 'POST',
    path: () => 'rules',
    body: (of) => ({ name: `new-${of}`, match: { path: `/new${of}/*` }, backend: 'b1' }),
  },
  {
    name: 'a rule other',
    method: 'PATCH',
    path: (of) => `rules/rule-${of * 900}`,
    body: (of) => ({ match: { path: `/other${of}/*` } }),
  },
  { name: 'a rule less', method: 'DELETE', path: (of) => `rules/new-${of}` },
  {
    name: 'a backend more',
    method: 'POST',
    path: () => 'backends',
    body: (of) => ({ name: `more-${of}`, servers: [{ url: url(1 + of) }] }),
  },
  { name: 'a backend less', method: 'DELETE', path: (of) => `backends/more-${of}` },
  {
    name: 'dry run: a rule other',
    method: 'PATCH',
    path: (of) => `rules/rule-${of * 800 + 1}?dry_run=true`,
    body: (of) => ({ match: { path: `/dry${of}/*` } }),
  },
  { name: 'stats by rule, 2h', method: 'GET', path: () => 'stats?by=rule&window=2h' },
  { name: 'stats by server, 24h', method: 'GET', path: () => 'stats?by=server&window=24h' },
  { name: 'stats/now', method: 'GET', path: () => 'stats/now' },
  { name: 'list of 100 rules', method: 'GET', path: () => 'rules?limit=100' },
  { name: 'list of 100 backends', method: 'GET', path: () => 'backends?limit=100' },
]

interface Found {
  readonly tookMs: number[]
  /** Processor time of the supervisor while somebody else waited for the smallest answer there is. */
  turnMs: number
  /** Processor time for each, of the supervisor and who reads and checks for it; then of all workers. */
  ownMs: number
  workersMs: number
}

/** Processor time of the thread that runs its loop. */
const threadMs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

const executables = process.argv.slice(2).map((one) => resolve(one))
if (executables.length === 0) executables.push(resolve(import.meta.dir, '../dist/sluice'))
const found = executables.map(() => new Map<string, Found>())
try {
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, executable] of executables.entries())
      await measured(executable, found[index] as Map<string, Found>)
  tell()
} finally {
  await origin.stop(true)
}

async function measured(executable: string, into: Map<string, Found>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-edits-'))
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, bigConfig({ port: PORT, originPort: Number(origin.port) }))
  const gateway = Bun.spawn([executable, 'run', '-c', file], { stdio: ['ignore', 'ignore', 'ignore'] })
  const unix = join(folder, 'data', controlSocketName(file))
  try {
    await served(unix)
    await busy()
    for (const kind of KINDS) {
      const one = into.get(kind.name) ?? { tookMs: [], turnMs: 0, ownMs: 0, workersMs: 0 }
      into.set(kind.name, one)
      await measure({ unix, kind, pid: gateway.pid, into: one })
    }
  } finally {
    gateway.kill()
    await gateway.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(at: {
  readonly unix: string
  readonly kind: Kind
  readonly pid: number
  readonly into: Found
}): Promise<void> {
  const { unix, kind, pid, into } = at
  const workers = childrenOf(pid)
  const before = workers.reduce((sum, one) => sum + cpuOf(one), 0)
  let ownMs = 0
  for (let of = 0; of < EACH; of++) {
    // Who asks all the time takes time: of what is timed, nobody looks at the turns.
    const isTimed = of % 2 === 0
    let isOver = isTimed
    const others = waited({ unix, pid, isOver: () => isOver })
    const ownBeforeMs = cpuOf(pid)
    const startMs = performance.now()
    const answer = await ask(unix, kind.method, kind.path(of), kind.body?.(of))
    const text = await answer.text()
    if (isTimed) into.tookMs.push(performance.now() - startMs)
    // What is put off until after the answer is of it as well.
    await Bun.sleep(300)
    if (isTimed) ownMs += cpuOf(pid) - ownBeforeMs
    isOver = true
    into.turnMs = Math.max(into.turnMs, await others)
    if (!answer.ok) throw new Error(`${kind.name}: ${answer.status} ${text.slice(0, 500)}`)
  }
  into.ownMs += ownMs / Math.ceil(EACH / 2) / ROUNDS
  into.workersMs += (workers.reduce((sum, one) => sum + cpuOf(one), 0) - before) / EACH / ROUNDS
}

/** The most that the supervisor did while one small question waited, again and again. */
async function waited(at: {
  readonly unix: string
  readonly pid: number
  readonly isOver: () => boolean
}): Promise<number> {
  let mostMs = 0
  while (!at.isOver()) {
    const before = threadMs(at.pid)
    await (await ask(at.unix, 'GET', 'operations')).text()
    mostMs = Math.max(mostMs, threadMs(at.pid) - before)
    await Bun.sleep(1)
  }
  return mostMs
}

/** Each rule and backend has something to tell of the last minutes. */
async function busy(): Promise<void> {
  for (let from = 0; from < RULES; from += 100)
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await (await fetch(`http://127.0.0.1:${PORT}/p${from + i}/x`)).text()
      }),
    )
  await Bun.sleep(2500)
}

async function served(unix: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const isThere = await fetch(`http://127.0.0.1:${PORT}/here`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere && existsSync(unix)) return
    await Bun.sleep(50)
  }
  throw new Error('it does not serve')
}

function ask(unix: string, method: string, path: string, body?: unknown): Promise<Response> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  return fetch(`http://gateway/api/v1/${path}`, {
    ...{ unix, method },
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': type } }),
  })
}

/** Of all its threads, and of its children that have ended, in ticks of 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) * 10
}

function tell(): void {
  const at = (times: readonly number[], share: number): number =>
    times.toSorted((a, b) => a - b)[Math.min(Math.floor(times.length * share), times.length - 1)] ??
    Number.NaN
  const cells = ({ tookMs, turnMs, ownMs, workersMs }: Found): string[] =>
    [median(tookMs), at(tookMs, 0.99), turnMs, ownMs, workersMs].map((ms) => ms.toFixed(0))
  console.log(`${BACKENDS} backends, ${RULES} rules, ${ROUNDS} rounds of ${EACH} each. Milliseconds.`)
  console.log(
    table([
      ['', ...executables.flatMap((_, i) => [`${i}: p50`, 'p99', 'longest turn', 'CPU', "workers' CPU"])],
      ...KINDS.map(({ name }) => [name, ...found.flatMap((one) => cells(one.get(name) as Found))]),
    ]),
  )
}
