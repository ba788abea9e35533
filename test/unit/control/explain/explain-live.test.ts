// What is told of a request is what becomes of it: configs and requests of chance, explained, and sent by
// sockets through the engine to servers that are not ours.
import { expect, test } from 'bun:test'
import { parseConfig } from '../../../../server/config/load.ts'
import type { Config } from '../../../../server/config/schema.ts'
import type { AskedRequest } from '../../../../server/control/explain/asked-request.ts'
import { Explainer } from '../../../../server/control/explain/explain.ts'
import type { Explained } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import type { WireAnswer } from '../../../support/client.ts'
import { type Logged, startEngine } from '../../../support/engine.ts'
import { type OriginRequest, startOrigin } from '../../../support/origin.ts'
import { type Random, seededRandom, seedOfRun } from '../../../support/random.ts'
import { randomSample, randomWords } from '../../rules/random-words.ts'
import type { Sample } from '../../rules/words.ts'

const CLIENTS = ['10.0.0.1', '10.0.0.2', '192.0.2.9']
const SETS = [{ 'X-Own': '{method} {path.p0|none}' }, { 'X-Own': '{client_ip}', 'X-Two': '{query.q|-}' }]

const STEPS = [
  { ip: { deny: ['10.0.0.1'] } },
  { ip: { allow: ['10.0.0.0/8'], mode: 'shadow' } },
  { headers: { request: { set: SETS[0], remove: ['X-A'] }, response: { set: { 'X-Seen': '{host}' } } } },
  { headers: { request: { add: SETS[1] }, response: { add: { 'X-Seen': '2' } } } },
  { cors: { origins: ['https://a.example'] } },
  { csrf: {} },
  { security_headers: {} },
]

const REWRITES = [
  { strip_prefix: '/a' },
  { add_prefix: '/v2' },
  { path: { regex: '^/(a|b)/', to: '/new/' } },
  { host: 'inner.example', query: { set: { from: '{path.p0|none}' }, remove: ['r'] } },
  { replace_prefix: { from: '/ab', to: '/c/{header.x-a|none}' } },
]

const TARGETS = [
  'https://{host}{path}?{query}',
  '/moved/{path.p0}',
  '{scheme}://b.example/{path.rest}',
  '/x?from={uri}',
]

function randomRule(random: Random, place: number): object {
  const is = (share: number): boolean => random.next() < share
  const kinds: (() => object)[] = [
    () => ({ respond: { status: 200 + random.below(5), headers: { 'X-From': '{path}' } } }),
    () => ({ redirect: { to: random.pick(TARGETS), status: random.pick([302, 308]) } }),
    () => ({ backend: random.pick(['a', 'b']), ...(is(0.6) && { rewrite: random.pick(REWRITES) }) }),
    () => ({ backend: 'b' }),
  ]
  // Each in its turn: some rules take nearly all.
  const destination = kinds[place % kinds.length]!()
  const match = is(0.25)
    ? { path: random.pick(['/*', '/a*', '/{p0}/{rest...}']) }
    : randomWords(random, random.below(3))
  const middleware = Array.from({ length: random.below(3) }, () => random.pick(STEPS))
  return { name: `r${place}`, match, middleware, ...destination }
}

/** Chance asks for what its path lacks, or for nothing: then it is asked again. */
function validRule(random: Random, place: number): object {
  for (;;) {
    const rule = randomRule(random, place)
    if (loadedOf({ ...WORDS, rules: [rule] }).ok) return rule
  }
}

const WORDS = {
  listeners: { web: { bind: '127.0.0.1:0', trusted_proxies: ['127.0.0.1'] } },
  backends: {
    a: { servers: [{ url: 'http://127.0.0.1:1' }] },
    b: { servers: [{ url: 'http://127.0.0.1:1' }] },
  },
}
const loadedOf = (words: object) => parseConfig('/t.json', Buffer.from(JSON.stringify(words)), {})

interface Sent {
  readonly sample: Required<Sample>
  readonly client: string
  readonly scheme: 'http' | 'https'
  readonly fields: readonly (readonly [string, string])[]
}

function randomRequest(random: Random): Sent {
  const sample = randomSample(random)
  const more = random.pick<readonly (readonly [string, string])[]>([
    [],
    [],
    [['Origin', random.pick(['https://a.example', 'https://evil.example'])]],
    [['Sec-Fetch-Site', 'cross-site']],
    [
      ['Origin', 'https://a.example'],
      ['Access-Control-Request-Method', 'PUT'],
    ],
  ])
  const preflight = more.length > 1 && random.next() < 0.7
  return {
    sample: preflight ? { ...sample, method: 'OPTIONS' } : sample,
    client: random.pick(CLIENTS),
    scheme: random.pick(['http', 'https']),
    fields: [['Host', sample.host], ...sample.fields, ...more],
  }
}

const targetOf = ({ sample: { path, query } }: Sent): string => (query === '' ? path : `${path}?${query}`)

function wireOf(sent: Sent): string {
  const { sample, client, scheme, fields } = sent
  const all = [...fields, ['X-Forwarded-For', client], ['X-Forwarded-Proto', scheme], ['Connection', 'close']]
  return `${sample.method} ${targetOf(sent)} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

const askedOf = (sent: Sent): AskedRequest => ({
  ...{ method: sent.sample.method, url: targetOf(sent), headers: sent.fields },
  ...{ client: sent.client, scheme: sent.scheme, listener: 'web' },
})

/** What a run came to. */
interface Live {
  readonly answer: WireAnswer
  readonly logged: Logged
  /** The backend and the request that its server got. */
  readonly got: readonly [backend: string, request: OriginRequest] | null
}

/** What of both differs; null: nothing. */
function difference(told: Explained, { answer, logged, got }: Live): string | null {
  const pairs: [string, unknown, unknown][] = [
    ['rule', told.rule?.name ?? null, logged.rule],
    ['fault', told.fault, logged.fault],
    ['backend', told.backend?.backend ?? null, got?.[0] ?? null],
    ['status', told.status ?? 200, answer.status],
    ['location', told.location, answer.get('location')],
  ]
  for (const [name, value] of told.headers)
    if (!/^(?:content-length|proxy-status)$/i.test(name))
      pairs.push([`answer's ${name}`, true, answer.all(name).includes(value)])
  if (got !== null && told.sent !== null) {
    const { target, host, set, removed, method } = told.sent
    const [, request] = got
    pairs.push(
      ['target', target, request.target],
      ['host', host, request.get('host')],
      ['method', method, request.method],
    )
    for (const [name, value] of set)
      pairs.push([`sent ${name}: ${value}`, true, request.all(name).includes(value)])
    for (const name of removed)
      if (!set.some(([other]) => other.toLowerCase() === name))
        pairs.push([`sent no ${name}`, null, request.get(name)])
  }
  const wrong = pairs.find(([, a, b]) => a !== b)
  return wrong === undefined ? null : `${wrong[0]}: told ${String(wrong[1])}, live ${String(wrong[2])}`
}

test('the rule, the destination, what a server gets and what the client is answered', async () => {
  const random = seededRandom(seedOfRun())
  await using stack = new AsyncDisposableStack()
  const origins = { a: stack.use(startOrigin()), b: stack.use(startOrigin()) }
  const counts: Record<string, number> = {}
  for (let set = 0; set < 12; set++) {
    const words = {
      ...WORDS,
      rules: Array.from({ length: 1 + random.below(10) }, (_, place) => validRule(random, place + set)),
      backends: Object.fromEntries(
        Object.entries(origins).map(([name, { url }]) => [name, { servers: [{ url }] }]),
      ),
    }
    await using engine = startEngine({ config: words })
    const loaded = loadedOf(words)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const explainer = new Explainer(offlineGround(loaded.config satisfies Config))
    for (let i = 0; i < 35; i++) {
      const sent = randomRequest(random)
      const before = Object.values(origins).map(({ requests }) => requests.length)
      await using client = await engine.client()
      client.send(wireOf(sent))
      const answer = await client.readAnswer({ method: sent.sample.method })
      const logged = await engine.logged()
      const got = Object.entries(origins).flatMap(([name, { requests }], at) =>
        requests.length > before[at]! ? [[name, requests.at(-1)!] as const] : [],
      )[0]
      const told = atOnce(explainer.explain(askedOf(sent), null))
      if ('problem' in told) throw new Error(told.problem)
      const differs = difference(told, { answer, logged, got: got ?? null })
      if (differs !== null)
        throw new Error(
          `seed ${random.seed}: ${differs}\n${wireOf(sent)}${JSON.stringify({ rule: words.rules.find((one) => (one as { name: string }).name === logged.rule) })}`,
        )
      counts[told.outcome] = (counts[told.outcome] ?? 0) + 1
    }
  }
  const { backend = 0, respond = 0, redirect = 0, refused = 0, no_rule: none = 0 } = counts
  expect(backend).toBeGreaterThan(10)
  expect(respond + redirect).toBeGreaterThan(10)
  expect(refused + none).toBeGreaterThan(10)
}, 60_000)
