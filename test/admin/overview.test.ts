// What a gateway says of itself: by its API, to this machine without a credential, and on the command line.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { status } from '../../server/cli/status.ts'
import type { Overview } from '../../server/control/overview/document.ts'
import type { Timelines } from '../../server/control/overview/timelines.ts'
import { controlSocketName } from '../../server/control/control-socket.ts'
import { saidBy } from '../support/command.ts'
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
  expect(overview.verdict.detail).toMatch(
    /^shop has had no server.*: requests to it are answered 503\. Of api nothing is known yet: no check asks there, and no request has come\.$/,
  )
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

test('sluice status says the same, problems with their remedies first, and of a name only what is of it', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  await using gateway = await startGateway({ config: words(origin.url) })
  await waitFor(async () => (await ask<Overview>(gateway, '/_overview')).verdict.state === 'down')
  const said = (...more: string[]) => saidBy((io) => status(['-c', gateway.configFile, ...more], io))
  const whole = await said()
  const [first = '', ...rest] = whole.out.split('\n')
  expect([whole.code, whole.err]).toEqual([1, ''])
  expect(first).toStartWith('1 of 2 backends has no server up. shop has had no server')
  expect(rest.join('\n')).toContain(
    '  Its only server refuses connections on port 1.\n  Start the service of a, or lead rule shop to another backend.\n',
  )
  expect(whole.out).toContain('\nunhealthy: 1 of 2 servers up')
  const api = await said('api')
  expect([api.code, api.out.includes('shop')]).toEqual([0, false])
  expect((await said('shop')).out).toMatch(/^down \([0-9]+ s\): Backend shop has no server up\n/)
  expect((await said('--json')).out.trimEnd().split('\n').length).toBe(2)
})

test('rules that nothing reaches name the one before them, and those without a match say since when', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  const rules = [
    { name: 'all', backend: 'api' },
    { name: 'late', match: { path: '/late' }, backend: 'api' },
  ]
  const config = words(origin.url, { rules })
  await using gateway = await startGateway({ config })
  interface Rules {
    readonly items: readonly {
      readonly name: string
      readonly live: {
        readonly shadowed_by?: string
        readonly unmatched_since: string | null
        readonly matches: number
      }
    }[]
  }
  const liveOf = async (name: string) =>
    (await ask<Rules>(gateway, '/api/v1/rules')).items.find((one) => one.name === name)?.live
  await (await gateway.fetch('/')).text()
  const all = await waitFor(async () => {
    const live = await liveOf('all')
    return live !== undefined && live.matches > 0 ? live : null
  })
  expect([all.shadowed_by, all.unmatched_since]).toEqual([undefined, null])
  const late = await waitFor(async () => {
    const live = await liveOf('late')
    return typeof live?.unmatched_since === 'string' ? live : null
  })
  expect(late).toMatchObject({ matches: 0, shadowed_by: 'all' })
  await gateway.apply({ ...config, rules: rules.toReversed() })
  expect((await liveOf('late'))?.shadowed_by).toBeUndefined()
})

test('a rejected file is told with its line until it is right again', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  const backends = { api: { servers: [{ name: 'one', url: origin.url }] } }
  const config = words(origin.url, { backends, rules: [{ name: 'all', backend: 'api' }], workers: 0 })
  await using gateway = await startGateway({ config })
  const told = () => ask<Overview>(gateway, '/api/v1/overview')
  const problemsOf = async () => (await told()).problems.filter(({ about }) => about.kind === 'config')
  // Nobody checks its server, and none has asked it.
  expect((await told()).verdict).toMatchObject({
    ...{ state: 'idle', sentence: 'Whether backend api is up is not known yet' },
  })
  expect((await fetch(`http://127.0.0.1:${gateway.port()}/`)).status).toBe(200)
  const isUp = async () => (await told()).verdict.sentence === 'Backend api is up'
  await waitFor(isUp)
  expect(await problemsOf()).toEqual([])
  await gateway.apply({ ...config, nonsense: true })
  const [rejected] = await problemsOf()
  expect(rejected).toMatchObject({
    id: 'config:file',
    state: 'rejected',
    about: { name: gateway.configFile },
  })
  expect(rejected?.about.line).toBeGreaterThan(0)
  expect(rejected?.cause).toContain('nonsense')
  expect((await told()).verdict.state).toBe('up')
  await gateway.apply(config)
  await waitFor(async () => (await problemsOf()).length === 0)
})

test('since when a server is down is told of now, by whoever asks as soon as it is', async () => {
  await using origin = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  const backends = {
    api: {
      servers: [{ name: 'one', url: origin.url }],
      health_check: { type: 'tcp', interval: '50ms', fall: 1 },
    },
  }
  const config = words(origin.url, { backends, rules: [{ name: 'all', backend: 'api' }] })
  await using gateway = await startGateway({ config })
  const told = () => ask<Overview>(gateway, '/api/v1/overview')
  await waitFor(async () => (await told()).verdict.state === 'up')
  const wasUpMs = Date.now()
  await origin[Symbol.asyncDispose]()
  const [down] = await waitFor(async () => {
    const { problems } = await told()
    return problems.some(({ id }) => id === 'backend:api') ? problems : null
  })
  expect(Date.parse(down?.since ?? '')).toBeGreaterThanOrEqual(wasUpMs)
})

test('a server that answers all with 5xx is named, and one whose breaker is open with when it is tried again', async () => {
  await using good = await startOrigin((_, reply) => void reply.send(200, 'ok'))
  await using bad = await startOrigin((_, reply) => void reply.send(500, 'no'))
  const servers = [
    { name: 'good', url: good.url },
    { name: 'bad', url: bad.url },
  ]
  const guarded = { servers, circuit_breaker: { failures: 3 } }
  const config = {
    listeners: { web: { bind: '127.0.0.1:0' } },
    backends: { api: { servers }, guarded },
    rules: [
      { name: 'guarded', match: { path: '/guarded' }, backend: 'guarded' },
      { name: 'all', backend: 'api' },
    ],
  }
  await using gateway = await startGateway({ config })
  const problemOf = (id: string) =>
    waitFor(async () => {
      for (const path of ['/', '/guarded']) await (await gateway.fetch(path)).text()
      const { problems } = await ask<Overview>(gateway, '/api/v1/overview')
      return problems.find((one) => one.id === id)
    })
  expect(await problemOf('errors:api/bad')).toMatchObject({
    ...{ state: 'failing', severity: 'warn' },
    title: 'Server bad of backend api answers all requests with 5xx',
  })
  expect((await problemOf('server:guarded/bad'))?.remedy).toMatch(
    /its breaker tries it again by itself in [0-9]+ s, or at once by `sluice server bad circuit reset --backend guarded`;/,
  )
})
