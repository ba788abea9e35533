// How long servers and exchanges may take: what a rule says in place of its backend, and the whole of an
// exchange.
import { describe, expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, pause, waitFor } from '../support/wait.ts'

const silent: Script = () => {}
const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
const rules = (...timeouts: (readonly [string, Record<string, string>])[]): unknown[] =>
  timeouts.map(([name, words]) => ({
    name,
    match: { path: `/${name}` },
    backend: 'origin',
    timeouts: words,
  }))

describe("a rule's timeouts", () => {
  test('are in place of those of its backend, on kept connections too, tighter and looser', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      if (request.get('x-slow') === null) return reply.send(200, 'ready')
      await gate.opened
      reply.send(200, 'late')
    })
    await using gateway = startEngine({
      config: {
        ...toServers([origin.url], { timeouts: { response: '20s' } }),
        rules: [
          ...rules(['tight', { response: '5s' }], ['loose', { response: '5m' }]),
          { name: 'usual', backend: 'origin' },
        ],
      },
    })
    const asked = new Map<string, Awaited<ReturnType<typeof gateway.client>>>()
    for (const target of ['/loose', '/usual', '/tight']) {
      const client = await gateway.client()
      // Whatever this connection was used for before.
      expect((await client.get('/usual')).body).toBe('ready')
      client.send(ask(target).replace('\r\n\r\n', '\r\nX-Slow: 1\r\n\r\n'))
      asked.set(target, client)
      await origin.received(1, (one) => one.target === target && one.get('x-slow') !== null)
    }
    gateway.runAhead(6_000)
    expect((await asked.get('/tight')!.readAnswer()).status).toBe(504)
    expect(gateway.log.at(-1)).toMatchObject({ fault: 'response_timeout', rule: 'tight' })
    gateway.runAhead(25_000)
    expect((await asked.get('/usual')!.readAnswer()).status).toBe(504)
    gate.open()
    expect((await asked.get('/loose')!.readAnswer()).body).toBe('late')
    await gateway.settled()
  })

  test('say how long a connection may take, and an attempt', async () => {
    await using origin = startOrigin(silent)
    await using gateway = startEngine({
      config: {
        // Nobody answers there: addresses for documentation (RFC 5737).
        ...toServers([{ url: 'http://192.0.2.1:9', name: 'nowhere' }, origin.url], {
          algorithm: 'first_available',
          retry: { attempts: 2, timeout: '1m', backoff: '1ms' },
        }),
        rules: rules(['api', { attempt: '3s' }]),
      },
    })
    await using client = await gateway.client()
    client.send(ask('/api'))
    await waitFor(
      () => gateway.servers[0]!.live.open === 1 || gateway.board.failedAttempts(gateway.servers[0]!.slot) > 0,
    )
    gateway.runAhead(3_100)
    await origin.received(1)
    gateway.runAhead(8_000)
    expect((await client.readAnswer()).status).toBe(504)
    expect(gateway.log[0]).toMatchObject({ fault: 'attempt_timeout', attempts: 2 })
    await gateway.settled()
  })
})

test("a rule's times for clients are in place of their listener's: a body, its rate, a tunnel", async () => {
  await using origin = startOrigin(
    async (request, reply) => {
      if (request.get('upgrade') === null) return
      await reply.raw('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhi')
    },
    { when: 'head' },
  )
  await using gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      rules: [
        ...rules(
          ['quick', { client_idle: '2s', tunnel: '3s' }],
          ['patient', { client_idle: '5m', rate_min: '0' }],
        ),
        { name: 'usual', backend: 'origin' },
      ],
    },
  })
  const bodies = ['/quick', '/patient', '/usual'].map(
    (target) => `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na`,
  )
  for (const [n, body] of bodies.entries()) {
    const client = await gateway.client()
    client.send(body)
    await origin.begun(n + 1)
  }
  const tunnel = await gateway.client()
  tunnel.send('GET /quick HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
  await waitFor(() => tunnel.reader.total > 0)
  const ended = (): unknown => gateway.log.map(({ rule, fault }) => `${rule} ${fault}`).toSorted()
  gateway.runAhead(4_000)
  expect(ended()).toEqual(['quick request_timeout', 'quick tunnel_timeout'])
  gateway.runAhead(45_000)
  expect(ended()).toEqual(['quick request_timeout', 'quick tunnel_timeout', 'usual request_timeout'])
  await gateway.settled()
})

test('an answer whose server asks for a longer wait than is left is passed on', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(503, 'later', ['Retry-After: 4']))
  await using gateway = startEngine({
    config: toServers([origin.url], { retry: { statuses: 503 }, timeouts: { total: '3s' } }),
  })
  await using client = await gateway.client()
  expect((await client.get('/')).body).toBe('later')
  expect(gateway.log[0]).toMatchObject({ status: 503, fault: null, attempts: 1 })
  await gateway.settled()
})

describe('the whole of an exchange', () => {
  const total = { timeouts: { total: '5s' } }

  test('is a 504 before the head of its answer, whatever it waits for', async () => {
    await using origin = startOrigin(silent)
    const waiting = {
      server: toServers([origin.url], total),
      backoff: toServers(['http://127.0.0.1:1'], { ...total, retry: { backoff: '1h', backoff_max: '1h' } }),
      room: toServers([{ url: origin.url, max_connections: 1 }], { ...total, queue: { timeout: '1m' } }),
    }
    for (const [what, config] of Object.entries(waiting)) {
      await using gateway = startEngine({ config })
      await using client = await gateway.client()
      await using other = await gateway.client()
      client.send(ask('/'))
      if (what === 'room') {
        await waitFor(() => gateway.inFlight === 1)
        other.send(ask('/'))
        await waitFor(() => gateway.backend().queue.length === 1)
      }
      if (what === 'server') await waitFor(() => gateway.inFlight === 1)
      if (what === 'backoff') await waitFor(() => gateway.board.failedAttempts(gateway.servers[0]!.slot) > 0)
      await pause(1)
      gateway.runAhead(5_500)
      const answer = await client.readAnswer()
      expect([what, answer.status]).toEqual([what, 504])
      expect(gateway.log[0]).toMatchObject({ fault: 'exchange_timeout', detail: 'timeouts.total: 5000 ms' })
      if (what === 'room') expect((await other.readAnswer()).status).toBe(504)
      await gateway.settled()
    }
  })

  test('cuts an answer that has begun, so that it is seen as cut; and lets tunnels be', async () => {
    await using origin = startOrigin(async (request, reply) => {
      if (request.get('upgrade') !== null)
        return void (await reply.raw(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhi',
        ))
      await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n')
    })
    await using gateway = startEngine({ config: toServers([origin.url], total) })
    await using client = await gateway.client()
    client.send(ask('/'))
    await waitFor(() => client.reader.total > 0)
    await using tunnel = await gateway.client()
    tunnel.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    await waitFor(() => tunnel.reader.total > 0)
    gateway.runAhead(5_500)
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.complete]).toEqual([200, 'he', false])
    expect(gateway.log).toMatchObject([{ fault: 'exchange_timeout', aborted: true, status: 200 }])
    const before = tunnel.reader.total
    tunnel.send('x')
    await waitFor(() => origin.bytesReceived > 0)
    expect([gateway.log.length, tunnel.reader.total]).toEqual([1, before])
    await gateway.settled()
  })

  test('is what the rule says, else the backend, else the listener; 0s is no limit', async () => {
    await using origin = startOrigin(silent)
    await using gateway = startEngine({
      config: {
        listeners: { web: { bind: '127.0.0.1:0', timeouts: { total: '3s' } } },
        backends: {
          origin: { servers: [{ url: origin.url }], timeouts: { total: '8s' } },
          plain: { servers: [{ url: origin.url }] },
        },
        rules: [
          ...rules(['none', { total: '0s' }], ['own', { total: '20s' }], ['backend', { idle: '10s' }]),
          { name: 'listener', backend: 'plain' },
        ],
      },
    })
    const clients = await Promise.all(
      ['none', 'own', 'backend', 'listener'].map(async (name, n) => {
        const client = await gateway.client()
        client.send(ask(`/${name}`))
        await origin.received(1, ({ target }) => target === `/${name}`)
        return { client, n }
      }),
    )
    for (const [ms, name] of [
      [3_500, 'listener'],
      [9_000, 'backend'],
      [22_000, 'own'],
    ] as const) {
      gateway.runAhead(ms)
      expect(gateway.log.at(-1)).toMatchObject({ rule: name, fault: 'exchange_timeout' })
    }
    gateway.runAhead(55_000)
    expect([gateway.log.length, clients.length]).toEqual([3, 4])
    await gateway.settled()
  })
})
