// One gateway hands over to another: under load nothing is lost, and one that is of no use changes nothing.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { commandOf, isRunning, sendSignal, treeOf } from '../support/processes.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { openNotifySocket } from '../support/notify-socket.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { echo, udpPeer } from '../support/udp.ts'
import { pause, waitFor } from '../support/wait.ts'

const open: AsyncDisposable[] = []
const folder = mkdtempSync(join(tmpdir(), 'upgrade-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const stops: (() => void)[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
  for (const stop of stops.splice(0)) stop()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const hasUdp = socketsOfRun() !== 'bun'
const answering = (text: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
  rules: [{ name: 'all', respond: { status: 200, body: text } }],
})
const upgrade = (gateway: Gateway, ...args: string[]) =>
  runCommand([
    ...['upgrade', '-c', gateway.configFile, ...args],
    ...(args.includes('--probation') ? [] : ['--probation', '0.3']),
  ])

/** Process id of whoever answers commands. */
async function serverOf(gateway: Gateway): Promise<number> {
  const { stdout } = await runCommand(['api', '/api/v1/upgrade', '-c', gateway.configFile])
  return Number((JSON.parse(stdout) as { process: number }).process)
}

/** Goes round until it is stopped; a round that throws is a failure. */
function going(
  clients: number,
  round: () => Promise<void>,
): () => Promise<{ done: number; failed: string[] }> {
  const result = { done: 0, failed: [] as string[] }
  let isOver = false
  const all = Array.from({ length: clients }, async () => {
    while (!isOver)
      await round().then(
        () => void result.done++,
        (problem: unknown) => void result.failed.push(String(problem)),
      )
  })
  return async () => {
    isOver = true
    await Promise.all(all)
    return result
  }
}

function socketServer(): number {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, serving) => (serving.upgrade(request) ? undefined : new Response('no socket')),
    websocket: { message: (socket, text) => void socket.send(text) },
  })
  stops.push(() => void server.stop(true))
  return server.port ?? 0
}

function echoServer(): number {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket, bytes) => void socket.write(bytes) },
  })
  stops.push(() => server.stop(true))
  return server.port
}

/** A WebSocket on which ten messages come back. */
async function talkBySocket(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
  const next = Promise.withResolvers<string>()
  let heard = next
  socket.onmessage = ({ data }) => heard.resolve(String(data))
  socket.onclose = ({ code }) => heard.reject(new Error(`closed with ${code}`))
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('it was not opened'))
  })
  for (let i = 0; i < 10; i++) {
    heard = Promise.withResolvers<string>()
    socket.send(`${i}`)
    expect(await heard.promise).toBe(`${i}`)
    await pause(50)
  }
  heard = Promise.withResolvers<string>()
  heard.promise.catch(() => {})
  socket.close()
}

async function talkByTcp(port: number): Promise<void> {
  await using client = await rawClient(port)
  for (let i = 0; i < 5; i++) {
    client.send(`line ${i}\n`)
    expect((await client.reader.exactly(7)).toString()).toBe(`line ${i}\n`)
    await pause(10)
  }
}

test('nothing fails over three upgrades in a row: kept and new connections, Unix sockets, WebSockets, TCP, UDP, TURN', async () => {
  const udp = keep(await echo())
  const gateway = keep(
    await startGateway({
      workers: 2,
      config: {
        drain: '2s',
        listeners: {
          web: { bind: '127.0.0.1:0', protocol: 'http' },
          unix: { bind: `unix:${folder}/web.sock`, protocol: 'http' },
          raw: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'echo' },
          ...(hasUdp && { udp: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'udp' } }),
          turn: {
            ...{ bind: '127.0.0.1:0', protocol: 'turn', realm: 'a', auth: 'none' },
            relay: { bind: ['127.0.0.1'] },
          },
        },
        rules: [
          { name: 'socket', match: { header: { upgrade: 'websocket' } }, backend: 'sockets' },
          { name: 'all', respond: { status: 200, body: 'hi' } },
        ],
        backends: {
          sockets: { servers: [{ url: `http://127.0.0.1:${socketServer()}` }] },
          echo: { servers: [{ url: `tcp://127.0.0.1:${echoServer()}` }] },
          ...(hasUdp && { udp: { servers: [{ url: `udp://127.0.0.1:${udp.port}` }] } }),
        },
      },
    }),
  )
  const first = gateway.pid
  const [web, raw] = [gateway.port('web'), gateway.port('raw')]
  const kept = startLoad(web, { connections: 4, restMs: 2 })
  const loads = {
    anew: going(3, async () => {
      expect(await (await fetch(`http://127.0.0.1:${web}/`, { keepalive: false })).text()).toBe('hi')
    }),
    unix: going(1, async () => {
      const unix = join(folder, 'web.sock')
      expect(await (await fetch('http://a/', { unix, keepalive: false })).text()).toBe('hi')
    }),
    socket: going(3, () => talkBySocket(web)),
    tcp: going(3, () => talkByTcp(raw)),
    udp: going(hasUdp ? 3 : 0, async () => {
      await using client = await udpPeer()
      for (let i = 0; i < 5; i++)
        expect((await client.ask(`${i}`, gateway.port('udp'))).bytes.toString()).toBe(`${i}`)
    }),
    turn: going(1, async () => {
      await using client = await udpPeer()
      const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), Buffer.alloc(12, 7)])
      expect((await client.ask(request, gateway.port('turn'))).bytes.readUInt16BE(0)).toBe(0x0101)
      await pause(5)
    }),
  }
  const seen = [first]
  for (let i = 0; i < 3; i++) {
    const done = await upgrade(gateway)
    expect(done).toMatchObject({ code: 0, stderr: '' })
    seen.push(await serverOf(gateway))
  }
  expect(new Set(seen).size).toBe(4)
  await waitFor(() => seen.slice(0, 3).every((pid) => !isRunning(pid)), { what: 'the end of the old ones' })

  const { failed, failures, answered } = await kept.stop()
  expect({ failed, failures }).toEqual({ failed: 0, failures: [] })
  expect(answered).toBeGreaterThan(0)
  for (const [name, stop] of Object.entries(loads)) {
    const { done, failed: why } = await stop()
    expect({ name, why }).toEqual({ name, why: [] })
    if (name !== 'udp' || hasUdp) expect(done).toBeGreaterThan(0)
  }
  expect(gateway.last('bug')).toBeUndefined()
  expect(await (await fetch(`${gateway.admin}/_health`)).json()).toMatchObject({ healthy: true })
}, 60_000)

test('who asks how it is meanwhile is told by one of the two that serve', async () => {
  const gateway = keep(await startGateway({ config: { ...answering('hi'), workers: 2 } }))
  const asking = going(2, async () => {
    const asked = await fetch(`${gateway.admin}/_health`, { keepalive: false })
    expect(await asked.json()).toMatchObject({ healthy: true, config: { revision: 1 } })
  })
  const commands = going(1, async () => {
    const { code, stdout, stderr } = await runCommand(['status', '-c', gateway.configFile])
    expect({ code, stderr, isServed: stdout.includes('config: revision 1') }).toEqual({
      ...{ code: 0, stderr: '', isServed: true },
    })
  })
  expect(await upgrade(gateway)).toMatchObject({ code: 0, stderr: '' })
  for (const stop of [asking, commands]) {
    const { done, failed } = await stop()
    expect(failed).toEqual([])
    expect(done).toBeGreaterThan(0)
  }
}, 40_000)

test('the new one may have another config: fewer or more workers, none of its own, other listeners', async () => {
  const words = (workers: number, listeners: object = {}): Record<string, unknown> => ({
    ...answering('hi'),
    workers,
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' }, ...listeners },
  })
  const other = { other: { bind: '127.0.0.1:0', protocol: 'http' } }
  const gateway = keep(await startGateway({ config: words(3, other), args: ['--no-watch'] }))
  const load = startLoad(gateway.port('web'), { connections: 3, restMs: 5, target: '/' })
  const port = gateway.port('web')
  for (const config of [words(1), words(2, other), words(0), words(1)]) {
    await gateway.writeConfig(config)
    const from = gateway.events.length
    expect(await upgrade(gateway)).toMatchObject({ code: 0, stderr: '' })
    const serving = gateway.events.slice(from).find(({ event }) => event === 'serving')
    expect(serving?.['listeners']).toMatchObject({ web: `127.0.0.1:${port}` })
    expect(Object.keys(serving?.['listeners'] as object)).toEqual(Object.keys(config['listeners'] as object))
    expect((await gateway.fetch('/', { listener: 'web' })).status).toBe(200)
  }
  const { failed, failures } = await load.stop()
  expect({ failed, failures }).toEqual({ failed: 0, failures: [] })
}, 40_000)

test('a program is named on the machine alone: a token of an admin may have the same one started anew', async () => {
  const gateway = keep(await startGateway({ config: answering('hi') }))
  const { stdout } = await runCommand(['admin', 'token', '--role', 'admin', '-c', gateway.configFile])
  const token = /slt_\S+/.exec(stdout)?.[0]
  const post = (body: object): Promise<Response> =>
    fetch(`${gateway.admin}/api/v1/upgrade`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await post({ program: '/bin/true' })).status).toBe(403)
  expect((await post({ program: 'true' })).status).toBe(422)
  expect((await post({ probation_ms: 200 })).status).toBe(202)
  await gateway.event('upgrade_done')
})

/** A program that is none of ours, or not quite. */
function program(gateway: Gateway, script: string): string {
  const path = join(gateway.folder, 'program')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

/** Everything is as it was before: who serves, the admin listener, commands, the store. */
/** Who says that the data folder is his. */
const holderOf = (gateway: Gateway): unknown =>
  (JSON.parse(readFileSync(join(gateway.folder, 'data', 'lock'), 'utf8')) as { readonly pid: unknown }).pid

async function expectAsBefore(gateway: Gateway): Promise<void> {
  // Each by a connection of its own: those that are kept are served in any case.
  for (let i = 0; i < 8; i++) {
    await using client = await gateway.client()
    expect((await client.get('/')).body).toBe('hi')
  }
  expect(await serverOf(gateway)).toBe(gateway.pid)
  expect(await (await fetch(`${gateway.admin}/_health`)).json()).toMatchObject({ healthy: true })
  expect((await runCommand(['history', '-c', gateway.configFile])).code).toBe(0)
  expect(await gateway.apply(answering('changed'))).toMatchObject({ event: 'applied' })
  expect(await (await gateway.fetch('/')).text()).toBe('changed')
  expect(await gateway.apply(answering('hi'))).toMatchObject({ event: 'applied' })
}

test('a program that is of no use leaves the old one as it was, and it is told why', async () => {
  const gateway = keep(await startGateway({ workers: 2, config: answering('hi') }))
  const load = startLoad(gateway.port(), { connections: 3, restMs: 2, target: '/' })
  const tried = async (script: string, ...args: string[]) =>
    (await upgrade(gateway, program(gateway, script), ...args)).stderr

  expect(await upgrade(gateway, '/not/there')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('/not/there is not there'),
  })
  expect(await tried('exit 3')).toContain('it ended with exit code 3 before it could say hello')
  expect(await tried('exec sleep 60', '--step', '500ms')).toContain('it did not say hello within 0.5 s')
  writeFileSync(join(gateway.folder, 'program'), 'no program at all')
  expect(await upgrade(gateway, join(gateway.folder, 'program'))).toMatchObject({ code: 1 })
  expect(gateway.last('upgrade_failed')).toHaveProperty('why')
  expect((await runCommand(['status', '-c', gateway.configFile])).stdout).toContain('The last upgrade failed')
  await expectAsBefore(gateway)
  expect((await load.stop()).failed).toBe(0)
})

test('a config that the new one refuses leaves the old one as it was', async () => {
  const gateway = keep(await startGateway({ config: answering('hi'), args: ['--no-watch'] }))
  await gateway.writeConfig({ ...answering('hi'), workers: 'many' })
  const { code, stderr } = await upgrade(gateway)
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('it refused to start:') })
  expect(stderr).toContain('workers')
  expect(await (await gateway.fetch('/')).text()).toBe('hi')
  expect(await serverOf(gateway)).toBe(gateway.pid)
})

test('one that is killed on its way, or in its first seconds, leaves the old one as it was; two at a time are refused', async () => {
  const gateway = keep(await startGateway({ workers: 2, config: answering('hi') }))
  const begun = upgrade(gateway)
  const { pid: early } = (await gateway.event('upgrade_begun')) as unknown as { pid: number }
  sendSignal(early, 'SIGKILL')
  expect((await begun).stderr).toContain('it ended by SIGKILL before it could')
  await expectAsBefore(gateway)

  const load = startLoad(gateway.port(), { connections: 2, restMs: 5, target: '/', repeats: true })
  const again = upgrade(gateway, '--probation', '60')
  const { pid: late } = (await gateway.event('upgrade_serving')) as unknown as { pid: number }
  const answered = load.answered
  await waitFor(() => load.answered > answered + 20)
  expect((await upgrade(gateway)).stderr).toContain('one at a time')
  const left = treeOf(late)
  sendSignal(late, 'SIGKILL')
  expect((await again).stderr).toContain('before it could live through its first seconds')
  await waitFor(() => !left.some((pid) => isRunning(pid)), { what: 'the end of what it left' })
  await expectAsBefore(gateway)

  // One whose worker dies of its first clients is no better. What the file says since then is served.
  const third = upgrade(gateway, '--probation', '60')
  const { pid: last } = (await gateway.event('upgrade_serving')) as unknown as { pid: number }
  expect(holderOf(gateway)).toBe(last)
  await gateway.writeConfig(answering('written meanwhile'))
  await gateway.event('applied', (one) => one['pid'] === last)
  sendSignal(
    treeOf(last).find((pid) => commandOf(pid).includes('worker')),
    'SIGKILL',
  )
  expect((await third).stderr).toContain('it does not fare well: worker_exited')
  await gateway.event('applied', (one) => one['pid'] === gateway.pid)
  expect([holderOf(gateway), await (await gateway.fetch('/')).text()]).toEqual([
    gateway.pid,
    'written meanwhile',
  ])
  expect(await gateway.apply(answering('hi'))).toMatchObject({ event: 'applied' })
  await expectAsBefore(gateway)
  await load.stop()
  expect(treeOf(gateway.pid).filter((pid) => commandOf(pid).includes('worker')).length).toBe(2)
})

test('where the old one is killed on the way, the new one goes on by itself', async () => {
  const isServing = (gateway: Gateway, pid: number): boolean =>
    gateway.events.some((one) => one.event === 'serving' && one['pid'] === pid)
  const moments: readonly ((gateway: Gateway, pid: number) => unknown)[] = [
    () => 'as it has begun',
    // Commands are answered by nobody: all is on its way.
    (gateway, pid) =>
      waitFor(
        () =>
          !existsSync(controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)) ||
          isServing(gateway, pid),
      ),
    (gateway) => gateway.event('upgrade_serving'),
  ]
  for (const moment of moments) {
    const gateway = keep(await startGateway({ workers: 2, config: answering('hi') }))
    gateway.signal('SIGUSR2')
    const { pid } = (await gateway.event('upgrade_begun')) as unknown as { pid: number }
    await moment(gateway, pid)
    gateway.signal('SIGKILL')
    await waitFor(() => isServing(gateway, pid), { what: 'the new one to serve' })
    expect(await (await gateway.fetch('/')).text()).toBe('hi')
    expect(await serverOf(gateway)).toBe(pid)
    expect(await runCommand(['stop', '-c', gateway.configFile])).toMatchObject({ code: 0 })
  }
}, 40_000)

test('the service manager is told who the gateway is from then on, and what is kept stays', async () => {
  const address = `@upgrade-${process.pid}`
  using manager = openNotifySocket(address)
  const gateway = keep(await startGateway({ config: answering('hi'), env: { NOTIFY_SOCKET: address } }))
  expect(await upgrade(gateway)).toMatchObject({ code: 0, stderr: '' })
  const { pid } = (await gateway.event('upgrade_done')) as unknown as { pid: number }
  expect(await gateway.exited()).toBe(0)
  await waitFor(() => manager.said().some((one) => one['MAINPID'] === String(pid) && one['READY'] === '1'))
  const said = manager.said()
  expect(
    said.findIndex((one) => one['MAINPID'] === String(pid) && one['READY'] === undefined),
  ).toBeGreaterThan(0)
  expect(said.some((one) => one['STOPPING'] === '1')).toBe(false)
  const { stdout } = await runCommand(['api', '/api/v1/audit', '-c', gateway.configFile])
  expect(stdout).toContain('"upgrade"')
  expect(await runCommand(['stop', '-c', gateway.configFile])).toMatchObject({ code: 0 })
})
