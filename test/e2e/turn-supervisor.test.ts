// The supervisor and its TURN relay: start, changes, questions, the end. Real processes, real sockets.
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { AllocationFacts } from '../../server/turn/messages.ts'
import type { Gateway } from '../support/gateway.ts'
import { spawnGateway } from '../support/gateway.ts'
import { childrenOf } from '../support/processes.ts'
import * as stun from '../support/stun.ts'
import { relayOf, startSluiceTurn, turnListener, type TurnWords } from '../support/turn.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { sendOn } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

/** Allocations that a test leaves behind are nobody's. */
const SHORT_DRAIN = { drain: '50ms' }

const start = async (
  listeners: Readonly<Record<string, TurnWords>>,
  further: Readonly<Record<string, unknown>> = {},
): Promise<Gateway> => (await startSluiceTurn(listeners, { ...SHORT_DRAIN, ...further })).gateway!

const config = (
  listeners: Readonly<Record<string, TurnWords>>,
  further: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  listeners: Object.fromEntries(
    Object.entries(listeners).map(([name, words]) => [name, turnListener(name, words)]),
  ),
  ...SHORT_DRAIN,
  ...further,
})

const open = (gateway: Gateway, transport: 'udp' | 'tcp' | 'tls' = 'udp', name = 'turn'): Promise<TurnLine> =>
  TurnLine.open({ transport, port: gateway.port(transport === 'tls' ? `${name}.tls` : name) })

/** Asks for the address as the server sees it. */
async function binding(line: TurnLine): Promise<boolean> {
  const answer = await line.ask(new stun.StunWriter(stun.BINDING))
  return stun.addressOf(answer, stun.XOR_MAPPED_ADDRESS)?.port === line.localPort
}

/** An echo of datagrams. */
async function startPeer(): Promise<{ readonly port: number; close(): void }> {
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: { data: (socket, bytes, port, address) => sendOn(socket, bytes, port, address), error() {} },
  })
  return { port: socket.port, close: () => socket.close() }
}

const CHANNEL = 0x4000

/** Whether a message goes to the peer of the channel and back. */
async function echoes(line: TurnLine, text: string): Promise<boolean> {
  const frame = Buffer.alloc(4 + ((text.length + 3) & ~3))
  frame.writeUInt16BE(CHANNEL, 0)
  frame.writeUInt16BE(text.length, 2)
  frame.write(text, 4)
  line.send(frame)
  const back = await line.next((bytes) => bytes.readUInt16BE(0) === CHANNEL)
  return back.subarray(4, 4 + text.length).toString() === text
}

/** Whether a new allocation is refused (403); one that is not is given back. */
async function isRefused(line: TurnLine): Promise<boolean> {
  const answer = await line.request(stun.ALLOCATE, { before: (m) => udpAllocate(m) })
  if (stun.errorCode(answer) === 0) await line.refresh(0)
  return stun.errorCode(answer) === 403
}

async function ask(
  gateway: Gateway,
  path: string,
  method = 'GET',
): Promise<{ status: number; body: unknown }> {
  const data = join(gateway.folder, 'data')
  const socket = readdirSync(data).find((name) => name.startsWith('control-')) ?? ''
  const response = await fetch(`http://localhost/api/v1/turn/${path}`, { unix: join(data, socket), method })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const inData = (gateway: Gateway): string[] => {
  const data = join(gateway.folder, 'data')
  if (!existsSync(data)) return []
  // The revision outlives the run, and so does what is kept of it, and the way in of the first user.
  const names = readdirSync(data).filter((name) => !/^(?:revision-|state\.|setup-token$)/.test(name))
  return names.map((name) => name.replace(/-[0-9a-f]{16}/, ''))
}

const endOf = (gateway: Gateway): Promise<Record<string, unknown>> => gateway.event('turn_allocation')

describe('a turn listener', () => {
  test('is told where it is open: UDP and TCP on one port, TLS on its own; and answers on each', async () => {
    await using gateway = await start({ turn: { tls: true } })
    const listeners = gateway.last('serving')?.['listeners'] as Record<string, string>
    expect(Object.keys(listeners).toSorted()).toEqual(['turn', 'turn.tls'])
    expect(listeners['turn']).toStartWith('127.0.0.1:')
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      await using line = await open(gateway, transport)
      expect(await binding(line)).toBe(true)
    }
    expect(inData(gateway).toSorted()).toEqual(['control.sock', 'lock', 'run.json', 'turn.sock'])
    for (const name of readdirSync(join(gateway.folder, 'data')))
      expect(statSync(join(gateway.folder, 'data', name)).mode & 0o777).toBe(0o600)
    expect(relayOf(gateway)).toBeGreaterThan(0)
    expect(await gateway.stop()).toBe(0)
    expect(inData(gateway)).toEqual([])
  })

  test('on every address answers over IPv4 and IPv6', async () => {
    const ours = { bind: ':0' }
    await using gateway = await start({ turn: { ours } })
    for (const host of ['127.0.0.1', '::1'])
      for (const transport of ['udp', 'tcp'] as const) {
        await using line = await TurnLine.open({ transport, host, port: gateway.port('turn') })
        expect(await binding(line)).toBe(true)
      }
  })

  test('whose UDP port another program has is a failed start', async () => {
    await using taken = await startPeerDisposable()
    const bind = `127.0.0.1:${taken.port}`
    await using gateway = await spawnGateway({
      config: { listeners: { turn: turnListener('turn', { ours: { bind, transports: ['udp'] } }) } },
    })
    expect(await gateway.exited()).toBe(1)
    expect(gateway.stderr).toContain(`listeners.turn.bind: cannot listen on UDP ${bind}: `)
    expect(gateway.stderr).toMatch(/: (another program|.+ \(process [0-9]+\)) has this port \(EADDRINUSE\)/)
    expect(childrenOf(gateway.pid)).toEqual([])
    expect(inData(gateway)).toEqual([])
  })

  test('that relays from an address that this machine has not is refused, with its place', async () => {
    await using gateway = await start({ turn: {} })
    const relay = { bind: ['192.0.2.1'] }
    const rejected = await gateway.apply(config({ turn: { ours: { relay } } }))
    expect(rejected).toMatchObject({ event: 'rejected' })
    expect(rejected['problems']).toMatchObject([
      { path: 'listeners.turn.relay.bind[0]', message: expect.stringContaining('192.0.2.1') },
    ])
    await using line = await open(gateway)
    expect(await binding(line)).toBe(true)
  })
})

async function startPeerDisposable(): Promise<{ readonly port: number } & AsyncDisposable> {
  const peer = await startPeer()
  return { port: peer.port, [Symbol.asyncDispose]: async () => peer.close() }
}

describe('a reload', () => {
  test('keeps allocations of listeners that stay, whatever comes and goes beside them', async () => {
    await using peer = await startPeerDisposable()
    await using gateway = await start({ turn: {}, other: {} })
    await using line = await open(gateway)
    await using stream = await open(gateway, 'tcp')
    for (const one of [line, stream]) {
      await one.allocate()
      expect(await one.bind(CHANNEL, '127.0.0.1', peer.port)).toBe(0)
      expect(await echoes(one, 'before')).toBe(true)
    }
    const port = gateway.port('turn')
    const applied = await gateway.apply(config({ turn: { userQuota: 7 }, more: {} }))
    expect(applied).toMatchObject({ event: 'applied', listeners: { turn: `127.0.0.1:${port}` } })
    for (const one of [line, stream]) expect(await echoes(one, 'after')).toBe(true)
    await using more = await open(gateway, 'udp', 'more')
    expect(await binding(more)).toBe(true)
    expect(((await ask(gateway, 'allocations')).body as unknown[]).length).toBe(2)
  })

  test('that drops a listener ends its allocations, and the relay with the last one; it comes back', async () => {
    await using gateway = await start({ turn: {} })
    await using line = await open(gateway)
    await line.allocate()
    const relay = relayOf(gateway)
    const web = { web: { bind: '127.0.0.1:0' } }
    const rules = [{ name: 'all', respond: { status: 200, body: 'hi' } }]
    expect((await gateway.apply({ listeners: web, rules, ...SHORT_DRAIN })).event).toBe('applied')
    expect(await endOf(gateway)).toMatchObject({ reason: 'listener_removed', listener: 'turn' })
    expect(await gateway.event('relay_exited')).toMatchObject({ pid: relay, code: 0 })
    await waitFor(() => inData(gateway).toSorted().join() === 'control.sock,lock,run.json')
    expect(childrenOf(gateway.pid)).not.toContain(relay)
    expect((await gateway.fetch('/', { listener: 'web' })).status).toBe(200)

    const listeners = { ...web, turn: turnListener('turn', {}) }
    expect((await gateway.apply({ listeners, rules, ...SHORT_DRAIN })).event).toBe('applied')
    await using again = await TurnLine.open({ port: gateway.port('turn') })
    expect(await binding(again)).toBe(true)
    await using stream = await TurnLine.open({ transport: 'tcp', port: gateway.port('turn') })
    expect(await binding(stream)).toBe(true)
  })

  test('that moves a listener closes the old address and opens the new one', async () => {
    await using gateway = await start({ turn: {} })
    await using line = await open(gateway)
    await line.allocate()
    const port = gateway.port('turn')
    expect((await gateway.apply(config({ turn: { ours: { bind: `0.0.0.0:${port}` } } }))).event).toBe(
      'applied',
    )
    expect(await endOf(gateway)).toMatchObject({ reason: 'listener_removed' })
    expect(gateway.last('applied')?.['listeners']).toEqual({ turn: `0.0.0.0:${port}` })
    await using moved = await TurnLine.open({ host: '127.0.0.2', from: '127.0.0.1', port })
    expect(await binding(moved)).toBe(true)
    await using again = await open(gateway)
    expect(await binding(again)).toBe(true)
  })

  test('that is refused elsewhere leaves sockets and allocations alone', async () => {
    await using gateway = await start({ turn: {} })
    await using line = await open(gateway)
    await line.allocate()
    await using taken = await startPeerDisposable()
    const more = { ours: { bind: `127.0.0.1:${taken.port}`, transports: ['udp'] } }
    expect((await gateway.apply(config({ turn: {}, more }))).event).toBe('rejected')
    expect((await line.refresh()).code).toBe(0)
  })
})

describe('questions on the control socket', () => {
  test('allocations are listed and ended, peers explained', async () => {
    await using gateway = await start({ turn: { allow: [] } })
    await using line = await open(gateway)
    await line.allocate()
    const [found] = (await ask(gateway, 'allocations')).body as AllocationFacts[]
    expect(found).toMatchObject({ listener: 'turn', user: 'test', transport: 'udp' })
    expect(found?.client).toBe(`127.0.0.1:${line.localPort}`)
    const peers = await ask(gateway, 'peers/10.0.0.1?listener=turn')
    expect(peers).toMatchObject({
      status: 200,
      body: [{ listener: 'turn', peer: '10.0.0.1', allowed: false }],
    })
    expect((await ask(gateway, 'peers/10.0.0.1?listener=web')).status).toBe(404)
    expect((await ask(gateway, `allocations/${found?.id}`, 'DELETE')).status).toBe(204)
    expect((await ask(gateway, `allocations/${found?.id}`, 'DELETE')).status).toBe(404)
    expect(await endOf(gateway)).toMatchObject({ id: found!.id, reason: 'ended_by_admin' })
    expect((await line.refresh()).code).toBe(437)
  })

  test('the gateway’s health and metrics tell of allocations', async () => {
    await using gateway = await start({ turn: {} })
    await using line = await open(gateway)
    await line.allocate()
    const metrics = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()
    const { realm } = line
    await waitFor(async () =>
      (await metrics()).includes(`lb_turn_allocations{listener="turn",realm="${realm}",transport="udp"} 1\n`),
    )
    expect(await metrics()).toContain('lb_process_cpu_seconds_total{process="turn-relay"}')
    const health = await fetch(`${gateway.admin}/_health`)
    expect(await health.json()).toMatchObject({
      healthy: true,
      turn: { serving: true, listeners: [{ listener: 'turn', realm, allocations: 1 }] },
    })
  })
})

describe('the end', () => {
  test('a drain refuses new allocations and waits for those that are there', async () => {
    await using peer = await startPeerDisposable()
    await using gateway = await start({ turn: {} }, { drain: '20s' })
    await using line = await open(gateway)
    await using other = await open(gateway)
    await line.allocate()
    await line.bind(CHANNEL, '127.0.0.1', peer.port)
    gateway.signal('SIGTERM')
    await gateway.event('draining')
    await waitFor(() => isRefused(other))
    expect(await echoes(line, 'still')).toBe(true)
    expect((await line.refresh(0)).code).toBe(0)
    expect(await gateway.exited()).toBe(0)
    expect(gateway.last('stopped')).toMatchObject({ aborted: 0 })
    expect(gateway.last('relay_exited')).toMatchObject({ code: 0 })
  })

  test('what a drain cuts off is counted', async () => {
    await using gateway = await start({ turn: {} }, { drain: '300ms' })
    await using line = await open(gateway)
    await using other = await open(gateway)
    await line.allocate()
    await other.allocate()
    expect(await gateway.stop()).toBe(0)
    expect(gateway.last('stopped')).toMatchObject({ aborted: 2 })
    expect(gateway.events.filter(({ event }) => event === 'turn_allocation')).toHaveLength(2)
    expect(gateway.last('turn_allocation')).toMatchObject({ reason: 'stopped' })
  })

  test('a second signal ends it at once', async () => {
    await using gateway = await start({ turn: {} }, { drain: '1m' })
    await using line = await open(gateway)
    await line.allocate()
    gateway.signal('SIGTERM')
    await gateway.event('draining')
    gateway.signal('SIGTERM')
    expect(await gateway.exited()).toBe(1)
    expect(inData(gateway)).toEqual([])
  })
})

describe('workers: 0', () => {
  test('the relay is a thread: serves, reloads, ends, and takes nothing with it', async () => {
    await using peer = await startPeerDisposable()
    await using gateway = await start({ turn: { tls: true } }, { workers: 0 })
    expect(childrenOf(gateway.pid)).toEqual([])
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      await using line = await open(gateway, transport)
      await line.allocate()
      expect(await line.bind(CHANNEL, '127.0.0.1', peer.port)).toBe(0)
      expect(await echoes(line, transport)).toBe(true)
    }
    await using line = await open(gateway)
    await line.allocate()
    await line.bind(CHANNEL, '127.0.0.1', peer.port)
    expect((await gateway.apply(config({ turn: { tls: true }, more: {} }, { workers: 0 }))).event).toBe(
      'applied',
    )
    expect(await echoes(line, 'after')).toBe(true)
    const web = { web: { bind: '127.0.0.1:0' } }
    const rules = [{ name: 'all', respond: { status: 200, body: 'hi' } }]
    expect((await gateway.apply({ listeners: web, rules, workers: 0 })).event).toBe('applied')
    expect(await gateway.event('relay_exited')).toMatchObject({ code: 0 })
    expect((await gateway.fetch('/', { listener: 'web' })).status).toBe(200)
    expect((await gateway.apply(config({ turn: {} }, { workers: 0 }))).event).toBe('applied')
    await using again = await TurnLine.open({ port: gateway.port('turn') })
    await again.allocate()
    expect(await again.refresh(0)).toMatchObject({ code: 0 })
    expect(await gateway.stop()).toBe(0)
  })
})
