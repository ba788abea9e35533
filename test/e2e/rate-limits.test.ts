// Rate limits as clients meet them: exact over worker processes, and kept by reloads and deaths.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const HOUR = { requests: 60, per: '24h' }

const words = (limit: object, body = 'ok') => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [
    { name: 'limited', match: { path: '/limited' }, middleware: [{ rate_limit: limit }], respond: { body } },
    { name: 'rest', respond: { body: 'free' } },
  ],
})

/** Statuses of so many requests, from many connections at once. */
async function ask(
  gateway: Gateway,
  count: number,
  path = '/limited',
  connections = 8,
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  let left = count
  const client = async (): Promise<void> => {
    while (left > 0) {
      await using connection = await rawClient(gateway.port('web'))
      // A few on each connection, so that every worker gets some.
      for (let i = 0; i < 5 && left > 0; i++) {
        left--
        const { status } = await connection.get(path)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  return statuses
}

test('four workers let exactly the burst pass; a reload, a change of the rule and a death change nothing', async () => {
  await using gateway = await startGateway({ config: words(HOUR), workers: 4 })
  expect(await ask(gateway, 200)).toEqual(
    new Map([
      [200, 60],
      [429, 140],
    ]),
  )
  await gateway.apply(words(HOUR, 'changed'))
  expect(await ask(gateway, 20)).toEqual(new Map([[429, 20]]))
  await gateway.apply(words({ ...HOUR, burst: 61 }))
  expect(await ask(gateway, 40)).toEqual(
    new Map([
      [200, 1],
      [429, 39],
    ]),
  )
  const before = gateway.workers
  sendSignal(before[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  expect(await ask(gateway, 40)).toEqual(new Map([[429, 40]]))

  await using client = await rawClient(gateway.port('web'))
  const refused = await client.get('/limited')
  // Some of it is over by now.
  const seconds = Number(refused.get('retry-after'))
  expect(seconds).toBeGreaterThan(1440 - 120)
  expect(seconds).toBeLessThanOrEqual(1440)
  expect(refused.get('ratelimit')).toBe(`"limited:60/1d";r=0;t=${seconds}`)
  expect(refused.get('ratelimit-policy')).toBe('"limited:60/1d";q=61;w=87840')
  expect(refused.get('proxy-status')).toContain('rate_limited')
  expect((await client.get('/else')).body).toBe('free')

  await waitFor(async () => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return (
      text.includes('lb_rate_limit_requests_total{decision="allowed",rule="limited"} 61') &&
      text.includes('lb_rate_limit_requests_total{decision="refused",rule="limited"} 240') &&
      text.includes('lb_faults_total{code="rate_limited"} 240')
    )
  })
}, 60_000)

test('a rule gets its limit by a reload; in one process as well', async () => {
  for (const workers of [0, 2]) {
    const free = { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'rest', respond: {} }] }
    await using gateway = await startGateway({ config: free, workers })
    expect(await ask(gateway, 70)).toEqual(new Map([[200, 70]]))
    const limited = words(HOUR)
    const window = rule('/window', { rate_limit: WINDOW })
    await gateway.apply({ ...limited, rules: [window, ...limited.rules] })
    for (const path of ['/limited', '/window'])
      expect(await ask(gateway, 70, path)).toEqual(
        new Map([
          [200, 60],
          [429, 10],
        ]),
      )
  }
}, 60_000)

const WINDOW = { requests: 60, per: '24h', algorithm: 'sliding_window' }

test('four workers count sliding windows, costs and daily limits exactly; a new rate goes on from what was used', async () => {
  const made = (window: object) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [
      rule('/window', { rate_limit: window }),
      rule('/costs', { rate_limit: { ...HOUR, costs: [{ match: { path: '/costs' }, cost: 7 }] } }),
      rule(
        '/both',
        { rate_limit: { requests: 1000, per: '1s', burst: 1000, headers: 'always' } },
        { rate_limit: { ...HOUR, requests: 50, status: 503, headers: 'always' } },
      ),
      rule('/shadow', { rate_limit: { ...WINDOW, requests: 10, mode: 'shadow' } }),
      rule('/keys', { rate_limit: { ...WINDOW, requests: 3, key: 'header X-Key', missing: 'pass' } }),
    ],
  })
  await using gateway = await startGateway({ config: made(WINDOW), workers: 4 })
  const passed = async (path: string, count: number) => (await ask(gateway, count, path)).get(200) ?? 0
  expect(await passed('/window', 200)).toBe(60)
  expect(await passed('/costs', 40)).toBe(8)
  expect(await passed('/both', 120)).toBe(50)
  expect(await passed('/shadow', 40)).toBe(40)
  expect(await passed('/keys', 20)).toBe(20)
  await gateway.apply(made({ ...WINDOW, requests: 70 }))
  expect(await passed('/window', 50)).toBe(10)
  await gateway.apply(made({ requests: 75, per: '24h' }))
  expect(await passed('/window', 50)).toBe(5)

  await using client = await rawClient(gateway.port('web'))
  const refused = await client.get('/both')
  expect(refused.status).toBe(503)
  // Of both: the first says what is left, the second why not.
  expect(refused.all('ratelimit-policy')).toEqual(['"both:50/1d";q=50;w=86400', '"both:1000/1s";q=1000;w=1'])
  for (const status of [200, 200, 200, 429]) {
    const answer = await client.get('/keys', 'X-Key: a\xff\r\n')
    expect(answer.status).toBe(status)
  }
  expect((await client.get('/keys', 'X-Key: b\r\n')).status).toBe(200)
}, 60_000)

const rule = (path: string, ...middleware: object[]) => ({
  name: path.slice(1),
  match: { path },
  middleware,
  respond: { body: 'ok' },
})

test('the size of the memory is not changed by a reload', async () => {
  await using gateway = await startGateway({ config: words(HOUR), workers: 1 })
  await gateway.writeConfig({ ...words(HOUR), limits: { rate_limits: '1MiB' } })
  const event = await gateway.event('rejected')
  expect(JSON.stringify(event)).toContain('limits.rate_limits')
}, 60_000)
