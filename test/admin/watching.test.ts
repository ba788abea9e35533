// A gateway as those see it who watch: events of all its processes as they happen, and figures that nobody
// has set up, through deaths of workers, reloads and a restart.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlSocketName } from '../../server/control/control-socket.ts'
import { EventReader } from '../support/event-reader.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const words = (url: string, more: object = {}): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', limits: { connections: 20 } } },
  backends: { api: { servers: [{ url }] } },
  rules: [{ name: 'all', backend: 'api' }],
  ...more,
})

const socketOf = ({ folder, configFile }: Gateway): string =>
  join(folder, 'data', controlSocketName(configFile))

const ask = async <T>(gateway: Gateway, path: string): Promise<T> =>
  (await (await fetch(`http://localhost${path}`, { unix: socketOf(gateway) })).json()) as T

interface Stats {
  readonly resolution_s: number
  readonly series: readonly {
    readonly requests?: readonly (number | null)[]
    readonly [name: string]: unknown
  }[]
}

const sum = (numbers: readonly (number | null)[] = []): number =>
  numbers.reduce<number>((all, one) => all + (one ?? 0), 0)

/** Requests that are remembered, once there are as many as wanted: those of a worker come each second. */
async function requestsOf(gateway: Gateway, query: string, wanted: number): Promise<Stats> {
  let last: Stats | null = null
  await waitFor(
    async () => {
      last = await ask<Stats>(gateway, `/api/v1/stats?${query}`)
      return sum(last.series[0]?.requests) >= wanted
    },
    { everyMs: 50 },
  )
  return last!
}

async function get(gateway: Gateway, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await (await gateway.fetch('/')).text()
}

test('events of every process come as they happen: a death, a limit, changes of the config', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  await using gateway = await startGateway({ config: words(origin.url), workers: 2 })
  const reader = await EventReader.open('http://localhost/api/v1/events', { unix: socketOf(gateway) })
  const told = (name: string): Promise<Record<string, unknown>> =>
    waitFor(() => reader.events.find((event) => event.name === name)?.data, { what: name })

  sendSignal(gateway.workers[0]!, 'SIGKILL')
  expect(await told('worker.exited')).toMatchObject({ signal: 'SIGKILL', slot: 0, level: 'warn' })
  expect(await told('worker.replaced')).toMatchObject({ slot: 0 })

  const clients = await Promise.all(Array.from({ length: 45 }, () => gateway.client('web')))
  const reached = await told('limits.reached')
  expect(reached).toMatchObject({ limit: 'listeners.web.limits.connections', event: 'limit_reached' })
  expect(String(reached['process'])).toMatch(/^worker-[01]$/)
  for (const client of clients) await client[Symbol.asyncDispose]()

  const more = { more: { bind: '127.0.0.1:0' } }
  const web = { bind: '127.0.0.1:0', limits: { connections: 20 } }
  await gateway.apply(words(origin.url, { listeners: { web, ...more } }))
  expect(await told('config.applied')).toMatchObject({ revision: 2 })
  expect(await told('listener.up')).toMatchObject({ listener: 'more' })
  await gateway.apply('listeners: 3')
  expect(await told('config.rejected')).toMatchObject({ level: 'error', running: 2 })

  // Log and stream say the same.
  const logged = gateway.last('worker_replaced')!
  const streamed = reader.events.find(({ name }) => name === 'worker.replaced')!.data
  expect(streamed).toMatchObject({ pid: logged['pid'], previous: logged['previous'], slot: logged['slot'] })

  expect(await gateway.stop()).toBe(0)
  await waitFor(() => reader.ended !== null)
  expect(reader.names).toContain('worker.draining')
})

test('figures add up over the death of a worker and a reload, and outlive a restart in ten minutes', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  const folder = mkdtempSync(join(tmpdir(), 'sluice-watching-'))
  try {
    {
      await using gateway = await startGateway({ config: words(origin.url), workers: 2, folder })
      await get(gateway, 30)
      await requestsOf(gateway, 'by=gateway&window=5m', 30)
      for (const pid of gateway.workers) sendSignal(pid, 'SIGKILL')
      await gateway.event('worker_replaced')
      await gateway.event('worker_replaced')
      await get(gateway, 10)
      await gateway.apply(words(origin.url, { metrics: { prefix: 'other' } }))
      await get(gateway, 2)
      for (const by of ['gateway', 'listener', 'rule', 'backend', 'server']) {
        const { series, resolution_s } = await requestsOf(gateway, `by=${by}&window=5m&step=1s`, 42)
        expect([by, resolution_s, series.length, sum(series[0]!.requests)]).toEqual([by, 1, 1, 42])
        // No second has more than could have come in it: what was counted before is not counted again.
        expect(Math.max(...series[0]!.requests!.map((one) => one ?? 0))).toBeLessThanOrEqual(30)
      }
      const [server] = (await ask<Stats>(gateway, '/api/v1/stats?by=server&window=1m')).series
      expect(server).toMatchObject({ backend: 'api', server: origin.url })
      expect(await ask<object>(gateway, '/api/v1/stats/now')).toMatchObject({ over_s: 10 })
      expect(await gateway.stop()).toBe(0)
    }
    await using gateway = await startGateway({ config: words(origin.url), workers: 2, folder })
    await get(gateway, 5)
    const days = await requestsOf(gateway, 'by=backend&name=api&window=2d', 47)
    expect([days.resolution_s, sum(days.series[0]!.requests)]).toEqual([600, 47])
    const minutes = await requestsOf(gateway, 'by=backend&window=15m&step=5s', 5)
    expect(sum(minutes.series[0]!.requests)).toBe(5)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('a stream by TCP goes on as long as its token is good', async () => {
  await using gateway = await startGateway({ config: words('http://127.0.0.1:9'), workers: 1 })
  const unix = socketOf(gateway)
  const tokens = 'http://localhost/api/v1/tokens'
  const headers = { 'Content-Type': 'application/json' }
  const made = await fetch(tokens, {
    ...{ unix, method: 'POST', headers, body: JSON.stringify({ name: 'watcher', role: 'viewer' }) },
  })
  const { id, token } = (await made.json()) as { readonly id: string; readonly token: string }
  const reader = await EventReader.open(`${gateway.admin}/api/v1/events?topics=config,figures`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  await waitFor(() => reader.names.includes('figures'))
  expect(reader.events[0]).toMatchObject({ name: 'hello', data: { revision: 1 } })
  expect((await fetch(`${tokens}/${id}`, { unix, method: 'DELETE' })).status).toBeLessThan(300)
  await waitFor(() => reader.ended !== null)
  const again = await fetch(`${gateway.admin}/api/v1/events`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(again.status).toBe(401)
})
