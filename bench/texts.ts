// What texts with variables, and rewrites, add to a request: bun bench/texts.ts
// Processor time of this thread, the least of several rounds in alternation; other work on the machine makes
// it larger only. The head that servers are sent is written too: what was made costs there as well.
import { parseConfig } from '../server/config/load.ts'
import { RequestHead } from '../server/head/request-head.ts'
import { REQUEST_DROPS, writeRequestHead } from '../server/head/write.ts'
import { rewriteRequest } from '../server/rules/rewriting.ts'
import { takeStage } from '../server/lib/stage.ts'
import { headers } from '../server/middleware/headers.ts'
import { rewrite } from '../server/rules/rewrite.ts'
import { respond } from '../server/rules/respond.ts'
import { toldOf } from '../server/rules/told.ts'
import type { Told } from '../server/rules/variables.ts'
import type { RuleConfig } from '../server/rules/rule.options.ts'

const ROUNDS = 15
const REQUESTS = 100_000

type Going = Parameters<typeof rewriteRequest>[0]
/** What is done with a request before it goes on. */
type Act = (x: Going) => void

/** The words of a rule, as config has them. */
function ruleOf(words: object): RuleConfig {
  const rule = { name: 'r', match: { path: '/users/{id}/{rest...}' }, backend: 'b', ...words }
  const text = JSON.stringify({
    ...{ listeners: { web: { bind: ':80' } }, rules: [rule] },
    backends: { b: { servers: [{ url: 'http://127.0.0.1:1' }] } },
  })
  const parsed = parseConfig('/bench.json', Buffer.from(text), {})
  const [made] = parsed.ok ? parsed.config.rules : []
  if (!parsed.ok || made === undefined) throw new Error(JSON.stringify(parsed))
  return made
}

function withFields(set: Readonly<Record<string, string>>): Act {
  const words = ruleOf({ middleware: [{ headers: { request: { set } } }] }).middleware[0]?.headers
  if (words === undefined) throw new Error('no words')
  const step = headers(words)
  // What a step sees of an exchange is here what variables see.
  return (x) => void step.request?.(x as never, undefined)
}

function withRewrite(words: object): Act {
  const { rewrite: read } = ruleOf({ rewrite: words })
  if (read === undefined) throw new Error('no words')
  const made = rewrite(read)
  return (x) => {
    if (!rewriteRequest(x, made)) throw new Error('it cannot be rewritten')
  }
}

const page = '<p>{client_ip} asked for {path}</p>'.repeat(10)
const made = respond({ status: 200, body: '', headers: {}, template: '/a.html' }, () => page)

const CASES: Readonly<Record<string, Act>> = {
  'as it came': () => {},
  'a fixed field': withFields({ 'X-A': 'one' }),
  'a field with three variables': withFields({ 'X-A': '{client_ip} {request_id} {host}' }),
  'a field of a header field and a cookie': withFields({ 'X-A': '{header.User-Agent} {cookie.lang}' }),
  "a field of a path's parameter": withFields({ 'X-A': '{path.id}' }),
  strip_prefix: withRewrite({ strip_prefix: '/users' }),
  'a path by a pattern': withRewrite({ path: { regex: '^/users/([^/]+)', to: '/u/{group.1}' } }),
  'a part added to the query': withRewrite({ query: { add: { id: '{path.id}' } } }),
  'a template of 20 variables (no head)': (x) => void made.answer(x),
}

const BYTES = Buffer.from(
  [
    'GET /users/4711/orders?page=2&sort=date HTTP/1.1',
    'Host: shop.example.org',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'Accept-Language: en-US,en;q=0.5',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Connection: keep-alive',
    'Cookie: theme=dark; lang=de; session=0123456789abcdef0123456789abcdef',
    '',
    '',
  ].join('\r\n'),
)
const LIMITS = { headBytes: 4096, targetBytes: 4096, fields: 50 }
const LINES = { drops: REQUEST_DROPS, ours: Buffer.from('Via: 1.1 sluice\r\n'), requestId: 'r1', host: null }
const FRAMING = { isChunked: false, isUpgrade: false }
const owner = { flushStage: () => {} }
const head = new RequestHead()
const { match } = ruleOf({})
const by = { address: '192.0.2.7', scheme: 'http', tls: null } as const
const told: Told = toldOf({ request: head, by, listener: 'web', rule: { name: 'r', match } })
const x = { ...told, request: head, rule: { ...told.rule, rewrite: null }, rewritten: null } as Going

function microseconds(act: Act): number {
  const before = process.cpuUsage()
  for (let i = 0; i < REQUESTS; i++) {
    head.scan(BYTES, 0, BYTES.length, LIMITS)
    head.edits = null
    act(x)
    writeRequestHead(head, LINES, FRAMING, owner)
    takeStage()
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / REQUESTS
}

const least = new Map(Object.keys(CASES).map((name) => [name, Infinity]))
for (let round = 0; round < ROUNDS; round++)
  for (const [name, act] of Object.entries(CASES))
    least.set(name, Math.min(least.get(name) ?? Infinity, microseconds(act)))
const plain = least.get('as it came') ?? 0
for (const [name, best] of least)
  console.log(`${name.padEnd(42)} ${best.toFixed(2)} µs  +${(best - plain).toFixed(2)}`)
