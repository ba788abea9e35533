// `sluice demo` as who has just built it meets it: the executable alone, in a folder of its own.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Address } from '../../server/lib/address.ts'
import { TurnClient } from '../../server/cli/turn/turn-client.ts'
import { ask, Browser } from '../support/admin-world.ts'
import { binary } from '../support/gateway.ts'
import { isRunning, killAll, sendSignal, treeOf } from '../support/processes.ts'
import { waitFor, within } from '../support/wait.ts'

let folder = ''
let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
let said = ''
let complained: Promise<string>
let pids: readonly number[] = []

beforeAll(async () => {
  const [program = ''] = await binary()
  folder = mkdtempSync(join(tmpdir(), 'demo-'))
  // Others expect nobody at the usual ports.
  child = Bun.spawn([program, 'demo', '--any-port'], {
    ...{ cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
  })
  complained = child.stderr.text()
  void (async () => {
    for await (const bytes of child.stdout) said += Buffer.from(bytes).toString()
  })()
  await waitFor(() => said.includes('Ctrl-C stops it all.') || child.exitCode !== null, { what: 'the demo' })
  pids = treeOf(child.pid)
})

afterAll(async () => {
  killAll(child.exitCode === null ? treeOf(child.pid) : [])
  await child.exited
  rmSync(folder, { recursive: true, force: true })
})

const found = (pattern: RegExp): string => pattern.exec(said)?.[1] ?? ''
const admin = (): string => found(/admin API +(http:\S+?)\/api/)
const web = (): string => found(/gateway +(http:\S+?)\/ /)
const port = (of: string): number => Number(found(new RegExp(`${of} 127\\.0\\.0\\.1:(\\d+)`)))
const config = (): string => found(/config +(\S+)/)

test('says first where the dashboard is, with a link that signs in once', async () => {
  expect(said.trimStart()).toStartWith('dashboard    http://127.0.0.1:')
  const [, url = '', token = ''] = /dashboard +(http:\S+)\/_admin\/#\/link\/(\S+)/.exec(said) ?? []
  expect(url).toBe(admin())
  const browser = new Browser(url)
  const { status, body } = await browser.post('/api/v1/auth/link', { token })
  expect([status, body['name'], body['role']]).toEqual([200, 'demo', 'admin'])
  expect((await browser.ask({ path: '/api/v1/auth/me' })).status).toBe(200)
  const password = found(/the password (\S+)/)
  expect((await browser.post('/api/v1/auth/step-up', { password })).status).toBe(200)
  expect((await new Browser(url).post('/api/v1/auth/link', { token })).status).toBe(401)
})

test('has a listener of each kind, and each answers', async () => {
  expect(await (await fetch(`${web()}/hello`)).text()).toBe('Hello from the gateway itself.\n')
  const [secure] = /https:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
  const tls = { rejectUnauthorized: false }
  expect((await fetch(`${secure}/hello`, { tls })).status).toBe(200)
  const pong = Promise.withResolvers<string>()
  await Bun.connect({
    ...{ hostname: '127.0.0.1', port: port('tcp') },
    socket: {
      open: (socket) => void socket.write('PING\r\n'),
      data(socket, bytes) {
        pong.resolve(bytes.toString())
        socket.end()
      },
    },
  })
  expect(await within(pong.promise, 'the cache')).toBe('+PONG\r\n')
  const back = Promise.withResolvers<string>()
  const udp = await Bun.udpSocket({ socket: { data: (_, bytes) => back.resolve(bytes.toString()) } })
  udp.send('back', port('udp'), '127.0.0.1')
  expect(await within(back.promise, 'the echo')).toBe('back')
  udp.close()
  const address = Address.parse('127.0.0.1', port('turn'))
  if (address === null) throw new Error('no turn listener was told')
  const client = await TurnClient.open(
    { transport: 'udp', address, serverName: 'localhost' },
    { timeoutMs: 10_000 },
  )
  if ('failure' in client) throw new Error(client.detail)
  expect(await client.binding()).toMatchObject({ code: 0 })
  client.close()
})

interface Server {
  readonly server: string
  readonly state?: string
  readonly reason?: string
  readonly circuit_state?: string
}

test('has servers that are unwell, each in its own way, and traffic', async () => {
  const states = async (): Promise<Record<string, string>> => {
    const { body } = await ask(admin(), { path: '/_health' })
    const all = (body['backends'] ?? []) as readonly Server[]
    return Object.fromEntries(all.map(({ server, state = '' }) => [server, state]))
  }
  const wanted = {
    ...{ apple: 'up', 'shop-3': 'down', 'shop-4': 'maintenance', 'live-2': 'draining' },
    ...{ 'reports-1': 'down', 'reports-2': 'down', canary: 'up' },
  }
  await waitFor(
    async () => {
      const now = await states()
      return Object.entries(wanted).every(([server, state]) => now[server] === state)
    },
    { what: 'the states of the servers' },
  )
  const circuits = async (): Promise<string> => {
    const { body } = await ask(admin(), { path: '/_health' })
    const all = (body['backends'] ?? []) as readonly Server[]
    return all.find(({ server }) => server === 'pay-3')?.circuit_state ?? ''
  }
  await waitFor(async () => (await circuits()) !== 'Closed', { what: 'a breaker that opens' })
  const total = async (): Promise<number> =>
    Number((await ask(admin(), { path: '/_metrics' })).body['total_requests'])
  const before = await total()
  await waitFor(async () => (await total()) > before + 20, { what: 'traffic' })
  const [program = ''] = await binary()
  const allocations = Bun.spawnSync([program, 'turn', 'list', '--json', '-c', config()], { cwd: folder })
  expect(allocations.stdout.toString()).toContain('demo')
})

test('gives another link while it runs', async () => {
  const [program = ''] = await binary()
  const made = Bun.spawnSync([program, 'admin', 'link', 'demo', '--role', 'viewer', '-c', config()])
  const [, token = ''] = /^http:\S+\/_admin\/#\/link\/(\S+)\n$/.exec(made.stdout.toString()) ?? []
  const { status, body } = await new Browser(admin()).post('/api/v1/auth/link', { token })
  expect([status, body['role']]).toEqual([200, 'viewer'])
})

test('ends with all that it has started, and leaves nothing behind', async () => {
  expect(pids.length).toBeGreaterThanOrEqual(4)
  sendSignal(child.pid, 'SIGINT')
  expect(await child.exited).toBe(0)
  expect(await complained).toBe('')
  await waitFor(() => !pids.some(isRunning), { what: 'the end of its processes' })
  expect(readdirSync(folder)).toEqual([])
})

test('that is killed leaves no gateway behind, whose ports the next one would miss', async () => {
  const [program = ''] = await binary()
  const killed = Bun.spawn([program, 'demo', '--any-port'], {
    ...{ cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
    env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
  })
  let tree: readonly number[] = [killed.pid]
  try {
    let told = ''
    const reader = killed.stdout.getReader()
    while (!told.includes('dashboard'))
      told += Buffer.from((await within(reader.read(), 'words')).value ?? []).toString()
    tree = treeOf(killed.pid)
    expect(tree.length).toBeGreaterThan(2)
    sendSignal(killed.pid, 'SIGKILL')
    await waitFor(() => !tree.some(isRunning), { what: 'all of it to be gone' })
  } finally {
    killAll(tree)
  }
})
