// Active health checks end to end: who is asked, who is used, and what the gateway says of it.
import { describe, expect, test } from 'bun:test'
import { healthOf, serverIs } from '../support/backends.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { startLoad } from '../support/load.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const QUICK = { interval: '50ms', interval_down: '50ms', timeout: '2s', rise: 2, fall: 2 }

/** A server whose answer to checks can be changed. */
interface Patient {
  readonly name: string
  readonly origin: Origin
  status: number
  body: string
  checks: number
  asked: number
}

function startPatient(name: string, status = 200): Patient & AsyncDisposable {
  const patient = {
    name,
    status,
    body: 'fine',
    checks: 0,
    asked: 0,
    origin: startOrigin(({ target }, reply) => {
      if (target === '/health') {
        patient.checks++
        reply.send(patient.status, patient.body)
      } else {
        patient.asked++
        reply.send(200, name)
      }
    }),
    [Symbol.asyncDispose]: async () => patient.origin.kill(),
  }
  return patient
}

const words = ({ name, origin }: Patient, more: Words = {}): Words => ({ name, url: origin.url, ...more })
const start = (backend: Words, workers = 2): Promise<Gateway> =>
  startGateway({
    workers,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b', status_endpoints: { health: '/_health' } } },
      backends: { b: backend },
    },
  })

/** Who answers now, over enough requests that each server in use is seen. */
async function answering(gateway: Gateway): Promise<string[]> {
  const names = new Set<string>()
  for (let i = 0; i < 24; i++) {
    await using client = await rawClient(gateway.port())
    const { status, body } = await client.get('/')
    names.add(status === 200 ? body : String(status))
  }
  return [...names].toSorted()
}

const inUse = (gateway: Gateway, ...names: string[]): Promise<unknown> =>
  waitFor(async () => Bun.deepEquals(await answering(gateway), names), { what: `${names.join()} in use` })

describe('a server that fails its checks', () => {
  test('goes down after fall failures, says why everywhere, and comes up after rise passes', async () => {
    await using a = startPatient('a')
    await using gateway = await start({
      servers: [words(a)],
      health_check: { path: '/health', ...QUICK, rise: 3, fall: 3 },
    })
    await gateway.event('server_up') // the first check
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up' })
    const load = startLoad(gateway.port(), { connections: 2 })
    await waitFor(() => load.answered > 20)
    expect((await load.stop()).failures).toEqual([])

    a.status = 503
    a.checks = 0
    const down = await gateway.event('server_down')
    expect(down).toMatchObject({ backend: 'b', server: 'a', reason: 'status 503, wanted 200-399' })
    expect(a.checks).toBe(3)
    const health = await healthOf(gateway.admin)
    expect(health).toEqual({
      status: 503,
      states: { a: 'down' },
      reasons: { a: 'status 503, wanted 200-399' },
    })
    // Every worker knows it, and says it to the client, too.
    for (let i = 0; i < 6; i++) {
      await using client = await gateway.client()
      const refused = await client.get('/')
      expect([refused.status, refused.get('retry-after')]).toEqual([503, '5'])
      expect(refused.body).toContain('no_server')
      expect(refused.body).toContain('a: status 503, wanted 200-399')
    }
    expect(a.asked).toBe(load.answered)
    const own = await gateway.fetch('/_health')
    expect([own.status, await own.text()]).toEqual([503, expect.stringContaining('wanted 200-399')])
    const metrics = await fetch(`${gateway.admin}/metrics`).then((answer) => answer.text())
    expect(metrics).toMatch(/^lb_backend_health_status\{.*server="a".*\} 0$/m)

    a.status = 204
    a.checks = 0
    await gateway.event('server_up')
    expect(a.checks).toBe(3)
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up' })
    await inUse(gateway, 'a')
  })

  test('a single failure between passes is none', async () => {
    await using a = startPatient('a')
    await using gateway = await start({
      servers: [words(a)],
      health_check: { path: '/health', ...QUICK, fall: 2 },
    })
    for (let i = 0; i < 4; i++) {
      a.status = 500
      const { checks } = a
      await waitFor(() => a.checks > checks, { everyMs: 1 })
      a.status = 200
      await waitFor(() => a.checks > checks + 2)
    }
    expect(gateway.last('server_down')).toBeUndefined()
  })

  test('each reason is told apart', async () => {
    await using wrong = startPatient('wrong', 404)
    await using silent = startOrigin(() => {})
    await using hangup = startOrigin((_request, reply) => reply.rst())
    await using garbled = startOrigin(
      (_request, reply) => void reply.raw('SMTP ready\r\n\r\n').then(() => reply.fin()),
    )
    await using gateway = await start({
      servers: [
        words(wrong),
        { name: 'gone', url: `http://127.0.0.1:${freePort()}` },
        { name: 'silent', url: silent.url },
        { name: 'hangup', url: hangup.url },
        { name: 'garbled', url: garbled.url },
      ],
      health_check: { path: '/health', ...QUICK, timeout: '200ms', expect: { status: [200, '3xx'] } },
    })
    for (const server of ['wrong', 'gone', 'silent', 'hangup', 'garbled'])
      await serverIs(gateway.admin, server, 'down')
    // A check that comes late has timed out, whatever its server does: the next one has not.
    const reasons = await waitFor(async () => {
      const now = (await healthOf(gateway.admin)).reasons
      const others = Object.keys(now).filter((server) => server !== 'silent')
      return others.every((server) => now[server] !== now['silent']) && now
    })
    expect(reasons).toMatchObject({ wrong: 'status 404, wanted 200, 300-399', gone: 'connect refused' })
    expect(reasons['silent']).toMatch(/timed out|no answer/)
    expect(reasons['hangup']).toMatch(/closed/)
    expect(new Set(Object.values(reasons)).size).toBe(5)
  })
})

describe('the start', () => {
  test('with a server that is down: nobody is ever sent there', async () => {
    await using a = startPatient('a')
    await using sick = startPatient('sick', 500)
    await using gateway = await start({
      servers: [words(a), words(sick)],
      health_check: { path: '/health', ...QUICK, fall: 3 },
    })
    expect(await answering(gateway)).toEqual(['a'])
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up', sick: 'down' })
    expect(sick.asked).toBe(0)
  })

  test('a server that a reload adds is used once it has passed, not before', async () => {
    await using a = startPatient('a')
    await using late = startPatient('late', 500)
    const backend = (patients: Patient[]): Words => ({
      servers: patients.map((one) => words(one)),
      health_check: { path: '/health', ...QUICK },
    })
    await using gateway = await start(backend([a]))
    const config = {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: { b: backend([a, late]) },
    }
    expect((await gateway.apply(config)).event).toBe('applied')
    expect(await answering(gateway)).toEqual(['a'])
    late.status = 200
    await inUse(gateway, 'a', 'late')
  })
})

describe('when few are left', () => {
  test('a backup takes over when all others are down, and gives back', async () => {
    await using one = startPatient('one')
    await using two = startPatient('two')
    await using spare = startPatient('spare')
    await using gateway = await start({
      servers: [words(one), words(two), words(spare, { backup: true })],
      health_check: { path: '/health', ...QUICK },
    })
    expect(await answering(gateway)).toEqual(['one', 'two'])
    one.status = 500
    await inUse(gateway, 'two')
    two.status = 500
    await inUse(gateway, 'spare')
    expect((await healthOf(gateway.admin)).status).toBe(200)
    one.status = 200
    await inUse(gateway, 'one')
    two.status = 200
    await inUse(gateway, 'one', 'two')
  })

  test('below the panic threshold all are used, above it only those that are up', async () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => startPatient(name))
    const [, b, c, d] = all as Patient[] as [Patient, Patient, Patient, Patient]
    await using gateway = await start({
      servers: all.map((one) => words(one)),
      panic_threshold: 0.5,
      health_check: { path: '/health', ...QUICK },
    })
    b.status = 500
    c.status = 500
    await inUse(gateway, 'a', 'd')
    d.status = 500
    await inUse(gateway, 'a', 'b', 'c', 'd')
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up', b: 'down', c: 'down', d: 'down' })
    const said = await runCommand(['server', 'b', '-c', gateway.configFile])
    expect(said.stdout).toContain('it gets requests all the same, as fewer are up than panic_threshold asks')
    // Requests are answered: whoever asks whether to send some here is told yes, though all are down.
    const isDown = async (down: boolean) => ((await healthOf(gateway.admin)).states['a'] === 'down') === down
    all[0]!.status = 500
    await waitFor(() => isDown(true), { what: 'a to be down' })
    await inUse(gateway, 'a', 'b', 'c', 'd')
    expect((await healthOf(gateway.admin)).status).toBe(200)
    expect((await gateway.fetch('/_health')).status).toBe(200)
    all[0]!.status = 200
    await waitFor(() => isDown(false), { what: 'a to be up again' })
    c.status = 200
    await inUse(gateway, 'a', 'c')
    for (const { origin } of all) origin.kill()
  })
})

describe('what passes', () => {
  test('a body that matches the pattern, in text and in status', async () => {
    await using a = startPatient('a')
    a.body = '{"state":"ready","load":3}'
    await using gateway = await start({
      servers: [words(a)],
      health_check: {
        path: '/health',
        ...QUICK,
        expect: { status: 200, body: 'state', body_regex: '"load":[0-7]\\b' },
      },
    })
    await gateway.event('server_up') // the first check
    a.body = '{"state":"ready","load":9}'
    expect(String((await gateway.event('server_down'))['reason'])).toContain('load')
    a.body = '{"state":"ready","load":7}'
    await gateway.event('server_up')
    a.body = '{"load":7}'
    expect(String((await gateway.event('server_down'))['reason'])).toContain('state')
  })

  test('the request is the one that was asked for', async () => {
    const seen: string[] = []
    await using origin = startOrigin((request, reply) => {
      seen.push(`${request.method} ${request.target} ${request.get('x-check')} ${request.get('host')}`)
      reply.send(204)
    })
    await using gateway = await start({
      servers: [{ name: 'a', url: origin.url }],
      health_check: {
        ...QUICK,
        path: '/up?deep=1',
        method: 'HEAD',
        headers: { 'X-Check': 'yes' },
        expect: { status: 204 },
      },
    })
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up' })
    expect(seen[0]).toBe(`HEAD /up?deep=1 yes 127.0.0.1:${origin.port}`)
    expect(origin.problems).toEqual([])
  })

  test('a TCP check wants a connection and no more', async () => {
    await using mute = startOrigin(() => {})
    await using gateway = await start({
      servers: [{ name: 'a', url: mute.url }],
      health_check: { ...QUICK, type: 'tcp' },
    })
    expect((await healthOf(gateway.admin)).states).toEqual({ a: 'up' })
    await gateway.event('server_up') // the first check
    await waitFor(() => mute.accepted >= 3)
    mute.kill()
    expect((await gateway.event('server_down'))['reason']).toBe('connect refused')
    mute.revive()
    await gateway.event('server_up')
    expect(mute.bytesReceived).toBe(0)
    expect(mute.requests).toEqual([])
  })
})
