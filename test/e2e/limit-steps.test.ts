// header_limit, tarpit and bandwidth_limit as clients and servers meet them; and the example of them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { tellBugsTo } from '../../server/lib/bug.ts'
import type { Reply } from '../support/origin.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startOrigin } from '../support/origin.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { RawClient } from '../support/client.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

const KIB = 1024

/** Rules by path, each with its steps, to one origin; `more` is of the rule. */
const withSteps = (url: string, rules: Readonly<Record<string, readonly object[]>>, more: object = {}) => ({
  ...toServers([url]),
  rules: Object.entries(rules).map(([name, middleware]) => ({
    name,
    match: { path: `/${name}` },
    middleware,
    backend: 'origin',
    ...more,
  })),
})

const page = (reply: Reply) => reply.send(200, 'page')

test('header_limit: heads that are too large for a rule are refused with what was over, and reach no server', async () => {
  await using origin = startOrigin((_, reply) => page(reply))
  await using gateway = startEngine({
    config: withSteps(origin.url, {
      head: [{ header_limit: { fields: 4, size: '1KiB', field: 500, cookies: 2, target: 40, params: 2 } }],
      shadow: [{ header_limit: { fields: 1, mode: 'shadow' } }],
    }),
  })
  await using client = await gateway.client()
  const ask = async (target: string, fields = '') => {
    const { status, body } = await client.get(target, fields)
    return status === 200 ? 200 : [status, (JSON.parse(body) as { detail: string }).detail]
  }
  expect(await ask('/head', 'Cookie: a=1; b=2\r\n')).toBe(200)
  expect(await ask('/head', 'A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n')).toEqual([431, '5 header fields, at most 4'])
  expect(await ask('/head', `A: ${'x'.repeat(1100)}\r\n`)).toEqual([
    431,
    '1114 bytes of header fields, at most 1KiB',
  ])
  expect(await ask('/head', `X-A: ${'x'.repeat(498)}\r\n`)).toEqual([
    431,
    '501 bytes of the field X-A, at most 500',
  ])
  expect(await ask('/head', 'Cookie: a; b; c\r\n')).toEqual([431, '3 cookies, at most 2'])
  expect(await ask('/head?a&b&c')).toEqual([414, '3 parts of the query, at most 2'])
  expect(await ask(`/head?${'a'.repeat(40)}`)).toEqual([414, '46 bytes of target, at most 40'])
  expect(await ask('/shadow', 'A: 1\r\n')).toBe(200)
  expect(origin.requests).toHaveLength(2)
  await gateway.settled()
  expect(gateway.log.map(({ fault, detail }) => fault && `${fault} ${detail?.split(':')[0]}`)).toEqual([
    null,
    ...['fields', 'size', 'field', 'cookies'].map((key) => `head_too_large rules.head.header_limit.${key}`),
    ...['params', 'target'].map((key) => `target_too_long rules.head.header_limit.${key}`),
    null,
  ])
})

test('limits count clients by what trusted proxies say, IPv6 by network, and nothing that strangers say', async () => {
  const statuses = async (trusted: string[], addresses: readonly string[]): Promise<number[]> => {
    await using gateway = startEngine({
      config: {
        rules: [
          { name: 'all', middleware: [{ rate_limit: { requests: 1, per: '1h' } }], respond: { status: 204 } },
        ],
      },
      listener: { trusted_proxies: trusted },
    })
    await using client = await gateway.client()
    const all: number[] = []
    for (const address of addresses)
      all.push((await client.get('/', `X-Forwarded-For: ${address}\r\n`)).status)
    return all
  }
  const asked = ['192.0.2.1', '192.0.2.2', '192.0.2.1', '2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1']
  expect(await statuses(['127.0.0.0/8'], asked)).toEqual([204, 204, 429, 204, 429, 204])
  expect(await statuses([], asked)).toEqual([204, 429, 429, 429, 429, 429])
})

test('a limit on failures lets all others pass, and refuses before a server is asked', async () => {
  await using origin = startOrigin((request, reply) =>
    reply.send(request.target.endsWith('bad') ? 401 : 200, 'x'),
  )
  await using gateway = startEngine({
    config: withSteps(origin.url, {
      login: [{ rate_limit: { algorithm: 'sliding_window', requests: 2, per: '1h', statuses: [401] } }],
    }),
  })
  await using client = await gateway.client()
  const statuses: number[] = []
  for (const query of ['', '', '', '', '?bad', '', '?bad', '', '?bad'])
    statuses.push((await client.get(`/login${query}`)).status)
  expect(statuses).toEqual([200, 200, 200, 200, 401, 200, 401, 429, 429])
  expect(origin.requests).toHaveLength(7)
})

describe('tarpit', () => {
  const DENY = { ip: { deny: ['127.0.0.0/8'] } }
  const HELD = { delay: '10m', max: 2 }
  const held = (gateway: TestEngine, rule: string) => {
    const { leases } = gateway.board
    return leases.held(leases.names(`${rule}\0tarpit\u00000`), '')
  }

  test('holds so many refusals; others go out at once, and who leaves makes room', async () => {
    await using origin = startOrigin((_, reply) => page(reply))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        pit: [{ tarpit: HELD }, DENY],
        brief: [{ tarpit: { delay: '400ms' } }, DENY],
      }),
      listener: { timeouts: { step: '300ms' } },
    })
    const ask = async (path: string) =>
      (await gateway.client()).send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
    // It is held for longer than steps may take.
    await using patient = await gateway.client()
    const asked = performance.now()
    expect((await patient.get('/brief')).status).toBe(403)
    expect(performance.now() - asked).toBeGreaterThan(390)

    const [one, other] = [await ask('/pit'), await ask('/pit')]
    await waitFor(() => held(gateway, 'pit') === 2)
    await using third = await gateway.client()
    expect((await third.get('/pit')).status).toBe(403)
    one.rst()
    await waitFor(() => gateway.log.some(({ fault }) => fault === 'client_abort'))
    const next = await ask('/pit')
    await waitFor(() => held(gateway, 'pit') === 2)
    expect((await third.get('/pit')).status).toBe(403)
    for (const client of [other, next]) client.rst()
    await waitFor(() => gateway.log.filter(({ fault }) => fault === 'client_abort').length === 3)
    expect(origin.requests).toEqual([])
  })

  test('always: a request that is held takes no place at a server, and goes on behind it', async () => {
    await using origin = startOrigin((_, reply) => page(reply))
    const words = withSteps(origin.url, {
      pit: [{ tarpit: { ...HELD, max: 1, when: 'always' } }],
      brief: [{ tarpit: { delay: '10ms', when: 'always' } }],
      free: [],
    })
    await using gateway = startEngine({
      config: { ...words, backends: { origin: { servers: [{ url: origin.url }], max_connections: 1 } } },
    })
    const waiting = await gateway.client()
    waiting.send('GET /pit HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => held(gateway, 'pit') === 1)
    expect(gateway.inFlight).toBe(0)
    await using client = await gateway.client()
    const full = await client.get('/pit')
    expect([full.status, full.get('proxy-status')]).toEqual([503, expect.stringContaining('tarpit_full')])
    expect([(await client.get('/free')).status, (await client.get('/brief')).body]).toEqual([200, 'page'])
    waiting.rst()
    await waitFor(() => gateway.log.some(({ fault }) => fault === 'client_abort'))
  })
})

describe('bandwidth_limit', () => {
  const BODY = Buffer.from(Array.from({ length: 96 * KIB }, (_, i) => i % 253))
  const CHUNKED = Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    Buffer.from(`${BODY.length.toString(16)}\r\n`),
    BODY,
    Buffer.from('\r\n0\r\n\r\n'),
  ])
  /** The least time for so much beyond a burst of 16 KiB. */
  const leastMs = (bytes: number, rate: number) => ((bytes - 16 * KIB) / rate) * 1000 - 20

  test('answers come whole and as they were framed, no faster than may be', async () => {
    await using origin = startOrigin((request, reply) =>
      request.target === '/chunked'
        ? void reply.raw(CHUNKED)
        : reply.send(200, BODY, ['Content-Type: text/plain']),
    )
    const limit = { bandwidth_limit: { answers: '256KiB', burst: '16KiB' } }
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        sized: [limit],
        chunked: [limit],
        free: [{ bandwidth_limit: { answers: '1KiB', after: '1MiB' } }],
        shadow: [{ bandwidth_limit: { answers: '1KiB', mode: 'shadow' } }],
        compressed: [limit, { compress: { min_size: 0, types: ['application/octet-stream', 'text/*'] } }],
      }),
    })
    await using client = await gateway.client()
    for (const path of ['/sized', '/chunked']) {
      const begun = performance.now()
      const answer = await client.get(path)
      expect(performance.now() - begun).toBeGreaterThan(leastMs(BODY.length, 256 * KIB))
      expect(answer.get('content-length')).toBe(path === '/sized' ? String(BODY.length) : null)
      expect(Buffer.from(answer.body, 'latin1').equals(BODY)).toBe(true)
    }
    for (const path of ['/free', '/shadow'])
      expect(Buffer.from((await client.get(path)).body, 'latin1').equals(BODY)).toBe(true)
    expect((await client.get('/compressed', 'Accept-Encoding: gzip\r\n')).get('content-encoding')).toBe(
      'gzip',
    )
  })

  test('answers of the gateway itself are paced as well', async () => {
    const text = 'o'.repeat(48 * KIB)
    await using gateway = startEngine({
      config: {
        rules: [
          {
            name: 'own',
            middleware: [{ bandwidth_limit: { answers: '256KiB', burst: '16KiB' } }],
            respond: { body: text },
          },
        ],
      },
    })
    await using client = await gateway.client()
    const begun = performance.now()
    const answer = await client.get('/')
    expect(performance.now() - begun).toBeGreaterThan(leastMs(text.length, 256 * KIB))
    expect([answer.body === text, answer.get('content-length')]).toEqual([true, String(text.length)])
  })

  test('all that have a key share its rate, and who leaves takes nothing with it', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, BODY))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        shared: [{ bandwidth_limit: { answers: '512KiB', burst: '16KiB', key: 'client_ip' } }],
      }),
    })
    const begun = performance.now()
    const gone = await gateway.client()
    gone.send('GET /shared HTTP/1.1\r\nHost: h\r\n\r\n')
    const got = await Promise.all(
      Array.from({ length: 3 }, async () => {
        await using client = await gateway.client()
        return (await client.get('/shared')).bodyLength
      }),
    )
    gone.rst()
    expect(got).toEqual([BODY.length, BODY.length, BODY.length])
    expect(performance.now() - begun).toBeGreaterThan(leastMs(3 * BODY.length, 512 * KIB))
  })

  test('uploads are read no faster than may be, and their framing stays', async () => {
    await using origin = startOrigin((request, reply) => reply.send(200, String(request.body.length)))
    await using gateway = startEngine({
      config: withSteps(origin.url, { up: [{ bandwidth_limit: { uploads: '1MiB', burst: '16KiB' } }] }),
    })
    const large = Buffer.alloc(400 * KIB, 'u')
    await using client = await gateway.client()
    for (let i = 0; i < 2; i++) {
      const begun = performance.now()
      client.send(`POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: ${large.length}\r\n\r\n`).send(large)
      expect((await client.readAnswer()).body).toBe(String(large.length))
      expect(performance.now() - begun).toBeGreaterThan(leastMs(large.length, KIB * KIB))
    }
    expect(origin.requests.map((one) => one.all('content-length'))).toEqual([
      [`${large.length}`],
      [`${large.length}`],
    ])
  })

  test('tunnels are held up both ways, and lose nothing', async () => {
    let server: RawClient | null = null
    const listener = RawClient.listen((one) => void (server = one))
    await using gateway = startEngine({
      config: {
        ...toServers([`http://127.0.0.1:${listener.port}`]),
        rules: [
          {
            name: 'ws',
            middleware: [{ bandwidth_limit: { answers: '1MiB', uploads: '1MiB', burst: '16KiB' } }],
            backend: 'origin',
          },
        ],
      },
    })
    try {
      await using client = await gateway.client()
      client.send('GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      const far = await waitFor(() => server)
      await waitFor(() => far.reader.total > 0)
      far.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      expect((await client.readAnswer()).status).toBe(101)
      const before = [client.reader.total, far.reader.total] as const
      const begun = performance.now()
      const large = Buffer.alloc(300 * KIB, 't')
      client.send(large)
      far.send(large)
      await waitFor(
        () =>
          far.reader.total - before[1] === large.length && client.reader.total - before[0] === large.length,
      )
      if (process.env['SLUICE_TEST_SOCKETS'] !== 'bun')
        expect(performance.now() - begun).toBeGreaterThan(leastMs(large.length - 128 * KIB, KIB * KIB))
    } finally {
      listener.stop(true)
    }
  })
})

test('slow-down.yaml: what it says holds', async () => {
  await using origin = startOrigin((request, reply) => reply.send(200, `${request.body.length}`.padEnd(KIB)))
  const text = adapted('slow-down.yaml', Object.fromEntries(PORTS.map((port) => [port, origin])))
  const brief = text.replaceAll(/delay: [0-9]+s/g, 'delay: 30ms')
  await using gateway = startEngine({ config: Bun.YAML.parse(brief) as Record<string, unknown> })
  await using client = await gateway.client()
  expect((await client.get('/downloads/a')).bodyLength).toBe(KIB)
  client.send('PUT /uploads/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello')
  expect((await client.readAnswer()).body.trim()).toBe('5')
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) {
    client.send('POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')
    statuses.push((await client.readAnswer()).status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  expect((await client.get('/.env')).status).toBe(404)
  expect((await client.get(`/?${'a'.repeat(3000)}`)).status).toBe(414)
  await gateway.settled()
})
