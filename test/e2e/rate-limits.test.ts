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
async function ask(gateway: Gateway, count: number, connections = 8): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  let left = count
  const client = async (): Promise<void> => {
    while (left > 0) {
      await using connection = await rawClient(gateway.port('web'))
      // A few on each connection, so that every worker gets some.
      for (let i = 0; i < 5 && left > 0; i++) {
        left--
        const { status } = await connection.get('/limited')
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  return statuses
}

test('three workers let exactly the burst pass; a reload, a change of the rule and a death change nothing', async () => {
  await using gateway = await startGateway({ config: words(HOUR), workers: 3 })
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
    await gateway.apply(words(HOUR))
    expect(await ask(gateway, 70)).toEqual(
      new Map([
        [200, 60],
        [429, 10],
      ]),
    )
  }
}, 60_000)

test('the size of the memory is not changed by a reload', async () => {
  await using gateway = await startGateway({ config: words(HOUR), workers: 1 })
  await gateway.writeConfig({ ...words(HOUR), limits: { rate_limits: '1MiB' } })
  const event = await gateway.event('rejected')
  expect(JSON.stringify(event)).toContain('limits.rate_limits')
}, 60_000)
