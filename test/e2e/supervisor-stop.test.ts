// The end of a gateway: what is in flight finishes, nobody is cut off.
import { describe, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { spawnGateway, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { isRunning } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const answering = (body: string): Words => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'all', respond: { status: 200, body } }],
})
const to = (url: string, more: Words = {}): Words => ({
  listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
  backends: { b: { servers: [{ url }] } },
  ...more,
})

describe('stop', () => {
  test('SIGTERM lets what is in flight finish, ends what is idle, takes nobody new', async () => {
    const gate = makeGate()
    await using origin = startOrigin((request, reply) =>
      request.target === '/slow' ? gate.opened.then(() => reply.send(200, 'slow')) : reply.send(200, 'quick'),
    )
    await using gateway = await startGateway({ config: to(origin.url, { drain: '10s' }), workers: 2 })
    const [busy, idle] = [await gateway.client(), await gateway.client()]
    expect((await idle.get('/quick')).body).toBe('quick')
    busy.send('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(2)
    const port = gateway.port()
    const { admin } = gateway
    gateway.signal('SIGTERM')
    expect((await gateway.event('draining'))['within_ms']).toBe(10_000)
    await idle.ending()
    idle.rst()
    await waitFor(
      () =>
        rawClient(port)
          .then(() => false)
          .catch(() => true),
      { what: 'refused connections' },
    )
    expect((await fetch(`${admin}/_health`)).status).toBe(503)
    gate.open()
    const answer = await busy.readAnswer()
    expect(answer.body).toBe('slow')
    expect(answer.get('connection')).toBe('close')
    busy.rst()
    expect(await gateway.exited()).toBe(0)
    expect(gateway.last('stopped')?.['aborted']).toBe(0)
  })

  test('with a time to accept, connections are still served meanwhile: health fails, and each answer ends its connection', async () => {
    await using gateway = await startGateway({
      config: { ...answering('here'), drain: { accept: '1h', finish: '10s' } },
      workers: 2,
    })
    const idle = await gateway.client()
    expect((await idle.get('/')).get('connection')).toBeNull()
    gateway.signal('SIGTERM')
    expect(await gateway.event('draining')).toMatchObject({ accept_ms: 3_600_000, within_ms: 10_000 })
    expect((await fetch(`${gateway.admin}/_health`)).status).toBe(503)
    const isLeaving = async (): Promise<boolean> => {
      const client = await gateway.client()
      const answer = await client.get('/')
      client.rst()
      expect([answer.status, answer.body]).toEqual([200, 'here'])
      return answer.get('connection') === 'close'
    }
    await waitFor(isLeaving)
    const last = await idle.get('/')
    expect([last.status, last.get('connection')]).toEqual([200, 'close'])
    expect(await gateway.stop()).toBe(1)
  })

  test('that time ends in the ordinary drain', async () => {
    await using gateway = await startGateway({
      config: { ...answering('here'), drain: { accept: '100ms' } },
    })
    expect(await gateway.stop()).toBe(0)
    expect(gateway.last('draining')).toMatchObject({ accept_ms: 100, within_ms: 30_000 })
  })

  test('what is not done within the drain time is cut off', async () => {
    await using origin = startOrigin(() => {})
    await using gateway = await startGateway({ config: to(origin.url, { drain: '200ms' }) })
    const client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received()
    expect(await gateway.stop('SIGINT')).toBe(0)
    await client.closed()
    expect(gateway.last('stopped')?.['aborted']).toBe(1)
  })

  test('a second signal ends it now', async () => {
    await using origin = startOrigin(() => {})
    await using gateway = await startGateway({ config: to(origin.url, { drain: '1m' }), workers: 2 })
    const client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received()
    gateway.signal('SIGTERM')
    await gateway.event('draining')
    const { workers } = gateway
    gateway.signal('SIGTERM')
    expect(await gateway.exited()).toBe(1)
    expect(gateway.events.filter(({ event }) => event === 'stopped')).toMatchObject([{ aborted: 1 }])
    await waitFor(() => !workers.some((pid) => isRunning(pid)))
  })

  test('a signal in the midst of the start leaves no process behind', async () => {
    for (const count of [0, 1, 2]) {
      await using gateway = await spawnGateway({ config: answering('hi'), workers: 2 })
      const seen = new Set<number>()
      await waitFor(() => {
        for (const pid of gateway.workers) seen.add(pid)
        return seen.size >= count
      })
      gateway.signal('SIGTERM')
      await gateway.exited()
      await waitFor(() => ![...seen].some((pid) => isRunning(pid)), { what: 'the end of all workers' })
      expect(gateway.events.filter(({ event }) => event === 'serving')).toEqual([])
    }
  })

  test('connections that come until the very end are served or refused, never cut off', async () => {
    await using gateway = await startGateway({ config: answering('x'.repeat(1000)), workers: 2 })
    const port = gateway.port()
    const results: string[] = []
    const ask = async (): Promise<string> => {
      const client = await rawClient(port).catch(() => null)
      if (!client) return 'refused'
      const answer = await client.get('/').catch((problem: unknown) => String(problem))
      return typeof answer === 'string' ? answer : answer.complete ? 'served' : 'cut'
    }
    const load = async (): Promise<void> => {
      for (let i = 0; i < 2000 && results.at(-1) !== 'refused'; i++) results.push(await ask())
    }
    const loads = Promise.all([load(), load(), load(), load()])
    await waitFor(() => results.length > 100)
    gateway.signal('SIGTERM')
    await loads
    expect(new Set(results)).toEqual(new Set(['served', 'refused']))
    expect(await gateway.exited()).toBe(0)
  })
})
