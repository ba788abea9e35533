// What servers are told of a request, and what clients get to see of us.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestEngine, answering, startEngine, toServers } from '../support/engine.ts'
import { type Origin, type OriginRequest, startOrigin } from '../support/origin.ts'

let origin: Origin
let gateway: TestEngine
const on = (listener: object) => ({ bind: '127.0.0.1:0', ...listener })

beforeAll(() => {
  origin = startOrigin()
  gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      listeners: {
        web: on({}),
        keep: on({ underscore_fields: 'keep', forwarded: 'both' }),
        forwarded: on({ forwarded: 'forwarded' }),
        trusting: on({ trusted_proxies: ['127.0.0.0/8', '10.0.0.0/8'] }),
        trusting_forwarded: on({
          trusted_proxies: ['127.0.0.1'],
          client_from: 'forwarded',
          forwarded: 'both',
        }),
        trusting_both: on({ trusted_proxies: ['127.0.0.1'], forwarded: 'both' }),
      },
      rules: [
        { name: 'host', match: { host: 'only.example' }, respond: { body: 'by host' } },
        { name: 'redirect', match: { path: '/old/*' }, redirect: { to: 'http://{host}{path}{query}' } },
        { name: 'secret', match: { path: '/admin/*' }, respond: { status: 403 } },
        { name: 'all', match: { path: '/*' }, backend: 'origin' },
        { name: 'star', match: { method: 'OPTIONS' }, backend: 'origin' },
      ],
    },
  })
})

afterAll(async () => {
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

/** Sends a request and gives what the server saw of it. */
async function seen(request: string, listener?: string): Promise<OriginRequest> {
  origin.forget()
  await using client = await gateway.client(listener)
  client.send(request)
  const answer = await client.readAnswer({ method: request.slice(0, request.indexOf(' ')) })
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body}`)
  expect(origin.problems).toEqual([])
  return origin.received(1)
}

const get = (fields = '', listener?: string) => seen(`GET /a HTTP/1.1\r\nHost: h\r\n${fields}\r\n`, listener)

async function answerTo(request: string, listener?: string) {
  await using client = await gateway.client(listener)
  client.send(request)
  return await client.readAnswer({ method: request.slice(0, request.indexOf(' ')) })
}

describe('the target', () => {
  test('goes on byte for byte', async () => {
    for (const target of ['/a/%7Eb//c?x=%2e&y=/../z', '/?', '/a%2Fb;v=1', "/!$&'()*+,=:@"])
      expect((await seen(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)).target).toBe(target)
  })

  test('in absolute form becomes a path, and its authority replaces Host', async () => {
    for (const [target, path, host] of [
      ['http://Example.org:81/a?b', '/a?b', 'Example.org:81'],
      ['http://example.org', '/', 'example.org'],
      ['http://example.org?q', '/?q', 'example.org'],
      ['HTTPS://example.org/x', '/x', 'example.org'],
    ] as const) {
      const request = await seen(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      expect([request.target, request.all('host')]).toEqual([path, [host]])
    }
    const { body } = await answerTo('GET http://only.example/ HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(body).toBe('by host')
  })

  test('* goes on for OPTIONS, from both of its forms', async () => {
    for (const target of ['*', 'http://example.org'])
      expect((await seen(`OPTIONS ${target} HTTP/1.1\r\nHost: example.org\r\n\r\n`)).target).toBe('*')
  })

  test('that would be routed differently normalised is refused', async () => {
    for (const target of ['/x/../admin/a', '/%61dmin/a', '/x/%2e%2e/admin/a', '//../admin/a']) {
      const answer = await answerTo(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      expect([target, answer.status]).toEqual([target, 400])
    }
    expect((await seen('GET /x/../b HTTP/1.1\r\nHost: h\r\n\r\n')).target).toBe('/x/../b')
  })

  test('TRACE and CONNECT are refused with what is allowed', async () => {
    for (const line of ['TRACE / HTTP/1.1\r\nHost: h', 'CONNECT h:80 HTTP/1.1\r\nHost: h:80']) {
      const answer = await answerTo(`${line}\r\n\r\n`)
      expect([answer.status, answer.get('allow')?.includes('GET'), answer.get('connection')]).toEqual([
        405,
        true,
        'close',
      ])
    }
  })

  test('methods that we do not know go on as they are', async () => {
    const request = await seen('FROB /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi')
    expect([request.method, request.body]).toEqual(['FROB', 'hi'])
  })

  test('Max-Forwards is counted down for OPTIONS, and answered here at 0', async () => {
    const fields = (n: string) => `OPTIONS /a HTTP/1.1\r\nHost: h\r\nMax-Forwards: ${n}\r\n\r\n`
    expect((await seen(fields('3'))).all('max-forwards')).toEqual(['2'])
    origin.forget()
    const answer = await answerTo(fields('0'))
    expect([answer.status, answer.get('allow')?.includes('GET'), origin.requests.length]).toEqual([
      200,
      true,
      0,
    ])
    expect((await get('Max-Forwards: 0\r\n')).all('max-forwards')).toEqual(['0'])
  })
})

describe('Host', () => {
  test('is matched without case, port and trailing dot, and goes on as it came', async () => {
    for (const host of ['only.example', 'ONLY.Example:8080', 'only.example.', 'only.example.:80'])
      expect((await answerTo(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).body).toBe('by host')
    expect((await seen('GET / HTTP/1.1\r\nHost: Some.Where:81\r\n\r\n')).get('host')).toBe('Some.Where:81')
  })

  test('stands in a redirect without what could split it', async () => {
    const answer = await answerTo('GET /old/a?b=c HTTP/1.1\r\nHost: Ex.org\r\n\r\n')
    expect([answer.status, answer.get('location')]).toEqual([308, 'http://ex.org/old/a?b=c'])
  })
})

describe('fields of one hop', () => {
  test('stay here, with all that Connection names, in both directions', async () => {
    const request = await get(
      'Connection: close, X-Mine\r\nConnection: x-other\r\nX-Mine: 1\r\nX-Other: 2\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nProxy-Authorization: Basic eA==\r\nX-Stays: 3\r\n',
    )
    const names = request.fields.map(([name]) => name.toLowerCase())
    for (const name of ['connection', 'x-mine', 'x-other', 'keep-alive', 'proxy-connection', 'te', 'upgrade'])
      expect(names).not.toContain(name)
    expect(names).not.toContain('proxy-authorization')
    expect(request.get('x-stays')).toBe('3')
    await using server = startOrigin(
      answering('x', ['Connection: X-Hop, keep-alive', 'X-Hop: 1', 'Keep-Alive: timeout=5', 'X-Stays: 2']),
    )
    await using other = startEngine({ config: toServers([server.url]) })
    await using client = await other.client()
    const answer = await client.get('/')
    expect(answer.fields.map(([name]) => name.toLowerCase()).toSorted()).toEqual([
      'content-length',
      'date',
      'x-stays',
    ])
  })

  test('cannot name what frames, routes or identifies', async () => {
    const request = await seen(
      'POST /a HTTP/1.1\r\nHost: h\r\nConnection: Host, Content-Length, X-Forwarded-For, Via, X-Request-Id, Cookie\r\nCookie: a=b\r\nContent-Length: 2\r\n\r\nhi',
    )
    expect([request.body, request.get('host'), request.get('cookie')]).toEqual(['hi', 'h', 'a=b'])
    expect(request.get('x-forwarded-for')).toBe('127.0.0.1')
    expect([request.all('via').length, request.all('x-request-id').length]).toEqual([1, 1])
  })

  test('order, case and repetition of all other fields survive', async () => {
    const own = ['X-B: 1', 'x-a: 2', 'X-B: 3', 'COOKIE: a=1', 'X-Empty:', 'X-Latin: caf\xe9']
    const request = await get(`${own.join('\r\n')}\r\n`)
    const lines = request.head.split('\r\n').slice(1)
    expect(lines.slice(1, 1 + own.length)).toEqual(own)
  })
})

describe('underscores in names', () => {
  test('are dropped with their field, or kept where the config says so', async () => {
    const fields =
      'X_Forwarded_For: 6.6.6.6\r\nContent_Length: 9\r\nX_Own: 2\r\nX_Forwarded-Prefix: /x\r\nX-Fine: 1\r\n'
    const names = ['x_forwarded_for', 'content_length', 'x_forwarded-prefix', 'x_own', 'x-fine']
    const dropped = await get(fields)
    expect(names.map((name) => dropped.get(name))).toEqual([null, null, null, null, '1'])
    // What some servers take for a field that we decide on is dropped in any case.
    const kept = await get(fields, 'keep')
    expect(names.map((name) => kept.get(name))).toEqual([null, null, null, '2', '1'])
  })
})

describe('who the client is', () => {
  const spoofed =
    'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: mine\r\n'

  test('is told by us when the peer is not trusted, whatever it says', async () => {
    const request = await get(spoofed)
    expect([
      request.all('x-forwarded-for'),
      request.all('x-forwarded-proto'),
      request.all('x-forwarded-port'),
      request.all('x-forwarded-host'),
      request.all('forwarded'),
      request.all('x-real-ip'),
    ]).toEqual([['127.0.0.1'], ['http'], ['80'], ['h'], [], []])
    expect(request.all('x-request-id')).toHaveLength(1)
    expect(request.get('x-request-id')).not.toBe('mine')
    expect(gateway.log.at(-1)).toMatchObject({ client: '127.0.0.1', id: request.get('x-request-id') })
  })

  test('is told by Forwarded, or by both, where the config says so', async () => {
    const request = await get(spoofed, 'forwarded')
    expect([request.all('forwarded'), request.all('x-forwarded-for')]).toEqual([
      ['for=127.0.0.1;proto=http'],
      [],
    ])
    const both = await get(spoofed, 'keep')
    expect([both.all('forwarded'), both.all('x-forwarded-for')]).toEqual([
      ['for=127.0.0.1;proto=http'],
      ['127.0.0.1'],
    ])
  })

  test("keeps a trusted proxy's word on scheme, host, port and id", async () => {
    const request = await get(spoofed, 'trusting')
    expect([
      request.get('x-forwarded-proto'),
      request.get('x-forwarded-host'),
      request.get('x-forwarded-port'),
      request.get('x-request-id'),
      request.all('x-real-ip'),
    ]).toEqual(['https', 'evil', '1', 'mine', []])
    const sane = await get(`X-Request-Id: ${'x'.repeat(129)}\r\n`, 'trusting')
    expect(sane.get('x-request-id')?.length).toBeLessThan(64)
  })

  test('is not lost between the two ways of saying it', async () => {
    const request = await get(
      'Forwarded: for="[2001:db8::1]:4711";proto=https, for=192.0.2.7;proto=https;host="shop.example:8443"\r\n',
      'trusting_forwarded',
    )
    expect(gateway.log.at(-1)?.client).toBe('192.0.2.7')
    expect(request.all('forwarded')).toEqual([
      'for="[2001:db8::1]";proto=https, for=192.0.2.7;proto=https;host="shop.example:8443", for=127.0.0.1;proto=http',
    ])
    expect(request.all('x-forwarded-for')).toEqual(['2001:db8::1, 192.0.2.7, 127.0.0.1'])
    expect([
      request.all('x-forwarded-proto'),
      request.all('x-forwarded-host'),
      request.all('x-forwarded-port'),
    ]).toEqual([['https'], ['shop.example:8443'], ['8443']])
    const other = await get(
      'X-Forwarded-For: 2001:db8::1, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n',
      'trusting_both',
    )
    expect(other.all('forwarded')).toEqual([
      'for="[2001:db8::1]", for=192.0.2.7;proto=https, for=127.0.0.1;proto=http',
    ])
  })
})

describe('Via', () => {
  test('is added behind those that came, and a request that goes in circles is stopped', async () => {
    const request = await get('Via: 1.0 fred, 1.1 p.example\r\n')
    const { name } = gateway.engine
    expect(request.all('via')).toEqual(['1.0 fred, 1.1 p.example', `1.1 ${name}`])
    await get(`Via: 1.1 ${name}, 1.1 ${name}\r\n`)
    const answer = await answerTo(
      `GET /a HTTP/1.1\r\nHost: h\r\nVia: 1.1 ${name}, 1.1 ${name}\r\nVia: 1.1 ${name}, 1.1 ${name} (again)\r\n\r\n`,
    )
    expect(answer.status).toBe(508)
    expect(gateway.log.at(-1)?.fault).toBe('loop')
  })

  test('stops a request that two gateways of one name send to each other', async () => {
    await using back = startEngine({ config: toServers([origin.url]) })
    await using front = startEngine({ config: toServers([`http://127.0.0.1:${back.port()}`]) })
    await using client = await front.client()
    const { name } = front.engine
    const passed = `Via: 1.1 ${name}\r\nVia: 1.1 ${name}`
    expect((await client.get('/', `${passed}\r\n`)).status).toBe(200)
    expect((await client.get('/', `${passed}, 1.1 ${name}\r\n`)).status).toBe(508)
  })
})

describe('answers of ours to faults', () => {
  test('are JSON, or HTML for browsers, and carry the code, the id and Proxy-Status', async () => {
    await using nothing = startEngine({
      config: { backends: {}, rules: [{ name: 'x', match: { path: '/x' }, respond: {} }] },
    })
    await using client = await nothing.client()
    const json = await client.get('/nowhere', 'Accept: */*\r\n')
    const document = JSON.parse(json.body) as Record<string, unknown>
    expect([json.status, json.get('content-type'), document['fault'], document['status']]).toEqual([
      404,
      'application/json',
      'no_rule',
      404,
    ])
    expect(document['request_id']).toBe(json.get('x-request-id'))
    expect(json.get('proxy-status')).toBe(
      `${nothing.engine.name}; error=destination_not_found; details="no_rule"`,
    )
    expect(json.get('cache-control')).toBe('no-store')
    const html = await client.get('/<script>', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n')
    expect([html.status, html.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(html.body).not.toContain('<script>')
    expect(html.body).toContain(html.get('x-request-id') ?? 'none')
    expect(nothing.log.map(({ id }) => id)).toEqual([
      json.get('x-request-id') ?? '',
      html.get('x-request-id') ?? '',
    ])
  })
})

test('a refused head is logged as what it is, not as the request before it', async () => {
  await using client = await gateway.client()
  client.send('POST /before?x=1 HTTP/1.1\r\nHost: before.example\r\nContent-Length: 5\r\n\r\nhello')
  expect((await client.readAnswer()).status).toBe(200)
  client.send('G@T /after HTTP/1.1\r\nHost: h\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(400)
  const line = gateway.log.at(-1)
  expect([line?.fault, line?.bytesIn, line?.host]).toEqual(['head_malformed', 0, ''])
  expect(line?.target).not.toContain('before')
  expect(line?.method).not.toBe('POST')
})
