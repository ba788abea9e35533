// The supervisor as a whole: its start and its changes. Real processes, real sockets.
import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { runCommand, spawnGateway, startGateway, writeInPlace, type Gateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, staysTrue, waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>

const listener = (bind = '127.0.0.1:0'): Words => ({ bind })
const answering = (body: string, more: Words = {}): Words => ({
  listeners: { web: listener() },
  rules: [{ name: 'all', respond: { status: 200, body } }],
  ...more,
})
const to = (url: string, more: Words = {}): Words => ({
  listeners: { web: { ...listener(), backend: 'b' } },
  backends: { b: { servers: [{ url }] } },
  ...more,
})
const body = async (gateway: Gateway, target = '/'): Promise<string> => (await gateway.fetch(target)).text()
const textOf = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')
const rewritten = (gateway: Gateway, from: string, into: string): string =>
  textOf(gateway).replaceAll(from, into)

describe('start', () => {
  test('the serving line says who serves what where, once all workers do', async () => {
    await using gateway = await startGateway({ config: answering('hi'), workers: 2 })
    const line = gateway.stdout.split('\n')[0] ?? ''
    const { time, workers, listeners, admin, sockets, ...rest } = JSON.parse(line) as Words
    const hash = createHash('sha256').update(readFileSync(gateway.configFile)).digest('hex')
    expect(rest).toEqual({
      level: 'info',
      event: 'serving',
      revision: 1,
      pid: gateway.pid,
      from: 'file',
      hash,
    })
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect((workers as number[]).toSorted()).toEqual(gateway.workers.toSorted())
    expect((workers as number[]).length).toBe(2)
    expect(listeners).toEqual({ web: `127.0.0.1:${gateway.port()}` })
    expect(admin).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(['io_uring', 'epoll', 'bun']).toContain(sockets as string)
    expect((await fetch(`http://${String(admin)}/_health`)).status).toBe(200)
    expect(await body(gateway)).toBe('hi')
  })

  test('workers: 0 is everything in one process', async () => {
    await using origin = startOrigin()
    await using gateway = await startGateway({ config: to(origin.url), workers: 0 })
    expect(gateway.workers).toEqual([])
    expect((await gateway.fetch('/')).status).toBe(200)
    const health = await fetch(`${gateway.admin}/_health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ workers: { wanted: 1, serving: 1 } })
    expect(await (await fetch(`${gateway.admin}/metrics`)).text()).toContain('\nlb_workers 1\n')
    expect((await gateway.apply(answering('other'))).event).toBe('applied')
    expect(await body(gateway)).toBe('other')
    expect(await gateway.stop()).toBe(0)
  })

  test('a second gateway on the port fails, and takes nothing from the first', async () => {
    const port = freePort()
    const config = answering('first', { listeners: { web: listener(`127.0.0.1:${port}`) } })
    await using gateway = await startGateway({ config, workers: 2 })
    await using second = await spawnGateway({ config, workers: 2 })
    expect(await second.exited()).toBe(1)
    expect(second.stderr).toContain(`listeners.web.bind: cannot listen on 127.0.0.1:${port}`)
    expect(second.stderr).toContain('EADDRINUSE')
    expect(second.stdout).not.toContain('serving')
    for (let i = 0; i < 20; i++) expect(await body(gateway)).toBe('first')
  })

  test('the admin port in use is a failed start, and an end of all processes', async () => {
    const taken = Bun.listen({ hostname: '127.0.0.1', port: freePort(), socket: { data() {} } })
    const config = answering('hi', { admin: { bind: `127.0.0.1:${taken.port}` } })
    await using gateway = await spawnGateway({ config, workers: 2 })
    expect(await gateway.exited()).toBe(1)
    expect(gateway.stderr).toContain('admin.bind')
    taken.stop(true)
  })

  test('an invalid config is told with its place, and nothing starts', async () => {
    await using gateway = await spawnGateway({ config: 'listen: "127.0.0.1:0"\nbackendz: []\n' })
    expect(await gateway.exited()).toBe(1)
    expect(gateway.stderr).toContain('sluice.yaml:2:1')
    expect(gateway.stderr).not.toContain('bug')
    expect(gateway.stdout).toBe('')
  })

  test('no config file, a wrong option: told, with the exit code that scripts rely on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-none-'))
    const none = await runCommand(['run'], { cwd: folder })
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('there is no ./sluice.yaml and no /etc/sluice/sluice.yaml')
    const wrong = await runCommand(['run', '--wacht'])
    expect(wrong.code).toBe(2)
    expect((await runCommand(['serve'])).code).toBe(2)
    expect((await runCommand(['run', '-h'])).stdout).toContain('--no-watch')
    rmSync(folder, { recursive: true })
  })
})

describe('reload', () => {
  test('a file renamed over the config, one written in place, and SIGHUP', async () => {
    await using gateway = await startGateway({ config: answering('one'), workers: 2 })
    const port = gateway.port()
    writeFileSync(`${gateway.configFile}~`, rewritten(gateway, 'one', 'two'))
    renameSync(`${gateway.configFile}~`, gateway.configFile)
    expect((await gateway.event('applied'))['revision']).toBe(2)
    expect(await body(gateway)).toBe('two')
    await writeInPlace(gateway, rewritten(gateway, 'two', 'three'))
    await waitFor(async () => (await body(gateway)) === 'three')
    gateway.signal('SIGHUP')
    await gateway.event('applied', ({ revision }) => (revision as number) > 2)
    expect(gateway.port()).toBe(port)
  })

  test('a bad file keeps the running config, and says so', async () => {
    await using gateway = await startGateway({ config: answering('good') })
    const good = textOf(gateway)
    const rejected = await gateway.apply(good.replace('"respond"', '"resopnd"'))
    expect(rejected.event).toBe('rejected')
    expect(rejected['running']).toBe(1)
    const [problem] = rejected['problems'] as { path: string; line: number; message: string }[]
    expect(problem?.path).toContain('rules[0]')
    expect(problem?.line).toBeGreaterThan(1)
    await waitFor(() => gateway.stderr.includes('respond'))
    expect(await body(gateway)).toBe('good')
    const health = (await (await fetch(`${gateway.admin}/_health`)).json()) as {
      config: { rejected: Words | null }
    }
    expect(JSON.stringify(health.config.rejected)).toContain('rules[0]')
    // The same text again is no change; a good one is.
    expect((await gateway.apply(good.replace('good', 'better'))).event).toBe('applied')
    expect(await body(gateway)).toBe('better')
  })

  test('a file that vanished or is empty is a problem, not an empty config', async () => {
    await using gateway = await startGateway({ config: answering('here') })
    const text = textOf(gateway)
    rmSync(gateway.configFile)
    await gateway.event('rejected')
    expect(await body(gateway)).toBe('here')
    expect((await gateway.apply(text)).event).toBe('applied')
    expect((await gateway.apply('\n')).event).toBe('rejected')
    expect(await body(gateway)).toBe('here')
  })

  test('--no-watch leaves edits alone until SIGHUP', async () => {
    await using gateway = await startGateway({ config: answering('one'), args: ['--no-watch'] })
    await gateway.writeConfig(rewritten(gateway, 'one', 'two'))
    const isQuiet = (): boolean => gateway.last('applied') === undefined
    expect(await staysTrue(isQuiet, 400)).toBe(true)
    expect(await body(gateway)).toBe('one')
    gateway.signal('SIGHUP')
    await gateway.event('applied')
    expect(await body(gateway)).toBe('two')
  })

  test('listeners come and go; what is open on one that goes is finished', async () => {
    await using origin = startOrigin((_, reply) => gate.opened.then(() => reply.send(200, 'late')), {
      when: 'head',
    })
    const gate = makeGate()
    const two = to(origin.url, {
      listeners: { web: { ...listener(), backend: 'b' }, more: { ...listener(), backend: 'b' } },
    })
    await using gateway = await startGateway({ config: to(origin.url), workers: 2 })
    const port = gateway.port('web')
    await gateway.apply(two)
    const more = gateway.port('more')
    const client = await rawClient(more)
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.begun()
    await gateway.apply(to(origin.url))
    expect(gateway.port('web')).toBe(port)
    await waitFor(() =>
      rawClient(more)
        .then((late) => late.closed().then(() => true))
        .catch(() => true),
    )
    gate.open()
    expect((await client.readAnswer()).body).toBe('late')
    client.rst()
  })

  test('an address in use is refused as a whole', async () => {
    const taken = Bun.listen({ hostname: '127.0.0.1', port: freePort(), socket: { data() {} } })
    await using gateway = await startGateway({ config: answering('one') })
    const config = answering('two', {
      listeners: { web: listener(), more: listener(`127.0.0.1:${taken.port}`) },
    })
    const rejected = await gateway.apply(config)
    expect(rejected.event).toBe('rejected')
    const [problem] = rejected['problems'] as Words[]
    expect(problem).toMatchObject({ path: 'listeners.more.bind', file: gateway.configFile })
    expect(textOf(gateway).split('\n')[(problem?.['line'] as number) - 1]).toContain(
      `127.0.0.1:${taken.port}`,
    )
    await waitFor(() => gateway.stderr.includes('try again with SIGHUP once the port is free'))
    expect(await body(gateway)).toBe('one')
    taken.stop(true)
    gateway.signal('SIGHUP')
    await gateway.event('applied')
    expect(await body(gateway)).toBe('two')
  })

  test('the admin listener moves; data does not', async () => {
    await using gateway = await startGateway({ config: answering('one') })
    const port = freePort()
    const applied = await gateway.apply(answering('two', { admin: { bind: `127.0.0.1:${port}` } }))
    expect(applied['admin']).toBe(`127.0.0.1:${port}`)
    expect((await fetch(`http://127.0.0.1:${port}/_health`)).status).toBe(200)
    const rejected = await gateway.apply(answering('three', { data: './elsewhere' }))
    expect(JSON.stringify(rejected['problems'])).toContain('a change needs a restart')
    expect(await body(gateway)).toBe('two')
  })

  test('workers grow and shrink; a connection of one that leaves is finished', async () => {
    const gate = makeGate()
    await using origin = startOrigin((_, reply) => gate.opened.then(() => reply.send(200, 'late')), {
      when: 'head',
    })
    const config = to(origin.url, { drain: '10s' })
    await using gateway = await startGateway({ config, workers: 1 })
    const grown = await gateway.apply({ ...config, workers: 4 })
    expect((grown['workers'] as number[]).length).toBe(4)
    expect(gateway.workers.length).toBe(4)
    const clients = await Promise.all(Array.from({ length: 24 }, () => gateway.client()))
    for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.begun(24)
    const shrunk = await gateway.apply({ ...config, workers: 1 })
    expect((shrunk['workers'] as number[]).length).toBe(1)
    gate.open()
    for (const client of clients) {
      expect((await client.readAnswer()).body).toBe('late')
      client.rst()
    }
    await waitFor(() => gateway.workers.length === 1)
    expect((await gateway.fetch('/')).status).toBe(200)
  })
})
