// What persons order of servers while traffic goes on: drain, maintenance, another weight, how it is.
import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNamed } from '../support/backends.ts'
import type { RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { answering, done, http, said, stateOf, words } from '../support/orders.ts'
import { Origin, type Reply } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { RawServer } from '../support/raw-server.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { named, udpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const HOLD = 'GET /hold HTTP/1.1\r\nHost: a\r\n\r\n'

const open: (AsyncDisposable | Disposable)[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed())
    if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]()
    else one[Symbol.dispose]()
})
const keep = <T extends AsyncDisposable | Disposable>(one: T): T => {
  open.push(one)
  return one
}

/** A server that is checked at /health, and whose answer to /hold a test gives. */
class Held extends Origin {
  checks = 0
  held: Reply | null = null

  constructor() {
    super(({ target }, reply) => {
      if (target === '/health') this.checks++
      if (target === '/hold') this.held = reply
      else reply.send(200, 'a')
    })
  }
}

describe.each([2, 0])('with workers: %i', (workers) => {
  test('a server drains under load without a failed request, and comes back', async () => {
    const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
    const gateway = keep(await startGateway({ config: http([words('a', a), words('b', b)]), workers }))
    const load = startLoad(gateway.port(), { connections: 6, target: '/' })
    await waitFor(() => load.answered > 100)
    expect(await done(gateway, 'a', 'drain', '--reason', 'disk swap', '--wait', '10s')).toBe(
      'drained: nothing is left of it\n',
    )
    expect(await gateway.event('server_ordered')).toMatchObject({
      backend: 'api',
      server: 'a',
      kind: 'admin',
      order: 'drain',
      was: 'ready',
      reason: 'disk swap',
      until: null,
    })
    expect(await gateway.event('server_drained')).toMatchObject({ server: 'a', order: 'drain' })
    const { length } = a.requests
    const before = load.answered
    await waitFor(() => load.answered > before + 100)
    expect(a.requests.length).toBe(length)
    expect(await stateOf(gateway, 'a')).toMatchObject({ state: 'draining', admin: 'drain', healthy: false })
    const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
    expect(metrics).toContain('lb_server_admin_state{backend="api",server="a"} 1\n')
    expect(metrics).toContain('lb_backend_health_status{backend="api",server="a"} 1\n')

    expect(await done(gateway, 'a', 'ready')).toContain('state:     ready')
    await waitFor(() => a.requests.length > length + 20)
    expect((await load.stop()).failures).toEqual([])
  })

  test('what is ordered outlives a restart, with what is left of its time', async () => {
    const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
    const folder = mkdtempSync(join(tmpdir(), 'sluice-orders-'))
    keep({ [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) })
    const config = http([words('a', a), words('b', b)])
    const start = (): Promise<Gateway> => startGateway({ config, workers, folder })
    const first = await start()
    await done(first, 'a', 'maintenance', '--for', '1h', '--reason', 'disk swap')
    await done(first, 'b', 'weight', '7')
    expect(await first.stop()).toBe(0)
    const second = keep(await start())
    expect(await answering(second, 6)).toEqual({ b: 6 })
    const { state, orders } = await stateOf(second, 'a')
    expect(state).toBe('maintenance')
    expect(orders).toMatchObject([{ kind: 'admin', value: 'maintenance', reason: 'disk swap' }])
    const { since, until } = orders![0]!
    expect(Date.parse(until!) - Date.parse(since)).toBe(3_600_000)
    expect(await stateOf(second, 'b')).toMatchObject({ weight: 7, configured_weight: 1 })
  })
})

describe('drain', () => {
  test('lets an exchange go on, says what is left, and tells when nothing is', async () => {
    const a = keep(new Held())
    const b = keep(startNamed('b'))
    const gateway = keep(
      await startGateway({ config: http([words('a', a), words('b', b)], { algorithm: 'first_available' }) }),
    )
    await using client = await gateway.client()
    client.send(HOLD)
    await a.received(1, ({ target }) => target === '/hold')
    const shown = await done(gateway, 'a', 'drain')
    expect(shown).toContain('left:      1 exchange\n')
    const late = await said(gateway, 'a', 'drain', '--wait', '300ms')
    expect([late.code, late.err]).toEqual([1, 'sluice server: not drained within 300ms: 1 left\n'])
    expect(gateway.last('server_drained')).toBeUndefined()
    // The same connection: what it asks next goes elsewhere.
    a.held?.send(200, 'held')
    expect((await client.readAnswer()).body).toBe('held')
    expect((await client.get('/')).body).toBe('b')
    await gateway.event('server_drained')
    expect(await done(gateway, 'a')).toContain('left:      nothing: it has drained\n')
  })

  test('lets a WebSocket go on; those who replace dead workers know of it', async () => {
    const a = keep(new RawServer())
    const b = keep(startNamed('b'))
    const servers = [{ name: 'a', url: a.url.replace('tcp:', 'http:') }, words('b', b)]
    const config = http(servers, { algorithm: 'first_available' })
    const gateway = keep(await startGateway({ config, workers: 2 }))
    await using client = await gateway.client()
    client.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const end = await a.next()
    await end.readUntil('\r\n\r\n')
    end.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    expect(await client.readUntil('\r\n\r\n')).toStartWith('HTTP/1.1 101')
    expect(await done(gateway, 'a', 'drain')).toContain('left:      1 exchange\n')
    client.send('ping')
    expect(await end.readUntil('ping')).toBe('ping')
    end.send('pong')
    expect(await client.readUntil('pong')).toBe('pong')
    // Whoever comes in the place of a worker that died knows it, too.
    for (const pid of gateway.workers) sendSignal(pid, 'SIGKILL')
    for (const _ of [1, 2]) await gateway.event('worker_replaced')
    await client.ending()
    await gateway.event('server_drained')
    expect(await answering(gateway, 8)).toEqual({ b: 8 })
    expect(a.all).toHaveLength(1)
  })

  test('lets those go on who carry what the backend hashes by', async () => {
    const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
    const backend = { algorithm: 'hash', hash: { by: 'cookie', name: 'user', load_factor: 100 } }
    const gateway = keep(await startGateway({ config: http([words('a', a), words('b', b)], backend) }))
    const cookies = ['1', '2', '3', '4', '5', '6', '7', '8'].map((user) => `Cookie: user=${user}\r\n`)
    const homes = await Promise.all(cookies.map((fields) => answering(gateway, 1, fields)))
    const ofA = cookies[homes.findIndex((home) => home['a'] === 1)]!
    const [{ a: newcomersAtA = 0 } = {}] = [await answering(gateway, 4)]
    const drained = await said(gateway, 'a', 'drain')
    expect(drained.err).toContain('warning: requests that carry the cookie "user"')
    expect(await answering(gateway, 4, ofA)).toEqual({ a: 4 })
    expect([newcomersAtA, await answering(gateway, 4)]).toEqual([newcomersAtA, { b: 4 }])
    await done(gateway, 'a', 'maintenance')
    expect(await answering(gateway, 4, ofA)).toEqual({ b: 4 })
  })

  test('of the last server is done, and warns; who comes then is refused with the reason, until its time is over', async () => {
    const a = keep(startNamed('a'))
    const gateway = keep(await startGateway({ config: http([words('a', a)]), workers: 2 }))
    const { code, err } = await said(gateway, 'a', 'drain')
    expect([code, err]).toEqual([
      0,
      'warning: no server of backend "api" gets new work now: who asks for it is refused (503, no_server)\n',
    ])
    await using client = await gateway.client()
    const refused = await client.get('/')
    expect([refused.status, refused.body]).toEqual([503, expect.stringContaining('draining')])
    expect((await fetch(`${gateway.admin}/_health`)).status).toBe(503)

    // One with a time takes its place, and ends by itself.
    await said(gateway, 'a', 'maintenance', '--for', '100ms')
    expect(await gateway.event('server_order_ended')).toMatchObject({
      server: 'a',
      order: 'ready',
      was: 'maintenance',
      why: 'its time is over',
    })
    expect(await answering(gateway, 2)).toEqual({ a: 2 })
  })

  test('outlives changes of the config, also those that are taken back', async () => {
    const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
    const gateway = keep(await startGateway({ config: http([words('a', a), words('b', b)]) }))
    await done(gateway, 'a', 'drain')
    // Something else changes: it stays.
    const changed = http([words('a', a), words('b', b)], { retry: { attempts: 2 } })
    expect((await gateway.apply(changed)).event).toBe('applied')
    expect(await answering(gateway, 4)).toEqual({ b: 4 })
    // Gone by mistake, and back: it is as it was.
    expect((await gateway.apply(http([words('b', b)]))).event).toBe('applied')
    expect((await gateway.apply(changed)).event).toBe('applied')
    expect(await answering(gateway, 4)).toEqual({ b: 4 })
    expect(gateway.last('server_order_ended')).toBeUndefined()
  })
})

describe('maintenance', () => {
  const CHECK = { path: '/health', interval: '20ms', interval_down: '20ms', timeout: '2s', rise: 1, fall: 1 }

  test('ends idle connections and checks, and a check comes before new work', async () => {
    const a = keep(new Held())
    const b = keep(startNamed('b'))
    const config = http([words('a', a), words('b', b)], {
      algorithm: 'first_available',
      health_check: CHECK,
      keep_alive: { idle: '60s' },
    })
    const gateway = keep(await startGateway({ config, workers: 2 }))
    await waitFor(async () => (await stateOf(gateway, 'a')).state === 'up')
    expect(await answering(gateway, 4)).toEqual({ a: 4 })
    expect(a.open).toBeGreaterThan(0)
    await done(gateway, 'a', 'maintenance')
    await waitFor(() => a.open === 0, { what: 'no connection to a' })
    expect(await answering(gateway, 4)).toEqual({ b: 4 })
    const { checks } = a
    const other = b.requests.length
    await waitFor(() => b.requests.length > other + 10, { what: 'checks of b' })
    expect(a.checks).toBe(checks)
    // It is looked at by hand meanwhile, which says nothing of whether it is used.
    expect(await done(gateway, 'a', 'check')).toMatch(/^passed \([\d.]+ ms, status 200, 1 bytes\)\n\na\n$/)
    expect(await answering(gateway, 2)).toEqual({ b: 2 })

    a.kill()
    expect(await done(gateway, 'a', 'ready')).toContain('health:    starting: not checked yet')
    await gateway.event('server_down', ({ server: name }) => name === 'a')
    expect(await answering(gateway, 2)).toEqual({ b: 2 })
    a.revive()
    await gateway.event('server_up', ({ server: name }) => name === 'a')
    await waitFor(async () => (await answering(gateway, 1))['a'] === 1)
    const history = await done(gateway, 'a', 'history')
    expect(history).toContain('connect refused')
    expect(history).toMatch(/now up/)
  })

  test('ends what is under way where that is wanted, and else lets it finish', async () => {
    const a = keep(new Held())
    const gateway = keep(await startGateway({ config: http([words('a', a)]), workers: 2 }))
    await using one = await gateway.client()
    one.send(HOLD)
    await a.received(1, ({ target }) => target === '/hold')
    await said(gateway, 'a', 'maintenance')
    expect((await stateOf(gateway, 'a')).active_connections).toBe(1)
    await said(gateway, 'a', 'maintenance', '--end-connections')
    await one.closed()
    await waitFor(async () => (await stateOf(gateway, 'a')).active_connections === 0)
    await gateway.event('server_drained')
  })
})

describe('layer 4', () => {
  const tcp = (servers: readonly RawServer[]): Words => ({
    listeners: { sql: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db' } },
    backends: {
      db: {
        algorithm: 'first_available',
        servers: servers.map(({ url }, index) => ({ name: 'ab'[index], url })),
      },
    },
  })

  test('a tcp connection goes on while its server drains or is in maintenance, and ends where that is wanted', async () => {
    const [a, b] = [keep(new RawServer()), keep(new RawServer())]
    const gateway = keep(await startGateway({ config: tcp([a, b]), workers: 2 }))
    const passes = async (client: RawClient, end: RawClient): Promise<void> => {
      client.send('ping')
      expect((await end.reader.exactly(4)).toString()).toBe('ping')
      end.send('pong')
      expect((await client.reader.exactly(4)).toString()).toBe('pong')
    }
    await using client = await gateway.client()
    const end = await a.next()
    await passes(client, end)
    expect(await done(gateway, 'a', 'drain')).toContain('left:      1 connection\n')
    await passes(client, end)
    await using other = await gateway.client()
    await passes(other, await b.next())
    await done(gateway, 'a', 'maintenance')
    await passes(client, end)
    await done(gateway, 'a', 'maintenance', '--end-connections')
    await client.closed()
    await gateway.event('server_drained')
    expect(a.all).toHaveLength(1)
  })

  test.if(socketsOfRun() !== 'bun')(
    'a udp flow goes on while its server drains, and moves in maintenance',
    async () => {
      const [a, b] = [keep(await named('a')), keep(await named('b'))]
      const gateway = keep(
        await startGateway({
          config: {
            listeners: { udp: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all' } },
            backends: {
              all: {
                algorithm: 'first_available',
                servers: [a, b].map(({ port }, index) => ({
                  name: 'ab'[index],
                  url: `udp://127.0.0.1:${port}`,
                })),
              },
            },
          },
        }),
      )
      const [client, other] = [keep(await udpPeer()), keep(await udpPeer())]
      const ask = async (peer: typeof client, text: string): Promise<string> =>
        (await peer.ask(text, gateway.port())).bytes.toString()
      expect(await ask(client, '1')).toBe('a1')
      expect(await done(gateway, 'a', 'drain')).toContain('left:      1 flow\n')
      expect([await ask(client, '2'), await ask(other, '3')]).toEqual(['a2', 'b3'])
      await done(gateway, 'a', 'maintenance')
      expect(await ask(client, '4')).toBe('b4')
      await gateway.event('server_drained')
    },
  )
})
