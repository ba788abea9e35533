// What compressing answers costs, beside nginx at the same gzip level, and how long it holds up the loop:
// bun bench/compress.ts [LEVEL] [SECONDS] [ROUNDS]
//
// Both fetch the same text from the same origin and get the same requests in alternation; MB are those of the
// text, seconds those of processor time. The stall is the most processor time that one turn of the loop took
// while many bodies are encoded at once, so that other work on the machine does not count.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../build.ts'
import { type Coding, Encoder } from '../server/lib/encoder.ts'
import { Squeeze } from '../server/middleware/squeeze.ts'
import { FakeSink, pushOnce } from '../test/support/body-sink.ts'
import { cpuTicks } from '../test/support/processes.ts'
import { type Contender, freePort, launch, programNamed } from './contenders/contender.ts'

const [LEVEL = 5, SECONDS = 4, ROUNDS = 5] = process.argv.slice(2).map(Number)
const CLIENTS = 8
const TICK_S = 0.01

/** Text as it is: our own sources. */
const SOURCES = ['http', 'http1', 'config', 'head', 'backends'].flatMap((room) =>
  readdirSync(`server/${room}`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`server/${room}/${name}`)),
)
const TEXT = Buffer.concat(SOURCES)
const BODIES: Readonly<Record<string, Buffer>> = {
  '/small': TEXT.subarray(0, 4000),
  '/page': TEXT.subarray(0, 30_000),
  '/100k': TEXT.subarray(0, 100 << 10),
  '/long': TEXT,
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-compress-'))
const origin = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) =>
    new Response(BODIES[new URL(request.url).pathname] ?? null, { headers: { 'Content-Type': 'text/html' } }),
})

const contenders = [await startNginx(), await startOurs()].filter((one) => one !== null)
try {
  for (const target of Object.keys(BODIES)) await compare(target)
} finally {
  await Promise.all(contenders.map((one) => one.stop()))
  await origin.stop(true)
  rmSync(folder, { recursive: true, force: true })
}
for (const [coding, level] of [
  ['gzip', LEVEL],
  ['br', 4],
  ['br', 6],
  ['zstd', 3],
  ['zstd', 9],
] as const)
  await stall(coding, level)
process.exit(0)

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
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${own}/pid; error_log ${own}/error.log warn;
events { worker_connections 1000; }
http { access_log ${own}/access.log; ${paths.join(' ')}
  gzip on; gzip_comp_level ${LEVEL}; gzip_min_length 1024; gzip_proxied any; gzip_vary on; keepalive_requests 1000000;
  upstream origin { server 127.0.0.1:${origin.port}; keepalive 32; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 16 32k; } } }`,
  )
  return launch({ name: 'nginx', command: [program, '-c', file, '-p', own], port, folder: own })
}

async function startOurs(): Promise<Contender> {
  const { binary } = await build()
  const port = freePort()
  const own = join(folder, 'sluice')
  mkdirSync(own)
  const file = join(own, 'sluice.yaml')
  writeFileSync(
    file,
    `listeners: { web: { bind: "127.0.0.1:${port}", limits: { requests: 100000000 } } }
rules: [{ name: all, middleware: [{ compress: { codings: [gzip], levels: { gzip: ${LEVEL} } } }], backend: origin }]
backends: { origin: { servers: [{ url: "http://127.0.0.1:${origin.port}" }] } }
workers: 1
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(own, 'access.log'))} } }
`,
  )
  return launch({ name: 'sluice', command: [binary, 'run', '-c', file], port, folder: own })
}

async function compare(target: string): Promise<void> {
  const said = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  const bytes = BODIES[target]?.length ?? 0
  for (const contender of contenders) await load(contender, target, 1)
  for (let round = 0; round < ROUNDS; round++)
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const before = cpuTicks(contender.pids())
      const answers = await load(contender, target, SECONDS)
      const after = cpuTicks(contender.pids())
      const seconds = (after.user + after.system - before.user - before.system) * TICK_S
      said.get(contender.name)?.push((answers * bytes) / 2 ** 20 / seconds)
    }
  const medians = [...said].map(([name, all]) => [name, median(all)] as const)
  const words = medians.map(([name, rate]) => `${name} ${rate.toFixed(1)} MB/s`)
  const [rival, ours] = [said.get('nginx') ?? [], said.get('sluice') ?? []]
  const ratio = median(ours.map((rate, i) => rate / (rival[i] ?? NaN)))
  const each = medians.map(([name, rate]) => `${name} ${((bytes / 2 ** 20 / rate) * 1e6).toFixed(0)} µs`)
  console.log(
    `${target.padEnd(8)} gzip ${LEVEL}: ${words.join(', ')} of a core; ours ÷ nginx ${ratio.toFixed(2)}; ${each.join(', ')} each`,
  )
}

/** Answers in so many seconds. */
async function load({ port }: Contender, target: string, seconds: number): Promise<number> {
  const untilMs = performance.now() + seconds * 1000
  let answers = 0
  const client = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const answer = await fetch(`http://127.0.0.1:${port}${target}`, {
        headers: { 'Accept-Encoding': 'gzip' },
        decompress: false,
      } as RequestInit)
      if (answer.headers.get('content-encoding') !== 'gzip') throw new Error('it is not compressed')
      await answer.arrayBuffer()
      answers++
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return answers
}

/** Many bodies at once: the longest turn of the loop. */
async function stall(coding: Coding, level: number): Promise<void> {
  let longestMs = Infinity
  // The shortest of some tries: what else the process does (collecting garbage) is not the encoder's.
  for (let attempt = 0; attempt < 5; attempt++)
    longestMs = Math.min(longestMs, await longestTurn(coding, level))
  console.log(`${coding} ${level}: ${longestMs.toFixed(1)} ms is the longest turn with 24 bodies under way`)
}

async function longestTurn(coding: Coding, level: number): Promise<number> {
  let longestMs = 0
  const sinks = Array.from({ length: 24 }, () => new FakeSink())
  for (const sink of sinks) {
    const nothing = (): void => {}
    const parts = {
      coding,
      level,
      length: -1,
      isLive: false,
      isForced: false,
      encoded: nothing,
      trailers: () => null,
      refused: nothing,
    }
    const squeeze = new Squeeze(parts)
    pushOnce(squeeze, TEXT.subarray(0, 300_000), sink)
    squeeze.end(sink)
  }
  // That all came in one turn is this bench's own doing.
  await new Promise((resolve) => setImmediate(resolve))
  let before = process.cpuUsage()
  while (sinks.some(({ isEnded }) => !isEnded)) {
    await new Promise((resolve) => setImmediate(resolve))
    const now = process.cpuUsage()
    longestMs = Math.max(longestMs, (now.user + now.system - before.user - before.system) / 1000)
    before = now
  }
  Encoder.take(coding, level)?.release()
  return longestMs
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
