// Where listeners are open: several addresses, of which each comes and goes by itself, and Unix sockets.
import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/kernel.ts'
import { needs } from '../support/needs.ts'
import { startOrigin } from '../support/origin.ts'
import { descriptorsOf, sendSignal } from '../support/processes.ts'
import { waitFor, within } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

async function start(config: string): Promise<Gateway> {
  const gateway = await startGateway({ config })
  gateways.push(gateway)
  return gateway
}

const words = (bind: string, more = ''): string => `listeners: { web: { bind: ${bind} } }
rules: [{ name: all, respond: { status: 200, body: "served" } }]
workers: 1
drain: 1s
admin: false
${more}`

const addressesOf = (gateway: Gateway): readonly string[] =>
  [(gateway.last('applied') ?? gateway.last('serving'))?.['listeners'] as { web: string | string[] }].flatMap(
    ({ web }) => web,
  )

const isServed = (address: string): Promise<boolean> =>
  bodyAt(address).then(
    () => true,
    () => false,
  )
const bodyAt = async (address: string): Promise<string> => (await fetch(`http://${address}/`)).text()

test('every address of a list is served, also by a worker that takes the place of another', async () => {
  const gateway = await start(words('["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"]'))
  const addresses = addressesOf(gateway)
  expect(addresses.map((address) => address.replace(/[0-9]+$/, ''))).toEqual([
    '127.0.0.1:',
    '127.0.0.2:',
    '[::1]:',
  ])
  expect(await Promise.all(addresses.map(bodyAt))).toEqual(['served', 'served', 'served'])

  sendSignal(gateway.workers[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  expect(await Promise.all(addresses.map(bodyAt))).toEqual(['served', 'served', 'served'])
})

test('an address that is added or removed leaves the others and their connections alone', async () => {
  // Any port is another address than the one that it came to be: those who are there would be told to leave.
  const port = freePorts(2)
  const [first, second] = [`127.0.0.1:${port}`, `127.0.0.2:${port + 1}`]
  const gateway = await start(words(`["${first}", "${second}"]`))
  const client = await rawClient(port)
  const ask = async (): Promise<string> => {
    const { body, get } = await client.get('/')
    return `${body} ${get('connection')}`
  }
  expect(await ask()).toBe('served null')

  await gateway.apply(words(`["${first}", "127.0.0.3:0"]`))
  const [, third = ''] = addressesOf(gateway)
  expect(await bodyAt(third)).toBe('served')
  expect(addressesOf(gateway)[0]).toBe(first)
  expect(await ask()).toBe('served null')
  await waitFor(async () => !(await isServed(second)))
  client.rst()
})

test('all ports of a range are served, and told as the range', async () => {
  const first = freePorts(8)
  const at = (offset: number): string => `127.0.0.1:${first + offset}`
  const gateway = await start(words(`["${at(0)}-${first + 4}", "127.0.0.1:0"]`))
  expect(addressesOf(gateway)[0]).toBe(`${at(0)}-${first + 4}`)
  expect(addressesOf(gateway)).toHaveLength(2)
  for (let i = 0; i < 5; i++) expect(await bodyAt(at(i))).toBe('served')
  expect(await isServed(at(5))).toBe(false)

  await gateway.apply(words(`"${at(3)}-${first + 7}"`))
  expect(addressesOf(gateway)).toEqual([`${at(3)}-${first + 7}`])
  for (let i = 3; i < 8; i++) expect(await bodyAt(at(i))).toBe('served')
  await waitFor(async () => !(await isServed(at(0))))

  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const rejected = await gateway.apply(words(`"127.0.0.1:${taken.port}-${taken.port + 1}"`))
  expect(rejected['problems']).toMatchObject([{ path: 'listeners.web.bind', line: 1 }])
  expect(await bodyAt(at(3))).toBe('served')
  taken.stop(true)
})

describe('a listener at a Unix socket', () => {
  const made: string[] = []
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  function makeFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-unix-'))
    made.push(folder)
    return folder
  }

  const atSocket = (folder: string, more: object = {}): Readonly<Record<string, unknown>> => ({
    listeners: { web: { bind: `unix:${join(folder, 'web.sock')}`, ...more } },
    rules: [{ name: 'all', backend: 'app' }],
    admin: false,
  })

  async function serve(config: Readonly<Record<string, unknown>>, folder: string, workers = 1) {
    const gateway = await startGateway({ config, folder, workers })
    gateways.push(gateway)
    return gateway
  }

  interface UnixClient {
    ask(): Promise<string>
    end(): void
  }

  /** One connection to it. */
  async function connect(path: string): Promise<UnixClient> {
    let hear: (text: string) => void = () => {}
    const socket = await Bun.connect({
      unix: path,
      socket: { data: (_, bytes) => hear(bytes.toString('latin1')), error() {} },
    })
    return {
      ask: () => {
        const { promise, resolve } = Promise.withResolvers<string>()
        hear = resolve
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        return within(promise, 'an answer')
      },
      end: () => void socket.terminate(),
    }
  }

  const isAnswered = (path: string): Promise<boolean> =>
    fetch('http://a/', { unix: path, keepalive: false }).then(
      () => true,
      () => false,
    )

  test('is served by all workers in turn; its clients are "unix:"', async () => {
    await using origin = startOrigin((request, reply) =>
      reply.send(200, request.get('x-forwarded-for') ?? ''),
    )
    const backends = { app: { servers: [{ url: origin.url }] } }
    const folder = makeFolder()
    const gateway = await serve({ ...atSocket(folder), backends }, folder, 3)
    const path = join(folder, 'web.sock')
    expect(addressesOf(gateway)).toEqual([`unix:${path}`])
    const held = (): number[] => gateway.workers.map(descriptorsOf)
    const before = held()
    const clients: UnixClient[] = []
    for (let i = 0; i < 12; i++) {
      const client = await connect(path)
      expect(await client.ask()).toEndWith('\r\n\r\nunix:')
      clients.push(client)
    }
    // Those of Bun's are whose who wakes first.
    const came = held().map((count, i) => count - (before[i] ?? 0))
    if (gateway.last('serving')?.['sockets'] !== 'bun')
      for (const count of came) expect(count).toBeGreaterThan(2)
    for (const client of clients) client.end()
    await waitFor(async () => (await gateway.accessLog()).length === 12)
    expect((await gateway.accessLog()).map(({ client }) => client)).toEqual(Array(12).fill('unix:'))
  })

  test('keeps its file and its queue over a reload and the death of a worker, and takes it along at a stop', async () => {
    const respond = [{ name: 'all', respond: { status: 200, body: 'served' } }]
    const folder = makeFolder()
    const gateway = await serve({ ...atSocket(folder), rules: respond }, folder)
    const path = join(folder, 'web.sock')
    const { ino } = statSync(path)
    const client = await connect(path)
    expect(await client.ask()).toEndWith('served')

    await gateway.apply({ ...atSocket(folder, { unix: { mode: '0600' } }), rules: respond })
    expect(statSync(path)).toMatchObject({ ino })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await client.ask()).toEndWith('served')

    const [worker] = gateway.workers
    sendSignal(worker, 'SIGSTOP')
    const waiting = await connect(path) // into the queue: nobody accepts
    const answer = waiting.ask()
    sendSignal(worker, 'SIGKILL')
    expect(await answer).toEndWith('served')
    expect(statSync(path)).toMatchObject({ ino })
    waiting.end()

    expect(await gateway.stop()).toBe(0)
    expect(existsSync(path)).toBe(false)
  })

  test('one that was left behind by a gateway that was killed is replaced; one that is served is not', async () => {
    const folder = makeFolder()
    const config = { ...atSocket(folder), rules: [{ name: 'all', respond: { status: 200, body: 'served' } }] }
    const path = join(folder, 'web.sock')
    const first = await serve(config, folder)
    const other = await spawnGateway({ config, folder: makeFolder() })
    gateways.push(other)
    expect(await other.exited()).toBe(1)
    expect(other.stderr).toContain(
      `listeners.web.bind: cannot listen on unix:${path}: a running gateway (process`,
    )
    expect(other.stderr).toContain('has this socket (EADDRINUSE)')
    expect(await isAnswered(path)).toBe(true)

    const { ino } = statSync(path)
    first.signal('SIGKILL')
    await first.exited()
    await serve(config, folder)
    expect(statSync(path).ino).not.toBe(ino)
    expect(await isAnswered(path)).toBe(true)
  })
})

const isRoot = process.getuid?.() === 0

needs('setpriv')(
  isRoot
    ? 'what the system does not permit is told with what would let it'
    : 'skipped: needs root: what the system does not permit',
  async () => {
    if (!isRoot) return
    const folder = mkdtempSync(join(tmpdir(), 'sluice-closed-'))
    chmodSync(folder, 0o555)
    const gateway = await spawnGateway({
      config: words(`["127.0.0.1:1", "unix:${folder}/web.sock"]`),
      through: ['setpriv', '--bounding-set=-net_bind_service,-dac_override'],
    })
    gateways.push(gateway)
    expect(await gateway.exited()).toBe(1)
    rmSync(folder, { recursive: true })
    const lines = gateway.stderr.split('\n')
    const [port = '', file = ''] = [0, 1].map((i) =>
      lines.find((line) => line.includes(`listeners.web.bind[${i}]: `)),
    )
    expect(port).toContain('cannot listen on 127.0.0.1:1: ports below ')
    expect(port).toContain(' need a privilege here')
    expect(port).toMatch(/CAP_NET_BIND_SERVICE \(EACCES\); give it to the .*net_bind_service/i)
    expect(file).toContain('this user may not make it there')
    expect(file).toContain('(EACCES); choose a folder that the gateway may write to')
  },
)
