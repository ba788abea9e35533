// What a death costs with TURN: the relay's, the supervisor's.
import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { descriptorsOf, isRunning, sendSignal } from '../support/processes.ts'
import * as stun from '../support/stun.ts'
import { relayOf, turnListener, type TurnWords } from '../support/turn.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { waitFor } from '../support/wait.ts'

const config = (words: TurnWords, further: Record<string, unknown> = {}): Record<string, unknown> => ({
  listeners: { turn: turnListener('turn', words) },
  // Allocations that a test leaves behind are nobody's.
  drain: '50ms',
  ...further,
})

const open = (gateway: Gateway, transport: 'udp' | 'tcp' = 'udp'): Promise<TurnLine> =>
  TurnLine.open({ transport, port: gateway.port('turn') })

async function mapped(line: TurnLine, message = new stun.StunWriter(stun.BINDING)): Promise<number> {
  return stun.addressOf(await line.ask(message), stun.XOR_MAPPED_ADDRESS)?.port ?? -1
}

describe('a relay that dies', () => {
  test('is replaced at once: its sockets are back, with what arrived meanwhile; its allocations are gone', async () => {
    await using gateway = await startGateway({ config: config({}) })
    await using line = await open(gateway)
    await using stream = await open(gateway, 'tcp')
    await line.allocate()
    await stream.allocate()
    const metrics = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()
    await waitFor(async () => (await metrics()).match(/^lb_turn_allocations\{.*\} 1$/gm)?.length === 2)
    const relay = relayOf(gateway)
    sendSignal(relay, 'SIGKILL')
    await waitFor(() => !isRunning(relay))
    // Asked once, of nobody: its successor finds it in the socket.
    const asked = new stun.StunWriter(stun.BINDING)
    line.send(asked.done())
    const answer = await line.next((bytes) => stun.parseStun(bytes)?.id.equals(asked.id) === true)
    expect(stun.addressOf(stun.parseStun(answer)!, stun.XOR_MAPPED_ADDRESS)?.port).toBe(line.localPort)
    expect(await gateway.event('relay_exited')).toMatchObject({
      pid: relay,
      code: null,
      signal: 'SIGKILL',
      lost: 2,
    })
    const replaced = await gateway.event('relay_replaced')
    expect(replaced).toMatchObject({ previous: relay })
    expect(relayOf(gateway)).toBe(replaced['pid'] as number)
    expect((await line.refresh()).code).toBe(437)
    expect(await metrics()).not.toContain('lb_turn_allocations{')
    expect(await metrics()).toContain('lb_turn_relay_restarts_total 1\n')
    await waitFor(() => stream.isClosed)
    await using again = await open(gateway, 'tcp')
    await again.allocate()
  })

  test('costs HTTP nothing, and no descriptor stays behind', async () => {
    const web = { web: { bind: '127.0.0.1:0' }, turn: turnListener('turn', {}) }
    const rules = [{ name: 'all', respond: { status: 200, body: 'hi' } }]
    await using gateway = await startGateway({ config: { listeners: web, rules } })
    const http = await gateway.client('web')
    await http.get('/')
    // What is kept in the data folder is opened behind `serving`.
    await gateway.event('setup_needed')
    const supervisor = descriptorsOf(gateway.pid)
    for (let i = 0; i < 2; i++) {
      sendSignal(relayOf(gateway), 'SIGKILL')
      await gateway.event('relay_replaced')
      expect((await http.get('/')).status).toBe(200)
    }
    await waitFor(() => descriptorsOf(gateway.pid) <= supervisor)
    expect((await fetch(`${gateway.admin}/_health`)).status).toBe(200)
    http.rst()
  })

  test('while a config is applied does not stop that', async () => {
    await using gateway = await startGateway({ config: config({}) })
    const [relay, applied] = [relayOf(gateway), gateway.apply(config({ userQuota: 5 }))]
    sendSignal(relay, 'SIGKILL')
    expect((await applied).event).toBe('applied')
    await gateway.event('relay_replaced')
    await using line = await open(gateway)
    expect(await mapped(line)).toBe(line.localPort)
  })

  test('that gets TERM lets its allocations end first', async () => {
    await using gateway = await startGateway({ config: config({}, { drain: '20s' }) })
    await using line = await open(gateway)
    await line.allocate()
    const relay = relayOf(gateway)
    sendSignal(relay, 'SIGTERM')
    await using other = await open(gateway)
    await waitFor(async () => {
      const answer = await other.request(stun.ALLOCATE, { before: (m) => udpAllocate(m) })
      if (stun.errorCode(answer) === 0) await other.refresh(0)
      return stun.errorCode(answer) === 403
    })
    expect((await line.refresh(0)).code).toBe(0)
    expect(await gateway.event('relay_exited')).toMatchObject({ pid: relay, code: 0 })
    await gateway.event('relay_replaced')
    await other.allocate()
  })
})

describe('a supervisor that is killed', () => {
  test('takes its relay with it; the next one has the same ports at once', async () => {
    await using first = await startGateway({ config: config({}) })
    const port = first.port('turn')
    const ours = { bind: `127.0.0.1:${port}` }
    expect((await first.apply(config({ ours }))).event).toBe('applied')
    const relay = relayOf(first)
    expect(isRunning(relay)).toBe(true)
    first.signal('SIGKILL')
    await first.process.exited
    await using second = await spawnGateway({ folder: first.folder, config: config({ ours }) })
    await second.event('serving')
    expect(isRunning(relay)).toBe(false)
    await using line = await open(second)
    expect(await mapped(line)).toBe(line.localPort)
    // Doors and control sockets that were left behind made way.
    const names = readdirSync(join(first.folder, 'data')).filter((name) => name.endsWith('.sock'))
    expect(names).toHaveLength(2)
    await using stream = await open(second, 'tcp')
    await stream.allocate()
  })

  test('whose relay does not notice at once: the next one waits for its ports', async () => {
    const ours = { transports: ['udp'] }
    await using first = await startGateway({ config: config({ ours }) })
    const port = first.port('turn')
    const again = { ours: { ...ours, bind: `127.0.0.1:${port}` } }
    expect((await first.apply(config(again))).event).toBe('applied')
    const relay = relayOf(first)
    sendSignal(relay, 'SIGSTOP')
    first.signal('SIGKILL')
    await first.process.exited
    await using second = await spawnGateway({ folder: first.folder, config: config(again) })
    await waitFor(() => second.workers.length > 0)
    sendSignal(relay, 'SIGCONT')
    await second.event('serving')
    await using line = await open(second)
    expect(await mapped(line)).toBe(line.localPort)
  })
})
