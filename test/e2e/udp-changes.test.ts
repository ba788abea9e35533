// Flows of datagrams while their gateway changes: its config, its workers, its end.
import { afterEach, describe, expect, test } from 'bun:test'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { done, stateOf } from '../support/orders.ts'
import { sendSignal } from '../support/processes.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { named, udpPeer, type UdpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

const isServed = socketsOfRun() !== 'bun'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const words = (servers: readonly UdpPeer[], more: object = {}): Record<string, unknown> => ({
  listeners: { udp: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all' } },
  backends: { all: { servers: servers.map(({ port }) => ({ url: `udp://127.0.0.1:${port}` })) } },
  ...more,
})

async function scene(workers = 1): Promise<{ gateway: Gateway; a: UdpPeer; b: UdpPeer; client: UdpPeer }> {
  const [a, b, client] = await Promise.all([named('a'), named('b'), udpPeer()])
  for (const peer of [a, b, client]) keep(peer)
  const gateway = keep(await startGateway({ config: words([a]), workers }))
  return { gateway, a, b, client }
}

const textOf = async (client: UdpPeer, text: string, gateway: Gateway): Promise<string> =>
  (await client.ask(text, gateway.port())).bytes.toString()

describe.if(isServed)('flows', () => {
  test('go on over a reload, to the server that they began with; new ones go where the new config says', async () => {
    const { gateway, a, b, client } = await scene()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    const from = a.got[0]!.port
    expect(await gateway.apply(words([b]))).toMatchObject({ event: 'applied' })
    expect(await textOf(client, '2', gateway)).toBe('a2')
    expect(a.got.map(({ port }) => port)).toEqual([from, from])
    expect(await textOf(keep(await udpPeer()), '3', gateway)).toBe('b3')
  })

  test('a client that is not let in any more begins no other one where its server is gone', async () => {
    const { gateway, a, b, client } = await scene()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    const config = words([b])
    config['listeners'] = {
      udp: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all', deny: ['127.0.0.1'] },
    }
    expect(await gateway.apply(config)).toMatchObject({ event: 'applied' })
    expect(await textOf(client, '2', gateway)).toBe('a2')
    a.close()
    const line = await waitFor(async () => {
      // Several at once: one of them is what tells that an earlier one was refused.
      for (let i = 0; i < 20; i++) client.send('3', gateway.port())
      return (await gateway.accessLog())[0]
    })
    expect(line).toMatchObject({ end: 'refused', server: `udp://127.0.0.1:${a.port}` })
    client.send('4', gateway.port())
    const dropped = await waitFor(async () => {
      const text = await (await fetch(`${gateway.admin}/metrics`)).text()
      return /^lb_udp_dropped_total\{listener="udp",reason="denied"\} \d+$/m.exec(text)
    })
    expect(dropped).not.toBeNull()
    expect(b.got).toEqual([])
  })

  test('a place that was taken for a client at another server is given back where it may begin no flow there', async () => {
    const { a, b, client } = await scene()
    const servers = [
      { name: 'a', url: `udp://127.0.0.1:${a.port}` },
      { name: 'b', url: `udp://127.0.0.1:${b.port}`, backup: true },
    ]
    const udp = { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all' }
    const gateway = keep(
      await startGateway({ config: { listeners: { udp }, backends: { all: { servers } } }, workers: 1 }),
    )
    expect(await textOf(client, '1', gateway)).toBe('a1')
    const denying = { listeners: { udp: { ...udp, deny: ['127.0.0.1'] } }, backends: { all: { servers } } }
    expect(await gateway.apply(denying)).toMatchObject({ event: 'applied' })
    await done(gateway, 'a', 'health', 'down')
    await waitFor(async () => {
      client.send('2', gateway.port())
      return (await gateway.accessLog())[0]
    })
    expect((await gateway.accessLog())[0]).toMatchObject({ end: 'server_down' })
    expect(await stateOf(gateway, 'b')).toMatchObject({ active_connections: 0 })
  })

  test('what is pushed out of the memory of rates, as many addresses come, is told', async () => {
    const { a } = await scene()
    const rate = { datagrams: 1, per: '1h' }
    const udp = {
      bind: '127.0.0.1:0',
      protocol: 'udp',
      backend: 'all',
      requests: 1,
      responses: 0,
      limits: { rate },
    }
    const config = words([a], { listeners: { udp }, limits: { rate_limits: '64KiB' } })
    const gateway = keep(await startGateway({ config, workers: 1 }))
    const told = gateway.event('limit_reached')
    // A little more than has room, where keys fall as they may.
    for (let i = 0; i < 4500; i++) {
      const one = await udpPeer(`127.1.${i >> 8}.${i & 255}`)
      one.send('x', gateway.port())
      one.close()
    }
    expect(await told).toMatchObject({ limit: 'limits.rate_limits' })
  })

  test('answers still go out when their listener is no more, and its port is free for others at once', async () => {
    const { gateway, a, client } = await scene()
    const port = gateway.port()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    const other = words([a])
    other['listeners'] = { other: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all' } }
    expect(await gateway.apply(other)).toMatchObject({ event: 'applied' })
    a.send('late', a.got[0]!.port)
    expect((await client.next()).bytes.toString()).toBe('late')
    other['listeners'] = { third: { bind: `127.0.0.1:${port}`, protocol: 'udp', backend: 'all' } }
    expect(await gateway.apply(other)).toMatchObject({ event: 'applied' })
    expect((await client.ask('2', port)).bytes.toString()).toBe('a2')
  })

  test('a killed worker costs its flows alone: its clients begin others, on the same socket', async () => {
    const { gateway, client } = await scene()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    sendSignal(gateway.workers[0]!, 'SIGKILL')
    expect(await client.persist('2', gateway.port())).toBe('a2')
    // What comes while nobody is there waits in the socket.
    await gateway.event('worker_replaced')
    sendSignal(gateway.workers[0]!, 'SIGKILL')
    client.send('3', gateway.port())
    await waitFor(() => client.got.some(({ bytes }) => bytes.toString() === 'a3'))
  })

  test('a worker that is told to end hands its clients to the others, and its socket to its successor', async () => {
    const { gateway } = await scene(2)
    const clients = await Promise.all(Array.from({ length: 12 }, () => udpPeer()))
    for (const client of clients) expect(await textOf(keep(client), '1', gateway)).toBe('a1')
    sendSignal(gateway.workers[0]!, 'SIGTERM')
    await gateway.event('worker_exited')
    await gateway.event('worker_replaced')
    for (const client of clients) expect(await client.persist('2', gateway.port())).toBe('a2')
    const served = await waitFor(async () => {
      const text = await (await fetch(`${gateway.admin}/metrics`)).text()
      const flows = [...text.matchAll(/^lb_udp_flows\{.*\} (\d+)$/gm)].map((one) => Number(one[1]))
      return flows.length === 2 && flows.every((count) => count > 0) ? flows : null
    })
    expect(served).toHaveLength(2)
  })

  test('with more workers, and with fewer, every client is served', async () => {
    const { gateway, a } = await scene(1)
    const clients = await Promise.all(Array.from({ length: 8 }, () => udpPeer()))
    for (const client of clients) expect(await textOf(keep(client), '1', gateway)).toBe('a1')
    for (const [round, workers] of [3, 1].entries()) {
      expect(await gateway.apply(words([a], { workers }))).toMatchObject({ event: 'applied' })
      await waitFor(() => gateway.workers.length >= workers)
      for (const client of clients) expect(await client.persist(`${round}`, gateway.port())).toBe(`a${round}`)
    }
  })

  test('a stop lets flows end by themselves, both ways, and begins none; then it ends', async () => {
    const { gateway, client } = await scene()
    const port = gateway.port()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    gateway.signal('SIGTERM')
    await gateway.event('draining')
    expect((await client.ask('2', port)).bytes.toString()).toBe('a2')
    // The worker hears of it a little later.
    await waitFor(async () => {
      keep(await udpPeer()).send('no', port)
      const text = await (await fetch(`${gateway.admin}/metrics`)).text()
      return /^lb_udp_dropped_total\{listener="udp",reason="draining"\} /m.test(text)
    })
    expect(await gateway.exited()).toBe(0)
    const flows = (await gateway.accessLog()) as { readonly datagrams_in: number }[]
    expect(flows.find(({ datagrams_in }) => datagrams_in === 2)).toMatchObject({ end: 'stopped' })
  })

  test('a stop lets those end, too, whose listener a reload took away', async () => {
    const { gateway, a, client } = await scene()
    expect(await textOf(client, '1', gateway)).toBe('a1')
    const other = words([a], { drain: { finish: '2s' } })
    other['listeners'] = { other: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'all' } }
    expect(await gateway.apply(other)).toMatchObject({ event: 'applied' })
    gateway.signal('SIGTERM')
    await gateway.event('draining')
    a.send('late', a.got[0]!.port)
    expect((await client.next()).bytes.toString()).toBe('late')
    expect(await gateway.exited()).toBe(0)
    expect(await gateway.accessLog()).toMatchObject([{ listener: 'udp', end: 'stopped', datagrams_out: 2 }])
  })

  test('a port that another program has is told, with the place in the config', async () => {
    const { gateway, a, b } = await scene()
    const config = words([a])
    config['listeners'] = { udp: { bind: `127.0.0.1:${b.port}`, protocol: 'udp', backend: 'all' } }
    expect(await gateway.apply(config)).toMatchObject({
      event: 'rejected',
      problems: [{ path: 'listeners.udp.bind', message: expect.stringContaining('EADDRINUSE') }],
    })
  })
})

test.if(!isServed)("where sockets are Bun's a udp listener is refused, with what to do", async () => {
  const peer = keep(await udpPeer())
  const gateway = startGateway({ config: words([peer]) })
  await expect(gateway).rejects.toThrow('it needs sockets of ours')

  test('another gateway gets its port when what it left behind has ended', async () => {
    const config = (bind: string): Record<string, unknown> => ({
      listeners: { udp: { bind, protocol: 'udp', backend: 'all' } },
      backends: { all: { servers: [{ url: 'udp://127.0.0.1:9' }] } },
    })
    const old = keep(await startGateway({ config: config('127.0.0.1:0') }))
    const [orphan = 0] = old.workers
    // Held, so that it still has the port, however slow this machine is.
    sendSignal(orphan, 'SIGSTOP')
    old.signal('SIGKILL')
    await old.process.exited
    const bind = `127.0.0.1:${old.port()}`
    const other = keep(await spawnGateway({ config: config(bind) }))
    expect(await other.event('waits_for_port')).toMatchObject({ pid: orphan, bind: `UDP ${bind}` })
    sendSignal(orphan, 'SIGKILL')
    await other.event('serving')
  })
})
