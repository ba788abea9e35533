// What it costs to be watched. `bun bench/watching.ts [CLIENTS] [SECONDS]`: CPU of a supervisor whose
// gateway serves 500 requests a second, alone and with so many readers of live events and figures, each with
// a token. `bun bench/watching.ts memory [SECONDS]`: what history takes of time and memory for 1,000 servers
// and 5,000 rules that are all busy in every second.
import { heapStats } from 'bun:jsc'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlSocketName } from '../server/control/control-socket.ts'
import { FigureHistory } from '../server/control/history/figure-history.ts'
import { Measures } from '../server/control/history/measures.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'
import { BOUNDS_S } from '../server/tables/figures.ts'
import { type MetricsDelta, Totals } from '../server/telemetry/registry.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { startOrigin } from '../test/support/origin.ts'

const RATE = 500
const TICKS_A_SECOND = 100

const [first = '200', second = '20', ...rest] = process.argv.slice(2)
if (first === 'read') await read(Number(second), rest[0] ?? '', rest[1] ?? '')
else if (first === 'memory') memory(Number(second === '20' ? '7300' : second))
else await watched(Number(first), Number(second))

/** So many readers in one process, which says each second how much came. */
async function read(count: number, address: string, token: string): Promise<void> {
  const url = new URL(`http://${address}`)
  let bytes = 0
  let frames = 0
  const head = `GET /api/v1/events?topics=health,config,worker,figures HTTP/1.1\r\nHost: ${url.host}\r\n`
  const socket = {
    data(_: unknown, chunk: Uint8Array): void {
      bytes += chunk.length
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1))
        if (chunk[at + 1] === 10) frames++
    },
  }
  for (let i = 0; i < count; i++) {
    const one = await Bun.connect({ hostname: url.hostname, port: Number(url.port), socket })
    one.write(`${head}Authorization: Bearer ${token}\r\nAccept: text/event-stream\r\n\r\n`)
  }
  setInterval(() => {
    console.log(JSON.stringify({ bytes, frames }))
    bytes = frames = 0
  }, 1000)
}

async function watched(count: number, seconds: number): Promise<void> {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  await using gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      backends: { api: { servers: [{ url: origin.url }] } },
      rules: [{ name: 'all', backend: 'api' }],
    },
    workers: 1,
  })
  const token = await makeToken(gateway)
  const paced = join(import.meta.dir, 'paced.ts')
  const load = Bun.spawn(
    [process.execPath, paced, ...[gateway.port('web'), 16, RATE, seconds * 2 + 30].map(String)],
    {
      stdout: 'ignore',
      stderr: 'inherit',
    },
  )
  await Bun.sleep(3000)
  const alone = await cpuShare(gateway.pid, seconds)
  const address = gateway.admin.slice('http://'.length)
  const readers = Bun.spawn([process.execPath, import.meta.path, 'read', String(count), address, token], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  await Bun.sleep(4000)
  const both = await cpuShare(gateway.pid, seconds)
  readers.kill()
  load.kill()
  const lines = (await readers.stdout.text()).trim().split('\n').slice(-5)
  const last = lines.map((line) => JSON.parse(line) as { bytes: number; frames: number })
  const mean = (what: 'bytes' | 'frames'): number =>
    Math.round(last.reduce((sum, one) => sum + one[what], 0) / last.length)
  console.log(`supervisor alone: ${percent(alone)} of a core at ${RATE} requests a second`)
  console.log(`with ${count} readers: ${percent(both)}; they cost ${percent(both - alone)}`)
  console.log(`they got ${mean('frames')} frames and ${mean('bytes')} bytes a second`)
}

async function makeToken(gateway: Gateway): Promise<string> {
  const unix = join(gateway.folder, 'data', controlSocketName(gateway.configFile))
  const answer = await fetch('http://localhost/api/v1/tokens', {
    unix,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'bench', role: 'viewer' }),
  })
  const made = (await answer.json()) as { readonly token?: string }
  if (made.token === undefined) throw new Error(JSON.stringify(made))
  return made.token
}

/** Of a core, over some seconds (proc(5), stat: fields 14 and 15). */
async function cpuShare(pid: number, seconds: number): Promise<number> {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  const before = ticks()
  await Bun.sleep(seconds * 1000)
  return (ticks() - before) / TICKS_A_SECOND / seconds
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function memory(seconds: number): void {
  let nowMs = 500
  let act: (() => void) | null = null
  const totals = new Totals(() => nowMs / 1000)
  const servers = Array.from({ length: 1000 }, (_, i) => ({
    backend: `b${i % 100}`,
    server: `s${i}`,
    slot: i + 1,
  }))
  const board = scoreboardOn(privateRegion(1010, 2), -1)
  const worker = scoreboardOn(privateRegion(1010, 2), 0)
  const measures = new Measures()
  const delta = busySecond()
  const before = cpuMs()
  for (let i = 0; i < 200; i++) totals.merge(delta)
  const mergeMs = (cpuMs() - before) / 200
  Bun.gc(true)
  const resting = heapBytes()
  const history = new FigureHistory({
    totals,
    nowMs: () => nowMs,
    wallMs: () => 1_767_322_800_000 + nowMs,
    measure: (one) => measures.take(one, totals, board, servers),
    onSecond: () => {},
    isWatched: () => false,
    onTenMinutes: () => {},
    later: (_, given) => {
      act = given
      return () => {}
    },
  })
  worker.connections(1)
  let spentMs = 0
  let hearingMs = 0
  for (let i = 0; i < seconds; i++) {
    const begin = cpuMs()
    totals.merge(delta)
    hearingMs += cpuMs() - begin
    nowMs += 1000
    const tick = cpuMs()
    ;(act as (() => void) | null)?.()
    spentMs += cpuMs() - tick
  }
  Bun.gc(true)
  console.log(`${history.size} series after ${seconds} s, all busy in every second:`)
  const [samples, rest] = [history.chunks.bytes, heapBytes() - resting - history.chunks.bytes]
  console.log(
    `samples ${mb(samples)} MB, all else of it ${mb(rest)} MB (${Math.round(rest / history.size)} bytes a series)`,
  )
  console.log(
    `each second: ${(spentMs / seconds).toFixed(2)} ms to write, ${(hearingMs / seconds - mergeMs).toFixed(2)} ms to hear`,
  )
}

/** Of this process: the machine may have others to serve. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Live objects and the memory that they hold. */
function heapBytes(): number {
  Bun.gc(true)
  return heapStats().heapSize
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

/** What a worker tells: a request at each of 5,000 rules, and five at each of 1,000 servers. */
function busySecond(): MetricsDelta {
  const buckets = [...BOUNDS_S.map((_, i) => (i === 3 ? 1 : 0)), 0, 0.008]
  return Array.from({ length: 5000 }, (_, i) => {
    const [rule, backend, server] = [`rule-${i}`, `b${i % 100}`, `s${i % 1000}`]
    return [
      ['requests_total', ['web', rule, backend, server, 'GET', '200'], 1],
      ['request_duration_seconds', ['web', rule, backend], buckets],
    ] as const
  }).flat()
}
