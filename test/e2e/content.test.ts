// What steps make of heads and bodies, as clients and servers see it; and the example of them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parseConfig } from '../../server/config/load.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** Rules by path, each with its steps, to one origin. */
const withSteps = (url: string, rules: Readonly<Record<string, readonly object[]>>) => ({
  ...toServers([url]),
  rules: Object.entries(rules).map(([name, middleware]) => ({
    name,
    match: { path: `/${name}` },
    middleware,
    backend: 'origin',
  })),
})

const UNTIL = '2099-01-01T00:00:00Z'

describe('request_id', () => {
  test('is the same one for the server, the client and the log', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, '', ['X-Request-Id: of the server']))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        uuid: [{ request_id: { format: 'uuid' } }],
        own: [{ request_id: { header: 'X-Trace', trust: 'always' } }],
        refused: [{ request_id: { format: 'trace' } }, { ip: { deny: ['127.0.0.0/8'] } }],
      }),
      listener: { trusted_proxies: [] },
    })
    await using client = await gateway.client()
    const one = await client.get('/uuid', 'X-Request-Id: guessed\r\n')
    const uuid = one.get('x-request-id') ?? ''
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    const own = await client.get('/own', 'X-Trace: t-1\r\n')
    expect(own.get('x-trace')).toBe('t-1')
    const refused = await client.get('/refused')
    const trace = refused.get('x-request-id') ?? ''
    expect(trace).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse(refused.body)).toMatchObject({ request_id: trace })
    const [first, second] = origin.requests
    expect(first?.all('x-request-id')).toEqual([uuid])
    expect([second?.all('x-trace'), second?.all('x-request-id')]).toEqual([['t-1'], []])
    await gateway.settled()
    expect(gateway.log.map(({ id }) => id)).toEqual([uuid, 't-1', trace])
  })
})

describe('security_headers', () => {
  test('stand in answers of servers and in ours, without what tells what runs there', async () => {
    await using origin = startOrigin((_, reply) =>
      reply.send(200, 'page', ['Server: x', 'X-Frame-Options: DENY']),
    )
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        page: [{ security_headers: { csp: "default-src 'self'" } }],
        refused: [{ security_headers: {} }, { ip: { deny: ['127.0.0.0/8'] } }],
      }),
    })
    await using client = await gateway.client()
    const page = await client.get('/page')
    expect(['server', 'x-frame-options', 'content-security-policy'].map((name) => page.get(name))).toEqual([
      null,
      'DENY',
      "default-src 'self'",
    ])
    expect(page.get('strict-transport-security')).toBeNull()
    const refused = await client.get('/refused')
    expect([refused.status, refused.get('x-frame-options')]).toEqual([403, 'SAMEORIGIN'])
    expect(refused.fields.filter(([name]) => /^x-content-type-options$/i.test(name))).toHaveLength(1)
    await gateway.settled()
  })
})

describe('faults', () => {
  test('fail, break off or wait before a server is asked, and are told as what they are', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        abort: [{ faults: { until: UNTIL, abort: { status: 500 } } }],
        reset: [{ faults: { until: UNTIL, reset: {} } }],
        delay: [{ faults: { until: UNTIL, delay: { time: '5ms' } } }],
        over: [{ faults: { until: '2020-01-01T00:00:00Z', reset: {} } }],
      }),
    })
    await using client = await gateway.client()
    const aborted = await client.get('/abort')
    expect([aborted.status, aborted.get('proxy-status')]).toEqual([
      500,
      expect.stringContaining('fault_injected'),
    ])
    expect((await client.get('/delay')).body).toBe('ok')
    expect((await client.get('/over')).body).toBe('ok')
    expect(origin.requests).toHaveLength(2)
    client.send('GET /reset HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer().catch(() => null))?.complete ?? false).toBe(false)
    await gateway.settled()
    expect(gateway.log.map(({ status, fault, detail, aborted }) => [status, fault, detail, aborted])).toEqual(
      [
        [500, 'fault_injected', 'rules.abort.faults.abort', false],
        [200, null, 'rules.delay.faults.delay: 5 ms', false],
        [200, null, null, false],
        [0, 'fault_injected', 'rules.reset.faults.reset', true],
      ],
    )
  })

  test('leave nothing behind when the client goes while it waits', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = startEngine({
      config: withSteps(origin.url, { delay: [{ faults: { until: UNTIL, delay: { time: '20s' } } }] }),
    })
    const client = await gateway.client()
    client.send('GET /delay HTTP/1.1\r\nHost: h\r\n\r\n')
    client.rst()
    expect(await gateway.logged()).toMatchObject({ fault: 'client_abort', attempts: 0 })
    await gateway.settled()
  })
})

describe('replace', () => {
  test('changes pages on their way, whatever the pieces; compress behind it sees what came of them', async () => {
    const page = '<a href="http://old.example/a">old</a>\n'
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/short') return reply.send(200, page, ['Content-Type: text/html', 'ETag: "x"'])
      if (request.target === '/encoded')
        return reply.send(200, gzipSync(page), ['Content-Type: text/html', 'Content-Encoding: gzip'])
      void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n')
      const body = page.repeat(5000)
      for (let at = 0; at < body.length; at += 30_011) {
        const piece = body.slice(at, at + 30_011)
        await reply.raw(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      }
      await reply.raw('0\r\n\r\n')
    })
    const edits = [
      { text: 'http://old.example', with: 'https://{host}' },
      { regex: '>(o)ld<', with: '>$1ther<' },
    ]
    await using gateway = startEngine({
      config: {
        ...toServers([origin.url]),
        rules: [
          {
            name: 'all',
            middleware: [{ compress: { codings: ['gzip'] } }, { replace: { edits } }],
            backend: 'origin',
          },
        ],
      },
    })
    const changed = '<a href="https://h/a">other</a>\n'
    await using client = await gateway.client()
    const short = await client.get('/short', 'Accept-Encoding: br\r\nRange: bytes=0-3\r\n')
    expect([short.body, short.get('content-length'), short.get('etag')]).toEqual([
      changed,
      String(changed.length),
      'W/"x"',
    ])
    expect(origin.requests[0]?.get('accept-encoding')).toBeNull()
    expect(origin.requests[0]?.get('range')).toBeNull()
    expect((await client.get('/long')).body === changed.repeat(5000)).toBe(true)
    const encoded = await client.get('/long', 'Accept-Encoding: gzip\r\n')
    expect(encoded.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(Buffer.from(encoded.body, 'latin1')).toString() === changed.repeat(5000)).toBe(true)
    expect(gunzipSync(Buffer.from((await client.get('/encoded')).body, 'latin1')).toString()).toBe(page)
    await gateway.settled()
  })

  test('leaves nothing behind when its client goes, and breaks off where its server does', async () => {
    let isOver = false
    await using origin = startOrigin(async (_, reply) => {
      void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n')
      await reply.raw('a'.repeat(80_000))
      if (isOver) reply.rst()
    })
    await using gateway = startEngine({
      config: withSteps(origin.url, { page: [{ replace: { edits: [{ text: 'a', with: 'b' }] } }] }),
    })
    const client = await gateway.client()
    client.send('GET /page HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.readUntil('bbbb')
    client.rst()
    expect(await gateway.logged()).toMatchObject({ fault: 'client_abort' })
    isOver = true
    const other = await gateway.client()
    other.send('GET /page HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await other.readAnswer().catch(() => null))?.complete ?? false).toBe(false)
    await gateway.settled()
  })
})

describe('error_pages', () => {
  const PAGES = [
    { for: 404, body: '<h1>{status}</h1> {request_id}' },
    { for: '5xx', backend: 'pages', path: '/errors/{status}.html' },
  ]
  const browser = 'Accept: text/html\r\n'
  const start = (url: string, pages: string, more: object = {}) =>
    startEngine({
      config: {
        backends: {
          origin: { servers: [{ url }], retry: { attempts: 1 } },
          pages: { servers: [{ url: pages }], retry: { attempts: 1 } },
        },
        rules: [
          {
            name: 'all',
            middleware: [{ security_headers: {} }, { error_pages: { pages: PAGES, ...more } }],
            backend: 'origin',
          },
        ],
      },
    })

  test('of servers: their own body is read aside, and their connection serves on', async () => {
    await using origin = startOrigin(({ target }, reply) =>
      target === '/ok'
        ? reply.send(200, 'ok')
        : reply.send(404, 'a stack trace', ['Set-Cookie: a=1', 'ETag: "x"']),
    )
    await using gateway = start(origin.url, origin.url)
    await using client = await gateway.client()
    for (let n = 0; n < 3; n++) {
      const answer = await client.get('/gone', browser)
      expect(answer.body).toMatch(/^<h1>404<\/h1> [0-9a-f]{24}$/)
      expect(
        ['content-type', 'set-cookie', 'etag', 'x-frame-options'].map((name) => answer.get(name)),
      ).toEqual(['text/html; charset=utf-8', 'a=1', null, 'SAMEORIGIN'])
    }
    client.send('HEAD /gone HTTP/1.1\r\nHost: h\r\n\r\n')
    const head = await client.readAnswer({ method: 'HEAD' })
    expect([head.status, Number(head.get('content-length'))]).toEqual([404, '<h1>404</h1> '.length + 24])
    expect((await client.get('/ok')).body).toBe('ok')
    expect((await client.get('/gone', 'Accept: application/json\r\n')).body).toBe('a stack trace')
    expect(origin.accepted).toBe(1)
    await gateway.settled()
  })

  test('a body without end, or one that does not come, holds nobody up', async () => {
    const gone: Promise<unknown>[] = []
    await using origin = startOrigin(async ({ target }, reply) => {
      gone.push(reply.gone)
      void reply.raw('HTTP/1.1 404 Not Found\r\nContent-Length: 1000000000\r\n\r\n')
      if (target === '/endless') for (let n = 0; n < 40; n++) await reply.raw(Buffer.alloc(65_536))
    })
    await using gateway = start(origin.url, origin.url)
    await using client = await gateway.client()
    for (const path of ['/endless', '/silent'])
      expect((await client.get(path, browser)).body).toStartWith('<h1>404')
    await waitFor(() => gone.length === 2)
    gateway.runAhead(1500)
    await Promise.all(gone)
    await gateway.settled()
  })

  test('of a backend; where it has none, what came stays', async () => {
    let has = true
    await using origin = startOrigin((_, reply) => reply.send(502, 'broken'))
    await using pages = startOrigin(({ target }, reply) =>
      has ? reply.send(200, `page of ${target}`, ['Content-Type: text/html']) : reply.send(500, 'none'),
    )
    await using gateway = start(origin.url, pages.url)
    await using client = await gateway.client()
    const answer = await client.get('/x', browser)
    expect([answer.status, answer.body]).toEqual([502, 'page of /errors/502.html'])
    has = false
    expect((await client.get('/x', browser)).body).toBe('broken')
    pages.kill()
    expect((await client.get('/x', browser)).body).toBe('broken')
    // Of ours as well, with its fault in the log.
    origin.kill()
    pages.revive()
    has = true
    const own = await client.get('/x', browser)
    expect([own.status, own.body, own.get('proxy-status')]).toEqual([
      502,
      'page of /errors/502.html',
      expect.stringContaining('connect_refused'),
    ])
    await gateway.settled()
    expect(gateway.log.at(-1)).toMatchObject({ status: 502, fault: 'connect_refused' })
  })
})

test('content.yaml: what it says holds', async () => {
  await using origin = startOrigin((_, reply) =>
    reply.send(200, '<a href="http://old.example.org/">page</a>', [
      'Server: sample',
      'Content-Type: text/html',
    ]),
  )
  const text = adapted('content.yaml', Object.fromEntries(PORTS.map((port) => [port, origin])))
  const loaded = parseConfig('content.yaml', Buffer.from(text), {})
  expect(loaded.ok ? [] : loaded.problems).toEqual([])
  await using gateway = startEngine({ config: Bun.YAML.parse(text) as Record<string, unknown> })
  await using client = await gateway.client()
  const site = await client.get('/')
  expect([site.get('server'), site.get('x-frame-options')]).toEqual([null, 'DENY'])
  expect(site.get('x-request-id')).toMatch(/-7/)
  expect(site.body).toBe('<a href="https://www.example.org/">page</a>')
  origin.kill()
  const soon = await client.get('/', 'Accept: text/html\r\n')
  expect([soon.status, soon.body]).toEqual([502, `<h1>Back soon</h1><p>${soon.get('x-request-id')}</p>`])
  client.send('GET / HTTP/1.1\r\nHost: staging.example.org\r\nX-Chaos: 1\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(503)
  await gateway.settled()
})
