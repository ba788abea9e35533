// forward_auth as clients, servers and the one that is asked see it: a real little server decides, is slow,
// breaks, and is gone.
import { expect, test } from 'bun:test'
import { adapted, PORTS } from '../support/example-config.ts'
import { type EngineOptions, startEngine, type TestEngine } from '../support/engine.ts'
import { type OriginRequest, type Script, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

/** Decides by what it is sent. */
const authority: Script = async (request, reply) => {
  const said = request.get('authorization') ?? ''
  if (said === 'hangs') return void (await reply.gone)
  if (said === 'breaks')
    return void reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab').then(() => reply.rst())
  if (said === 'lies') return void reply.raw('HTTP/1.1 200 OK\r\nX-A: \0\r\n\r\n')
  if (said === 'fails') return reply.send(500, 'broken')
  if (said === 'floods') return reply.send(403, Buffer.alloc(300_000, 120))
  if (said === 'moves')
    return reply.send(302, 'to the door', [
      'Location: https://door.example/?rd=x',
      'Set-Cookie: a=1; Path=/',
      'Set-Cookie: b=2',
    ])
  if (said === 'nobody')
    return reply.send(401, '<p>who?</p>', [
      'WWW-Authenticate: Bearer realm="door"',
      'Content-Type: text/html',
      'Connection: X-Hop',
      'X-Hop: 1',
      'X-Request-Id: of-the-authority',
    ])
  reply.send(204, '', [
    'remote-user: alice',
    'Remote-Groups: a',
    'Remote-Groups: b',
    'X-Other: no',
    'Set-Cookie: seen=1',
  ])
}

const config = (servers: { app: string; auth: string }, more: object = {}): EngineOptions['config'] => {
  const step = {
    backend: 'auth',
    path: '/verify?x=1',
    answer_headers: ['Remote-User', 'Remote-Groups'],
    answer_headers_to_client: ['Set-Cookie'],
    user: 'Remote-User',
    timeout: '700ms',
    ...more,
  }
  const rule = (name: string, options: object) => ({
    name,
    match: { path: [`/${name}`, `/${name}/*`] },
    middleware: [{ forward_auth: { ...step, ...options } }],
    backend: 'app',
  })
  return {
    rules: [
      rule('plain', {}),
      rule('deny', { on_failure: 'deny' }),
      rule('open', { on_failure: 'pass' }),
      rule('shadow', { mode: 'shadow' }),
      rule('same', { method: 'same', host: 'auth.internal', request_headers: ['X-A'] }),
      rule('body', { method: 'POST', body: '32KiB', request_headers: ['Authorization'] }),
      rule('kept', { cache: { ttl: '1h' }, answer_headers_to_client: [] }),
    ],
    backends: {
      app: { servers: [{ url: servers.app }] },
      auth: { servers: [{ url: servers.auth }], retry: { attempts: 1 } },
    },
  }
}

const names = (request: OriginRequest | undefined, name: string) => request?.all(name) ?? []

async function world(script = authority) {
  const app = startOrigin((request, reply) => {
    if (request.get('upgrade') !== null)
      return void reply.raw(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello',
      )
    reply.send(200, 'of the app', ['Set-Cookie: app=1'])
  })
  const auth = startOrigin(script)
  const gateway = startEngine({ config: config({ app: app.url, auth: auth.url }) })
  const ask = async (target: string, said: string, fields = '') => {
    const client = await gateway.client()
    return client.get(target, `Authorization: ${said}\r\n${fields}`)
  }
  return {
    app,
    auth,
    gateway,
    ask,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await app[Symbol.asyncDispose]()
      await auth[Symbol.asyncDispose]()
    },
  }
}

const detailsOf = (gateway: TestEngine) => gateway.log.map(({ detail }) => detail)

test('who may pass does, and what the authority says of them goes on: these fields and no others, and not a client’s', async () => {
  await using w = await world()
  const spoofed =
    'Remote-User: root\r\nREMOTE-user: root2\r\nRemote_User: root3\r\nremote-groups: admin\r\nConnection: Remote-User, X-A\r\nCookie: c=1\r\nX-Secret: s\r\nX-Forwarded-Uri: /fake\r\nX-Forwarded-Method: FAKE\r\nX-Forwarded-For: 192.0.2.9\r\n'
  const answer = await w.ask('/plain/a?q=%20', 'good', spoofed)
  expect([answer.status, answer.body, answer.all('set-cookie')]).toEqual([
    200,
    'of the app',
    ['app=1', 'seen=1'],
  ])
  const [question] = w.auth.requests
  expect([question?.method, question?.target, question?.get('host')]).toEqual(['GET', '/verify?x=1', 'h'])
  expect(names(question, 'x-forwarded-uri')).toEqual(['/plain/a?q=%20'])
  expect(names(question, 'x-forwarded-method')).toEqual(['GET'])
  expect(names(question, 'x-forwarded-for')).toEqual(['127.0.0.1'])
  expect(names(question, 'x-forwarded-proto')).toEqual(['http'])
  expect(names(question, 'x-forwarded-host')).toEqual(['h'])
  expect(names(question, 'cookie')).toEqual(['c=1'])
  for (const name of ['x-secret', 'remote-user', 'remote-groups']) expect(names(question, name)).toEqual([])
  const [passed] = w.app.requests
  expect(names(passed, 'remote-user')).toEqual(['alice'])
  expect(names(passed, 'remote-groups')).toEqual(['a', 'b'])
  expect(names(passed, 'remote_user')).toEqual([])
  expect(names(passed, 'x-other')).toEqual([])
  expect(names(passed, 'authorization')).toEqual(['good'])
  await w.gateway.settled()
})

test('who may not gets what the authority answers: status, fields and body', async () => {
  await using w = await world()
  const moved = await w.ask('/plain', 'moves')
  expect([moved.status, moved.get('location'), moved.all('set-cookie'), moved.body]).toEqual([
    302,
    'https://door.example/?rd=x',
    ['a=1; Path=/', 'b=2'],
    'to the door',
  ])
  const refused = await w.ask('/plain', 'nobody')
  expect([
    refused.status,
    refused.get('www-authenticate'),
    refused.get('content-type'),
    refused.body,
  ]).toEqual([401, 'Bearer realm="door"', 'text/html', '<p>who?</p>'])
  expect([refused.get('x-hop'), refused.all('x-request-id').length, refused.get('proxy-status')]).toEqual([
    null,
    1,
    null,
  ])
  expect(refused.get('x-request-id')).not.toBe('of-the-authority')
  // A WebSocket is asked for like anything else.
  const upgrade = 'Connection: Upgrade\r\nUpgrade: echo\r\n'
  expect((await w.ask('/plain', 'nobody', upgrade)).status).toBe(401)
  expect(w.app.requests.length).toBe(0)
  expect((await w.ask('/plain', 'good', upgrade)).status).toBe(101)
  expect(names(w.auth.requests.at(-1), 'upgrade')).toEqual([])
  expect((await w.ask('/shadow', 'nobody')).status).toBe(200)
  expect(names(w.app.requests.at(-1), 'remote-user')).toEqual([])
  await w.gateway.settled()
  expect(detailsOf(w.gateway).slice(0, 2)).toEqual([
    'rules.plain.forward_auth: it answered 302',
    'rules.plain.forward_auth: it answered 401',
  ])
  // A step that stays to ask again counts by what was decided.
  expect(w.gateway.counted('subrequests_total')).toEqual({ 'forward_auth auth answered': 5 })
})

test.each([
  ['hangs', 'timed_out'],
  ['breaks', 'server_truncated'],
  ['lies', 'server_malformed'],
  ['fails', 'it answered 500'],
  ['floods', 'answer_too_large'],
])('one that %s lets nobody pass, unless that is said', async (said, why) => {
  await using w = await world()
  const [unavailable, denied, passed] = await Promise.all([
    w.ask('/plain', said),
    w.ask('/deny', said),
    w.ask('/open', said, 'Remote-User: root\r\n'),
  ])
  expect([unavailable.status, unavailable.get('retry-after'), denied.status, passed.status]).toEqual([
    503,
    '5',
    403,
    200,
  ])
  expect(unavailable.body).not.toContain('broken')
  expect(w.app.requests.length).toBe(1)
  expect(names(w.app.requests[0], 'remote-user')).toEqual([])
  await w.gateway.settled()
  const faults = w.gateway.log.map(({ rule, fault, detail }) => [rule, fault, detail?.includes(why)])
  expect(faults.toSorted()).toEqual([
    ['deny', 'denied', true],
    ['open', null, undefined],
    ['plain', 'auth_unavailable', true],
  ])
})

test('one that is gone lets nobody pass either; a client that goes meanwhile leaves nothing behind', async () => {
  await using w = await world()
  const client = await w.gateway.client()
  client.send('GET /plain HTTP/1.1\r\nHost: h\r\nAuthorization: hangs\r\n\r\n')
  await waitFor(() => w.auth.requests.length === 1)
  client.rst()
  await w.gateway.settled()
  expect(w.gateway.counted('subrequests_total')).toEqual({ 'forward_auth auth cancelled': 1 })
  await w.auth[Symbol.asyncDispose]()
  expect((await w.ask('/plain', 'good')).status).toBe(503)
  expect((await w.ask('/open', 'good')).status).toBe(200)
  await w.gateway.settled()
})

test('a request with a body waits for its turn; the method and the host are as is said', async () => {
  await using w = await world()
  const client = await w.gateway.client()
  client.send(
    'PUT /same HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nAuthorization: x\r\nContent-Length: 5\r\n\r\nhello',
  )
  expect((await client.readAnswer()).status).toBe(200)
  const [question] = w.auth.requests
  expect([
    question?.method,
    question?.get('host'),
    names(question, 'x-a'),
    question?.get('authorization'),
  ]).toEqual(['PUT', 'auth.internal', ['1', '2'], null])
  expect([question?.get('content-length'), question?.bodyLength]).toEqual([null, 0])
  expect(w.app.requests[0]?.body).toBe('hello')
  await w.gateway.settled()
})

test('a body is sent along where that is said, in whatever pieces it comes, and goes to the server all the same', async () => {
  await using w = await world()
  const body = Buffer.alloc(30_000, 'All happy families are alike. ').toString()
  const client = await w.gateway.client()
  const head = (framing: string) =>
    `PUT /body HTTP/1.1\r\nHost: h\r\nContent-Type: text/x\r\n${framing}\r\n\r\n`
  client.send(head(`Content-Length: ${body.length}`))
  for (let at = 0; at < body.length; at += 7000) await client.sendSegments([body.slice(at, at + 7000)])
  expect((await client.readAnswer()).status).toBe(200)
  const chunks = `${(20_000).toString(16)}\r\n${body.slice(0, 20_000)}\r\n${(10_000).toString(16)}\r\n${body.slice(20_000)}\r\n0\r\nX-End: 1\r\n\r\n`
  client.send(head('Transfer-Encoding: chunked') + chunks)
  expect((await client.readAnswer()).status).toBe(200)
  client.send(head('Content-Length: 0'))
  expect((await client.readAnswer()).status).toBe(200)
  expect((await client.get('/body')).status).toBe(200)
  expect(w.auth.requests.map((one) => [one.method, one.get('content-type'), one.body.length])).toEqual([
    ['POST', 'text/x', 30_000],
    ['POST', 'text/x', 30_000],
    ['POST', 'text/x', 0],
    ['POST', null, 0],
  ])
  expect(w.auth.requests[1]?.body).toBe(body)
  expect(w.app.requests.map((one) => one.body)).toEqual([body, body, '', ''])
  expect(w.app.requests[1]?.trailers).toEqual([['X-End', '1']])
  // Longer ones reach nobody, said or not.
  client.send(head('Content-Length: 40000'))
  expect((await client.readAnswer()).status).toBe(413)
  const other = await w.gateway.client()
  other.send(`${head('Transfer-Encoding: chunked')}9c40\r\n${'x'.repeat(40_000)}\r\n0\r\n\r\n`)
  expect((await other.readAnswer()).status).toBe(413)
  expect([w.auth.requests.length, w.app.requests.length]).toEqual([4, 4])
  // A client that goes in the middle leaves nothing behind.
  const gone = await w.gateway.client()
  gone.send(`${head('Content-Length: 30000')}some of it`)
  await w.gateway.settled()
  expect(w.auth.requests.length).toBe(4)
})

test('whom it has let pass it is not asked about again, as long as that is kept: each by what they show', async () => {
  await using w = await world()
  for (const said of ['good', 'good', 'good', 'other', 'nobody', 'nobody']) await w.ask('/kept', said)
  expect(w.auth.requests.map((one) => one.get('authorization'))).toEqual([
    'good',
    'other',
    'nobody',
    'nobody',
  ])
  expect(w.app.requests.map((one) => one.get('remote-user'))).toEqual(['alice', 'alice', 'alice', 'alice'])
  await w.ask('/kept/else', 'good')
  await w.ask('/kept', 'good', 'Cookie: a=1\r\n')
  expect(w.auth.requests.length).toBe(6)
  await w.gateway.settled()
})

test('whose name is not told is somebody all the same: nothing that a cache keeps for all', async () => {
  await using app = startOrigin((_, reply) => reply.send(200, 'for one', ['Cache-Control: max-age=60']))
  await using auth = startOrigin((_, reply) => reply.send(200))
  const middleware = [{ forward_auth: { backend: 'auth' } }, { cache: {} }]
  await using gateway = startEngine({
    config: {
      rules: [{ name: 'all', middleware, backend: 'app' }],
      backends: { app: { servers: [{ url: app.url }] }, auth: { servers: [{ url: auth.url }] } },
    },
  })
  const client = await gateway.client()
  for (const who of ['a', 'b']) await client.get('/', `Cookie: who=${who}\r\n`)
  expect(app.requests.length).toBe(2)
  await gateway.settled()
})

test('forward-auth.yaml', async () => {
  await using app = startOrigin((_, reply) => reply.send(200, 'app'))
  await using auth = startOrigin((request, reply) =>
    request.target === '/verify' && request.get('cookie') === null && request.get('authorization') === null
      ? reply.send(302, '', ['Location: /login'])
      : reply.send(200, 'auth', ['Remote-User: alice']),
  )
  const all = Object.fromEntries(PORTS.map((port) => [port, port === 9001 ? app : auth]))
  const words = Bun.YAML.parse(adapted('forward-auth.yaml', all)) as EngineOptions['config']
  await using gateway = startEngine({ config: words })
  const client = await gateway.client()
  expect((await client.get('/a')).status).toBe(302)
  expect((await client.get('/login')).body).toBe('auth')
  expect((await client.get('/a', 'Cookie: a=1\r\n')).body).toBe('app')
  expect((await client.get('/api/a', 'Authorization: a\r\n')).body).toBe('app')
  expect((await client.get('/api/b', 'Authorization: a\r\n')).body).toBe('app')
  expect(auth.requests.length).toBe(4)
  await gateway.settled()
})
