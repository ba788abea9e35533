// What steps make of heads and bodies, as clients and servers see it; and the example of them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { parseConfig } from '../../server/config/load.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startOrigin } from '../support/origin.ts'

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

test('content.yaml: what it says holds', async () => {
  await using origin = startOrigin((_, reply) => reply.send(200, 'page', ['Server: sample']))
  const text = adapted('content.yaml', Object.fromEntries(PORTS.map((port) => [port, origin])))
  const loaded = parseConfig('content.yaml', Buffer.from(text), {})
  expect(loaded.ok ? [] : loaded.problems).toEqual([])
  await using gateway = startEngine({ config: Bun.YAML.parse(text) as Record<string, unknown> })
  await using client = await gateway.client()
  const site = await client.get('/')
  expect([site.get('server'), site.get('x-frame-options')]).toEqual([null, 'DENY'])
  expect(site.get('x-request-id')).toMatch(/-7/)
  client.send('GET / HTTP/1.1\r\nHost: staging.example.org\r\nX-Chaos: 1\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(503)
  await gateway.settled()
})
