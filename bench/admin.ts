// How soon the admin API answers while all workers are saturated: `bun bench/admin.ts [SECONDS]`, through the
// executable. Goal: p99 of at most 50 ms. First without load, then with as many connections of wrk as keep
// every worker busy; asked in turn by the control socket. The first row is a Bun program that does nothing
// but answer, asked in the same turn: what the machine adds by itself.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { controlSocketPath } from '../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { CASES, type Case } from './cases.ts'
import { load } from './load.ts'
import { table } from './report.ts'

const GOAL_MS = 50
const BARE = '/bare'
/** Reads of the table, and a change that is tried: what a dashboard and a deployment ask for. */
const ASKED: readonly (readonly [method: string, path: string])[] = [
  ['GET', BARE],
  ['GET', '/_health'],
  ['GET', '/metrics'],
  ['GET', '/api/v1/status'],
  ['GET', '/api/v1/config?view=effective'],
  ['POST', '/api/v1/config/validate'],
]

interface Figures {
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly asked: number
}

const seconds = Number(process.argv[2] ?? '5')
const workers = availableParallelism()
const origin = Bun.spawn([process.execPath, join(import.meta.dir, 'origin.ts')], { stdout: 'pipe' })
const originPort = Number(new TextDecoder().decode((await origin.stdout.getReader().read()).value))
await using gateway = await startGateway({
  workers,
  config: {
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'http', backend: 'api' } },
    backends: { api: { servers: [{ url: `http://127.0.0.1:${originPort}` }] } },
  },
})
const bare = join(gateway.folder, 'bare.sock')
const program = `Bun.serve({ unix: ${JSON.stringify(bare)}, fetch: () => new Response('bare') }); console.log(1)`
const idle = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' })
await idle.stdout.getReader().read()
const text = await Bun.file(gateway.configFile).text()
const what = CASES.find(({ name }) => name === 'browser') as Case
await measure(gateway, 0.5)
const rest = await measure(gateway, seconds)
const served = load(gateway.port(), { ...what, connections: 64 * workers }, seconds + 4)
await Bun.sleep(2000)
const busy = await measure(gateway, seconds)
const { requests, us, errors } = await served
origin.kill()
idle.kill()

const cells = ({ p50, p99, worst, asked }: Figures): string[] => [
  ...[p50, p99, worst].map((ms) => ms.toFixed(2)),
  String(asked),
]
const rows = ASKED.map(([method, path]) => [
  `${method} ${path}`,
  ...cells(rest.get(path) as Figures),
  ...cells(busy.get(path) as Figures),
])
console.log(
  `${workers} workers, ${64 * workers} connections: ${Math.round((requests / us) * 1e6)} requests/s, ${errors} errors. Milliseconds; goal of p99 under load: ${GOAL_MS}.`,
)
console.log(
  table([['asked', 'p50', 'p99', 'worst', 'asked', 'busy p50', 'busy p99', 'worst', 'asked'], ...rows]),
)

/** All that is asked, in turn, for so many seconds. */
async function measure({ folder, configFile }: Gateway, forS: number): Promise<Map<string, Figures>> {
  const control = controlSocketPath(join(folder, 'data'), configFile)
  const tookMs = new Map<string, number[]>(ASKED.map(([, path]) => [path, []]))
  const endMs = performance.now() + forS * 1000
  while (performance.now() < endMs)
    for (const [method, path] of ASKED) {
      const startMs = performance.now()
      await askOnce(path === BARE ? bare : control, method, path)
      tookMs.get(path)?.push(performance.now() - startMs)
      await Bun.sleep(5)
    }
  return new Map([...tookMs].map(([path, all]) => [path, figuresOf(all)]))
}

async function askOnce(unix: string, method: string, path: string): Promise<void> {
  const headers = { 'Content-Type': 'application/yaml' }
  const answer = await fetch(`http://localhost${path}`, {
    ...{ unix, method },
    ...(method === 'POST' && { headers, body: text }),
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`)
}

function figuresOf(tookMs: readonly number[]): Figures {
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0, asked: sorted.length }
}
