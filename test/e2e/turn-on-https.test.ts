// TURN and HTTPS on one port through a whole gateway, with clients that others wrote.
import { afterAll, beforeAll, expect } from 'bun:test'
import { testCertificate } from '../support/certificate.ts'
import { adapted } from '../support/example-config.ts'
import { EXAMPLE_SECRETS } from '../support/example-secrets.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { needs, programPath } from '../support/needs.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { restPassword } from '../support/stun.ts'
import { turnListener } from '../support/turn.ts'
import { TurnLine } from '../support/turn-line.ts'
import { type Echo, startEcho, uclientOverTls, type UclientResult } from '../support/uclient.ts'
import { waitFor } from '../support/wait.ts'

const test = needs('turnutils_uclient', 'curl', 'openssl')

let gateway: Gateway
let origin: Origin
let echo: Echo

const words = (turn: string | undefined): Record<string, unknown> => {
  const { cert, key } = testCertificate()
  const web = { bind: '127.0.0.1:0', protocol: 'https', certificates: 'site', backend: 'app', turn }
  return {
    certificates: { site: { cert, key } },
    listeners: {
      web,
      relay: turnListener('relay', { ours: { transports: ['udp'] } }),
      front: { bind: '127.0.0.1:0', protocol: 'tls' },
      named: turnListener('named', { tls: true }),
    },
    rules: [
      { name: 'turn', match: { listener: 'front', server_name: 'localhost' }, listener: 'named' },
      { name: 'site', match: { listener: 'front' }, listener: 'web' },
    ],
    backends: { app: { servers: [{ url: origin.url }] } },
  }
}

beforeAll(async () => {
  if (programPath('turnutils_uclient') === null) return
  origin = startOrigin()
  echo = await startEcho()
  gateway = await startGateway({ config: words('relay'), workers: 2 })
})

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await origin?.[Symbol.asyncDispose]()
  echo?.close()
})

/** Requests one after the other; how many were answered. */
async function requests(count: number, ...flags: string[]): Promise<number> {
  const url = `https://127.0.0.1:${gateway.port('web')}/a`
  const command = ['curl', '-sk', ...flags, '-o', '/dev/null', '-w', '%{http_code}\n', `${url}?[1-${count}]`]
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  const told = await child.stdout.text()
  return told.match(/200/g)?.length ?? 0
}

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  const lines = text.split('\n').filter((line) => pattern.test(line))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Twenty messages there and back over TLS. */
const messages = (port: number): Promise<UclientResult> => {
  const how = ['-t', '-S', '-c', '-z', '50', '-l', '170', '-n', '20', '-u', 'test', '-w', 'test123']
  return uclientOverTls([...how, '-p', port, '-e', '127.0.0.1', '-r', echo.port, '127.0.0.1'])
}

const allocations = (listener: string): Promise<number> =>
  metric(new RegExp(`^lb_turn_allocations_total\\{.*listener="${listener}".*transport="tls"`))

test('turnutils_uclient loses nothing over TLS while requests are answered, with and without ALPN', async () => {
  const [direct, behind, plain, named] = await Promise.all([
    messages(gateway.port('web')),
    messages(gateway.port('front')), // it asks for no name: that leads to "web"
    requests(40, '--no-alpn'),
    requests(40, '--http1.1'),
  ])
  for (const { code, sent, received, lost, output } of [direct, behind])
    expect({ code, sent, received, lost }, output.slice(-1500)).toEqual({
      code: 0,
      sent: 20,
      received: 20,
      lost: 0,
    })
  expect([plain, named]).toEqual([40, 40])
  // The handshakes are those of the listener where they were; the allocations those of the other one.
  await waitFor(async () => (await metric(/^lb_tls_handshakes_total\{.*listener="web".*result="full"/)) >= 4)
  await waitFor(async () => (await allocations('relay')) >= 2)
})

test('a rule of a tls listener leads to a turn listener that ends TLS', async () => {
  await using line = await TurnLine.open({ transport: 'tls', host: 'localhost', port: gateway.port('front') })
  await line.allocate()
  await waitFor(async () => (await allocations('named')) === 1)
})

test('a reload without it, and one without the turn listener: who is there stays as long as the latter', async () => {
  const line = await TurnLine.open({ transport: 'tls', port: gateway.port('web') })
  await line.allocate()
  const { rules: _, listeners: all, ...rest } = words(undefined)
  const listeners = all as Record<string, unknown>
  delete listeners['front']
  expect(await gateway.apply({ ...rest, listeners })).toMatchObject({ event: 'applied' })
  expect((await line.refresh(600)).code).toBe(0)
  const refused = await TurnLine.open({ transport: 'tls', port: gateway.port('web') })
  void refused.allocate().catch(() => {})
  await waitFor(() => refused.isClosed)
  expect(await requests(1)).toBe(1)
  expect(await gateway.apply({ ...rest, listeners: { web: listeners['web'] } })).toMatchObject({
    event: 'applied',
  })
  await waitFor(() => line.isClosed)
  expect(await requests(1)).toBe(1)
})

test('the example turn-and-https.yaml: a page and an allocation by one port', async () => {
  const servers = { 9001: origin, 9002: origin, 9003: origin }
  const config = adapted('turn-and-https.yaml', servers)
  await using example = await startGateway({ config, env: EXAMPLE_SECRETS })
  const port = example.port('web')
  const user = `${Math.floor(Date.now() / 1000) + 600}:alice`
  const login = { user, password: restPassword(EXAMPLE_SECRETS.TURN_SECRET, user) }
  await using line = await TurnLine.open({ port, transport: 'tls', login })
  expect((await line.allocate()).port).toBeGreaterThan(0)
  expect((await fetch(`https://127.0.0.1:${port}/`, { tls: { rejectUnauthorized: false } })).status).toBe(200)
})
