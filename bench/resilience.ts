// What policies of a backend add to an exchange, without a kernel: a client and a server that are played in
// this process, with and without each of them, in turns. Time of this thread alone; the least of many rounds
// counts. With each policy more: a row of POLICIES.
//
//   bun bench/resilience.ts [rounds] [policy ...]
import { ptr } from 'bun:ffi'
import { libc } from '../server/lib/native.ts'
import type { AccessLog } from '../server/telemetry/access-log.ts'
import { startEngine, toServers } from '../test/support/engine.ts'
import { wire } from '../test/support/wired.ts'

const EXCHANGES = 2000
const REQUEST = Buffer.from(
  'GET /small HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n\r\n',
)
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 24\r\n\r\n${'x'.repeat(24)}`,
)

const POLICIES: Readonly<Record<string, Record<string, unknown>>> = {
  none: {},
  circuit_breaker: { circuit_breaker: { failures: 5, slow: {} } },
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

/** Nanoseconds of each exchange of a round. */
function round(gateway: Engine): number {
  const { client, server, end } = wire(gateway) // its connection takes so many requests only
  client.socket.isForgetful = server.socket.isForgetful = true
  const before = served
  const from = threadNs()
  for (let n = 0; n < EXCHANGES; n++) {
    client.data(REQUEST)
    server.data(ANSWER)
  }
  const each = (threadNs() - from) / EXCHANGES
  if (served - before !== EXCHANGES) throw new Error('not all were served')
  end()
  return each
}

const [rounds = '300', ...asked] = process.argv.slice(2)
const names = asked.length > 0 ? ['none', ...asked] : Object.keys(POLICIES)
const engines = names.map((name) => {
  const policy = POLICIES[name]
  if (policy === undefined) throw new Error(`no policy "${name}"`)
  const gateway = startEngine({ config: toServers(['http://127.0.0.1:1'], policy) })
  gateway.engine.accessLog = counts
  return { name, gateway, all: [] as number[] }
})
for (let n = 0; n < Number(rounds); n++)
  for (const { gateway, all } of engines) {
    all.push(round(gateway))
    await new Promise<void>((resume) => void setImmediate(resume))
  }
let [least, middle] = [0, 0]
for (const { name, all } of engines) {
  const sorted = all.toSorted((a, b) => a - b)
  const [first = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]]
  if (name === 'none') [least, middle] = [first, median]
  const more =
    name === 'none' ? '' : `, ${(first - least).toFixed(0)} and ${(median - middle).toFixed(0)} more`
  process.stdout.write(`${name}: ${first.toFixed(0)} ns least, ${median.toFixed(0)} ns median${more}\n`)
}
process.exit(0)
