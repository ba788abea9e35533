// What a gateway says of itself: by its API, to this machine without a credential, and on the command line.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Overview } from '../../server/control/overview/document.ts'
import type { Timelines } from '../../server/control/overview/timelines.ts'
import { controlSocketName } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const ask = async <T>({ folder, configFile }: Gateway, path: string): Promise<T> => {
  const unix = join(folder, 'data', controlSocketName(configFile))
  return (await (await fetch(`http://localhost${path}`, { unix })).json()) as T
}

/** A port that nobody listens on. */
const NOBODY = 'http://127.0.0.1:1'

const words = (url: string, more: object = {}): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  backends: {
    api: { servers: [{ name: 'one', url }] },
    shop: {
      servers: [{ name: 'a', url: NOBODY }],
      health_check: { type: 'tcp', interval: '100ms', fall: 1, rise: 1 },
    },
  },
  rules: [
    { name: 'shop', match: { path: '/shop' }, backend: 'shop' },
    { name: 'all', backend: 'api' },
  ],
  ...more,
})

test('a backend without a server is told in one sentence, with what to do; and the minute shows it', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  await using gateway = await startGateway({ config: words(origin.url) })
  const overview = await waitFor(async () => {
    const told = await ask<Overview>(gateway, '/api/v1/overview')
    return told.verdict.state === 'down' && told.problems[0]?.since !== null ? told : null
  })
  expect(overview.verdict.sentence).toBe('1 of 2 backends has no server up')
  expect(overview.verdict.detail).toMatch(/^shop has answered 503 to every request.* The other one serves\.$/)
  expect(overview.problems[0]).toMatchObject({
    ...{ id: 'backend:shop', state: 'down', severity: 'down', about: { kind: 'backend', name: 'shop' } },
    title: 'Backend shop has no server up',
    cause: 'Its only server refuses connections on port 1.',
    remedy: 'Start the service of a, or lead rule shop to another backend.',
  })
  expect(overview.problems[0]?.actions[0]).toMatchObject({ kind: 'check', backend: 'shop', servers: ['a'] })
  expect(overview.counts).toMatchObject({
    listeners: 1,
    rules: 2,
    backends: 2,
    backends_down: 1,
    servers: 2,
    servers_up: 1,
  })

  const timelines = await ask<Timelines>(gateway, '/api/v1/timelines?window=5m')
  const cellsOf = (name: string) => timelines.backends.find(({ backend }) => backend === name)?.cells
  expect([cellsOf('shop')?.length, cellsOf('shop')?.at(-1), cellsOf('api')?.at(-1)]).toEqual([5, 'd', 'c'])
  expect(timelines.servers.map(({ backend, server }) => `${backend}/${server}`)).toEqual([
    'api/one',
    'shop/a',
  ])
  const own = await ask<Timelines>(gateway, '/api/v1/timelines?backend=api')
  expect([own.backends.length, own.servers.length, own.servers[0]?.cells.length]).toEqual([1, 1, 60])
  expect(await ask(gateway, '/api/v1/timelines?window=2h')).toMatchObject({ code: 'query_invalid' })

  const trusted = await fetch(`${gateway.admin}/_overview`)
  expect([trusted.status, ((await trusted.json()) as Overview).verdict.state]).toEqual([200, 'down'])
  expect((await fetch(`${gateway.admin}/api/v1/overview`)).status).toBe(401)
})
