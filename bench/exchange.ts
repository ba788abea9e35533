// What the JavaScript of one exchange costs, without a kernel: a client and a server that are played in this
// process. Time of this thread alone, and the least of many rounds counts, so that a busy machine hardly
// shows.
//
//   bun bench/exchange.ts [rounds] [answer ...]        small · kept · logged · chunked · '100 KB', and small ones by what
//     the request has of cookies: none · cookies · fresh (other ones each time) · 'sign-in'; and with one of a session
//     that stays: sticky · 'sticky fresh', and beside those the same where nobody looks at it: 'not sticky' ·
//     'not sticky fresh'; and with policies of the backend that are not called upon: retrying (statuses,
//     budget, faults) · timed (of an attempt, the exchange and by its rule) · hedging; all where none is named
//   bun bench/exchange.ts profile [answer]             which functions it is spent in
import { ptr } from 'bun:ffi'
import { profile } from 'bun:jsc'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { StickySeal } from '../server/backends/sticky-seal.ts'
import { unixSeconds } from '../server/lib/clock.ts'
import { libc } from '../server/lib/native.ts'
import { Ledger } from '../server/scoreboard/ledger.ts'
import { LogSegments } from '../server/scoreboard/log-segments.ts'
import { AccessLog } from '../server/telemetry/access-log.ts'
import { RequestRing } from '../server/telemetry/request-ring.ts'
import { startEngine, type TestEngine, toServers } from '../test/support/engine.ts'
import { wire } from '../test/support/wired.ts'

const EXCHANGES = 2000
const PROFILED_ROUNDS = 150

const REQUEST = Buffer.from(
  'GET /small HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: session=0123456789abcdef\r\nReferer: https://example.org/\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n\r\n',
)
const COOKIE = /Cookie: [^\r]*\r\n/
const requestWith = (cookies: string): Buffer => Buffer.from(REQUEST.toString().replace(COOKIE, cookies))
const SEVERAL = 'Cookie: session=4f1c9a0b7e5d4c3a; theme=dark; consent=yes; visited=2026-01-02'
/** By the answer; more than known heads are kept, and each comes again only after all others. */
const REQUESTS: Readonly<Record<string, readonly Buffer[]>> = {
  none: [requestWith('')],
  cookies: [requestWith(`${SEVERAL}\r\n`)],
  fresh: Array.from({ length: 997 }, (_, n) => requestWith(`${SEVERAL}; n=${n * 1009}\r\n`)),
  'sign-in': [requestWith(`${SEVERAL}; sluice-0d9d76b1=${'x'.repeat(43)}\r\n`)],
}
const SECRET = 'a secret of the bench'
const STICKY = `sluice_sticky=${new StickySeal('origin', [SECRET]).seal('http://127.0.0.1:1', unixSeconds())}`
const OF_SESSION: Readonly<Record<string, readonly Buffer[]>> = {
  sticky: [requestWith(`${SEVERAL}; ${STICKY}\r\n`)],
  'sticky fresh': Array.from({ length: 997 }, (_, n) =>
    requestWith(`${SEVERAL}; n=${n * 1009}; ${STICKY}\r\n`),
  ),
}
const HEAD =
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 29 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\n'
const SMALL = Buffer.from(`${HEAD}Content-Length: 24\r\n\r\n${'x'.repeat(24)}`)
const ANSWERS: Readonly<Record<string, Buffer>> = {
  small: SMALL,
  kept: SMALL,
  logged: SMALL,
  none: SMALL,
  cookies: SMALL,
  fresh: SMALL,
  'sign-in': SMALL,
  sticky: SMALL,
  'not sticky': SMALL,
  'sticky fresh': SMALL,
  'not sticky fresh': SMALL,
  retrying: SMALL,
  timed: SMALL,
  hedging: SMALL,
  chunked: Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n18\r\n${'x'.repeat(24)}\r\n0\r\n\r\n`),
  '100 KB': Buffer.from(`${HEAD}Content-Length: 102400\r\n\r\n${'x'.repeat(102_400)}`),
}

const CLOCK_THREAD = 3
const time = new BigInt64Array(new ArrayBuffer(16))
function threadNs(): number {
  libc().clock_gettime(CLOCK_THREAD, ptr(time))
  return Number(time[0]) * 1e9 + Number(time[1])
}

const file = `/dev/shm/sluice-exchange-${process.pid}`
const log = new AccessLog({
  file,
  format: 'json',
  onEvent: () => {},
  segments: new LogSegments(new Ledger(Ledger.create(tmpdir()))),
})
const ring = new RequestRing()
ring.configure({ requests: 1000, bytes: 512 * 1024 })
await using plain = startEngine({ config: toServers(['http://127.0.0.1:1']) })
await using sticky = startEngine({
  config: toServers(['http://127.0.0.1:1'], { sticky: { secret: SECRET } }),
})
const to = (words: Record<string, unknown>) => toServers(['http://127.0.0.1:1'], words)
await using retrying = startEngine({
  config: to({ retry: { statuses: '5xx', faults: ['default', 'response_timeout'], budget: { ratio: 0.1 } } }),
})
await using timed = startEngine({
  config: {
    ...to({ retry: { timeout: '2s' }, timeouts: { total: '1m' } }),
    rules: [{ name: 'all', backend: 'origin', timeouts: { response: '5s' } }],
  },
})
await using hedging = startEngine({ config: to({ retry: { hedge: {} } }) })
const ENGINES: Readonly<Record<string, TestEngine>> = { retrying, timed, hedging }
let served = 0
const counts = { exchange: () => void served++ } as unknown as AccessLog

/** Nanoseconds of each exchange of a round. */
function round(name: string, answer: Buffer): number {
  const isLogged = name === 'logged'
  const gateway = ENGINES[name] ?? (name.startsWith('sticky') ? sticky : plain)
  gateway.engine.accessLog = isLogged ? log : counts
  gateway.engine.ring = name === 'kept' ? ring : null
  const { client, server, end } = wire(gateway) // its connection takes so many requests only
  client.socket.isForgetful = server.socket.isForgetful = true
  const requests = REQUESTS[name] ?? OF_SESSION[name.replace('not ', '')] ?? [REQUEST]
  const before = served
  const from = threadNs()
  for (let n = 0; n < EXCHANGES; n++) {
    client.data(requests[n % requests.length] ?? REQUEST)
    server.data(answer)
  }
  const each = (threadNs() - from) / EXCHANGES
  if (!isLogged && served - before !== EXCHANGES) throw new Error(`not every "${name}" was served`)
  end()
  return each
}

const JAVASCRIPT = new Set(['LLInt', 'Baseline', 'DFG', 'FTL'])

/** Self time by function, and what native ones are called by. */
function tableOf(traces: unknown, spentNs: number): string {
  const self = new Map<string, number>()
  let all = 0
  for (const { frames } of (traces as { traces: { frames: { name: string; category: string }[] }[] })
    .traces) {
    const names = frames.map(({ name }) => name)
    const [top = '', caller = ''] = names
    const isNative = !JAVASCRIPT.has(frames[0]?.category ?? '')
    const key = isNative ? `${top} < ${caller}` : top
    self.set(key, (self.get(key) ?? 0) + 1)
    all++
  }
  const rows = [...self].toSorted(([, a], [, b]) => b - a).slice(0, 60)
  return rows
    .map(([name, count]) => `${((count / all) * spentNs).toFixed(0).padStart(6)} ns  ${name}`)
    .join('\n')
}

const [first = '300', ...rest] = process.argv.slice(2)
const isProfile = first === 'profile'
const names = rest.length > 0 ? rest : isProfile ? ['logged'] : Object.keys(ANSWERS)
for (const name of names) {
  const answer = ANSWERS[name]
  if (answer === undefined) throw new Error(`no answer "${name}"`)
  if (isProfile) {
    for (let n = 0; n < PROFILED_ROUNDS; n++) round(name, answer)
    let spentNs = 0
    const { stackTraces } = profile(() => {
      for (let n = 0; n < PROFILED_ROUNDS; n++) spentNs += round(name, answer) / PROFILED_ROUNDS
    }, 100)
    process.stdout.write(`${name}: ${spentNs.toFixed(0)} ns\n${tableOf(stackTraces, spentNs)}\n`)
    continue
  }
  const rounds: number[] = []
  for (let n = 0; n < Number(first); n++) {
    rounds.push(round(name, answer))
    if (n % 20 === 0) await new Promise<void>((resume) => void setImmediate(resume)) // the log's writes
  }
  const sorted = rounds.toSorted((a, b) => a - b)
  const [least = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]]
  process.stdout.write(`${name}: ${least.toFixed(0)} ns least, ${median.toFixed(0)} ns median\n`)
}
rmSync(file)
process.exit(0)
