// Several checks of one server end to end: at ports and by names of their own, told one by one, and never in
// the way of users, nor users in theirs.
import { expect, test } from 'bun:test'
import { healthOf, serverIs } from '../support/backends.ts'
import { Authority } from '../support/authority.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway, runCommand } from '../support/gateway.ts'
import { done, said } from '../support/orders.ts'
import { startOrigin } from '../support/origin.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const QUICK = { interval: '50ms', interval_down: '50ms', rise: 1, fall: 1 }

test('a server is down by the check that fails, which the API, status and the command name', async () => {
  await using app = startOrigin((_request, reply) => reply.send(200, 'app'))
  const ready = { status: 200, hosts: new Set<string | null>() }
  await using side = startOrigin((request, reply) => {
    ready.hosts.add(request.get('host'))
    reply.send(ready.status, 'ready')
  })
  await using gateway = await startGateway({
    workers: 1,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ name: 'a', url: app.url }],
          health_check: [
            { type: 'tcp', ...QUICK },
            { path: '/ready', port: side.port, host: 'app.test', ...QUICK },
          ],
        },
      },
    },
  })
  await serverIs(gateway.admin, 'a', 'up')
  expect([...ready.hosts]).toEqual(['app.test'])
  ready.status = 503
  const called = `http app.test :${side.port}/ready`
  const reason = `status 503, wanted 200-399, in check ${called}`
  expect(await gateway.event('server_down')).toMatchObject({ server: 'a', reason })
  expect((await healthOf(gateway.admin)).reasons).toEqual({ a: reason })
  const run = (...words: string[]) => runCommand([...words, '--admin', gateway.admin])
  expect((await run('status')).stdout).toContain(reason)
  const shown = await done(gateway, 'a')
  expect(shown).toMatch(/checks: +tcp: up; last pass at /)
  expect(shown).toContain(`${called}: down: status 503, wanted 200-399; last fail at `)
  const history = await done(gateway, 'a', 'history')
  expect(history).toContain(`fail ${called}`)
  expect(history).toContain('pass tcp')
  const checked = (await said(gateway, 'a', 'check')).out
  expect(checked).toMatch(/^tcp passed \(.*\n/)
  expect(checked).toContain(`${called} failed: status 503`)
  ready.status = 200
  await serverIs(gateway.admin, 'a', 'up')
})

test('a check by a name of its own has TLS verified for that name', async () => {
  const authority = new Authority()
  const { cert, key } = authority.issue({ names: 'DNS:app.test' })
  await using app = startOrigin((_request, reply) => reply.send(200, 'app'))
  await using front = await TlsFront.start(app.port, { cert, key })
  const server = (name: string): object => ({ name, url: front.url })
  const tls = { ca: authority.file }
  await using gateway = await startGateway({
    workers: 1,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'named' } },
      backends: {
        named: { servers: [server('named')], tls, health_check: [{ host: 'app.test', ...QUICK }] },
        plain: { servers: [server('plain')], tls, health_check: QUICK },
      },
    },
  })
  await serverIs(gateway.admin, 'named', 'up')
  await serverIs(gateway.admin, 'plain', 'down')
  expect(front.handshakes.some(({ serverName }) => serverName === 'app.test')).toBe(true)
  expect((await healthOf(gateway.admin)).reasons['plain']).toStartWith('TLS: ')
})

test('a server whose places are all taken is checked all the same, on connections of the checks own', async () => {
  let checks = 0
  const held: (() => void)[] = []
  await using app = startOrigin(({ target }, reply) => {
    if (target === '/health') {
      checks++
      reply.send(200, 'fine')
    } else held.push(() => void reply.send(200, 'late'))
  })
  await using gateway = await startGateway({
    workers: 1,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ name: 'a', url: app.url, max_connections: 1 }],
          health_check: { path: '/health', ...QUICK },
        },
      },
    },
  })
  await serverIs(gateway.admin, 'a', 'up')
  await using client = await gateway.client()
  const answer = client.get('/')
  await waitFor(() => held.length === 1)
  const before = checks
  await waitFor(() => checks >= before + 3)
  await serverIs(gateway.admin, 'a', 'up')
  for (const release of held) release()
  expect((await answer).body).toBe('late')
})

test('several-checks.yaml: a server is used while all its checks pass', async () => {
  const origins = new Map(
    PORTS.map((port) => [port, startOrigin((_, reply) => reply.send(200, String(port)))]),
  )
  const config = adapted('several-checks.yaml', Object.fromEntries(origins))
  try {
    await using gateway = await startGateway({ config, file: 'several-checks.yaml' })
    for (const server of ['one', 'two']) await serverIs(gateway.admin, server, 'up')
    origins.get(9001)!.kill()
    await serverIs(gateway.admin, 'one', 'down')
    const { reasons } = await healthOf(gateway.admin)
    expect(reasons['one']).toMatch(/^connect refused.*, in check http app\.example\.org\/health$/)
    expect(await (await gateway.fetch('/')).text()).toBe('9002')
  } finally {
    for (const origin of origins.values()) origin.kill()
  }
})
