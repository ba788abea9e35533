// The relay itself, in a process and in a thread, with the engine and the sockets that it really has.
import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { bindUdp } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import type { HeldSocket, RelayBody } from '../../../../server/control/relay/relay-plan.ts'
import {
  type RelayExit,
  relayProcess,
  relayThread,
  type StartRelay,
} from '../../../../server/control/relay/relay-start.ts'
import { Relay } from '../../../../server/control/relay/relay.ts'
import { mainCommand } from '../../../../server/control/children/own-command.ts'
import { workerEnv } from '../../../../server/control/processes/worker-command.ts'
import type { SeriesDelta } from '../../../../server/telemetry/registry.ts'
import { softLimitIn } from '../../../../server/lib/descriptors.ts'
import * as stun from '../../../support/stun.ts'
import { TurnLine } from '../../../support/turn-line.ts'
import { waitFor, within } from '../../../support/wait.ts'
import { relayBody } from '../../control/relay/relays.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

interface Scene {
  readonly relay: Relay
  readonly exits: RelayExit[]
  readonly metrics: SeriesDelta[]
}

function scene(start: StartRelay): Scene {
  const exits: RelayExit[] = []
  const metrics: SeriesDelta[] = []
  const relay = new Relay({
    start,
    onMetrics: (delta) => metrics.push(...delta),
    onExit: (_, how) => exits.push(how),
  })
  stops.push(async () => {
    relay.kill()
    await relay.exited
  })
  return { relay, exits, metrics }
}

function held(): HeldSocket {
  const { fd, port } = bindUdp('127.0.0.1', 0)
  stops.push(() => closeFds([fd]))
  return { key: 'turn#0', listener: 'turn', host: '127.0.0.1', port, fd }
}

async function serve({ relay }: Scene, body: RelayBody): Promise<boolean> {
  expect(await relay.prepare(body)).toEqual({ is: 'ready' })
  return relay.commit(body)
}

const binding = (line: TurnLine): Promise<stun.Stun> => line.ask(new stun.StunWriter(stun.BINDING))

/** A plan that the checks of the config would never let through. */
function broken(body: RelayBody): RelayBody {
  const listeners = {
    turn: { ...body.plan.listeners['turn'], auth: 5 },
  } as unknown as RelayBody['plan']['listeners']
  return { ...body, plan: { ...body.plan, number: 2, logs: { level: 'error', format: 'json' }, listeners } }
}

const KINDS: readonly (readonly [string, StartRelay])[] = [
  ['a process', relayProcess(workerEnv(process.env))],
  ['a thread', relayThread],
]

for (const [kind, start] of KINDS)
  describe.if(process.platform === 'linux')(`a relay in ${kind}`, () => {
    test('serves what it is given, tells what it counted, and ends with its control connection', async () => {
      const before = readdirSync('/proc/self/fd').length
      const made = scene(start)
      expect(await made.relay.hello).toBe(true)
      const socket = held()
      expect(await serve(made, relayBody(1, [socket]))).toBe(true)
      const line = await TurnLine.open({ port: socket.port })
      const answer = await binding(line)
      expect(stun.addressOf(answer, stun.XOR_MAPPED_ADDRESS)?.port).toBe(line.localPort)
      expect(await made.relay.ask({ ask: 'list' }, 2000)).toEqual([])
      await waitFor(() => made.metrics.some(([name]) => name === 'turn_requests_total'))
      expect(made.metrics.some(([name]) => name === 'process_cpu_seconds_total')).toBe(kind === 'a process')
      line.close()
      made.relay.stop()
      await within(made.relay.exited, 'its end')
      expect(made.exits).toEqual([{ code: 0, signal: null }])
      await waitFor(() => readdirSync('/proc/self/fd').length <= before + 1)
    })

    test('drains at once when there is nothing to wait for', async () => {
      const made = scene(start)
      await serve(made, relayBody(1, [held()]))
      made.relay.drain(3_600_000)
      await within(made.relay.exited, 'its end')
      expect(made.exits).toEqual([{ code: 0, signal: null }])
    })

    test('ends by itself when it has a bug, and its successor goes on with the same socket', async () => {
      const made = scene(start)
      const socket = held()
      const body = relayBody(1, [socket])
      await serve(made, body)
      expect(await serve(made, broken(body))).toBe(false)
      await made.relay.exited
      expect(made.exits).toEqual([{ code: 1, signal: null }])
      await serve(scene(start), body)
      await using line = await TurnLine.open({ port: socket.port })
      expect((await binding(line)).type).toBe(stun.BINDING | stun.SUCCESS)
    })
  })

test('the command is of no use to people', async () => {
  const child = Bun.spawn(mainCommand('relay'), { stdio: ['ignore', 'ignore', 'pipe'] })
  expect(await child.exited).toBe(2)
  expect(await child.stderr.text()).toContain('started by "sluice run"')
})

test('the limit of descriptors, which Bun raises to the hard one', async () => {
  const line = (soft: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}                20000                files\n`
  expect(softLimitIn(line('1024'))).toBe(1024)
  expect(softLimitIn(line('unlimited'))).toBe(Infinity)
  expect(softLimitIn('')).toBe(Infinity)
  const code = `console.log(require('node:fs').readFileSync('/proc/self/limits', 'utf8'))`
  const child = Bun.spawn(['sh', '-c', `ulimit -S -n 200; exec "$0" -e "$1"`, process.execPath, code], {
    stdout: 'pipe',
  })
  expect(softLimitIn(await child.stdout.text())).toBeGreaterThan(200)
})
