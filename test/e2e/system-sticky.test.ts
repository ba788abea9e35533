// Sessions that stay, over all workers, over two gateways, and over what happens to a gateway.
import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNamed } from '../support/backends.ts'
import { testCertificate } from '../support/certificate.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { done, said, words } from '../support/orders.ts'
import { rawClient, type WireAnswer } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { EXAMPLE_SECRETS } from '../support/example-secrets.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const SECRET = 'a secret of the tests'
const NAMES = ['a', 'b', 'c'] as const

const startServers = (): Origin[] => NAMES.map((name) => keep(startNamed(name)))

const configOf = (servers: readonly Origin[], backend: Words, more: Words = {}): Words => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'all', backend: 'api' }],
  backends: { api: { servers: servers.map((one, at) => words(NAMES[at]!, one)), ...backend } },
  ...more,
})

interface Got {
  readonly body: string
  readonly set: string | null
  readonly cookie: string
}

/** On a connection of its own: the kernel spreads those over the workers. */
async function get(gateway: Gateway, cookie = ''): Promise<Got> {
  await using client = await gateway.client()
  const answer = await client.get('/', cookie === '' ? '' : `Cookie: ${cookie}\r\n`)
  const set = answer.get('set-cookie')
  return { body: answer.body, set, cookie: set?.split(';')[0] ?? cookie }
}

async function staysWith(gateway: Gateway, cookie: string, body: string, times = 24): Promise<void> {
  const all = await Promise.all(Array.from({ length: times }, () => get(gateway, cookie)))
  expect(all.map((one) => one.body)).toEqual(Array.from({ length: times }, () => body))
  expect(all.map(({ set }) => set)).toEqual(Array.from({ length: times }, () => null))
}

const metricsOf = async (gateway: Gateway): Promise<string> =>
  await (await fetch(`${gateway.admin}/metrics`)).text()

test('four workers of two gateways with one secret know each other’s sessions, and count what became of them', async () => {
  const servers = startServers()
  const config = configOf(servers, { sticky: { secret: SECRET } })
  const one = keep(await startGateway({ config, workers: 4 }))
  const two = keep(await startGateway({ config, workers: 4 }))
  const sessions = await Promise.all(Array.from({ length: 9 }, () => get(one)))
  expect(new Set(sessions.map(({ body }) => body)).size).toBe(3)
  for (const { cookie, body } of sessions) {
    await staysWith(one, cookie, body, 8)
    await staysWith(two, cookie, body, 8)
  }
  await get(two, `sluice_sticky=${'A'.repeat(40)}`)
  await waitFor(async () => {
    const [ofOne, ofTwo] = [await metricsOf(one), await metricsOf(two)]
    return (
      ofOne.includes('lb_sticky_total{backend="api",result="new"} 9\n') &&
      ofOne.includes('lb_sticky_total{backend="api",result="hit"} 72\n') &&
      ofTwo.includes('lb_sticky_total{backend="api",result="forged"} 1\n')
    )
  })
})

test('a secret that nobody wrote is made once: sessions outlive a restart and dead workers, and it is told nowhere', async () => {
  const servers = startServers()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sticky-'))
  keep({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) })
  const config = configOf(servers, { sticky: true })
  const first = await startGateway({ config, workers: 2, folder })
  const session = await get(first)
  await staysWith(first, session.cookie, session.body)
  const [victim = 0] = first.workers
  sendSignal(victim, 'SIGKILL')
  await first.event('worker_replaced')
  await staysWith(first, session.cookie, session.body)
  const [shown, health] = [await fetch(`${first.admin}/api/v1/config`), await fetch(`${first.admin}/_health`)]
  const key = readFileSync(join(folder, 'data/state.key'))
  const told = `${await shown.text()}${await health.text()}${await metricsOf(first)}${first.stdout}${first.stderr}`
  for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
    expect(told).not.toContain(key.toString(form))
  expect(told).not.toMatch(/stickySecret/)
  await first[Symbol.asyncDispose]()
  const second = keep(await startGateway({ config, workers: 2, folder }))
  await staysWith(second, session.cookie, session.body)
})

test('sessions stay over reloads, of other rules and of their own secret', async () => {
  const servers = startServers()
  const gateway = keep(
    await startGateway({ config: configOf(servers, { sticky: { secret: SECRET } }), workers: 2 }),
  )
  const session = await get(gateway)
  await gateway.apply(
    configOf(
      servers,
      { sticky: { secret: SECRET } },
      {
        rules: [
          { name: 'other', match: { path: '/other' }, respond: { status: 200 } },
          { name: 'all', backend: 'api' },
        ],
      },
    ),
  )
  await staysWith(gateway, session.cookie, session.body)
  await gateway.apply(configOf(servers, { sticky: { secrets: ['the newest of all secrets', SECRET] } }))
  const renewed = await get(gateway, session.cookie)
  expect(renewed.body).toBe(session.body)
  expect(renewed.cookie).not.toBe(session.cookie)
  await gateway.apply(configOf(servers, { sticky: { secret: 'the newest of all secrets' } }))
  await staysWith(gateway, renewed.cookie, session.body)
  // And one server fewer takes along nobody but its own.
  const left = NAMES.indexOf(session.body as 'a') === 0 ? [0, 1] : [0, NAMES.indexOf(session.body as 'a')]
  await gateway.apply({
    ...configOf(servers, {}),
    backends: {
      api: {
        servers: left.map((at) => words(NAMES[at]!, servers[at]!)),
        sticky: { secret: 'the newest of all secrets' },
      },
    },
  })
  await staysWith(gateway, renewed.cookie, session.body)
})

test('a server that drains keeps its sessions where that is asked for, and no new ones; else they go on', async () => {
  for (const drain of ['sticky', 'leave'] as const) {
    const servers = startServers()
    const gateway = keep(
      await startGateway({ config: configOf(servers, { sticky: { secret: SECRET, drain } }), workers: 2 }),
    )
    const session = await get(gateway)
    const { code, err } = await said(gateway, session.body, 'drain')
    expect(code).toBe(0)
    if (drain === 'leave') expect(err).toBe('')
    else expect(err).toContain('until their cookies end, within 1h (sticky.drain): maintenance moves them')
    const news = await Promise.all(Array.from({ length: 12 }, () => get(gateway)))
    expect(news.map(({ body }) => body)).not.toContain(session.body)
    if (drain === 'sticky') {
      await staysWith(gateway, session.cookie, session.body)
      await done(gateway, session.body, 'maintenance')
    }
    const moved = await get(gateway, session.cookie)
    expect(moved.body).not.toBe(session.body)
    expect(moved.set?.replace(/^[^;]*/, '')).toBe(session.set?.replace(/^[^;]*/, ''))
    await staysWith(gateway, moved.cookie, moved.body)
  }
})

test('connections of an address go to one server, whichever of four workers has them', async () => {
  const servers = startServers()
  const gateway = keep(
    await startGateway({
      workers: 4,
      config: {
        listeners: { db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db' } },
        backends: {
          db: {
            algorithm: 'random',
            sticky: { client_ip: true },
            servers: servers.map(({ port }, at) => ({ name: NAMES[at], url: `tcp://127.0.0.1:${port}` })),
          },
        },
      },
    }),
  )
  const ledTo = new Map<string, Set<string>>()
  for (let at = 0; at < 96; at++) {
    const from = `127.0.0.${2 + (at % 12)}`
    await using client = await rawClient(gateway.port(), '127.0.0.1', from)
    const { body } = await client.get('/')
    ledTo.set(from, (ledTo.get(from) ?? new Set<string>()).add(body))
  }
  expect([...ledTo.values()].map(({ size }) => size)).toEqual(Array.from({ length: 12 }, () => 1))
  expect(new Set([...ledTo.values()].flatMap((names) => [...names])).size).toBeGreaterThan(1)
})

test('sticky.yaml: sessions stay by a cookie, by a field, and by an address', async () => {
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, keep(startOrigin((_request, reply) => reply.send(200, String(port))))]),
  )
  const file = 'sticky.yaml'
  const gateway = keep(await startGateway({ config: adapted(file, origins), file, env: EXAMPLE_SECRETS }))
  const ask = async (listener: string, target: string, fields = ''): Promise<WireAnswer> => {
    await using client = await gateway.client(listener)
    return await client.get(target, fields)
  }
  const first = await ask('web', '/shop/')
  const [cookie = '', ...attributes] = (first.get('set-cookie') ?? '').split('; ')
  expect(cookie).toStartWith('shop_server=')
  expect(attributes).toEqual(['Max-Age=28800', 'Path=/', 'HttpOnly', 'SameSite=Lax'])
  for (let i = 0; i < 6; i++)
    expect((await ask('web', '/shop/', `Cookie: ${cookie}\r\n`)).body).toBe(first.body)
  const users = Array.from({ length: 9 }, (_, user) => `X-User: u${user}\r\n`)
  const byUser = async (): Promise<string[]> =>
    (await Promise.all(users.map((fields) => ask('web', '/api/', fields)))).map(({ body }) => body)
  const before = await byUser()
  expect(await byUser()).toEqual(before)
  expect(new Set(before).size).toBeGreaterThan(1)
  const ofDb = new Set<string>()
  for (let i = 0; i < 6; i++) ofDb.add((await ask('db', '/')).body)
  expect(ofDb.size).toBe(1)
})

test('by https the cookie goes by https alone', async () => {
  const servers = startServers()
  const { cert, key } = testCertificate()
  const gateway = keep(
    await startGateway({
      config: configOf(
        servers,
        { sticky: { secret: SECRET } },
        {
          listeners: { web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['site'] } },
          certificates: { site: { cert, key } },
        },
      ),
    }),
  )
  const ask = (cookie: string): Promise<Response> =>
    fetch(`https://127.0.0.1:${gateway.port()}/`, { headers: { cookie }, tls: { rejectUnauthorized: false } })
  const first = await ask('')
  const set = first.headers.get('set-cookie') ?? ''
  expect(set).toEndWith('; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax')
  const body = await first.text()
  for (let i = 0; i < 4; i++) expect(await (await ask(set.split(';')[0]!)).text()).toBe(body)
})
