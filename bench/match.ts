// What it costs to find the rule of a request, among 10 rules and among 10,000, by kinds of words:
// bun bench/match.ts
// Processor time of this thread, the best of several rounds in alternation; other work on the machine makes
// it larger only. Of 10,000 rules requests ask for many, of 10 for all.
import { parseConfig } from '../server/config/load.ts'
import { RequestHead } from '../server/head/request-head.ts'
import { type Match, compileMatch } from '../server/rules/match.ts'

const ROUNDS = 15
const LOOKUPS = 100_000
const FEW = 10
const MANY = 10_000
/** So many different requests go round, as many as 10 rules are asked for in turn. */
const REQUESTS = 50

interface Kind {
  readonly name: string
  /** What the rule of this number asks. */
  readonly match: (i: number) => object
  /** A request for it: its host, target and further field. */
  readonly request: (i: number) => {
    readonly host?: string
    readonly target?: string
    readonly field?: string
  }
}

const PLAIN: readonly Kind[] = [
  { name: 'hosts', match: (i) => ({ host: `h${i}.example` }), request: (i) => ({ host: `h${i}.example` }) },
  { name: 'exact paths', match: (i) => ({ path: `/p/${i}` }), request: (i) => ({ target: `/p/${i}` }) },
  { name: 'prefixes', match: (i) => ({ path: `/p${i}/*` }), request: (i) => ({ target: `/p${i}/a/b` }) },
  {
    name: 'templates',
    match: (i) => ({ path: `/t/{id}/r${i}/{other}` }),
    request: (i) => ({ target: `/t/77/r${i}/x` }),
  },
  {
    name: 'regular expressions',
    match: (i) => ({ path: { regex: `^/re-${i}/v[0-9]+/` } }),
    request: (i) => ({ target: `/re-${i}/v2/x` }),
  },
  {
    name: 'exact fields',
    match: (i) => ({ header: { 'X-Tenant': `t${i}` } }),
    request: (i) => ({ field: `X-Tenant: t${i}` }),
  },
  {
    name: 'prefix, query',
    match: (i) => ({ path: `/q${i}/*`, query: { page: { min: 1 } } }),
    request: (i) => ({ target: `/q${i}/a?x=1&page=2` }),
  },
  {
    name: 'any of three paths',
    match: (i) => ({ any: [{ path: `/a${i}` }, { path: `/b${i}/*` }, { path: `/c${i}/{id}` }] }),
    request: (i) => ({ target: `/c${i}/x` }),
  },
  {
    name: 'host, path, not',
    match: (i) => ({ host: `n${i}.example`, path: '/*', not: { client: '10.9.0.0/16' } }),
    request: (i) => ({ host: `n${i}.example`, target: '/x' }),
  },
]
const MIXED: Kind = {
  name: 'all of these, mixed',
  match: (i) => PLAIN[i % PLAIN.length]?.match(i) ?? {},
  request: (i) => PLAIN[i % PLAIN.length]?.request(i) ?? {},
}

const BY = { address: '192.0.2.7', scheme: 'http', tls: null } as const

function compiled(kind: Kind, count: number): Match<number> {
  const rules = Array.from({ length: count }, (_, i) => ({
    name: `r${i}`,
    match: kind.match(i),
    respond: {},
  }))
  const text = JSON.stringify({ listeners: { web: { bind: ':80' } }, rules, backends: {} })
  const parsed = parseConfig('/bench.json', Buffer.from(text), {})
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems.slice(0, 3)))
  return compileMatch(parsed.config.rules.map(({ match }, rule) => ({ match, rule })))
}

function headOf(kind: Kind, i: number): RequestHead {
  const { host = 'a.example', target = '/', field = 'X-Other: 1' } = kind.request(i)
  const text = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench\r\nAccept: */*\r\n${field}\r\n\r\n`
  const head = new RequestHead()
  const bytes = Buffer.from(text)
  if (
    typeof head.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 4096, fields: 50 }) === 'string'
  )
    throw new Error(text)
  return head
}

/** Requests for rules all over the list. */
function headsOf(kind: Kind, match: Match<number>, count: number): readonly RequestHead[] {
  return Array.from({ length: REQUESTS }, (_, n) => {
    const i = Math.floor((n * count) / REQUESTS)
    const head = headOf(kind, i)
    if (match(head, BY) !== i) throw new Error(`${kind.name}: rule ${i} does not take its request`)
    return head
  })
}

function microseconds(match: Match<number>, heads: readonly RequestHead[]): number {
  const before = process.cpuUsage()
  for (let i = 0; i < LOOKUPS; i++) {
    const head = heads[i % REQUESTS]
    if (head !== undefined) match(head, BY)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / LOOKUPS
}

for (const kind of [...PLAIN, MIXED]) {
  const sides = [FEW, MANY].map((count) => {
    const match = compiled(kind, count)
    return { match, heads: headsOf(kind, match, count), best: Infinity }
  })
  for (let round = 0; round < ROUNDS; round++)
    for (const side of sides) side.best = Math.min(side.best, microseconds(side.match, side.heads))
  const [few = Number.NaN, many = Number.NaN] = sides.map(({ best }) => best)
  console.log(
    `${kind.name.padEnd(22)} ${FEW}: ${few.toFixed(3)} µs   ${MANY}: ${many.toFixed(3)} µs   × ${(many / few).toFixed(2)}   + ${(many - few).toFixed(3)} µs`,
  )
}
