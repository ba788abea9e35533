import { afterEach, describe, expect, test } from 'bun:test'
import { fstatSync, readdirSync } from 'node:fs'
import { bindUdp } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { Relay } from '../../../../server/control/relay/relay.ts'
import type { HeldSocket } from '../../../../server/control/relay/relay-plan.ts'
import {
  relayProcess,
  type RelayExit,
  type StartRelay,
} from '../../../../server/control/relay/relay-start.ts'
import type { MetricsDelta } from '../../../../server/telemetry/registry.ts'
import type { ToRelay } from '../../../../server/turn/messages.ts'
import { isRunning, sendSignal } from '../../../support/processes.ts'
import { staysTrue, waitFor, within } from '../../../support/wait.ts'
import { farEnds, relayBody, type FarEnd } from './relays.ts'

const fds: number[] = []
const relays: Relay[] = []
afterEach(async () => {
  for (const relay of relays.splice(0)) {
    relay.kill()
    await relay.exited
  }
  closeFds(fds.splice(0))
})

interface Scene {
  readonly relay: Relay
  readonly end: FarEnd
  readonly metrics: MetricsDelta[]
  readonly exits: RelayExit[]
  readonly kills: number[]
}

function scene(secondMs = 1000): Scene {
  const { start, ends, kills } = farEnds()
  const metrics: MetricsDelta[] = []
  const exits: RelayExit[] = []
  const relay = new Relay({
    start,
    onMetrics: (delta) => metrics.push(delta),
    onExit: (_, how) => exits.push(how),
    secondMs,
  })
  relays.push(relay)
  return { relay, end: ends[0]!, metrics, exits, kills }
}

function held(key: string): HeldSocket {
  const { fd, port } = bindUdp('127.0.0.1', 0)
  fds.push(fd)
  return { key, listener: 'turn', host: '127.0.0.1', port, fd }
}

const ino = (fd: number): number => fstatSync(fd).ino
const arriving = (message: ToRelay | undefined): readonly string[] =>
  message?.type === 'plan' ? message.plan.arriving : ['no plan']

/** Answers as a relay does that is content with everything. */
function content(end: FarEnd): void {
  end.onTold = (message) => {
    if (message.type === 'plan') end.say({ type: 'ready', number: message.plan.number })
    if (message.type === 'commit') end.say({ type: 'serving', number: message.number })
  }
}

test('it says hello, takes a plan with its sockets, and swaps', async () => {
  const { relay, end } = scene()
  end.say({ type: 'hello', pid: 1 })
  expect(await relay.hello).toBe(true)
  content(end)
  const sockets = [held('turn#0'), held('turn#1')]
  expect(await relay.prepare(relayBody(1, sockets))).toEqual({ is: 'ready' })
  expect(end.told[0]).toMatchObject({ type: 'plan', descriptors: 1, drainMs: 1000 })
  expect(arriving(end.told[0])).toEqual(['turn#0', 'turn#1'])
  const got = end.take(1, 2)
  expect(got.map(ino)).toEqual(sockets.map(({ fd }) => ino(fd)))
  closeFds(got)
  expect(await relay.commit(relayBody(1, sockets))).toBe(true)
})

test('what it has is not sent again; another socket in the same place is; a plan that was dropped gave it nothing', async () => {
  const { relay, end } = scene()
  content(end)
  const [a, b, other] = [held('turn#0'), held('turn#1'), held('turn#1')]
  const first = relayBody(1, [a, b])
  await relay.prepare(first)
  await relay.commit(first)
  const second = relayBody(2, [a, other])
  await relay.prepare(second)
  expect(arriving(end.told.at(-1))).toEqual(['turn#1'])
  relay.drop(second)
  await relay.prepare(relayBody(3, [a, other]))
  expect(arriving(end.told.at(-1))).toEqual(['turn#1'])
  await relay.commit(relayBody(3, [a, other]))
  await relay.prepare(relayBody(4, [a, other]))
  expect(arriving(end.told.at(-1))).toEqual([])
  expect(end.told.map(({ type }) => type)).toContain('drop')
})

test('why it does not want a plan is told', async () => {
  const { relay, end } = scene()
  end.onTold = () => end.say({ type: 'failed', number: 1, why: 'listeners.turn.relay.bind: not here' })
  expect(await relay.prepare(relayBody(1))).toEqual({
    is: 'failed',
    why: 'listeners.turn.relay.bind: not here',
  })
})

test('one that ends while it is asked is gone, and what it said last is still heard', async () => {
  const { relay, end, exits, metrics } = scene()
  end.onTold = () => {
    end.say({ type: 'metrics', delta: [['turn_relay_restarts_total', [], 1]] })
    end.say({ type: 'drained', aborted: 7 })
    end.exit({ code: 0, signal: null })
  }
  expect(await relay.prepare(relayBody(1))).toEqual({ is: 'gone', why: 'the TURN relay ended' })
  await relay.exited
  expect(await relay.hello).toBe(false)
  expect(exits).toEqual([{ code: 0, signal: null }])
  expect(metrics).toHaveLength(1)
  expect(relay.aborted).toBe(7)
  expect(await relay.commit(relayBody(1))).toBe(false)
  await expect(relay.ask({ ask: 'list' }, 1000)).rejects.toThrow('did not answer')
})

test('questions are answered by number; none in time is an error', async () => {
  const { relay, end } = scene()
  const asked: number[] = []
  end.onTold = (message) => {
    if (message.type !== 'question') return
    asked.push(message.id)
    if (asked.length === 2) for (const id of asked.toReversed()) end.say({ type: 'answer', id, answer: id })
  }
  const answers = [relay.ask({ ask: 'list' }, 2000), relay.ask({ ask: 'end', allocation: 'x' }, 2000)]
  expect(await Promise.all(answers)).toEqual(asked)
  await expect(relay.ask({ ask: 'list' }, 5)).rejects.toThrow('did not answer')
})

test('a message that is longer than a socket holds arrives whole, in both directions', async () => {
  const { relay, end } = scene()
  const long = 'x'.repeat(3_000_000)
  end.onTold = (message) => {
    if (message.type === 'question') end.write(`{"type":"answer","id":${message.id},"answer":`)
  }
  const answered = relay.ask({ ask: 'end', allocation: long }, 5000)
  await waitFor(() => end.told.length === 1)
  expect(end.told[0]).toMatchObject({ question: { allocation: long } })
  end.write(`"done"}\n`)
  expect(await answered).toBe('done')
})

test('stop and kill close the control connection; nothing stays open', async () => {
  const before = readdirSync('/proc/self/fd').length
  for (const way of ['stop', 'kill'] as const) {
    const { relay, end, kills } = scene()
    relay[way]()
    await waitFor(() => !end.isOpen)
    if (way === 'stop') end.exit({ code: 0, signal: null })
    await within(relay.exited, 'its end')
    expect(kills).toHaveLength(way === 'stop' ? 0 : 1)
  }
  relays.splice(0)
  await waitFor(() => readdirSync('/proc/self/fd').length <= before)
})

test('one that closes its control connection and runs on is killed', async () => {
  const { relay, end, kills } = scene()
  end.hangUp()
  await within(relay.exited, 'its end')
  expect(kills).toHaveLength(1)
})

describe('one that hangs', () => {
  test('is killed when it has said nothing for ten seconds, and that is told', async () => {
    const { relay, end, exits, kills } = scene(20)
    end.say({ type: 'hello', pid: 1 })
    await within(relay.exited, 'its end')
    expect(kills).toHaveLength(1)
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL', why: 'it hung: it said nothing for 10 s' }])
  })

  test('is not one that says something, nor one that this process had no time to hear', async () => {
    const { relay, end, kills } = scene(20)
    end.say({ type: 'hello', pid: 1 })
    await relay.hello
    const says = setInterval(() => end.say({ type: 'metrics', delta: [] }), 60)
    expect(await staysTrue(() => kills.length === 0, 480)).toBe(true)
    end.say({ type: 'metrics', delta: [] })
    // oxlint-disable-next-line no-restricted-properties -- nothing else stops this process
    Bun.sleepSync(400)
    expect(await staysTrue(() => kills.length === 0, 30)).toBe(true)
    clearInterval(says)
  })

  test('and is stopped by a signal, as a process, is replaced by nobody before it is dead', async () => {
    const exits: RelayExit[] = []
    const relay = new Relay({
      start: relayProcess({}),
      onMetrics: () => {},
      onExit: (_, how) => exits.push(how),
      secondMs: 200,
    })
    relays.push(relay)
    expect(await relay.hello).toBe(true)
    sendSignal(relay.pid, 'SIGSTOP')
    await within(relay.exited, 'its end')
    expect(exits[0]).toMatchObject({ signal: 'SIGKILL', why: 'it hung: it said nothing for 10 s' })
    expect(isRunning(relay.pid)).toBe(false)
  })
})

test('one that cannot be started leaves nothing open', () => {
  const before = readdirSync('/proc/self/fd').length
  const start: StartRelay = ({ channel, control }) => {
    closeFds([channel, control])
    throw new Error('EMFILE')
  }
  expect(() => new Relay({ start, onMetrics: () => {}, onExit: () => {} })).toThrow('EMFILE')
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})
