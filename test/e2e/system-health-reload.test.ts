// Reloads that replace what is checked: no request is refused for want of a state.
import { expect, test } from 'bun:test'
import { healthOf, serverIs } from '../support/backends.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const QUICK = { interval: '50ms', interval_down: '50ms', timeout: '500ms', rise: 2, fall: 2 }

/** Who answers now, over enough requests that each worker is asked. */
async function answering(gateway: Gateway): Promise<string[]> {
  const names = new Set<string>()
  for (let i = 0; i < 12; i++) {
    await using client = await rawClient(gateway.port())
    const { status, body } = await client.get('/')
    names.add(status === 200 ? body : String(status))
  }
  return [...names].toSorted()
}

interface Held {
  readonly origin: Origin
  /** Lets the checks that wait, and those to come, pass. */
  pass(): void
  readonly checks: number
}

/** A server whose checks are answered when the test says so. */
function startHeld(name: string, isHeld: boolean): Held & AsyncDisposable {
  const waiting: (() => void)[] = []
  let held = isHeld
  let checks = 0
  const origin = startOrigin(({ target }, reply) => {
    if (target !== '/health' && target !== '/ready') return reply.send(200, name)
    checks++
    if (held) waiting.push(() => reply.send(200))
    else reply.send(200)
  })
  return {
    origin,
    get checks() {
      return checks
    },
    pass: () => {
      held = false
      for (const answer of waiting.splice(0)) answer()
    },
    [Symbol.asyncDispose]: async () => origin.kill(),
  }
}

const config = (backends: Record<string, Words>, backend = 'b'): Words => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'all', backend }],
  backends: Object.fromEntries(
    Object.entries(backends).map(([name, words]) => [
      name,
      { retry: { attempts: 1 }, health_check: { path: '/health', ...QUICK, timeout: '1500ms' }, ...words },
    ]),
  ),
})
const reload = async (gateway: Gateway, next: Words): Promise<unknown> => (await gateway.apply(next)).event

test('a reload that replaces servers answers no request with 503: the new ones are judged before they are served', async () => {
  await using old = startHeld('old', false)
  await using fresh = startHeld('fresh', true)
  await using gateway = await startGateway({
    workers: 2,
    config: config({ b: { servers: [{ url: old.origin.url }] } }),
  })
  const load = startLoad(gateway.port('web'), { connections: 4 })
  const applied = reload(gateway, config({ b: { servers: [{ url: fresh.origin.url }] } }))
  await waitFor(() => fresh.checks > 0)
  const before = load.answered
  await waitFor(() => load.answered > before + 50)
  expect(gateway.last('applied')).toBeUndefined()
  fresh.pass()
  expect(await applied).toBe('applied')
  const after = load.answered
  await waitFor(() => load.answered > after + 50)
  expect((await load.stop()).failures).toEqual([])
  expect(await answering(gateway)).toEqual(['fresh'])
})

test('no request is answered with 503 when servers get names, backends others, checks another question, or traffic is switched over by rule', async () => {
  await using blue = startHeld('blue', false)
  await using green = startHeld('green', false)
  const { url } = blue.origin
  await using gateway = await startGateway({ workers: 2, config: config({ b: { servers: [{ url }] } }) })
  const load = startLoad(gateway.port('web'), { connections: 4 })
  const steps: Words[] = [
    config({ b: { servers: [{ name: 'named', url }] } }),
    config({ renamed: { servers: [{ name: 'named', url }] } }, 'renamed'),
    config({ renamed: { servers: [{ name: 'named', url }], health_check: { path: '/ready' } } }, 'renamed'),
    config({ renamed: { servers: [{ url }] }, green: { servers: [{ url: green.origin.url }] } }, 'green'),
    config({ more: { servers: [{ url }, { url: green.origin.url }] } }, 'more'),
  ]
  for (const step of steps) {
    expect(await reload(gateway, step)).toBe('applied')
    const seen = load.answered
    await waitFor(() => load.answered > seen + 50)
  }
  expect((await load.stop()).failures).toEqual([])
})

test('a reload is not held up by a server that gives no answer, which is then used as the last resort', async () => {
  await using old = startHeld('old', false)
  await using mute = startHeld('mute', true)
  const backend = (origin: Origin): Words => ({
    servers: [{ name: 's', url: origin.url }],
    health_check: { path: '/health', timeout: '60s' },
  })
  await using gateway = await startGateway({ workers: 2, config: config({ b: backend(old.origin) }) })
  expect(await reload(gateway, config({ b: backend(mute.origin) }))).toBe('applied')
  expect(await answering(gateway)).toEqual(['mute'])
  const { states, reasons } = await healthOf(gateway.admin)
  expect(states).toEqual({ s: 'starting' })
  expect(reasons['s']).toContain('not checked yet')
  mute.pass()
  await serverIs(gateway.admin, 's', 'up')
  expect(mute.checks).toBe(1)
})

test('a reload keeps what is counted, and what is in flight, of a server that gets a name and another check', async () => {
  const waiting: (() => void)[] = []
  await using origin = startOrigin(({ target }, reply) => {
    if (target === '/slow') waiting.push(() => reply.send(200, 'late'))
    else reply.send(200, 'ok')
  })
  const words = (server: Words, path: string): Words =>
    config({
      b: { servers: [{ url: origin.url, max_connections: 2, ...server }], health_check: { path } },
    })
  await using gateway = await startGateway({ workers: 2, config: words({}, '/health') })
  const slow = gateway.fetch('/slow')
  await waitFor(() => waiting.length === 1)
  expect(await reload(gateway, words({ name: 'named' }, '/ready'))).toBe('applied')
  const document = (await (await fetch(`${gateway.admin}/_health`)).json()) as { backends: unknown[] }
  expect(document.backends).toMatchObject([{ server: 'named', state: 'up', active_connections: 1 }])
  waiting[0]!()
  expect(await (await slow).text()).toBe('late')
  const counts = (await (await fetch(`${gateway.admin}/_metrics`)).json()) as { backends: unknown[] }
  expect(counts.backends).toMatchObject([{ server: 'named', total_requests: 1, active_connections: 0 }])
})
