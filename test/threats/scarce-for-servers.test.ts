// Threat: connections to servers that wait for a next request take the descriptors of clients that wait for
// their first.
//
// With few descriptors and many servers idle connections give way: no client waits and no request fails for
// them.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { descriptorsOf } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const LIMIT = 200
const SERVERS = 20
const CLIENTS = 50
const limited = ['sh', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh']

test('idle connections to twenty servers, each of which could keep as many as there are descriptors, make room', async () => {
  // All requests of a round are under way at once, at one server, before the first is answered.
  let waiting: (() => void)[] = []
  const round: () => Promise<void> = () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length < CLIENTS) return
      for (const go of waiting) go()
      waiting = []
    })
  await using origin = startOrigin(async ({ target }, reply) => {
    if (target !== '/health') await round()
    reply.send(200, 'ok')
  })
  const names = Array.from({ length: SERVERS }, (_, n) => `s${n}`)
  await using gateway = await startGateway({
    through: limited,
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: names.map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
      backends: Object.fromEntries(
        names.map((name) => [name, { servers: [{ url: origin.url }], keep_alive: { idle: '60s' } }]),
      ),
    },
  })
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => rawClient(gateway.port())))
  const statuses: number[] = []
  for (const name of [...names, ...names]) {
    for (const client of clients) client.send(`GET /${name} HTTP/1.1\r\nHost: h\r\n\r\n`)
    for (const client of clients) statuses.push((await client.readAnswer()).status)
  }
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  const [worker = 0] = gateway.workers
  expect(descriptorsOf(worker)).toBeLessThan(LIMIT)
  // Others are accepted at once, though all that may be idle is.
  const more = await Promise.all(Array.from({ length: 10 }, () => rawClient(gateway.port())))
  await waitFor(() => descriptorsOf(worker) <= LIMIT)
  for (const client of [...clients, ...more]) client.rst()
  expect(gateway.events.filter(({ accepting }) => accepting === false)).toEqual([])
  expect(gateway.events.filter(({ event }) => event === 'server_down')).toEqual([])
})
