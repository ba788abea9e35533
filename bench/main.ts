// npm run bench: Sluice beside nginx, HAProxy, Caddy and coturn, one worker each, in the same run. Loopback
// only.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build as buildExecutable } from '../build.ts'
import { killAll } from '../test/support/processes.ts'
import { MEMORY, idleWorkers, memoryOf, restingTable, startTable, withAll } from './at-rest.ts'
import { CASES, type Case } from './cases.ts'
import { compare, type Effort, type Result } from './compare.ts'
import { evennessTable } from './evenness.ts'
import { CROWDS, fairness, fairnessGoals, fairnessRows } from './fairness.ts'
import { caddy } from './contenders/caddy.ts'
import type { Recipe, Setting } from './contenders/contender.ts'
import { haproxy, haproxySplicing, haproxyWithoutLog } from './contenders/haproxy.ts'
import { nginx, nginxStreaming } from './contenders/nginx.ts'
import { SLUICE_AT_REST, oursOn } from './contenders/sluice.ts'
import { makePair, type Pair } from './https.ts'
import { GOAL_HEAD, goalRows, growthRows, table, tableOf } from './report.ts'
import { aboutMachine } from './syscall.ts'
import { turnBench } from './turn.ts'
import { TURN_CASES, TURN_EXTRAS } from './turn-cases.ts'
import { UDP_CASES, udpBench } from './udp.ts'

/** The figures that sockets of ours are judged by. */
const SOCKETS = [
  ...['small-1', 'browser', 'small-512', 'small-2000', 'half', 'connect', '100k', '10m', 'upload'],
  ...[
    'downloads',
    'downloads-paced',
    'uploads',
    'uploads-paced',
    'idle',
    'idle-worker',
    'turn-170',
    'turn-1200',
    'turn-tcp',
    'turn-tls',
  ],
]
const TURN = [...TURN_CASES.map(({ name }) => name), ...TURN_EXTRAS]
const UDP = UDP_CASES.map(({ name }) => name)
const GROUPS: Readonly<Record<string, readonly string[]>> = { sockets: SOCKETS, turn: TURN, udp: UDP }
const HELP = `Usage: bun bench/main.ts [options] [WHAT…]

WHAT: ${CASES.map(({ name }) => name).join(' ')} (CPU per request) · ${MEMORY.join(' · ')} (memory)
      resting · idle-worker · start
      reloads (what a change of 1,000 and 10,000 rules costs those who are served meanwhile)
      ${CROWDS.map(({ name }) => name).join(' ')} (what busy connections cost the others)
      evenness (whether 512 downloads at once have equal parts)
      turn, that is ${TURN.join(' ')}
      udp, that is ${UDP.join(' ')} (beside nginx with libnginx-mod-stream)
      sockets, that is ${SOCKETS.join(' ')}:
      some 20 minutes; 7 rounds of 2 s of io_uring and epoll, beside HAProxy without a log and where nginx is a goal beside that
Default: all of them, but for each case as ours are by default.

  --seconds N      of each round (default 5)
  --rounds N       of each contender (default 3)
  --against LIST   rivals, with commas (default nginx,nginx-stream,haproxy,haproxy-nolog,caddy)
  --ours LIST      kinds of sockets that ours have side by side: io_uring,epoll,bun (default: one, as the machine has it)
  --connections N  of "idle" (default 10000)
`
const RIVALS: readonly Recipe[] = [nginx, nginxStreaming, haproxy, haproxyWithoutLog, haproxySplicing, caddy]
/** Without those that are asked for by name. */
const USUAL = RIVALS.filter((one) => one !== haproxySplicing)
  .map(({ name }) => name)
  .join()
const EXTRAS = [
  ...MEMORY,
  'resting',
  'idle-worker',
  'start',
  'reloads',
  'evenness',
  ...CROWDS.map(({ name }) => name),
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    against: { type: 'string' },
    ours: { type: 'string' },
    connections: { type: 'string', default: '10000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** What of the command line holds for all. */
interface Run {
  readonly asked: readonly string[]
  readonly seconds: number
  readonly rounds: number
  readonly kinds: readonly string[]
  readonly ours: readonly Recipe[]
  readonly rivals: readonly Recipe[]
  /** Beside HAProxy without a log only those rivals that a case has a goal for. */
  readonly isByGoals: boolean
}

if (values.help) console.log(HELP)
else await main()

async function main(): Promise<void> {
  process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143))
  const run = planned()
  console.log(`\n${aboutMachine()}\n${run.rounds} rounds of ${run.seconds} s in alternation`)
  const others = run.asked.filter((name) => !TURN.includes(name) && !UDP.includes(name))
  const goals = others.length > 0 ? await benchHttp({ ...run, asked: others }) : []
  goals.push(...(await udpBench(run.asked, run)))
  if (run.asked.some((name) => TURN.includes(name))) {
    const seconds = run.isByGoals ? run.seconds : 2 * run.seconds
    const effort = { rounds: run.rounds, seconds, sockets: run.kinds[0] }
    goals.push(...(await turnBench(run.asked, effort)))
  }
  if (goals.length > 0) console.log(`\ngoals\n\n${table([GOAL_HEAD, ...goals])}`)
}

function planned(): Run {
  const known = [...CASES.map(({ name }) => name), ...EXTRAS, ...TURN, ...UDP]
  const asked = positionals.length > 0 ? positionals.flatMap((name) => GROUPS[name] ?? [name]) : known
  const unknown = asked.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(' ')}\n\n${HELP}`)
  const isSockets = positionals.includes('sockets')
  const kinds = (values.ours ?? (isSockets ? 'io_uring,epoll' : '')).split(',').filter(Boolean)
  return {
    asked: [...new Set(asked)],
    seconds: Number(values.seconds ?? (isSockets ? 2 : 5)),
    rounds: Number(values.rounds ?? (isSockets ? 7 : 3)),
    kinds,
    ours: oursOn(kinds),
    rivals: chosen(values.against ?? (isSockets ? 'nginx,haproxy-nolog' : USUAL)),
    isByGoals: isSockets && values.against === undefined,
  }
}

function chosen(against: string): Recipe[] {
  const wanted = against.split(',')
  return RIVALS.filter(({ name, program }) => {
    if (!wanted.includes(name)) return false
    if (program === null) console.log(`${name} is not installed: left out`)
    return program !== null
  })
}

/** Who takes part in what has these goals. */
function recipesFor({ ours, rivals, isByGoals }: Run, goals: Case['goals']): Recipe[] {
  const isIn = ({ name }: Recipe): boolean => !isByGoals || name === haproxyWithoutLog.name || name in goals
  return [...ours, ...rivals.filter(isIn)]
}

async function benchHttp(run: Run): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const origin = await startOrigin()
  const sink = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  try {
    return await runAll(run, { folder, originPort: origin.port, sinkPort: sink.port })
  } finally {
    sink.close()
    origin.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startOrigin(pair?: Pair): Promise<{ port: number; stop: () => void }> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'origin.ts'), ...(pair ? [pair.cert, pair.key] : [])],
    {
      stdin: 'ignore',
      stdout: 'pipe',
    },
  )
  process.on('exit', () => killAll([child.pid]))
  for await (const bytes of child.stdout) {
    return { port: Number(Buffer.from(bytes).toString()), stop: () => killAll([child.pid]) }
  }
  throw new Error('The origin did not start.')
}

/** Rows of the table of goals. */
async function runAll(run: Run, setting: Setting): Promise<string[][]> {
  const { asked, seconds, rounds } = run
  const all = recipesFor(run, {})
  const ours = run.ours.map(({ name }) => name)
  const effort: Effort = { seconds, rounds, warmUpSeconds: 5, originPort: setting.originPort }
  const goals: string[][] = []
  const done = new Map<string, readonly Result[]>()
  if (asked.includes('start')) console.log(await startTable(all, setting))
  for (const what of CASES.filter(({ name }) => asked.includes(name))) {
    // Fresh ones for each case: what an earlier case left behind weighs on none.
    const tls = what.tls && makePair(setting.folder, what.tls)
    const isPassed = what.isPassed === true
    const origin = isPassed ? await startOrigin(tls) : { port: setting.originPort, stop: () => {} }
    const ended = { isTcp: what.isTcp === true, tls: isPassed ? undefined : tls }
    const own = { ...setting, ...ended, isPassed, originPort: origin.port }
    const recipes = recipesFor(run, what.goals).filter(
      ({ takesTls, passesTls }) => (isPassed ? passesTls : tls === undefined || takesTls) === true,
    )
    await withAll(recipes, own, async (contenders) => {
      const results = await compare(contenders, what, effort, ours)
      console.log(tableOf(what, results, ours))
      goals.push(...goalRows(what, results, ours))
      goals.push(...growthRows(what, results, done.get(what.fewer ?? '') ?? [], ours))
      done.set(what.name, results)
    }).finally(origin.stop)
  }
  for (const crowd of CROWDS.filter(({ name }) => asked.includes(name))) {
    await withAll(all, setting, async (contenders) => {
      const shares = await fairness(contenders, crowd, { rounds, originPort: setting.originPort })
      console.log(`\n${crowd.name}\n\n${table(fairnessRows(shares))}`)
      goals.push(...fairnessGoals(shares, crowd, ours))
    })
  }
  if (asked.includes('evenness'))
    await withAll(all, setting, async (contenders) => console.log(await evennessTable(contenders, rounds)))
  if (asked.includes('reloads')) await largeConfigs()
  if (asked.includes('resting'))
    console.log(await restingTable([...all, ...SLUICE_AT_REST], setting, seconds))
  for (const name of MEMORY.filter((extra) => asked.includes(extra)))
    goals.push(...(await memoryOf(name, all, setting, Number(values.connections))))
  if (asked.includes('idle-worker'))
    goals.push(...(await idleWorkers(run.ours, setting, Math.max(20, seconds))))
  return goals
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
