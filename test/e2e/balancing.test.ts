// What holds over all workers together: shares, limits, and what a dead server costs.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const web = { web: { bind: '127.0.0.1:0' } }
const rules = [{ name: 'all', backend: 'origins' }]

test('four workers share weights 3:1 exactly: 1,200 requests are 900 and 300', async () => {
  await using heavy = startOrigin()
  await using light = startOrigin()
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: web,
      rules,
      backends: {
        origins: {
          algorithm: 'weighted_round_robin',
          servers: [
            { url: heavy.url, weight: 3 },
            { url: light.url, weight: 1 },
          ],
        },
      },
    },
  })
  // Each on a connection of its own: the kernel spreads connections over the workers, not requests.
  for (let sent = 0; sent < 1200; sent += 24) {
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        await using client = await rawClient(gateway.port())
        expect((await client.get('/')).status).toBe(200)
      }),
    )
  }
  expect(heavy.requests.length + light.requests.length).toBe(1200)
  expect(Math.abs(heavy.requests.length - 900)).toBeLessThanOrEqual(4)
})

test('max_connections 10 with 200 clients over four workers: never 11, and everyone is answered', async () => {
  let now = 0
  let most = 0
  const gate = makeGate()
  const counted: Script = async (_request, reply) => {
    most = Math.max(most, ++now)
    // Until all ten places are taken at once, nobody is answered.
    if (now === 10) gate.open()
    await gate.opened
    await new Promise((resolve) => setImmediate(resolve))
    now--
    reply.send(200, 'done')
  }
  await using origin = startOrigin(counted)
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: web,
      rules,
      backends: {
        origins: { servers: [{ url: origin.url, max_connections: 10 }], queue: { timeout: '20s' } },
      },
    },
  })
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async () => {
      await using client = await rawClient(gateway.port())
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      return (await client.readAnswer()).status
    }),
  )
  expect(statuses.filter((status) => status === 200)).toHaveLength(200)
  expect(most).toBe(10)
})

test('a server killed under load costs no idempotent request', async () => {
  await using stays = startOrigin()
  await using dies = startOrigin()
  await using gateway = await startGateway({
    workers: 2,
    config: {
      listeners: web,
      rules,
      backends: { origins: { servers: [{ url: stays.url }, { url: dies.url }], retry: { backoff: '1ms' } } },
    },
  })
  const load = startLoad(gateway.port(), { connections: 16 })
  await dies.received(200)
  dies.kill()
  const before = load.answered
  await waitFor(() => load.answered > before + 500)
  const { failures, answered } = await load.stop()
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(900)
})
