// What a hit of the cache costs beside a request that is passed on, and beside a hit of nginx's; then all
// of the public tests of caches: bun bench/cache.ts [SECONDS] [ROUNDS]
//
// All get the same requests in alternation, behind the same origin, one worker each, with their access logs.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../build.ts'
import { runCacheTests, startTestsServer } from '../test/support/cache-tests.ts'
import { cpuTicks } from '../test/support/processes.ts'
import type { Case } from './cases.ts'
import { type Contender, freePort, launch, programNamed } from './contenders/contender.ts'
import { oneWorker } from './contenders/nginx.ts'
import { load } from './load.ts'

const [SECONDS = 4, ROUNDS = 5] = process.argv.slice(2).map(Number)
const TICK_US = 10_000
/** Of a request that is passed on, and of nginx. */
const GOALS = { proxied: 0.5, nginx: 1.2 }

const folder = mkdtempSync(join(tmpdir(), 'sluice-cache-'))
/** Where nginx has what it stores: in memory, as ours is. */
const inMemory = mkdtempSync('/dev/shm/sluice-cache-bench-')
const origin = Bun.spawn([process.execPath, join(import.meta.dir, 'origin.ts')], { stdout: 'pipe' })
const { value } = await origin.stdout.getReader().read()
const originUrl = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`

const { binary } = await build()
// Answers of the origin have the Date of a day long ago: fresh are those for which a year is no age.
const contenders = [
  await startOurs('sluice', originUrl, '{ cache: { default_ttl: 365d } }'),
  await startOurs('proxied', originUrl, ''),
  await startNginx(),
].filter((one) => one !== null)
try {
  for (const target of ['/small', '/100k']) await compare(target)
} finally {
  await Promise.all(contenders.map((one) => one.stop()))
  origin.kill()
}
await publicTests()
for (const one of [folder, inMemory]) rmSync(one, { recursive: true, force: true })
process.exit(0)

async function startOurs(name: string, url: string, step: string): Promise<Contender> {
  const port = freePort()
  const own = join(folder, name)
  mkdirSync(own)
  const file = join(own, 'sluice.yaml')
  writeFileSync(
    file,
    `listeners: { web: { bind: "127.0.0.1:${port}", limits: { requests: 100000000 } } }
rules: [{ name: all, middleware: [${step}], backend: origin }]
backends: { origin: { servers: [{ url: "${url}" }] } }
workers: 1
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(own, 'access.log'))} } }
`,
  )
  return launch({ name, command: [binary, 'run', '-c', file], port, folder: own })
}

async function startNginx(): Promise<Contender | null> {
  const program = programNamed('nginx')
  if (program === null) return null
  const port = freePort()
  const own = join(folder, 'nginx')
  mkdirSync(own)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${own}/${one};`,
  )
  const file = join(own, 'nginx.conf')
  const log =
    '{"time":"$time_iso8601","request_id":"$request_id","client":"$remote_addr","method":"$request_method","host":"$host","path":"$request_uri","protocol":"$server_protocol","status":$status,"bytes_out":$body_bytes_sent,"total_ms":$request_time,"cache":"$upstream_cache_status","user_agent":"$http_user_agent"}'
  writeFileSync(
    file,
    `${oneWorker(own)}
http { log_format one escape=json '${log}'; access_log ${own}/access.log one buffer=64k flush=1s; ${paths.join(' ')}
  keepalive_requests 100000000; tcp_nodelay on; sendfile on;
  proxy_cache_path ${inMemory} levels=1:2 keys_zone=one:10m max_size=128m use_temp_path=off;
  upstream origin { server ${originUrl.slice(7)}; keepalive 32; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_cache one; proxy_cache_valid 200 1h; proxy_cache_key $scheme$http_host$request_uri; add_header X-Cache $upstream_cache_status; } } }`,
  )
  return launch({ name: 'nginx', command: [program, '-c', file, '-p', own], port, folder: own })
}

async function compare(target: string): Promise<void> {
  const what: Case = {
    name: target,
    work: target,
    target,
    kind: 'browser',
    connections: 64,
    size: null,
    goals: {},
  }
  const said = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (const { port } of contenders) await load(port, what, SECONDS)
  for (let round = 0; round < ROUNDS; round++)
    for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const before = ticksOf(one)
      const { requests, errors } = await load(one.port, what, SECONDS)
      if (errors > 0) throw new Error(`${one.name}: ${errors} requests failed`)
      said.get(one.name)?.push(((ticksOf(one) - before) * TICK_US) / requests)
    }
  const us = (name: string): number => median(said.get(name) ?? [])
  const ratios = Object.entries(GOALS).map(([name, goal]) => {
    const ratio = median((said.get('sluice') ?? []).map((one, i) => one / (said.get(name)?.[i] ?? NaN)))
    return `÷ ${name} ${ratio.toFixed(2)} (goal ${goal})`
  })
  const each = [...said.keys()].map((name) => `${name} ${us(name).toFixed(1)} µs`)
  console.log(`${target.padEnd(8)} ${each.join(', ')}; hit ${ratios.join(', ')}`)
}

function ticksOf(one: Contender): number {
  const { user, system } = cpuTicks(one.pids())
  return user + system
}

async function publicTests(): Promise<void> {
  await using server = await startTestsServer()
  const gateway = await startOurs('tests', server.url, '{ cache: {} }')
  const { passed, failed, skipped } = await runCacheTests(`http://127.0.0.1:${gateway.port}`, false)
  await gateway.stop()
  for (const kind of ['required', 'optimal', 'check'] as const)
    console.log(`${kind}: ${passed[kind].length} pass, ${failed[kind].length} do not`)
  console.log(`${skipped.length} hang on others that do not\nrequired, and not so:`)
  for (const one of failed.required) console.log(`  ${one}`)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
