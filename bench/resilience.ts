// What policies of a backend cost, and how soon they are heeded.
//
//   bun bench/resilience.ts exchange [rounds] [policy ...]   without a kernel: a client and a server that are played in this
//                                                 process. Time of this thread; the least of many rounds counts
//   bun bench/resilience.ts pick [rounds]         picks among 1,000 servers
//   bun bench/resilience.ts gateway [rounds]      a gateway with one worker, by wrk
//   bun bench/resilience.ts heeded [rounds]       what a server gets after its breaker has opened, of four workers
import { ptr } from 'bun:ffi'
import { StickySeal } from '../server/backends/sticky-seal.ts'
import { unixSeconds } from '../server/lib/clock.ts'
import { libc } from '../server/lib/native.ts'
import type { AccessLog } from '../server/telemetry/access-log.ts'
import { startEngine, toServers } from '../test/support/engine.ts'
import { wire } from '../test/support/wired.ts'
import { gatewayRounds } from './resilience-gateway.ts'
import { heededRounds } from './resilience-heeded.ts'
import { pickRounds } from './resilience-pick.ts'

/** Of each round, over all connections; one connection takes no more. */
const EXCHANGES = 2048
const CONNECTIONS = [1, 64, 512]
const SECRET = 'a secret of the bench'
const ORIGIN = 'http://127.0.0.1:1'
const COOKIE = `session=4f1c9a0b7e5d4c3a; sluice_sticky=${new StickySeal('origin', [SECRET]).seal(ORIGIN, unixSeconds())}`
const REQUEST = Buffer.from(
  `GET /small HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\nCookie: ${COOKIE}\r\n\r\n`,
)
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 24\r\n\r\n${'x'.repeat(24)}`,
)

const EACH = {
  circuit_breaker: { circuit_breaker: { failures: 5, slow: {} } },
  passive_health: { passive_health: {} },
  retry: { retry: { statuses: [502, 503], timeout: '5s' } },
  sticky: { sticky: { secret: SECRET } },
}
const POLICIES: Readonly<Record<string, Record<string, unknown>>> = {
  none: {},
  ...EACH,
  all: { ...EACH.circuit_breaker, ...EACH.passive_health, ...EACH.retry, ...EACH.sticky },
}

const CLOCK_THREAD = 3
const time = new BigInt64Array(new ArrayBuffer(16))
function threadNs(): number {
  libc().clock_gettime(CLOCK_THREAD, ptr(time))
  return Number(time[0]) * 1e9 + Number(time[1])
}

let served = 0
const counts = { exchange: () => void served++ } as unknown as AccessLog

type Engine = ReturnType<typeof startEngine>

/** Nanoseconds of each exchange of a round, one of each connection being under way at once. */
function round(gateway: Engine, connections: number): number {
  const wired = Array.from({ length: connections }, () => wire(gateway))
  for (const { client, server } of wired) client.socket.isForgetful = server.socket.isForgetful = true
  const before = served
  const from = threadNs()
  for (let n = 0; n < EXCHANGES / connections; n++) {
    for (const { client } of wired) client.data(REQUEST)
    for (const { server } of wired) server.data(ANSWER)
  }
  const each = (threadNs() - from) / EXCHANGES
  if (served - before !== EXCHANGES) throw new Error('not all were served')
  for (const { end } of wired) end()
  return each
}

async function exchangeRounds(rounds: number, asked: readonly string[]): Promise<void> {
  const names = asked.length > 0 ? ['none', ...asked] : Object.keys(POLICIES)
  const engines = names.map((name) => {
    const policy = POLICIES[name]
    if (policy === undefined) throw new Error(`no policy "${name}"`)
    const gateway = startEngine({ config: toServers([ORIGIN], policy) })
    gateway.engine.accessLog = counts
    return { name, gateway, all: [] as number[] }
  })
  for (const connections of CONNECTIONS) {
    for (const one of engines) one.all = []
    for (let n = 0; n < rounds; n++)
      for (const { gateway, all } of engines) {
        all.push(round(gateway, connections))
        await new Promise<void>((resume) => void setImmediate(resume))
      }
    tell(connections, engines)
  }
}

function tell(connections: number, engines: readonly { name: string; all: number[] }[]): void {
  let [least, middle] = [0, 0]
  for (const { name, all } of engines) {
    const sorted = all.toSorted((a, b) => a - b)
    const [first = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]]
    if (name === 'none') [least, middle] = [first, median]
    const more =
      name === 'none' ? '' : `, ${(first - least).toFixed(0)} and ${(median - middle).toFixed(0)} more`
    const figures = `${first.toFixed(0)} ns least, ${median.toFixed(0)} ns median${more}`
    process.stdout.write(`${connections} connections, ${name}: ${figures}\n`)
  }
}

const [what = 'exchange', rounds, ...rest] = process.argv.slice(2)
const PARTS: Readonly<Record<string, () => Promise<void> | void>> = {
  exchange: () => exchangeRounds(Number(rounds ?? 200), rest),
  pick: () => pickRounds(Number(rounds ?? 50)),
  gateway: () =>
    gatewayRounds(Number(rounds ?? 7), POLICIES['all'] ?? {}, (server) =>
      new StickySeal('origin', [SECRET]).seal(server, unixSeconds()),
    ),
  heeded: () => heededRounds(Number(rounds ?? 20)),
}
const part = PARTS[what]
if (rounds !== undefined && !(Number(rounds) >= 1)) throw new Error(`no number of rounds: "${rounds}"`)
if (part === undefined) throw new Error(`no part "${what}": there are ${Object.keys(PARTS).join(', ')}`)
await part()
process.exit(0)
