// Large configs: what `check` takes, and what a reload does to the traffic and to the admin listener. Rounds
// with and without reloads alternate, so that a busy machine disturbs both. `bun bench/large-configs.ts
// [RULES …]`, after `npm run build`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { median } from './report.ts'

const BINARY = resolve(import.meta.dir, '../dist/sluice')
const PORT = 18_480
const ADMIN = 18_490
const ROUNDS = 4
const ROUND_MS = 4000
const CLIENTS = 16
/** Between two requests of one client: the gateway is to be busy, not full. */
const PAUSE_MS = 4

const folder = mkdtempSync(join(tmpdir(), 'sluice-large-'))
const file = join(folder, 'sluice.yaml')

function write(count: number, version: number): void {
  const rules = Array.from(
    { length: count },
    (_, i) => `  - name: rule-${i}
    match: { path: "/p${i}/*" }
    backend: b${i % 50}`,
  )
  const backends = Array.from(
    { length: 50 },
    (_, i) => `  b${i}: { servers: [{ url: "http://127.0.0.1:${20_000 + i}" }] }`,
  )
  const text = `listeners:
  web: { bind: "127.0.0.1:${PORT}" }
admin: { bind: "127.0.0.1:${ADMIN}" }
workers: 2
logs: { access: { enabled: false } }
rules:
  - { name: here, match: { path: /here }, respond: { body: "${version}" } }
${rules.join('\n')}
backends:
${backends.join('\n')}
`
  writeFileSync(file, text)
}

/** One client that asks again and again; its times in milliseconds. */
function client(times: number[], bodies: Set<string>): () => void {
  const socket = connect(PORT, '127.0.0.1')
  let sentMs = 0
  let timer: Timer | null = null
  const send = (): void => {
    sentMs = performance.now()
    socket.write('GET /here HTTP/1.1\r\nHost: a\r\n\r\n')
  }
  socket.on('connect', send)
  socket.on('error', (error) => console.error(String(error)))
  socket.on('data', (bytes) => {
    times.push(performance.now() - sentMs)
    bodies.add(bytes.toString().split('\r\n\r\n')[1] ?? '')
    timer = setTimeout(send, PAUSE_MS)
  })
  return () => {
    if (timer) clearTimeout(timer)
    socket.destroy()
  }
}

const at = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN
const quantile = (times: readonly number[], share: number): string => at(times, share).toFixed(1)

/** What a reload may add to the p99 of those who are served meanwhile. */
const GOAL_MS = 10

async function round(count: number, version: number | null): Promise<Figures> {
  const [times, admin, bodies] = [[] as number[], [] as number[], new Set<string>()]
  const stops = Array.from({ length: CLIENTS }, () => client(times, bodies))
  const endMs = performance.now() + ROUND_MS
  if (version !== null) write(count, version)
  while (performance.now() < endMs) {
    const startMs = performance.now()
    await (await fetch(`http://127.0.0.1:${ADMIN}/_health`)).text()
    admin.push(performance.now() - startMs)
    await Bun.sleep(5)
  }
  for (const stop of stops) stop()
  return { times, admin, isApplied: version === null || bodies.has(String(version)) }
}

interface Figures {
  readonly times: number[]
  readonly admin: number[]
  readonly isApplied: boolean
}

async function reloads(count: number): Promise<void> {
  write(count, 0)
  const gateway = Bun.spawn([BINARY, 'run', '-c', file], { stdio: ['ignore', 'ignore', 'ignore'] })
  try {
    for (let i = 0; i < 600; i++) {
      const isThere = await fetch(`http://127.0.0.1:${PORT}/here`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isThere) break
      await Bun.sleep(50)
    }
    await round(count, null)
    const quiet: Figures[] = []
    const reloading: Figures[] = []
    for (let i = 1; i <= ROUNDS; i++) {
      quiet.push(await round(count, null))
      reloading.push(await round(count, i))
    }
    const all = (list: Figures[], of: 'times' | 'admin'): number[] => list.flatMap((one) => one[of])
    for (const [name, list] of [
      ['quiet', quiet],
      ['reload', reloading],
    ] as const)
      console.log(
        `${count} rules, ${name}: traffic p50 ${quantile(all(list, 'times'), 0.5)} p99 ${quantile(all(list, 'times'), 0.99)} max ${quantile(all(list, 'times'), 0.99999)} ms` +
          `; admin p50 ${quantile(all(list, 'admin'), 0.5)} p99 ${quantile(all(list, 'admin'), 0.99)} max ${quantile(all(list, 'admin'), 0.99999)} ms` +
          `; applied ${list.filter(({ isApplied }) => isApplied).length} of ${list.length}`,
      )
    // By round: what drifts between rounds then cancels out.
    const p99 = (one: Figures | undefined): number => at(one?.times ?? [], 0.99)
    const added = median(reloading.map((one, i) => p99(one) - p99(quiet[i])))
    const verdict = added <= GOAL_MS ? 'reached' : 'missed'
    console.log(`${count} rules: a reload adds ${added.toFixed(1)} ms to p99; ≤ ${GOAL_MS}: ${verdict}`)
  } finally {
    gateway.kill()
    await gateway.exited
  }
}

async function check(count: number): Promise<void> {
  write(count, 0)
  const startMs = performance.now()
  const child = Bun.spawn([BINARY, 'check', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await child.exited
  const ms = performance.now() - startMs
  const usage = child.resourceUsage()
  const cpuMs = usage ? Number(usage.cpuTime.total) / 1000 : Number.NaN
  const rssMb = usage ? usage.maxRSS / 1e6 : Number.NaN
  console.log(
    `check of ${count} rules: exit ${code}, ${ms.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of CPU, ${rssMb.toFixed(0)} MB`,
  )
}

try {
  const counts = process.argv.slice(2).map(Number)
  for (const count of [1000, 10_000, 20_000]) await check(count)
  for (const count of counts.length > 0 ? counts : [1000, 10_000]) await reloads(count)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
