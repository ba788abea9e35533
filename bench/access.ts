// What steps that decide who may ask cost each request: bun bench/access.ts
// Processor time of this thread, the best of several rounds; other work on the machine makes it larger only.
import { CacheStore } from '../server/cache/store.ts'
import { RequestHead } from '../server/head/request-head.ts'
import { ResponseHead } from '../server/head/response-head.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { cors } from '../server/middleware/cors.ts'
import { csrf } from '../server/middleware/csrf.ts'
import { DecisionCache } from '../server/middleware/decision-cache.ts'
import type { Middleware, StepWorld } from '../server/middleware/middleware.ts'
import { OidcProvider } from '../server/middleware/oidc-provider.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'
import { Registry } from '../server/telemetry/registry.ts'

const ROUNDS = 8
const TIMES = 200_000

const registry = new Registry()
const board = scoreboardOn(privateRegion(1, 1), 0)
const world: StepWorld = {
  rule: 'bench',
  earlier: [],
  board,
  cache: new CacheStore(0),
  counter: (name, labels) => registry.counter(name, labels),
  limitReached: () => {},
  now: () => 1e6,
  chance: () => 0,
  previous: null,
  textOf: () => '',
  plugin: () => null,
  refuse: (_, answer) => answer,
}

/** As browsers send them. */
const USUAL = [
  'Host: app.example',
  'Connection: keep-alive',
  'Accept: text/html,application/xhtml+xml',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-US,en;q=0.9',
  'Referer: https://app.example/',
  'Cache-Control: max-age=0',
]

function headOf(line: string, ...more: string[]): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`${[line, ...USUAL, ...more].join('\r\n')}\r\n\r\n`)
  head.scan(bytes, 0, bytes.length, { headBytes: 65_536, targetBytes: 1000, fields: 50 })
  return head
}

function answerHead(): ResponseHead {
  const head = new ResponseHead()
  const bytes = Buffer.from(
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nDate: x\r\n\r\n',
  )
  head.scan(bytes, 0, bytes.length, { headBytes: 4096, fields: 20 })
  return head
}

function measure(name: string, once: () => void, times = TIMES): void {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const from = process.cpuUsage()
    for (let i = 0; i < times; i++) once()
    const { user, system } = process.cpuUsage(from)
    best = Math.min(best, (user + system) / times)
  }
  console.log(`${name.padEnd(56)} ${best.toFixed(2)} µs`)
}

/** Its request part and its answer part. */
function measureStep<N>(name: string, step: Middleware<N>, request: RequestHead): void {
  const x = {
    request,
    client: { scheme: 'https', address: '192.0.2.1' },
    detail: null,
  } as unknown as Exchange
  const answer = answerHead()
  measure(name, () => {
    const note = step.note?.() as N
    void step.request?.(x, note)
    void step.response?.(x, answer, note)
    answer.edits = null
  })
}

const ORIGIN = 'Origin: https://app.example'
const corsOf = (origins: readonly string[]) =>
  cors(
    {
      mode: 'enforce',
      origins: [...origins],
      methods: ['GET', 'POST'],
      headers: ['Content-Type'],
      expose: [],
      credentials: false,
      max_age: 600_000,
      private_network: false,
      refused: 'pass',
      server_fields: 'replace',
    },
    world,
  )
measureStep('cors, a request without an origin', corsOf(['https://app.example']), headOf('GET / HTTP/1.1'))
measureStep(
  'cors, of an origin that is named',
  corsOf(['https://app.example']),
  headOf('GET / HTTP/1.1', ORIGIN),
)
measureStep('cors, of one by a pattern', corsOf(['https://*.example']), headOf('GET / HTTP/1.1', ORIGIN))
measureStep('cors, of any', corsOf(['*']), headOf('GET / HTTP/1.1', ORIGIN))

const guard = csrf({ mode: 'enforce', trusted: [], upgrades: 'check' }, world)
measureStep('csrf, GET', guard, headOf('GET / HTTP/1.1', ORIGIN))
measureStep(
  'csrf, POST of its own page',
  guard,
  headOf('POST / HTTP/1.1', ORIGIN, 'Sec-Fetch-Site: same-origin'),
)

const cache = new DecisionCache({ ttl: 1e6, by: ['Authorization', 'Cookie'], per: 'request' }, () => 1e6)
const known = headOf('GET / HTTP/1.1', `Authorization: Bearer ${'x'.repeat(800)}`)
cache.keep(cache.keyOf(known) ?? '', { fields: [], user: 'alice' })
measure('forward_auth, whom its cache knows', () => void cache.get(cache.keyOf(known) ?? ''))

const provider = new OidcProvider({
  name: 'bench',
  options: {
    issuer: 'https://id.example',
    client_id: 'bench',
    client_auth: 'basic',
    scopes: ['openid'],
    params: {},
    redirect_path: '/cb',
    logout_path: '/out',
    post_logout: '/',
    session: { ttl: 3_600_000, idle: 0, same_site: 'lax' },
    claims_to_headers: { 'X-User': 'email' },
    userinfo: false,
    refresh: true,
    timeout: 1000,
    clock_skew: 30_000,
    ca: [],
  },
  secret: 'a secret of the bench, long enough',
  ca: null,
  board,
})
const NOW_S = 1_800_000_000
for (const [name, idToken] of [
  ['oidc, a session of 0.5 KB', null],
  ['oidc, a session with an ID token of 1.5 KB', 'x'.repeat(1500)],
] as const) {
  const session = {
    ...{ sinceS: NOW_S, seenS: NOW_S, untilS: 0, sub: 'alice', refresh: null, idToken },
    claims: { email: 'alice@a.example', name: 'Alice', groups: ['a', 'b', 'c'] },
  }
  const plain = headOf('GET / HTTP/1.1')
  const lines = provider.sessions.write(session, plain, true, NOW_S) ?? []
  const shown = headOf('GET / HTTP/1.1', ...lines.map((line) => `Cookie: ${line.split(';')[0]}`))
  const read = (): void => {
    if (provider.sessions.read(shown, true, NOW_S) === null) throw new Error('it is not read')
    provider.strip(shown)
    shown.edits = null
  }
  measure(name, read, 50_000)
}
