// One line in the access log for every kind of end, with all its fields, as a gateway in its own processes
// writes it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

let origin: Origin
let gateway: Gateway

beforeAll(async () => {
  origin = startOrigin(async (request, reply) => {
    if (request.target === '/cut') {
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
      await waitFor(() => request.complete)
      return reply.fin()
    }
    if (request.target === '/closed') return reply.fin()
    if (request.target === '/hang') return undefined
    return reply.send(200, request.body.toUpperCase())
  })
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      backends: {
        origin: { servers: [{ url: origin.url, name: 'one' }], retry: { attempts: 1 } },
        nowhere: { servers: [{ url: 'http://127.0.0.1:1' }], retry: { attempts: 2, backoff: '1ms' } },
      },
      rules: [
        { name: 'gone', match: { path: '/gone' }, redirect: { to: '/there' } },
        { name: 'refused', match: { path: '/refused' }, backend: 'nowhere' },
        {
          name: 'denied',
          match: { path: '/denied' },
          middleware: [{ ip: { deny: ['127.0.0.1'] } }],
          backend: 'origin',
        },
        { name: 'all', match: { host: 'h' }, backend: 'origin' },
      ],
    },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

const request = (target: string, more = '', method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: h\r\nUser-Agent: test/"1"\r\n${more}\r\n`

test('each kind of end has its line', async () => {
  const served = { rule: 'all', backend: 'origin', server: 'one', attempts: 1 }
  const own = { server: null, attempts: 0, connect_ms: null }
  const wanted: [bytes: string, line: object][] = [
    [
      request('/a?b', 'Content-Length: 5\r\n', 'POST') + 'hello',
      { ...served, method: 'POST', path: '/a?b', status: 200, bytes_in: 5, bytes_out: 5, fault: null },
    ],
    [request('/gone'), { ...own, rule: 'gone', backend: null, status: 308, bytes_out: 0, fault: null }],
    [request('/denied'), { ...own, rule: 'denied', status: 403, fault: 'denied' }],
    [
      request('/x').replace('Host: h', 'Host: other'),
      { ...own, rule: null, host: 'other', status: 404, fault: 'no_rule' },
    ],
    [
      request('/refused'),
      { rule: 'refused', backend: 'nowhere', status: 502, attempts: 2, fault: 'connect_refused' },
    ],
    [request('/closed'), { ...served, status: 502, fault: 'server_closed' }],
    [request('/cut'), { ...served, status: 200, bytes_out: 5, fault: 'server_truncated' }],
    [
      'TRACE / HTTP/1.1\r\nHost: h\r\n\r\n',
      { ...own, method: 'TRACE', status: 405, fault: 'method_refused' },
    ],
    ['GET / HTTP/1.1\r\n\r\n', { ...own, rule: null, status: 400, fault: 'host_invalid' }],
    ['\x16\x03\x01\x02\r\n\r\n', { ...own, status: 400, fault: 'head_malformed' }],
    [
      request('/x', 'Transfer-Encoding: chunked\r\n', 'POST') + 'zz\r\n',
      { status: 400, fault: 'chunk_malformed' },
    ],
    [
      request('/x', 'Content-Length: 99999999\r\n', 'POST'),
      { ...own, rule: 'all', status: 413, fault: 'body_too_large' },
    ],
    [
      `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      { ...own, status: 431, fault: 'head_too_large' },
    ],
  ]
  for (const [bytes] of wanted) {
    await using client = await gateway.client()
    client.send(bytes)
    await client.readAnswer()
  }
  await using left = await gateway.client()
  left.send(request('/hang'))
  await waitFor(() => origin.requests.some(({ target }) => target === '/hang'))
  left.rst()
  wanted.push([request('/hang'), { ...served, status: 499, fault: 'client_abort', first_byte_ms: null }])
  const lines = await waitFor(async () => {
    const log = await gateway.accessLog()
    return log.length >= wanted.length && log
  })
  expect(lines).toHaveLength(wanted.length)
  for (const [n, [bytes, line]] of wanted.entries())
    expect([bytes.slice(0, 40), lines[n]]).toMatchObject([bytes.slice(0, 40), line])
})

test('a line has all fields, in their order', async () => {
  await using client = await gateway.client()
  const before = (await gateway.accessLog()).length
  const beforeMs = Date.now()
  client.send(request('/all'))
  const answer = await client.readAnswer()
  expect(answer.status).toBe(200)
  const line = await waitFor(async () => (await gateway.accessLog())[before])
  expect(Object.keys(line)).toEqual(
    'time request_id listener client method host path protocol rule backend server status bytes_in bytes_out queue_ms connect_ms first_byte_ms total_ms attempts fault user_agent'.split(
      ' ',
    ),
  )
  expect(line).toMatchObject({
    request_id: origin.requests.at(-1)?.get('x-request-id') ?? '',
    listener: 'web',
    client: '127.0.0.1',
    host: 'h',
    protocol: 'HTTP/1.1',
    user_agent: 'test/"1"',
    queue_ms: 0,
  })
  expect(Number(line['total_ms'])).toBeGreaterThanOrEqual(Number(line['first_byte_ms']))
  // The gateway's clock is its own process's: it goes with the machine's, a tick apart.
  expect(Date.parse(String(line['time']))).toBeWithin(beforeMs - 1000, Date.now() + 1000)
})
