// Servers whose names have several addresses: what one of them does not answer holds nobody up.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { dialsUnderWay, fullServers } from '../support/full-server.ts'
import { freePort } from '../support/kernel.ts'
import type { Http1Servers } from '../../server/http1/open-stream.ts'
import { startOrigin } from '../support/origin.ts'
import { SampleDns } from '../support/sample-dns.ts'
import { waitFor } from '../support/wait.ts'

const dns = new SampleDns()
beforeAll(() => dns.start())
afterAll(() => dns.stop())

/** A gateway to `name.test` at this port, that makes a connection for each request. */
function startTo(port: number, backend: Record<string, unknown> = {}): TestEngine {
  const config = toServers([`http://name.test:${port}`], { keep_alive: { connections: 0 }, ...backend })
  return startEngine({ config: { ...config, resolver: { servers: [`127.0.0.1:${dns.port}`] } } })
}

const isSuspect = ({ engine }: TestEngine, address: string, port: number): boolean =>
  (engine.servers as Http1Servers).world.suspects.isSuspect(address, port, performance.now())

describe('a name of two addresses', () => {
  test('of which one is silent: no request waits for it to the end, and only the first waits at all', async () => {
    await using origin = startOrigin()
    await using _ = fullServers(origin.port, '127.0.0.2')
    dns.zones.set('name.test', { a: ['127.0.0.2', '127.0.0.1'] })
    // An hour: whoever waited for the connect timeout would never end.
    await using gateway = startTo(origin.port, { timeouts: { connect: '1h' }, retry: { attempts: 1 } })
    await using client = await gateway.client()
    for (let i = 0; i < 16; i++) expect((await client.get('/')).status).toBe(200)
    expect(gateway.log.map(({ attempts, fault }) => [attempts, fault])).toEqual(
      Array.from({ length: 16 }, () => [1, null]),
    )
    expect(isSuspect(gateway, '127.0.0.2', origin.port)).toBe(true)
    expect(isSuspect(gateway, '127.0.0.1', origin.port)).toBe(false)
    await waitFor(() => dialsUnderWay() === 0, { what: 'the loser to be dropped' })
    await gateway.settled()
    expect(origin.accepted).toBe(16)
  })

  test('of which one refuses: the other is asked at once, in the same attempt', async () => {
    await using origin = startOrigin()
    dns.zones.set('name.test', { a: ['127.0.0.3', '127.0.0.1'] })
    await using gateway = startTo(origin.port, { retry: { attempts: 1 } })
    await using client = await gateway.client()
    for (let i = 0; i < 6; i++) expect((await client.get('/')).status).toBe(200)
    expect(isSuspect(gateway, '127.0.0.3', origin.port)).toBe(true)
    await gateway.settled()
  })

  test('which both refuse, or are both silent, fails with the reason', async () => {
    const port = freePort()
    dns.zones.set('name.test', { a: ['127.0.0.2', '127.0.0.1'] })
    {
      await using gateway = startTo(port, { retry: { attempts: 1 } })
      await using client = await gateway.client()
      expect((await client.get('/')).status).toBe(502)
      expect(gateway.log[0]).toMatchObject({ fault: 'connect_refused', sent: false })
      await gateway.settled()
    }
    await using _ = fullServers(port, '127.0.0.1', '127.0.0.2')
    await using gateway = startTo(port, { retry: { attempts: 1 }, timeouts: { connect: '300ms' } })
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(504)
    expect(gateway.log[0]).toMatchObject({ fault: 'connect_timeout', sent: false })
    await waitFor(() => dialsUnderWay() === 0)
    await gateway.settled()
  })

  test('is given up with the request: no connection is left on its way', async () => {
    const port = freePort()
    await using _ = fullServers(port, '127.0.0.1', '127.0.0.2')
    dns.zones.set('name.test', { a: ['127.0.0.2', '127.0.0.1'] })
    await using gateway = startTo(port)
    const client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => dialsUnderWay() === 2)
    client.rst()
    await waitFor(() => dialsUnderWay() === 0)
    await gateway.settled()
  })

  test('of many that are silent no more than a few are waited for at once', async () => {
    await using origin = startOrigin()
    const addresses = Array.from({ length: 7 }, (_, i) => `127.0.0.${i + 2}`)
    await using _ = fullServers(origin.port, ...addresses)
    dns.zones.set('name.test', { a: [...addresses, '127.0.0.1'] })
    await using gateway = startTo(origin.port, { timeouts: { connect: '1h' } })
    await using client = await gateway.client()
    let most = 0
    const answer = client.get('/')
    let isOver = false
    void answer.finally(() => (isOver = true))
    while (!isOver) {
      most = Math.max(most, dialsUnderWay())
      await new Promise((done) => setImmediate(done))
    }
    expect((await answer).status).toBe(200)
    // Four, and one that was given up in this turn: the kernel hears of it at its end.
    expect(most).toBeLessThanOrEqual(5)
    await gateway.settled()
  })
})
