// Signals: none ends a process that is not meant to end it.
import { describe, expect, test } from 'bun:test'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { constants } from 'node:os'
import { straySignals } from '../../server/lib/signals.ts'
import { spawnGateway, startGateway, type Gateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { childrenOf, isRunning, sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const LISTENERS = { web: { bind: '127.0.0.1:0', backend: 'b' } }
const TURN = {
  bind: '127.0.0.1:0',
  protocol: 'turn',
  realm: 'example.org',
  auth: { secrets: ['a-secret-of-32-characters-or-more'] },
}
const backend = (url: string) => ({ backends: { b: { servers: [{ url }] } } })
const { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGIO, SIGPWR, SIGCHLD, SIGWINCH, SIGURG } =
  constants.signals
const HARMLESS = [SIGALRM, SIGIO, SIGPWR, SIGCHLD, SIGWINCH, SIGURG]

/** Signals that reach the processes of a gateway by the way, and are no reason to end. */
const strays = (): number[] => [...straySignals(), ...HARMLESS]

const answers = async (gateway: Gateway): Promise<number> => (await gateway.fetch('/')).status

describe('signals', () => {
  test('those that nobody means end neither supervisor nor worker nor relay', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({
      config: { listeners: { ...LISTENERS, turn: TURN }, ...backend(origin.url) },
    })
    const before = [gateway.pid, ...gateway.workers, gateway.relay ?? 0]
    for (const pid of before) for (const signal of strays()) sendSignal(pid, signal)
    // Those of a terminal, which reach the whole group: the supervisor alone decides what they mean.
    for (const pid of before.slice(1))
      for (const signal of [SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2]) sendSignal(pid, signal)
    // What is asked of each of them after that is answered by the same processes.
    const more = { listeners: { ...LISTENERS, other: LISTENERS.web, turn: TURN }, ...backend(origin.url) }
    expect((await gateway.apply(more)).event).toBe('applied')
    expect(await answers(gateway)).toBe(200)
    expect([gateway.pid, ...gateway.workers, gateway.relay]).toEqual(before)
    expect(before.every(isRunning)).toBe(true)
  })

  test('USR1 reopens the access log, in a gateway that goes on, and changes nothing else', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: { listeners: LISTENERS, ...backend(origin.url) } })
    const log = join(gateway.folder, 'access.log')
    await answers(gateway)
    await waitFor(async () => (await gateway.accessLog()).length === 1)
    await rename(log, `${log}.1`)
    gateway.signal('SIGUSR1')
    await gateway.event('logs_reopened')
    await answers(gateway)
    await waitFor(async () => (await gateway.accessLog()).length === 1)
    expect(await Bun.file(`${log}.1`).text()).toMatch(/^[^\n]+\n$/)
    expect(gateway.last('applied')).toBeUndefined()
    expect(gateway.last('worker_exited')).toBeUndefined()
  })

  test('QUIT drains and stops, as TERM does', async () => {
    await using gateway = await startGateway({
      config: { listeners: LISTENERS, ...backend('http://127.0.0.1:9') },
    })
    expect(await gateway.stop('SIGQUIT')).toBe(0)
    expect(gateway.last('draining')).toMatchObject({ signal: 'SIGQUIT' })
  })

  test('in the first moments of a worker or relay none ends it', async () => {
    const secondsOf = { listeners: { ...LISTENERS, turn: TURN }, ...backend('http://127.0.0.1:9') }
    await using gateway = await spawnGateway({ config: secondsOf, workers: 2 })
    const seen = new Set<number>()
    await waitFor(
      () => {
        for (const pid of childrenOf(gateway.pid)) {
          if (seen.has(pid)) continue
          seen.add(pid)
          for (const signal of [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGIO])
            if (isRunning(pid)) sendSignal(pid, signal)
        }
        return gateway.last('serving') !== undefined
      },
      { everyMs: 1, what: 'it to serve' },
    )
    expect(seen.size).toBeGreaterThanOrEqual(3)
    // Among those seen is also who asks whether there is a ring, and is gone soon.
    expect([...seen]).toEqual(expect.arrayContaining([...gateway.workers, gateway.relay]))
    expect(gateway.last('worker_exited')).toBeUndefined()
    expect(gateway.last('relay_exited')).toBeUndefined()
  })
})
