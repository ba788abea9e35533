import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../../../server/config/schema.ts'
import { bindUdp, isUnixAnswered } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { TurnKeeper } from '../../../../server/control/relay/turn-keeper.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import type { ToRelay } from '../../../../server/turn/messages.ts'
import { nobodysPort } from '../../../support/udp.ts'
import { pause, waitFor } from '../../../support/wait.ts'
import { farEnds, type FarEnd } from './relays.ts'
import { turnListener } from '../../../support/turn-config.ts'
import { configOf } from './turn-config.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

interface Scene {
  readonly keeper: TurnKeeper
  readonly ends: FarEnd[]
  readonly totals: Totals
  readonly notes: string[]
  readonly data: string
  tcp: Record<string, string>
}

/** A keeper whose relays are content with everything. */
function scene(): Scene {
  const data = mkdtempSync(join(tmpdir(), 'turn-keeper-'))
  const { start, ends } = farEnds()
  const totals = new Totals()
  const notes: string[] = []
  const made: Scene = {
    ends,
    totals,
    notes,
    data,
    tcp: {},
    keeper: new TurnKeeper({
      data,
      file: '/etc/sluice.yaml',
      totals,
      start: (fds, onExit) => {
        const started = start(fds, onExit)
        content(ends.at(-1)!)
        return started
      },
      tcpAddresses: () => made.tcp,
      adminAddress: () => '127.0.0.1:9090',
      workersOf: () => 2,
      isEnding: () => false,
      onExit: ({ pid }, { lost = 0 }) => notes.push(`${pid} exited, ${lost} lost`),
      onReplaced: ({ pid }, previous) => notes.push(`${pid} replaces ${previous}`),
      onNotStarted: (why) => notes.push(why),
    }),
  }
  stops.push(async () => {
    await made.keeper.relay.kill()
    made.keeper.close()
    rmSync(data, { recursive: true, force: true })
  })
  return made
}

function content(end: FarEnd): void {
  end.say({ type: 'hello', pid: 1 })
  end.onTold = (message) => {
    if (message.type === 'plan') {
      closeFds(end.take(message.plan.number, message.plan.arriving.length))
      end.say({ type: 'ready', number: message.plan.number })
    }
    if (message.type === 'commit') end.say({ type: 'serving', number: message.number })
  }
}

const plan = (number: number, config: Config): PlanBody => ({
  number,
  config,
  slots: {},
  records: 1,
  door: null,
  certificates: {},
  challenges: {},
})

async function apply({ keeper }: Scene, number: number, config: Config): Promise<void> {
  expect(await keeper.stage(config)).toEqual([])
  expect(await keeper.prepare(plan(number, config))).toEqual([])
  await keeper.commit()
}

const planTold = (end: FarEnd | undefined): Extract<ToRelay, { type: 'plan' }>['plan'] => {
  const message = end?.told.findLast(({ type }) => type === 'plan')
  if (message?.type !== 'plan') throw new Error('no plan was told')
  return message.plan
}

const WITH_TURN = configOf({ turn: turnListener() })
const WITHOUT = configOf({ web: { protocol: 'http', bind: '127.0.0.1:0' } })

describe.if(process.platform === 'linux')('what the supervisor has for turn listeners', () => {
  test('without one there is nothing: no relay, no door, no folder', async () => {
    const made = scene()
    rmSync(made.data, { recursive: true })
    await apply(made, 1, WITHOUT)
    expect(made.keeper.doorOf(WITHOUT)).toBeNull()
    expect(made.ends).toEqual([])
    expect(existsSync(made.data)).toBe(false)
    expect(made.keeper.addresses(WITHOUT.listeners)).toEqual({})
  })

  test('with one the relay gets its sockets and the door, and is told what peers must not reach', async () => {
    const made = scene()
    const taken = bindUdp('127.0.0.1', 0)
    stops.push(() => closeFds([taken.fd]))
    const turn = `127.0.0.1:${taken.port}`
    made.tcp = { turn, 'turn.tls': '127.0.0.1:2', web: '[::]:80' }
    await apply(made, 1, WITH_TURN)
    const told = planTold(made.ends[0])
    expect(told.sockets.map(({ key }) => key)).toEqual(['turn#0', 'door'])
    expect(told.arriving).toEqual(['turn#0', 'door'])
    expect(told.ownAddresses).toEqual([turn, '127.0.0.1:2', '[::]:80', '127.0.0.1:9090'])
    expect(told.nonceKey).toMatch(/^[0-9a-f]{64}$/)
    expect(made.keeper.relay.isServing).toBe(true)
    const door = made.keeper.doorOf(WITH_TURN) ?? ''
    expect(isUnixAnswered(door)).toBe(true)
    const udp = made.keeper.addresses(WITH_TURN.listeners)
    expect(udp['turn']).toBe(`127.0.0.1:${told.sockets[0]?.port}`)
    expect(udp['turn.tcp']).toBe(turn)
  })

  test('the last one leaves: the relay is told and stopped, the door is gone; and it comes back', async () => {
    const made = scene()
    await apply(made, 1, WITH_TURN)
    const door = made.keeper.doorOf(WITH_TURN) ?? ''
    await apply(made, 2, WITHOUT)
    expect(planTold(made.ends[0])).toMatchObject({ number: 2, listeners: {}, sockets: [] })
    await waitFor(() => !made.ends[0]!.isOpen)
    made.ends[0]!.exit({ code: 0, signal: null })
    expect(existsSync(door)).toBe(false)
    await apply(made, 3, WITH_TURN)
    expect(made.ends).toHaveLength(2)
    expect(made.keeper.doorOf(WITH_TURN)).toBe(door)
    expect(isUnixAnswered(door)).toBe(true)
  })

  test('a relay that has left still holds a port: who wants it again waits for that', async () => {
    const made = scene()
    const port = await nobodysPort()
    const config = configOf({ turn: turnListener({ bind: `127.0.0.1:${port}` }) })
    await made.keeper.stage(config)
    expect(await made.keeper.prepare(plan(1, config))).toEqual([])
    // Refused by others: the relay was started for this plan alone, and ends with its copy of the socket,
    // which is played here.
    made.keeper.drop()
    const { fd: copy } = bindUdp('127.0.0.1', port)
    const end = made.ends[0]!
    void pause(60).then(() => {
      closeFds([copy])
      end.exit({ code: 0, signal: null })
    })
    await apply(made, 2, config)
    expect(made.keeper.addresses(config.listeners)['turn']).toBe(`127.0.0.1:${port}`)
  })

  test('a drain closes the door when the relay is gone: nobody waits there for another', async () => {
    const made = scene()
    await apply(made, 1, WITH_TURN)
    const door = made.keeper.doorOf(WITH_TURN) ?? ''
    const drained = made.keeper.drain(1000)
    await waitFor(() => made.ends[0]!.told.at(-1)?.type === 'drain')
    expect(isUnixAnswered(door)).toBe(true)
    made.ends[0]!.exit({ code: 0, signal: null })
    await drained
    expect(existsSync(door)).toBe(false)
    expect(isUnixAnswered(door)).toBe(false)
  })

  test('a replacement gets the same sockets and the same key; what the dead one had counts as ended', async () => {
    const made = scene()
    await apply(made, 1, WITH_TURN)
    const before = planTold(made.ends[0])
    made.totals.merge([
      ['turn_allocations', ['turn', 'example.org', 'udp'], 3],
      ['turn_allocations', ['turn', 'example.org', 'tls'], 2],
      ['turn_allocations_total', ['turn', 'example.org', 'udp'], 9],
      ['process_resident_memory_bytes', ['turn-relay'], 1],
    ])
    expect(made.keeper.allocationsOf(WITH_TURN)).toEqual({ turn: 5 })
    expect(made.keeper.allocations).toBe(5)
    made.ends[0]!.exit()
    await waitFor(() => made.keeper.relay.isServing && made.ends.length === 2)
    expect(planTold(made.ends[1])).toEqual(before)
    expect(made.notes).toEqual(['500 exited, 5 lost', '501 replaces 500'])
    const ended = ['turn', 'example.org', 'relay_died']
    expect(made.totals.counter('turn_allocations_ended_total', ended).value).toBe(5)
    expect(made.keeper.allocationsOf(WITH_TURN)).toEqual({ turn: 0 })
    expect(made.totals.gaugesOf('process_resident_memory_bytes')).toEqual([])
    expect(made.totals.counter('turn_allocations_total', ['turn', 'example.org', 'udp']).value).toBe(9)
  })

  test('what the relay has against a plan has a place in the config', async () => {
    const made = scene()
    await apply(made, 1, WITH_TURN)
    const end = made.ends[0]!
    const refuse = (why: string) => (message: ToRelay) => {
      if (message.type === 'plan') end.say({ type: 'failed', number: message.plan.number, why })
    }
    const next = configOf({ turn: turnListener(), more: turnListener() })
    end.onTold = refuse('listeners.turn.relay.bind.0: this machine has no address: 192.0.2.1')
    await made.keeper.stage(next)
    expect(await made.keeper.prepare(plan(2, next))).toEqual([
      { path: 'listeners.turn.relay.bind.0', message: 'this machine has no address: 192.0.2.1' },
    ])
    made.keeper.drop()
    await waitFor(() => end.told.at(-1)?.type === 'drop')
    end.onTold = refuse('out of memory')
    await made.keeper.stage(next)
    expect(await made.keeper.prepare(plan(3, next))).toEqual([{ path: '', message: 'out of memory' }])
    made.keeper.drop()
    expect(Object.keys(made.keeper.addresses(next.listeners))).toEqual(['turn'])
  })

  test('a data folder that cannot be written is a problem of "data", and nothing stays open', async () => {
    const made = scene()
    rmSync(made.data, { recursive: true })
    writeFileSync(made.data, 'a file')
    const port = await nobodysPort()
    const config = configOf({ turn: turnListener({ bind: `127.0.0.1:${port}` }) })
    const problem = await made.keeper.stage(config).then(
      () => null,
      (error: { path?: string; message: string }) => error,
    )
    expect(problem?.path).toBe('data')
    expect(problem?.message).toContain('cannot make the door of the TURN relay')
    closeFds([bindUdp('127.0.0.1', port).fd])
  })
})
