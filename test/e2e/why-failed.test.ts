// Why a request failed, as operators find it: in the access log, in status, in events, in metrics; of a
// gateway in its own processes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const held = makeGate()
let origin: Origin
let gateway: Gateway
const nobody = 'http://127.0.0.1:1'

beforeAll(async () => {
  origin = startOrigin(async ({ target }, reply) => {
    if (target === '/full') await held.opened
    if (target === '/half?broken') {
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab')
      return reply.rst()
    }
    if (target.startsWith('/odd?')) return reply.raw(decodeURIComponent(target.slice(5)))
    reply.send(200, 'ok')
  })
  gateway = await startGateway({
    args: ['-l', 'debug'],
    config: {
      listeners: {
        web: { bind: '127.0.0.1:0', limits: { head: '1KiB', fields: 20, target: '100', body: '1KiB' } },
        few: { bind: '127.0.0.1:0', limits: { connections: 1 }, backend: 'origin' },
      },
      backends: {
        origin: { servers: [{ url: origin.url, name: 'one' }] },
        half: {
          algorithm: 'first_available',
          servers: [
            { url: nobody, name: 'gone' },
            { url: origin.url, name: 'there' },
          ],
        },
        full: { servers: [{ url: origin.url, max_connections: 1 }], queue: { size: 0 } },
        none: { servers: [{ url: nobody, name: 'off' }], health_check: { fall: 1 } },
      },
      rules: [
        { name: 'half', match: { listener: 'web', path: '/half' }, backend: 'half' },
        { name: 'none', match: { listener: 'web', path: '/none' }, backend: 'none' },
        { name: 'full', match: { listener: 'web', path: '/full' }, backend: 'full' },
        {
          name: 'small',
          match: { listener: 'web', path: '/small' },
          middleware: [{ body_limit: { size: '10' } }],
          backend: 'origin',
        },
        { name: 'all', match: { listener: 'web', path: '/*' }, backend: 'origin' },
      ],
    },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

/**
 * Sends bytes on a connection of their own; the line in the log that is theirs. What a server answers has a
 * target of its own.
 */
async function lineFor(bytes: string): Promise<Record<string, unknown>> {
  await using client = await gateway.client('web')
  client.send(bytes)
  const id = (await client.readAnswer()).get('x-request-id')
  return waitFor(async () =>
    (await gateway.accessLog()).find((line) =>
      id === null ? line['path'] === bytes.split(' ')[1] : line['request_id'] === id,
    ),
  )
}

const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${more}\r\n`

describe('the log says', () => {
  test('which servers were tried, what each was doing when it failed, and how long it took', async () => {
    const line = await lineFor(get('/half?tries'))
    expect(line).toMatchObject({ status: 200, server: 'there', attempts: 2, fault: null })
    expect(line['tries']).toEqual([
      { server: 'gone', phase: 'connect', fault: 'connect_refused', ms: expect.any(Number) },
      {
        ...{ server: 'there', phase: null, fault: null, ms: expect.any(Number) },
        ...{ status: 200, reason: 'connect_refused' },
      },
    ])
  })

  test('and of a server that breaks off in its answer one attempt, not two', async () => {
    const line = await lineFor(get('/half?broken'))
    expect(line).toMatchObject({ server: 'there', attempts: 2, fault: 'server_truncated' })
    expect(line['tries']).toEqual([
      { server: 'gone', phase: 'connect', fault: 'connect_refused', ms: expect.any(Number) },
      {
        ...{ server: 'there', phase: 'answer', fault: 'server_truncated', ms: expect.any(Number) },
        reason: 'connect_refused',
      },
    ])
  })

  test.each([
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 'head_malformed', /^it looks like a TLS ClientHello/],
    ['a space too much', 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n', 'head_malformed', /found 0x20 at byte 4$/],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 'host_invalid', /^there is no Host field$/],
    ['two lengths', get('/', 'Content-Length: 1\r\nContent-Length: 2\r\n'), 'framing_ambiguous', /"1".*"2"/],
    ['NUL in a path', get('/half%00'), 'match_ambiguous', /^%00 in the path$/],
    ['an escaped slash', get('/x/..%2fhalf'), 'match_ambiguous', /^an escaped slash \(%2F\) in the path$/],
    [
      'a long target',
      get(`/${'a'.repeat(200)}`),
      'target_too_long',
      /^listeners\.web\.limits\.target: 100 bytes$/,
    ],
    [
      'a long head',
      get('/', `X: ${'a'.repeat(2000)}\r\n`),
      'head_too_large',
      /^listeners\.web\.limits\.head: 1024 bytes$/,
    ],
    [
      'many fields',
      get('/', 'X: 1\r\n'.repeat(30)),
      'head_too_large',
      /^listeners\.web\.limits\.fields: 20 fields$/,
    ],
    [
      'a large body',
      get('/', 'Content-Length: 2000\r\n'),
      'body_too_large',
      /^listeners\.web\.limits\.body: 1024 bytes$/,
    ],
    [
      "a body over its rule's limit",
      get('/small', 'Content-Length: 20\r\n'),
      'body_too_large',
      /^rules\.small\.body_limit: 10 bytes$/,
    ],
  ])('what was wrong with %s', async (_name, bytes, fault, detail) => {
    expect(await lineFor(bytes)).toMatchObject({ fault, detail: expect.stringMatching(detail) })
  })

  test.each([
    [
      'no HTTP',
      'hello\r\n\r\n',
      /^a status line, "HTTP\/1\.1 200 OK", is wanted, found "h" \(0x68\) at byte 0$/,
    ],
    [
      'lines that end in LF',
      'HTTP/1.1 200 OK\n\n',
      /at byte 15; "answers: lenient" of its backend would take it$/,
    ],
    [
      'two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      /content-length: "1", content-length: "2"$/,
    ],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n',
      /^101 that switches to x, where nobody asked/,
    ],
    [
      'a broken chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n',
      /^behind 2 bytes of its chunked body CR LF at the end of a chunk is wanted$/,
    ],
  ])('what was wrong with an answer: %s', async (_name, answer, detail) => {
    expect(await lineFor(get(`/odd?${encodeURIComponent(answer)}`))).toMatchObject({
      fault: 'server_malformed',
      detail: expect.stringMatching(detail),
    })
  })

  test('and why no server was there, with their names', async () => {
    const line = await lineFor(get('/none'))
    expect(line).toMatchObject({ fault: 'no_server', detail: 'backend none: off: connect refused' })
  })

  test('and with -l debug what happens to each exchange', async () => {
    const { request_id: id } = await lineFor(get('/half?debug'))
    const ofIt = (): string[] =>
      gateway.events.filter((event) => event['id'] === id).map(({ event }) => event)
    await waitFor(() => ofIt().includes('exchange_end'))
    expect(ofIt()).toEqual([
      'exchange',
      'exchange_rule',
      'exchange_attempt',
      'exchange_attempt_failed',
      'exchange_attempt',
      'exchange_end',
    ])
  })
})

describe('a limit that refuses says its name', () => {
  const refusals = async (limit: string): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return Number(
      new RegExp(`^lb_limit_refusals_total\\{limit="${limit}"\\} ([0-9]+)$`, 'm').exec(text)?.[1] ?? 0,
    )
  }

  test('connections of a listener: in an event and a metric', async () => {
    await using one = await gateway.client('few')
    await one.get('/')
    await using two = await gateway.client('few')
    await two.closed()
    const limit = 'listeners.few.limits.connections'
    expect(await gateway.event('limit_reached', (event) => event['limit'] === limit)).toMatchObject({
      value: 1,
      refused: 1,
    })
    await waitFor(async () => (await refusals(limit)) === 1)
  })

  test('a full server whose queue takes nobody: also in the log', async () => {
    await using waiting = await gateway.client('web')
    waiting.send(get('/full'))
    await waitFor(() => origin.requests.some(({ target }) => target === '/full'))
    expect(await lineFor(get('/full'))).toMatchObject({
      status: 503,
      fault: 'queue_full',
      detail: 'backends.full.queue.size: 0 waiting, each server is at max_connections',
    })
    held.open()
    await waiting.readAnswer()
    await gateway.event('limit_reached', (event) => event['limit'] === 'backends.full.queue.size')
    await waitFor(async () => (await refusals('backends.full.queue.size')) === 1)
  })
})

describe('servers that nobody checks', () => {
  test('are unchecked, fail with the reason when requests to them do, are told of once, and recover', async () => {
    const port = origin.port
    await using alone = await startGateway({
      config: { listen: '127.0.0.1:0', backends: [{ url: `http://127.0.0.1:${port}`, name: 'one' }] },
    })
    const health = async (): Promise<{
      healthy: boolean
      backends: { state: string; reason: string | null }[]
    }> => (await (await fetch(`${alone.admin}/_health`)).json()) as never
    expect(await health()).toMatchObject({ healthy: true, backends: [{ state: 'unchecked', reason: null }] })
    await alone.apply({ listen: '127.0.0.1:0', backends: [{ url: nobody, name: 'one' }] })
    expect((await alone.fetch('/')).status).toBe(502)
    expect(await health()).toMatchObject({
      healthy: false,
      backends: [{ state: 'unchecked', reason: expect.stringMatching(/^connect_refused/) }],
    })
    expect(await alone.event('server_failing')).toMatchObject({
      backend: 'default',
      server: 'one',
      fault: 'connect_refused',
    })
  })
})
