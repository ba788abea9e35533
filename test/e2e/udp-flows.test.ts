// Datagrams through a gateway: what becomes of one client's, of its answers, and of what cannot be passed on.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { echo, named, nobodysPort, udpPeer, type UdpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

const isServed = socketsOfRun() !== 'bun'
const LONGEST = 65_507

interface Line {
  readonly listener: string
  readonly client_port: number
  readonly server: string | null
  readonly [key: string]: unknown
}

describe.if(isServed)('a udp listener', () => {
  const peers: UdpPeer[] = []
  const keep = <T extends UdpPeer>(peer: T): T => {
    peers.push(peer)
    return peer
  }
  const client = async (host?: string): Promise<UdpPeer> => keep(await udpPeer(host))
  /** Of a server that a test begins, and ends. */
  const leavesFirst = nobodysPort()
  let gateway: Gateway
  const port = (name: string): number => gateway.port(name)

  beforeAll(async () => {
    const [echoing, v6, a, b, silent] = await Promise.all([
      echo(),
      echo('::1'),
      named('a'),
      named('b'),
      udpPeer(),
    ])
    peers.push(echoing, v6, a, b, silent)
    const dead = await nobodysPort()
    const leavesAt = await leavesFirst
    const listener = (backend: string, more: object = {}): object => ({
      bind: '127.0.0.1:0',
      protocol: 'udp',
      backend,
      ...more,
    })
    const servers = (...ports: number[]): object => ({
      servers: ports.map((one) => ({ url: `udp://127.0.0.1:${one}` })),
    })
    gateway = await startGateway({
      config: {
        listeners: {
          echo: listener('echo'),
          six: listener('six', { bind: '[::1]:0' }),
          wild: listener('echo', { bind: ':0' }),
          many: listener('echo', { bind: ['127.0.0.1:0', '127.0.0.2:0'] }),
          pair: listener('pair'),
          once: listener('pair', { responses: 1 }),
          spread: listener('pair', { requests: 1, responses: 0 }),
          half: listener('half'),
          none: listener('none'),
          mute: listener('mute', { idle: '50ms', responses: 1 }),
          oneway: listener('mute', { idle: '50ms' }),
          sink: listener('sink', { idle: '50ms', responses: 0 }),
          first: listener('echo', { proxy_header: 'first' }),
          each: listener('echo', { proxy_header: 'each' }),
          moved: listener('moved', { proxy_header: 'first' }),
          short: listener('echo', { limits: { datagram: 8 } }),
          slow: listener('echo', { limits: { rate: { datagrams: 2, per: '1h' } } }),
          inner: listener('echo', { allow: ['127.0.0.0/8'], deny: ['127.0.0.9'] }),
          few: listener('echo', { limits: { flows: 4 } }),
          name: listener('name'),
        },
        backends: {
          echo: servers(echoing.port),
          six: { servers: [{ url: `udp://[::1]:${v6.port}` }] },
          pair: servers(a.port, b.port),
          half: servers(dead, echoing.port),
          none: servers(dead),
          moved: servers(leavesAt, echoing.port),
          mute: servers(silent.port),
          sink: servers(silent.port),
          name: { servers: [{ url: `udp://localhost:${echoing.port}` }] },
        },
      },
    })
  })
  afterAll(async () => {
    for (const peer of peers) peer.close()
    await gateway[Symbol.asyncDispose]()
  })

  /** Lines of flows that are over, of one client. */
  const linesOf = async (listener: string, of: number): Promise<Line[]> =>
    ((await gateway.accessLog()) as Line[]).filter(
      (line) => line.listener === listener && line.client_port === of,
    )
  const lineOf = (listener: string, of: UdpPeer): Promise<Line> =>
    waitFor(async () => (await linesOf(listener, of.port))[0], { what: `a line of ${listener}` })
  /** A metric with these labels, in their order. */
  const metric = async (name: string, ...labels: string[]): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`lb_${name}{`) && labels.every((l) => one.includes(`="${l}"`)))
    return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0)
  }
  const dropped = (listener: string, reason: string): Promise<true> =>
    waitFor(async () => (await metric('udp_dropped_total', listener, reason)) > 0 || null, {
      what: `${reason} of ${listener}`,
    })

  test.each([
    ['echo', '127.0.0.1', LONGEST],
    ['six', '::1', 60_000],
  ])('datagrams of every length pass whole, both ways: %s', async (name, host, longest) => {
    const one = await client(host)
    for (const length of [1, 0, 1472, 1473, 9000, longest, 0, 3]) {
      const bytes = Buffer.alloc(length, `${length}`)
      const answer = await one.ask(bytes, port(name), host)
      expect([answer.bytes.equals(bytes), answer.host, answer.port]).toEqual([true, host, port(name)])
    }
  })

  test('where every address is open, answers leave from the one that was asked', async () => {
    const [four, six] = [await client(), await client('::1')]
    for (const host of ['127.0.0.1', '127.0.0.77', '127.9.9.9'])
      expect(await four.ask('who', port('wild'), host)).toMatchObject({ host, port: port('wild') })
    expect(await six.ask('who', port('wild'), '::1')).toMatchObject({ host: '::1', port: port('wild') })
  })

  test('a list of addresses is open at each', async () => {
    const all = (gateway.last('serving')!['listeners'] as Record<string, string[]>)['many']!
    expect(all).toHaveLength(2)
    const one = await client()
    for (const address of all) {
      const [host = '', of = ''] = address.split(':')
      expect(await one.ask('who', Number(of), host)).toMatchObject({ host, port: Number(of) })
    }
  })

  test("a client's datagrams stay with one server; the next client's go to the next one", async () => {
    const [one, other] = [await client(), await client()]
    const texts: string[] = []
    for (const by of [one, other, one, other, one])
      texts.push((await by.ask('', port('pair'))).bytes.toString())
    expect(new Set([texts[0], texts[1]])).toEqual(new Set(['a', 'b']))
    expect(texts.slice(2)).toEqual([texts[0]!, texts[1]!, texts[0]!])
  })

  test('with responses a flow ends with its answer, and the next question begins another', async () => {
    const one = await client()
    const answers = [await one.ask('1', port('once')), await one.ask('2', port('once'))]
    expect(new Set(answers.map(({ bytes }) => bytes.toString()[0]))).toEqual(new Set(['a', 'b']))
    const lines = await waitFor(async () => {
      const all = await linesOf('once', one.port)
      return all.length === 2 ? all : null
    })
    for (const line of lines)
      expect(line).toMatchObject({
        client: '127.0.0.1',
        protocol: 'UDP',
        backend: 'pair',
        bytes_in: 1,
        bytes_out: 2,
        datagrams_in: 1,
        datagrams_out: 1,
        attempts: 1,
        end: 'answered',
        fault: null,
      })
    expect(await metric('udp_flows_total', 'once', 'pair', 'answered')).toBeGreaterThan(0)
  })

  test('with requests: 1 what one client sends is spread over all servers', async () => {
    const one = await client()
    for (let i = 0; i < 6; i++) one.send('log', port('spread'))
    const lines = await waitFor(async () => {
      const all = await linesOf('spread', one.port)
      return all.length === 6 ? all : null
    })
    expect(new Set(lines.map(({ server }) => server)).size).toBe(2)
    for (const line of lines) expect(line).toMatchObject({ end: 'complete', datagrams_in: 1 })
  })

  test('what no answer is expected to is no attempt that was given up', async () => {
    const one = await client()
    one.send('log', port('sink'))
    expect(await lineOf('sink', one)).toMatchObject({ end: 'idle', fault: null })
    await waitFor(async () => (await metric('attempts_total', 'sink', 'answered')) === 1 || null)
    expect(await metric('attempts_total', 'sink', 'given_up')).toBe(0)
  })

  test('a datagram that a server refuses goes to another one, once', async () => {
    for (let i = 0; i < 4; i++) {
      const one = await client()
      expect((await one.ask(`try ${i}`, port('half'))).bytes.toString()).toBe(`try ${i}`)
    }
    expect(await metric('attempts_total', 'half', 'refused')).toBeGreaterThan(0)
  })

  test('however many flows begin with long datagrams, one that is refused is there to be sent again', async () => {
    const one = await client()
    const long = Buffer.alloc(60_000, 'long')
    // More than the copies of all first datagrams together may have, twice.
    for (let i = 0; i < 150; i++) expect((await one.ask(long, port('once'))).bytes).toHaveLength(60_001)
    const other = await client()
    const answers = [await other.ask(long, port('half')), await (await client()).ask(long, port('half'))]
    expect(answers.map(({ bytes }) => bytes.equals(long))).toEqual([true, true])
  })

  test('where all servers refuse, it is dropped, and told', async () => {
    const one = await client()
    one.send('lost', port('none'))
    expect(await lineOf('none', one)).toMatchObject({
      end: 'refused',
      fault: 'connect_refused',
      datagrams_out: 0,
    })
    await dropped('none', 'refused')
  })

  test('a flow that was idle ends: a failure only where an answer was expected', async () => {
    const one = await client()
    one.send('x', port('mute'))
    one.send('y', port('oneway'))
    one.send('z', port('oneway'))
    expect(await lineOf('mute', one)).toMatchObject({ end: 'idle', fault: 'response_timeout' })
    expect(await lineOf('oneway', one)).toMatchObject({ end: 'idle', fault: null, datagrams_in: 2 })
  })

  test('servers are told who the client is, before the first datagram or each', async () => {
    const header = (from: number, to: string): string => {
      const bytes = Buffer.from('0d0a0d0a000d0a515549540a2112000c7f0000017f000001', 'hex')
      const ports = Buffer.alloc(4)
      ports.writeUInt16BE(from)
      ports.writeUInt16BE(port(to), 2)
      return Buffer.concat([bytes, ports]).toString('latin1')
    }
    for (const [name, expected] of [
      ['first', [true, false]],
      ['each', [true, true]],
    ] as const) {
      const one = await client()
      for (const isTold of expected)
        expect((await one.ask('hi', port(name))).bytes.toString('latin1')).toBe(
          `${isTold ? header(one.port, name) : ''}hi`,
        )
    }
  })

  test('a server that a flow comes to later is told who the client is, too', async () => {
    const header = /^\r\n\r\n\0\r\nQUIT\n/
    const leaving = keep(await udpPeer('127.0.0.1', () => {}, await leavesFirst))
    const one = await client()
    // One way: two are sent, so that nothing is kept of the first one; then the server is gone. What else may
    // come to a port where nobody was is none of them.
    const came = (text: string): boolean =>
      leaving.got.some(({ bytes }) => bytes.toString('latin1').endsWith(text))
    one.send('one', port('moved'))
    one.send('two', port('moved'))
    await waitFor(() => came('one') && came('two'))
    leaving.close()
    const answer = await one.persist('3', port('moved'))
    expect(answer).toMatch(header)
    expect((await one.ask('4', port('moved'))).bytes.toString('latin1')).not.toMatch(header)
  })

  test('what is longer than the limit, comes too often or from elsewhere is dropped, and counted', async () => {
    const one = await client()
    one.send('123456789', port('short'))
    expect((await one.ask('12345678', port('short'))).bytes.toString()).toBe('12345678')
    const denied = await client('127.0.0.9')
    denied.send('no', port('inner'))
    const hasty = await client()
    for (const text of ['1', '2', '3']) hasty.send(text, port('slow'))
    await Promise.all([
      dropped('short', 'too_long'),
      dropped('inner', 'denied'),
      dropped('slow', 'rate_limited'),
    ])
    expect((await one.ask('yes', port('inner'))).bytes.toString()).toBe('yes')
    expect(denied.got).toEqual([])
    // Another address has a bucket of its own.
    expect((await (await client('127.0.0.3')).ask('1', port('slow'))).bytes.toString()).toBe('1')
  })

  test('a flood from many addresses stays within the limit, and takes nothing from who is in a conversation', async () => {
    const one = await client()
    for (let i = 0; i < 2; i++) await one.ask('settled', port('few'))
    const flood = await Promise.all(Array.from({ length: 40 }, (_, i) => client(`127.0.1.${i + 1}`)))
    for (const stranger of flood) stranger.send('flood', port('few'))
    await waitFor(async () => (await metric('udp_flows_total', 'few', 'evicted')) >= 36 || null)
    expect(await metric('udp_flows', 'few')).toBeLessThanOrEqual(4)
    const told = await gateway.event('limit_reached', (one) => one['limit'] === 'listeners.few.limits.flows')
    expect(told).toMatchObject({ evicted: 1 })
    expect((await one.ask('still here', port('few'))).bytes.toString()).toBe('still here')
    expect(await linesOf('few', one.port)).toEqual([])
  })

  test('a server is found by its name', async () => {
    expect((await (await client()).ask('name', port('name'))).bytes.toString()).toBe('name')
  })

  test('status says how many flows each listener has', async () => {
    await (await client()).ask('here', port('each'))
    const flows = await waitFor(async () => {
      const { udp } = (await (await fetch(`${gateway.admin}/_health`)).json()) as {
        udp: { listener: string; flows: number }[]
      }
      const own = udp.find(({ listener }) => listener === 'each')
      return own !== undefined && own.flows > 0 ? udp : null
    })
    expect(flows).toHaveLength(20)
  })

  test('datagrams and bytes are counted', async () => {
    expect(await metric('udp_datagrams_total', 'echo', 'in')).toBe(8)
    expect(await metric('udp_bytes_total', 'echo', 'out')).toBe(1 + 1472 + 1473 + 9000 + LONGEST + 3)
  })
})
