// What a death costs: a worker's, a blocked worker's, the supervisor's.
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { socketInodes } from '../../server/lib/tcp-table.ts'
import { rawClient, type RawClient } from '../support/client.ts'
import { spawnGateway, startGateway, type Gateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { isRunning, sendSignal } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const to = (url: string, bind = '127.0.0.1:0'): Record<string, unknown> => ({
  listeners: { web: { bind, backend: 'b' } },
  backends: { b: { servers: [{ url, max_connections: 10_000 }] } },
  drain: '10s',
})

/** Client connections that a process carries on a port. */
function carriedBy(pid: number, port: number): number {
  const inodes = socketInodes(pid)
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[1]?.endsWith(`:${hexPort}`) && words[3] === '01' && inodes.has(words[9] ?? ''))
    .length
}

const connectMany = (port: number, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => rawClient(port)))

async function outcomes(clients: readonly RawClient[]): Promise<{ answered: number; failed: number }> {
  const answers = await Promise.all(
    clients.map((client) =>
      client
        .readAnswer()
        .then(({ status, complete }) => status === 200 && complete)
        .catch(() => false),
    ),
  )
  for (const client of clients) client.rst()
  const answered = answers.filter(Boolean).length
  return { answered, failed: answers.length - answered }
}

interface Health {
  readonly status: number
  readonly healthy: boolean
  readonly workers: { readonly wanted: number; readonly serving: number }
}

async function health(gateway: Gateway): Promise<Health> {
  const response = await fetch(`${gateway.admin}/_health`)
  return { status: response.status, ...((await response.json()) as Omit<Health, 'status'>) }
}

function inFlight(gateway: Gateway): Promise<number> {
  return fetch(`${gateway.admin}/_metrics`)
    .then((response) => response.json() as Promise<{ backends: { active_connections: number }[] }>)
    .then(({ backends }) => backends[0]?.active_connections ?? -1)
}

describe('a worker that dies', () => {
  test('costs its own connections only, is replaced at once, and what it held is given back', async () => {
    const gate = makeGate()
    await using origin = startOrigin((_, reply) => gate.opened.then(() => reply.send(200, 'late')))
    await using gateway = await startGateway({ config: to(origin.url), workers: 3 })
    const clients = await connectMany(gateway.port(), 60)
    for (const client of clients) client.send(GET)
    await origin.received(60)
    const victim = gateway.workers[0]!
    const lost = carriedBy(victim, gateway.port())
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThan(60)
    sendSignal(victim, 'SIGKILL')
    const exited = await gateway.event('worker_exited')
    expect(exited).toMatchObject({ pid: victim, code: null, signal: 'SIGKILL' })
    const replaced = await gateway.event('worker_replaced')
    expect(replaced['previous']).toBe(victim)
    expect(gateway.workers).toContain(replaced['pid'] as number)
    await waitFor(async () => (await inFlight(gateway)) === 60 - lost, {
      what: 'the dead worker’s share to be gone',
    })
    gate.open()
    expect(await outcomes(clients)).toEqual({ answered: 60 - lost, failed: lost })
    const more = await connectMany(gateway.port(), 30)
    for (const client of more) client.send(GET)
    expect(await outcomes(more)).toEqual({ answered: 30, failed: 0 })
    await waitFor(async () => (await inFlight(gateway)) === 0)
  })

  test('while it was blocked: who came meanwhile is served by its replacement', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: to(origin.url), workers: 3 })
    const victim = gateway.workers[0]!
    sendSignal(victim, 'SIGSTOP')
    const clients = await connectMany(gateway.port(), 60)
    for (const client of clients) client.send(GET)
    const done = outcomes(clients)
    await origin.received(1)
    sendSignal(victim, 'SIGKILL')
    expect(await done).toEqual({ answered: 60, failed: 0 })
  })

  test('under load, again and again: only what it carried fails', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: to(origin.url), workers: 2 })
    const port = gateway.port()
    const counts = { answered: 0, reset: 0, refused: 0 }
    let isOver = false
    const load = async (): Promise<void> => {
      while (!isOver) {
        const client = await rawClient(port).catch(() => null)
        if (!client) counts.refused++
        else if (
          await client.get('/').then(
            ({ complete }) => complete,
            () => false,
          )
        )
          counts.answered++
        else counts.reset++
        client?.rst()
      }
    }
    const loads = Array.from({ length: 8 }, load)
    let kills = 0
    while (kills < 4) {
      const before = counts.answered
      await waitFor(() => counts.answered > before + 100)
      sendSignal(await waitFor(() => gateway.workers[0]), 'SIGKILL')
      await gateway.event('worker_replaced')
      kills++
    }
    isOver = true
    await Promise.all(loads)
    expect(counts.refused).toBe(0)
    // Eight clients have one connection each at a time: a death can cost no more than these.
    expect(counts.reset).toBeLessThanOrEqual(8 * kills)
    expect(counts.answered).toBeGreaterThan(400)
  })
})

describe('a worker that cannot come back', () => {
  test('leaves no socket behind that nobody accepts on: the others serve all', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: to(origin.url), workers: 2 })
    const pids = new Set(gateway.workers)
    const [keeper = 0] = pids
    const posts = (): number[] => gateway.workers.filter((pid) => pid !== keeper)
    // The wait after the fourth is 400 ms, after each of the next twice that: one is long enough to look.
    for (let deaths = 1; ; deaths++) {
      const pid = await waitFor(() => posts()[0])
      sendSignal(pid, 'SIGKILL')
      await gateway.event('worker_exited', (event) => event['pid'] === pid)
      if (deaths < 4) continue
      const clients = await connectMany(gateway.port(), 40)
      for (const client of clients) client.send(GET)
      expect(await outcomes(clients)).toEqual({ answered: 40, failed: 0 })
      const { status, workers } = await health(gateway)
      expect([status, workers.wanted]).toEqual([200, 2])
      // Nobody waited for the one that is not there.
      if (posts().length === 0 && workers.serving === 1) break
      expect(deaths).toBeLessThan(8)
    }
    await waitFor(async () => (await health(gateway)).workers.serving === 2)
  })

  test('alone: the gateway is not healthy meanwhile, and says that its first config may be at fault', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: to(origin.url) })
    for (let deaths = 0; deaths < 5; deaths++) {
      const pid = await waitFor(() => gateway.workers[0])
      sendSignal(pid, 'SIGKILL')
      await gateway.event('worker_exited', (event) => event['pid'] === pid)
    }
    await gateway.event('unsound')
    expect(await health(gateway)).toMatchObject({ status: 503, healthy: false, workers: { serving: 0 } })
    await waitFor(async () => (await health(gateway)).status === 200)
  })

  test('is no matter of its access log: without its folder it serves, says so, and goes on logging when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-logs-'))
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    const config = { ...to(origin.url), logs: { access: { file: join(logs, 'access.log') } } }
    await using gateway = await startGateway({ config })
    renameSync(logs, `${logs}-gone`)
    sendSignal(await waitFor(() => gateway.workers[0]), 'SIGKILL')
    await gateway.event('worker_replaced')
    await gateway.event('access_log_failed')
    expect((await gateway.fetch('/one')).status).toBe(200)
    const rejected = await gateway.apply({ ...config, drain: '1s' })
    expect(rejected).toMatchObject({ event: 'rejected', problems: [{ path: 'logs.access.file' }] })
    mkdirSync(logs)
    await waitFor(() => {
      const file = join(logs, 'access.log')
      return existsSync(file) && readFileSync(file, 'utf8').includes('/one')
    })
    rmSync(folder, { recursive: true })
  })
})

describe('a plan that its workers die of', () => {
  test('is rolled back after five early deaths', async () => {
    const answering = (body: string): Record<string, unknown> => ({
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'all', respond: { status: 200, body } }],
    })
    await using gateway = await startGateway({ config: answering('sound') })
    expect((await gateway.apply(answering('deadly'))).event).toBe('applied')
    for (let deaths = 0; deaths < 5; deaths++) {
      const pid = await waitFor(() => gateway.workers[0])
      sendSignal(pid, 'SIGKILL')
      await gateway.event('worker_exited')
    }
    const rejected = await gateway.event('rejected')
    expect(JSON.stringify(rejected['problems'])).toContain('rolled back')
    await waitFor(
      async () =>
        (await gateway.fetch('/').then(
          (answer) => answer.text(),
          () => '',
        )) === 'sound',
    )
  })
})

describe('a supervisor that is killed', () => {
  test('and a new one: no exchange fails, old or new, and nothing is left behind', async () => {
    const gate = makeGate()
    await using origin = startOrigin(
      (request, reply) =>
        request.target === '/slow' ? gate.opened.then(() => reply.send(200, 'late')) : reply.send(200, 'ok'),
      { when: 'head' },
    )
    await using old = await startGateway({ config: to(origin.url), workers: 2 })
    const port = old.port()
    const config = to(origin.url, `127.0.0.1:${port}`)
    // The same data folder, now with the port written out, as a service that is started again has it.
    expect((await old.apply(config)).event).toBe('applied')
    const slow = await connectMany(port, 10)
    for (const client of slow) client.send('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.begun(10)
    const orphans = old.workers

    const problems: string[] = []
    let served = 0
    let isOver = false
    const load = async (): Promise<void> => {
      while (!isOver) {
        try {
          const client = await rawClient(port)
          const { status, complete } = await client.get('/quick')
          if (status !== 200 || !complete) problems.push(`status ${status}`)
          client.rst()
          served++
        } catch (problem) {
          problems.push(String(problem))
        }
      }
    }
    const loads = [load(), load()]
    old.signal('SIGKILL')
    await old.process.exited
    await using young = await startGateway({ config, workers: 2, folder: old.folder })
    expect(orphans.every((pid) => isRunning(pid))).toBe(true)
    gate.open()
    expect(await outcomes(slow)).toEqual({ answered: 10, failed: 0 })
    await waitFor(() => !orphans.some((pid) => isRunning(pid)), {
      what: 'the orphans to end',
    })
    const before = served
    await waitFor(() => served > before + 50)
    isOver = true
    await Promise.all(loads)
    expect(problems).toEqual([])
    expect(await young.stop()).toBe(0)
    // What the next start goes on counting from is no part of this run.
    const left = readdirSync(join(old.folder, 'data')).filter(
      (name) => !/^(?:revision-|state\.|setup-token$)/.test(name),
    )
    expect(left).toEqual([])
  })

  test('and one that stopped in order: a third shares the port with what the first left behind', async () => {
    await using old = await startGateway({ config: to('http://127.0.0.1:9') })
    const config = to('http://127.0.0.1:9', `127.0.0.1:${old.port()}`)
    expect((await old.apply(config)).event).toBe('applied')
    const [orphan = 0] = old.workers
    // Held, so that it still has the port when the third comes, however slow this machine is.
    sendSignal(orphan, 'SIGSTOP')
    old.signal('SIGKILL')
    await old.process.exited
    const second = await startGateway({ config, folder: old.folder })
    expect(await second.stop()).toBe(0)
    await using third = await startGateway({ config, folder: old.folder })
    expect(isRunning(orphan)).toBe(true)
    expect(await third.stop()).toBe(0)
    sendSignal(orphan, 'SIGKILL')
  })

  test('another gateway gets its port when what it left behind has ended', async () => {
    await using old = await startGateway({ config: to('http://127.0.0.1:9') })
    const [orphan = 0] = old.workers
    sendSignal(orphan, 'SIGSTOP')
    old.signal('SIGKILL')
    await old.process.exited
    await using other = await spawnGateway({ config: to('http://127.0.0.1:9', `127.0.0.1:${old.port()}`) })
    const waits = await other.event('waits_for_port')
    expect(waits).toMatchObject({ pid: orphan })
    expect(waits['hint']).toContain(`sluice's own worker ${orphan}`)
    sendSignal(orphan, 'SIGKILL')
    await other.event('serving')
  })
})
