// Passive health end to end: four workers count what their requests met, and none of them uses a server that
// is out, whoever found out.
import { expect, test } from 'bun:test'
import { adapted, PORTS } from '../support/example-config.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { answering, done, said, stateOf } from '../support/orders.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

/** A server that can fail; its own count of what it was asked. */
class Patient {
  isBad = false
  asked = 0
  readonly origin: Origin

  constructor(name: string) {
    this.origin = startOrigin(({ target }, reply) => {
      // Its health check passes all the time.
      if (target === '/health') return void reply.send(200, 'fine')
      this.asked++
      if (this.isBad) reply.rst()
      else reply.send(200, name)
    })
  }
}

interface Ward extends AsyncDisposable {
  readonly gateway: Gateway
  readonly bad: Patient
  readonly words: Words
}

/** One server that fails, between three that do not. */
async function start(passive_health: Words, more: Words = {}): Promise<Ward> {
  const patients = ['bad', 'b', 'c', 'd'].map((name) => [name, new Patient(name)] as const)
  const bad = patients[0]![1]
  bad.isBad = true
  const words = {
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'api' }],
    backends: {
      api: {
        servers: patients.map(([name, { origin }]) => ({ name, url: origin.url })),
        passive_health,
        ...more,
      },
    },
  }
  const gateway = await startGateway({ workers: 4, config: words })
  return {
    gateway,
    bad,
    words,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      for (const [, { origin }] of patients) origin.kill()
    },
  }
}

/** Requests on connections of their own, which four workers share, until this is told. */
async function askUntil(gateway: Gateway, event: string): Promise<Record<string, unknown>> {
  const before = gateway.events.length
  return await waitFor(async () => {
    await answering(gateway, 8)
    return gateway.events.slice(before).find((one) => one.event === event)
  })
}

/** How many of so many requests it was asked; each is answered well. */
async function shareOf({ gateway, bad }: Ward, times = 80): Promise<number> {
  const before = bad.asked
  const answers = await answering(gateway, times)
  const { 502: failed = 0 } = answers
  expect(failed).toBe(0)
  return bad.asked - before
}

const metric = async ({ admin }: Gateway, name: string): Promise<string[]> => {
  const text = await fetch(`${admin}/metrics`).then((answer) => answer.text())
  return text.split('\n').filter((line) => line.startsWith(`lb_${name}{`) && line.includes('"bad"'))
}

test('a server that fails is out for all workers, over reloads and the death of one, until it is brought back', async () => {
  const passive = { failures: 5, window: '60s', faults_in_a_row: 0, cooldown: '5m' }
  await using ward = await start(passive, { health_check: { path: '/health', interval: '100ms' } })
  const { gateway, bad } = ward
  const out = await askUntil(gateway, 'passive_out')
  expect(out).toMatchObject({ backend: 'api', server: 'bad', rule: 'failures', times: 1 })
  expect(out['reason']).toMatch(/^passive: [0-9]+ failures in 1m \(last server_[a-z]+\), out for 5m$/)
  expect(await gateway.event('server_down')).toMatchObject({ server: 'bad', reason: out['reason'] })
  // No worker asks it, though it is one of four, and its checks go on passing.
  expect(await shareOf(ward)).toBe(0)
  expect(await stateOf(gateway, 'bad')).toMatchObject({
    state: 'down',
    healthy: false,
    reason: out['reason'],
  })
  expect(await metric(gateway, 'passive_health_out')).toEqual([expect.stringMatching(/"bad"\} 1$/)])
  expect(await metric(gateway, 'passive_health_outs_total')).toEqual([
    expect.stringMatching(/mode="enforce".* 1$|rule="failures".* 1$/),
  ])

  const rules = [
    { name: 'more', match: { path: '/more' }, respond: { status: 204 } },
    { name: 'all', backend: 'api' },
  ]
  await gateway.apply({ ...ward.words, rules })
  expect(await shareOf(ward)).toBe(0)
  await gateway.writeConfig(ward.words)
  gateway.signal('SIGHUP')
  await gateway.event('applied', ({ revision }) => revision === 3)
  expect(await shareOf(ward)).toBe(0)
  const [worker = 0] = gateway.workers
  sendSignal(worker, 'SIGKILL')
  await gateway.event('worker_replaced')
  expect(await shareOf(ward)).toBe(0)

  expect(await done(gateway, 'bad')).toMatch(/passive: +out until [0-9:]+: [0-9]+ failures in 1m/)
  bad.isBad = false
  expect(await done(gateway, 'bad', 'passive', 'reset')).toMatch(/passive: +in; 0 of 0 attempts failed in 1m/)
  expect(await gateway.event('passive_back')).toMatchObject({ server: 'bad', why: 'ordered' })
  expect(await shareOf(ward)).toBeGreaterThan(8)
  const again = await said(gateway, 'bad', 'passive', 'reset')
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('has not taken this server out')])
  expect(await metric(gateway, 'passive_health_out')).toEqual([expect.stringMatching(/"bad"\} 0$/)])
})

test('it comes back by time, and stays out longer when it fails again', async () => {
  const passive = { failures: 0, faults_in_a_row: 3, cooldown: '300ms', cooldown_max: '1m' }
  await using ward = await start(passive)
  expect(await askUntil(ward.gateway, 'passive_out')).toMatchObject({ times: 1, out_for_ms: 300 })
  expect(await ward.gateway.event('passive_back')).toMatchObject({ server: 'bad', why: 'cooldown' })
  expect(await askUntil(ward.gateway, 'passive_out')).toMatchObject({ times: 2, out_for_ms: 600 })
  ward.bad.isBad = false
  await waitFor(() => ward.gateway.events.filter(({ event }) => event === 'passive_back').length === 2)
  await waitFor(async () => (await shareOf(ward, 16)) > 0)
  expect(await stateOf(ward.gateway, 'bad')).toMatchObject({ state: 'unchecked', healthy: true })
})

test('in shadow mode it is told and counted, and goes on being asked', async () => {
  await using ward = await start({ mode: 'shadow', cooldown: '5m' })
  expect(await askUntil(ward.gateway, 'passive_out')).toMatchObject({ server: 'bad', mode: 'shadow' })
  expect(await shareOf(ward)).toBeGreaterThan(8)
  expect(ward.gateway.last('server_down')).toBeUndefined()
  expect(await done(ward.gateway, 'bad')).toContain('out until')
  expect(await metric(ward.gateway, 'passive_health_out')).toEqual([expect.stringMatching(/"bad"\} 1$/)])
})

test('servers of tcp are taken out by connections that fail', async () => {
  const good = new Patient('good')
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: { raw: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db' } },
      backends: {
        db: {
          servers: [
            { name: 'bad', url: 'tcp://127.0.0.1:9' },
            { name: 'good', url: good.origin.url.replace('http:', 'tcp:') },
          ],
          passive_health: { cooldown: '5m' },
        },
      },
    },
  })
  expect(await askUntil(gateway, 'passive_out')).toMatchObject({ server: 'bad', last: 'connect_refused' })
  expect(await answering(gateway, 20)).toEqual({ good: 20 })
  const bad = await stateOf(gateway, 'bad')
  expect([bad.state, bad.reason]).toEqual(['down', expect.stringContaining('(last connect_refused)')])
  good.origin.kill()
})

test('passive-health.yaml: a server that answers with nothing but 503 is taken out by that', async () => {
  const origins = new Map(
    PORTS.map((port) => [
      port,
      startOrigin((_, reply) => reply.send(port === 9001 ? 503 : 200, String(port))),
    ]),
  )
  const config = adapted('passive-health.yaml', Object.fromEntries(origins))
  try {
    await using gateway = await startGateway({ workers: 4, config, file: 'passive-health.yaml' })
    const { reason } = await askUntil(gateway, 'passive_out')
    expect(reason).toMatch(/^passive: .*\(last status 503\), out for 30s$/)
    const answers = await answering(gateway, 20)
    expect(answers).toEqual({ 9002: 10, 9003: 10 })
  } finally {
    for (const origin of origins.values()) origin.kill()
  }
})

test('a server that closes idle connections is not ill, whatever is lost by it; one that does not answer is', async () => {
  // Behind its first answer on a connection, and without a word: to us it looks as if that had stood idle.
  let isIll = false
  await using origin = startOrigin(({ place }, reply) => {
    if (place > 0 || isIll) reply.fin()
    else reply.send(200, 'once')
  })
  const breaker = { circuit_breaker: { failures: 1, max_out: 1 }, passive_health: { failures: 1 } }
  const servers = [{ name: 'a', url: origin.url }]
  await using gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'api' } },
      backends: { api: { servers, ...breaker } },
    },
  })
  const post = async (): Promise<number> => {
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx')
    return (await client.readAnswer()).status
  }
  const statuses: number[] = []
  for (let n = 0; n < 6; n++) statuses.push(await post())
  expect(statuses).toEqual([200, 502, 200, 502, 200, 502])
  expect(origin.requests.length).toBe(6)
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toContain('lb_attempts_total{backend="api",server="a",outcome="lost"} 3')
  expect(await stateOf(gateway, 'a')).toMatchObject({ circuit_state: 'Closed' })
  expect(metrics).not.toMatch(/^lb_passive_health_outs_total/m)
  isIll = true
  expect(await post()).toBe(502)
  expect(await gateway.event('circuit_opened')).toMatchObject({ server: 'a', reason: 'failures_in_a_row' })
})
