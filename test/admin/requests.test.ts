// The last requests of a gateway with two workers: kept, found, followed, sent once more, and tried on a
// change.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { tap } from '../../server/cli/tap.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import type { FoundRequest } from '../../server/control/requests/gather.ts'
import { testCertificate } from '../support/certificate.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const seen: string[][] = []
const named = (name: string): Origin =>
  keep(
    startOrigin((request, reply) => {
      seen.push([
        name,
        request.method,
        request.target,
        ...request.fields.map(([field, value]) => `${field}: ${value}`),
      ])
      reply.send(200, name, [`X-By: ${name}`, 'Set-Cookie: sid=server-secret'])
    }),
  )

const rulesOf = (more: Words = {}): Words[] => [
  {
    name: 'api',
    match: { path: '/api/*', ...more },
    middleware: [{ body_limit: { size: '1KiB' } }],
    backend: 'api',
  },
  { name: 'gone', match: { path: '/gone' }, respond: { status: 410 } },
]
const configOf = (servers: readonly Words[], rules = rulesOf(), logs: Words = {}): Words => ({
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
  rules,
  backends: { api: { servers, retry: { attempts: 2 } } },
  logs: { access: { enabled: false }, ...logs },
})

const said = (gateway: Gateway, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => tap(args, io), { cwd: gateway.folder })

async function ask(gateway: Gateway, path: string, body?: unknown): Promise<{ status: number; body: Words }> {
  const answer = await fetch(`http://localhost/api/v1${path}`, {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: answer.status, body: (await answer.json()) as Words }
}

const listed = async (gateway: Gateway, query = ''): Promise<FoundRequest[]> =>
  (await ask(gateway, `/requests${query}`)).body['requests'] as FoundRequest[]

const urlOf = (gateway: Gateway): string =>
  `http://${(gateway.last('serving')?.['listeners'] as Record<string, string> | undefined)?.['web']}`

const get = (gateway: Gateway, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${urlOf(gateway)}${path}`, { headers: { Connection: 'close', ...headers } })

test('what was served is found by filters, with its attempts and without its secrets, whichever worker had it', async () => {
  const a = named('a')
  const servers = [
    { name: 'a', url: a.url },
    { name: 'dead', url: 'http://127.0.0.1:9' },
  ]
  const gateway = keep(await startGateway({ config: configOf(servers), workers: 2 }))
  for (let i = 0; i < 16; i++)
    await get(gateway, `/api/${i}?token=query-secret&x=1`, {
      Authorization: 'Bearer header-secret',
      Cookie: 'sid=cookie-secret',
      'X-Plain': 'seen',
    })
  await get(gateway, '/gone')
  await get(gateway, '/none')
  const all = await listed(gateway)
  expect(all.length).toBe(18)
  expect(new Set(all.map(({ worker }) => worker)).size).toBe(2)
  expect(all.map(({ time }) => time)).toEqual(
    all
      .map(({ time }) => time)
      .toSorted()
      .toReversed(),
  )
  const [one] = await listed(gateway, '?path=/api/3%3F')
  expect(one).toMatchObject({
    ...{ listener: 'web', client: '127.0.0.1', method: 'GET', host: '127.0.0.1', protocol: 'HTTP/1.1' },
    ...{
      path: '/api/3?token=(hidden)&x=1',
      rule: 'api',
      backend: 'api',
      server: 'a',
      status: 200,
      bytes_out: 1,
    },
    hidden_headers: ['Authorization', 'Cookie'],
    ...{ headers_cut: false, fault: null },
  })
  expect(Object.fromEntries(one?.headers ?? [])).toMatchObject({
    Authorization: '(hidden)',
    Cookie: '(hidden)',
    'X-Plain': 'seen',
  })
  expect(JSON.stringify(all)).not.toMatch(/(?:query|header|cookie|server)-secret/)
  // Where the first server was lost, each attempt is there.
  const tried = all.find(({ attempts }) => attempts.length > 1)
  expect(tried?.attempts).toMatchObject([
    { server: 'dead', chosen: 'round_robin', phase: 'connect', fault: 'connect_refused', connect_ms: null },
    { server: 'a', chosen: 'retry', phase: null, fault: null, connect_ms: expect.any(Number) },
  ])
  // The second begins when the first is lost, and ends with the first byte of the answer.
  const [lost, made] = tried?.attempts ?? []
  expect(made?.at_ms).toBeGreaterThanOrEqual((lost?.at_ms ?? NaN) + (lost?.ms ?? NaN) - 0.01)
  expect((made?.at_ms ?? NaN) + (made?.ms ?? NaN)).toBeCloseTo(tried?.first_byte_ms ?? NaN, 1)
  const countOf = async (query: string): Promise<number> => (await listed(gateway, query)).length
  expect([
    await countOf('?status=2xx'),
    await countOf('?status=410'),
    await countOf('?rule=gone'),
    await countOf('?fault=*'),
    await countOf('?server=a&method=GET&listener=web&host=127.0.0.1'),
    await countOf('?server=b'),
    await countOf('?min_ms=60000'),
    await countOf('?limit=3'),
    await countOf('?client=127.0.0.1'),
    await countOf('?client=192.0.2.1'),
    await countOf('?retried=true&path=/api/'),
  ]).toEqual([16, 1, 1, 1, 16, 0, 0, 3, 18, 0, all.filter(({ attempts }) => attempts.length > 1).length])
  expect((await ask(gateway, '/requests?limit=3')).body['left_out']).toBe(15)
  const odd = await ask(gateway, '/requests?status=9xx')
  expect([odd.status, odd.body['detail']]).toEqual([
    400,
    expect.stringContaining('allowed is a status such as 503, or 5xx for its class'),
  ])
  expect((await ask(gateway, `/requests/${tried?.id}`)).body).toEqual(tried as unknown as Words)
  expect((await ask(gateway, '/requests/1-1')).status).toBe(404)
  const last = await said(gateway, '--last', '-n', '2')
  expect(last.out).toMatch(
    / GET 127\.0\.0\.1\/gone 410 [0-9.]+ms gone -\n.+ GET 127\.0\.0\.1\/none 404 [0-9.]+ms - - no_rule\n$/,
  )
})

test('tap shows what comes and passes its filter, and ends after so many', async () => {
  const a = named('a')
  const gateway = keep(await startGateway({ config: configOf([{ url: a.url }]), workers: 2 }))
  const tapped = said(gateway, '--filter', 'rule=api,path=/api/b', '-n', '3', '--json')
  let isOver = false
  void tapped.finally(() => (isOver = true))
  await waitFor(async () => {
    await get(gateway, '/api/a')
    await get(gateway, '/api/b')
    return isOver
  })
  const { code, out, err } = await tapped
  expect([code, err]).toEqual([0, ''])
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FoundRequest)
  expect(lines.map(({ path, rule }) => [path, rule])).toEqual([1, 2, 3].map(() => ['/api/b', 'api']))
  expect(await said(gateway, '--filter', 'colour=red')).toMatchObject({
    code: 2,
    err: expect.stringContaining('"colour=red" is no filter; there are: listener=, rule='),
  })
})

test('a request is sent once more, to another server and the one that had it, and the answers are compared', async () => {
  const [a, b] = [named('a'), named('bb')]
  const servers = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url, weight: 0 },
  ]
  const gateway = keep(await startGateway({ config: configOf(servers) }))
  await get(gateway, '/api/x?y=1', {
    Authorization: 'Bearer header-secret',
    Cookie: 'k=1; sluice-0d9d76b1=Zm9v',
  })
  const said = {
    'X-Forwarded-For': '127.0.0.1',
    'X-Client-Cert-Verified': 'yes',
    X_Real_IP: '127.0.0.1',
    X_Odd: '1',
  }
  const hop = { 'X-Hop': '1', Connection: 'close, x-hop' }
  await get(gateway, '/api/plain', { 'X-Plain': 'seen', ...said, ...hop })
  await fetch(`${urlOf(gateway)}/api/post`, { method: 'POST', body: 'a' })
  const [post, plain, secret] = await listed(gateway)
  const replayed = (id: string | undefined, body: Words): Promise<{ status: number; body: Words }> =>
    ask(gateway, `/requests/${id}/replay`, body)
  seen.length = 0
  const compared = await replayed(plain?.id, { server: 'b' })
  expect(compared.status).toBe(200)
  expect(compared.body).toMatchObject({
    request: { path: '/api/plain', status: 200 },
    answers: [
      { server: 'a', status: 200, bytes: 1, cut: false, failure: null },
      { server: 'b', status: 200, bytes: 2 },
    ],
    same: { status: true, headers: false, size: false, body: false },
    headers_that_differ: ['content-length', 'x-by'],
  })
  expect(JSON.stringify(compared.body)).not.toContain('server-secret')
  expect(seen.map(([name, method, target]) => [name, method, target]).toSorted()).toEqual([
    ['a', 'GET', '/api/plain'],
    ['bb', 'GET', '/api/plain'],
  ])
  expect(seen.every((fields) => fields.includes('X-Plain: seen'))).toBe(true)
  // What is not believed of a client is not told to servers, which believe the gateway.
  expect(seen.flat().filter((text) => /^x.(?:forwarded|client|real|odd|hop)/i.test(text))).toEqual([])
  // Credentials go only where somebody says so; what may change something, not at all.
  const refused = await replayed(secret?.id, { server: 'b' })
  expect([refused.status, refused.body['detail']]).toEqual([
    409,
    'it has credentials (Authorization, Cookie): say whether they are sent, or left out.',
  ])
  for (const credentials of ['send', 'leave_out']) {
    seen.length = 0
    expect((await replayed(secret?.id, { server: 'a', credentials })).status).toBe(200)
    expect([credentials, seen.length, seen[0]?.includes('Authorization: Bearer header-secret')]).toEqual([
      ...[credentials, 1, credentials === 'send'],
    ])
    // Whoever is signed in to the dashboard is so to no server.
    const cookies = seen.flat().filter((text) => /^cookie/i.test(text))
    expect([credentials, ...cookies]).toEqual([
      credentials,
      ...(credentials === 'send' ? ['Cookie: k=1'] : []),
    ])
  }
  expect((await replayed(post?.id, { server: 'b' })).body['detail']).toStartWith('POST may change something')
  expect((await replayed(plain?.id, { server: 'c' })).body['detail']).toBe(
    'backend api has no server "c"; it has: a, b.',
  )
  expect((await replayed('1-1', { server: 'b' })).status).toBe(404)
  // It was not served: what was sent once more stands in no log.
  expect((await listed(gateway)).length).toBe(3)
})

test('servers are asked once more as they are asked: by TLS, or not at all where their certificate is not good', async () => {
  const { cert, key } = testCertificate()
  const serve = (text: string) =>
    Bun.serve({
      ...{
        hostname: '127.0.0.1',
        port: 0,
        tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      },
      fetch: () => new Response(text),
    })
  using one = serve('same')
  using two = serve('same')
  const servers = [
    { name: 'one', url: `https://127.0.0.1:${one.port}` },
    { name: 'two', url: `https://127.0.0.1:${two.port}`, weight: 0 },
    { name: 'dead', url: 'https://127.0.0.1:9', weight: 0 },
  ]
  const strict = { servers: [{ name: 'two', url: `https://127.0.0.1:${two.port}` }] }
  const rules = [...rulesOf(), { name: 'strict', match: { path: '/strict' }, backend: 'strict' }]
  const backends = { api: { servers, tls: { ca: [cert] } }, strict }
  const gateway = keep(await startGateway({ config: { ...configOf(servers), rules, backends } }))
  await get(gateway, '/api/x')
  await get(gateway, '/strict')
  const [unsure, good] = await listed(gateway)
  const replayed = async (id: string | undefined, server: string): Promise<Words> =>
    (await ask(gateway, `/requests/${id}/replay`, { server })).body
  expect(await replayed(good?.id, 'two')).toMatchObject({
    answers: [
      { server: 'one', status: 200, bytes: 4 },
      { server: 'two', status: 200, bytes: 4 },
    ],
    same: { status: true, headers: true, size: true, body: true },
  })
  const dead = await replayed(good?.id, 'dead')
  expect(dead).toMatchObject({ same: { status: false }, answers: [{}, { status: null, sha256: null }] })
  expect(JSON.stringify(dead)).toContain('connect_refused: ')
  expect(await replayed(unsure?.id, 'two')).toMatchObject({
    answers: [{ status: null, failure: expect.stringContaining('tls_') }],
  })
})

test('a change is tried on the last requests: which would go elsewhere, before it is made', async () => {
  const a = named('a')
  const config = configOf([{ url: a.url }])
  const gateway = keep(await startGateway({ config }))
  for (const path of ['/api/a', '/api/a', '/api/b?key=query-secret', '/gone', '/none'])
    await get(gateway, path, { 'X-Canary': path === '/api/a' ? 'yes' : 'no' })
  const running = JSON.parse(readFileSync(gateway.configFile, 'utf8')) as Words
  const rules = [
    {
      name: 'canary',
      match: { header: { 'X-Canary': 'yes' } },
      middleware: [{ compress: {} }],
      respond: { status: 203 },
    },
    ...rulesOf(),
  ]
  const text = JSON.stringify({ ...running, rules })
  const { status, body } = await ask(gateway, '/changes?dry_run=true', { text })
  expect([status, body['dry_run']]).toEqual([200, true])
  expect(body['replay']).toEqual({
    ...{ requests: 5, changed: 2, skipped: 0, left_out: 0 },
    differences: [
      {
        ...{
          method: 'GET',
          host: '127.0.0.1',
          path: '/api/a',
          listener: 'web',
          client: '127.0.0.1',
          requests: 2,
        },
        changes: ['rule', 'destination', 'middleware'],
        before: { rule: 'api', to: 'backend api', middleware: ['body_limit'] },
        after: { rule: 'canary', to: 'respond 203', middleware: ['compress'] },
      },
    ],
  })
  const narrower = JSON.stringify({ ...running, rules: rulesOf({ method: 'POST' }) })
  const narrowed = await ask(gateway, '/changes?dry_run=true', { text: narrower })
  expect(narrowed.body['replay']).toMatchObject({
    changed: 3,
    differences: [{ requests: 2, after: { rule: null, to: '404 no_rule' } }, { path: '/api/b?key=(hidden)' }],
  })
  expect(JSON.stringify(narrowed.body['replay'])).not.toContain('query-secret')
  // The same of an edit of one rule.
  const unix = controlSocketPath(`${gateway.folder}/data`, gateway.configFile)
  const removed = await fetch('http://localhost/api/v1/rules/gone?dry_run=true', { unix, method: 'DELETE' })
  expect([removed.status, await removed.json()]).toMatchObject([
    200,
    { replay: { changed: 1, differences: [{ path: '/gone', after: { to: '404 no_rule' } }] } },
  ])
})

test('more than a page of one worker is listed whole, and each once', async () => {
  const gateway = keep(await startGateway({ config: configOf([{ url: 'http://127.0.0.1:9' }]) }))
  await using client = await gateway.client()
  for (let i = 0; i < 230; i++) await client.get(`/gone?${i}`)
  const all = await listed(gateway, '?limit=1000')
  expect(all.map(({ path }) => path)).toEqual(Array.from({ length: 230 }, (_, i) => `/gone?${229 - i}`))
  const { body } = await ask(gateway, '/requests?limit=150&path=/gone%3F1')
  expect([(body['requests'] as unknown[]).length, body['left_out']]).toEqual([111, 0])
  expect((await ask(gateway, '/requests?limit=150')).body['left_out']).toBe(80)
})

test('only so many of one account follow at a time, and who leaves makes room', async () => {
  const gateway = keep(await startGateway({ config: configOf([{ url: 'http://127.0.0.1:9' }]) }))
  const unix = controlSocketPath(`${gateway.folder}/data`, gateway.configFile)
  const follow = async (): Promise<{ status: number; leave: () => void }> => {
    const leaving = new AbortController()
    const answer = await fetch('http://localhost/api/v1/requests?follow', { unix, signal: leaving.signal })
    return { status: answer.status, leave: () => leaving.abort() }
  }
  const followers = await Promise.all(Array.from({ length: 4 }, follow))
  expect(followers.map(({ status }) => status)).toEqual(followers.map(() => 200))
  expect((await follow()).status).toBe(429)
  for (const { leave } of followers) leave()
  await waitFor(async () => {
    const { status, leave } = await follow()
    leave()
    return status === 200
  })
})

test('none are kept where the config says so', async () => {
  const a = named('a')
  const config = configOf([{ url: a.url }], rulesOf(), { inspector: { requests: 0 } })
  const gateway = keep(await startGateway({ config }))
  await get(gateway, '/api/a')
  expect(await listed(gateway)).toEqual([])
})
