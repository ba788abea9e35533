// How soon the admin API answers while all workers are saturated: `bun bench/admin.ts [SECONDS]`, through the
// executable. Goal: p99 of at most 50 ms. First without load, then with as many connections of wrk as keep
// every worker busy; asked one after another by the control socket.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { controlSocketPath } from '../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { CASES, type Case } from './cases.ts'
import { load } from './load.ts'
import { table } from './report.ts'

const GOAL_MS = 50
/** Reads of the table, and a change that is tried: what a dashboard and a deployment ask for. */
const ASKED: readonly (readonly [method: string, path: string])[] = [
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
const text = await Bun.file(gateway.configFile).text()
const what = CASES.find(({ name }) => name === 'browser') as Case
await measure(gateway, 0.5)
const rest = await measure(gateway, seconds)
const runs = ASKED.length * seconds + 5
const served = load(gateway.port(), { ...what, connections: 64 * workers }, runs)
await Bun.sleep(2000)
const busy = await measure(gateway, seconds)
const { requests, us, errors } = await served
origin.kill()

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
process.exitCode = [...busy.values()].every(({ p99 }) => p99 <= GOAL_MS) ? 0 : 1

/** Each of what is asked, for so many seconds, one after another. */
async function measure({ folder, configFile }: Gateway, forS: number): Promise<Map<string, Figures>> {
  const unix = controlSocketPath(join(folder, 'data'), configFile)
  const found = new Map<string, Figures>()
  for (const [method, path] of ASKED) {
    const tookMs: number[] = []
    const endMs = performance.now() + forS * 1000
    while (performance.now() < endMs) {
      const startMs = performance.now()
      const headers = { 'Content-Type': 'application/yaml' }
      const answer = await fetch(`http://localhost${path}`, {
        ...{ unix, method },
        ...(method === 'POST' && { headers, body: text }),
      })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`)
      tookMs.push(performance.now() - startMs)
      await Bun.sleep(10)
    }
    found.set(path, figuresOf(tookMs))
  }
  return found
}

function figuresOf(tookMs: readonly number[]): Figures {
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0, asked: sorted.length }
}
