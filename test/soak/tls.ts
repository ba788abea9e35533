// TLS of every kind on a gateway with the sockets of one kind: ended here, passed through, towards servers as
// well, and datagrams beside it; bodies of all sizes, and clients that break off, or are bent, in each phase.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer as createTlsServer } from 'node:tls'
import type { SocketsKind } from '../../server/sockets/socket.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { makeIssuer, makePair, type TestPair } from '../support/pki.ts'
import type { Random } from '../support/random.ts'
import { PARTS, stormyScript } from '../support/stormy.ts'
import { BreakingDoor, TlsDoor, type Way } from '../support/tls-door.ts'
import { TlsFront } from '../support/tls-front.ts'
import { sendOn } from '../support/udp.ts'
import { pause, within } from '../support/wait.ts'
import { DatagramClients } from './datagrams.ts'
import { IN_USE, storm, type StormOptions, type StormResult } from './storm.ts'

/** Runs it and looks at what is left. */
export async function soakTls(options: StormOptions): Promise<StormResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-tls-'))
  try {
    await using servers = await Servers.start(folder)
    const config = configOf(servers, hasDatagrams(options.kind))
    await using gateway = await startGateway({
      ...{ config: config(0), folder, workers: options.workers, args: ['--no-watch'] },
      env: { SLUICE_SOCKETS: options.kind },
    })
    using clients = new Clients(gateway, options)
    await clients.start()
    const inUse = [...IN_USE, 'udp_flows', 'server_in_flight', 'queue_length']
    const { parts, datagrams } = clients
    const said = await storm(options, {
      ...{ gateway, config, parts, inUse, played: () => servers.forget() },
      begins: (isRough) => datagrams.begins(isRough),
      ends: () => datagrams.ends(),
    })
    datagrams.judge()
    const notes = [...said.notes, clients.summary, datagrams.summary]
    return { notes, problems: [...said.problems, ...datagrams.problems] }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Who is behind the gateway. */
class Servers implements AsyncDisposable {
  readonly origin: Origin
  readonly front: TlsFront
  readonly tlsEcho: Server
  readonly udpEcho: Bun.udp.Socket<'buffer'>
  readonly #pair: TestPair

  static async start(folder: string): Promise<Servers> {
    const root = makeIssuer('a root')
    const write = (name: string, { cert, key }: TestPair): void => {
      writeFileSync(join(folder, `${name}.pem`), cert)
      writeFileSync(join(folder, `${name}.key`), key)
    }
    write('root', root)
    const names = ['localhost', 'inner.example']
    for (const kind of ['rsa', 'ec'] as const) write(kind, makePair(names, { kind, issuer: root }))
    write('other', makePair(['other.example'], { issuer: root }))
    const pair = makePair(['localhost', 'pass.example'], { issuer: root })
    const udp = await Bun.udpSocket({
      hostname: '127.0.0.1',
      socket: { data: (socket, bytes, port, host) => sendOn(socket, bytes, port, host), error() {} },
    })
    const origin = startOrigin(stormyScript)
    const front = await TlsFront.start(origin.port, pair)
    const servers = new Servers(origin, front, udp, pair)
    await listening(servers.tlsEcho)
    return servers
  }

  private constructor(origin: Origin, front: TlsFront, udp: Bun.udp.Socket<'buffer'>, pair: TestPair) {
    this.origin = origin
    this.front = front
    this.udpEcho = udp
    this.#pair = pair
    const back = (socket: Socket): void => void socket.on('error', () => socket.destroy()).pipe(socket)
    this.tlsEcho = createTlsServer({ ...this.#pair, allowHalfOpen: true }, back)
    this.tlsEcho.on('tlsClientError', () => {})
  }

  forget(): void {
    this.origin.forget()
    this.front.handshakes.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.udpEcho.close()
    this.tlsEcho.close()
    await this.front[Symbol.asyncDispose]()
    this.origin.kill()
  }
}

/** Bun's own sockets carry none. */
const hasDatagrams = (kind: SocketsKind): boolean => kind !== 'bun'

const configOf =
  (servers: Servers, isWithDatagrams: boolean) =>
  (round: number): Record<string, unknown> => {
    const tls = { ca: 'root.pem' }
    // They are in the process of the clients, which may have little time for them.
    const timeouts = { connect: '60s' }
    const bind = '127.0.0.1:0'
    const certificates = round % 2 === 0 ? ['both', 'other'] : ['both', 'other', 'own']
    return {
      certificates: {
        both: { cert: ['rsa.pem', 'ec.pem'], key: ['rsa.key', 'ec.key'] },
        other: { cert: 'other.pem', key: 'other.key' },
        own: { self_signed: { names: [`own${round % 5}.example`] } },
      },
      listeners: {
        web: { bind, protocol: 'https', certificates, tls: { profile: 'intermediate' } },
        pass: { bind, protocol: 'tls' },
        relay: { bind, protocol: 'tcp', certificates: ['both'], backend: 'echo' },
        ...(isWithDatagrams && { datagrams: { bind, protocol: 'udp', backend: 'udp', idle: '2s' } }),
        ...(round % 3 === 1 && { [`extra${round}`]: { bind, protocol: 'https', certificates } }),
      },
      rules: [
        { name: 'through', match: { listener: 'pass', server_name: 'pass.example' }, backend: 'front' },
        { name: 'inner', match: { listener: 'pass', server_name: 'inner.example' }, listener: 'web' },
        { name: `large${round % 7}`, match: { path: '/length/*' }, backend: 'tls' },
        { name: 'all', backend: `origin${round % 2}` },
      ],
      backends: {
        [`origin${round % 2}`]: { servers: [{ url: servers.origin.url, weight: 1 + (round % 5) }], timeouts },
        tls: { servers: [{ url: servers.front.url }], tls, timeouts },
        front: { servers: [{ url: `tcp://127.0.0.1:${servers.front.port}` }], timeouts },
        echo: { servers: [{ url: `tls://localhost:${portOf(servers.tlsEcho)}` }], tls, timeouts },
        ...(isWithDatagrams && { udp: { servers: [{ url: `udp://127.0.0.1:${servers.udpEcho.port}` }] } }),
      },
      logs: { level: 'info' },
    }
  }

type Part = (random: Random) => Promise<void>

/** Who comes to it. */
class Clients implements Disposable {
  readonly datagrams: DatagramClients
  readonly #gateway: Gateway
  readonly #hasDatagrams: boolean
  readonly #web: TlsDoor
  readonly #relay: TlsDoor
  readonly #breaking: BreakingDoor
  #renegotiated = 0

  constructor(gateway: Gateway, { random, kind }: Pick<StormOptions, 'random' | 'kind'>) {
    this.#gateway = gateway
    this.#hasDatagrams = hasDatagrams(kind)
    this.datagrams = new DatagramClients(gateway)
    const to = (listener: string, name: string): Way => ({ port: gateway.port(listener), name })
    const web = [to('web', 'localhost'), to('pass', 'pass.example'), to('pass', 'inner.example')]
    this.#web = new TlsDoor(random, () => web)
    this.#relay = new TlsDoor(random, () => [to('relay', 'localhost')])
    this.#breaking = new BreakingDoor(random, () => gateway.port(random.pick(['web', 'pass', 'relay'])))
  }

  async start(): Promise<void> {
    for (const door of [this.#web, this.#relay, this.#breaking]) await door.start()
  }

  get parts(): Readonly<Record<string, Part>> {
    // A tunnel is ended by halves, which not each TLS of a client's can: those of the relay go to and fro.
    const { tunnels: _, ...inTheClear } = PARTS
    const throughTls = Object.entries(inTheClear).map(([name, part]): [string, Part] => [
      name,
      (random) => part(this.#web.port, random),
    ])
    return {
      ...Object.fromEntries(throughTls),
      relays: (random) => this.#relays(random),
      ...(this.#hasDatagrams && { datagrams: (random: Random) => this.datagrams.play(random) }),
      breaks: (random) => this.#breaks(random),
      rubbish: (random) => this.#rubbish(random),
      renegotiates: (random) => this.#renegotiates(random),
    }
  }

  get summary(): string {
    const doors = [this.#web, this.#relay]
    const sum = (what: 'shaken' | 'resumed'): number => doors.reduce((all, door) => all + door[what], 0)
    return `${sum('shaken')} handshakes, ${sum('resumed')} of them resumed; ${this.#breaking.broken} broken, ${this.#renegotiated} asked for another`
  }

  [Symbol.dispose](): void {
    for (const door of [this.#web, this.#relay, this.#breaking]) door[Symbol.dispose]()
  }

  /** TLS on both sides of the gateway. */
  async #relays(random: Random): Promise<void> {
    const client = await rawClient(this.#relay.port)
    for (let n = 1 + random.below(4); n > 0; n--) {
      const sent = Buffer.alloc(1 + random.below(random.pick([100, 40_000, 3_000_000])), `${n} to and fro `)
      client.send(sent)
      const back = await within(client.reader.exactly(sent.length), 'what was sent')
      if (!back.equals(sent)) throw new Error(`${back.length} of ${sent.length} bytes came back, or others`)
    }
    if (random.below(2) === 0) client.fin()
    else client.rst()
  }

  /** Of what it ends by nothing is to be expected, but that it ends. */
  async #breaks(random: Random): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const servername = random.pick(['localhost', 'pass.example', 'inner.example'])
    const port = this.#breaking.port
    const tls = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () =>
      tls.write(`GET /length/${random.below(100_000)} HTTP/1.1\r\nHost: h\r\n\r\n`),
    )
    tls.on('error', () => {}).on('close', () => resolve())
    tls.resume()
    await Promise.race([promise, pause(100 + random.below(1000))])
    tls.destroy()
  }

  /** What is no TLS, or looks like it for a while. */
  async #rubbish(random: Random): Promise<void> {
    const client = await rawClient(this.#gateway.port(random.pick(['web', 'pass', 'relay'])))
    const noise = Buffer.from(random.bytes(random.below(2000)))
    const record = Buffer.concat([
      Buffer.from([random.pick([20, 21, 22, 23]), 3, 1, noise.length >> 8]),
      noise,
    ])
    client.send(random.pick([noise, record, Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n')]))
    await pause(random.below(300))
    if (random.below(2) === 0) client.fin()
    client.rst()
  }

  /** A client of TLS 1.2 that wants to shake hands once more: a program, so not often. */
  async #renegotiates(random: Random): Promise<void> {
    if (random.below(20) > 0) return pause(random.below(100))
    const at = `127.0.0.1:${this.#gateway.port(random.pick(['web', 'relay']))}`
    const child = Bun.spawn(['openssl', 's_client', '-tls1_2', '-servername', 'localhost', '-connect', at], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await pause(200)
    child.stdin.write('R\n')
    await child.stdin.flush()
    await Promise.race([child.exited, pause(300)])
    child.kill('SIGKILL')
    await child.exited
    this.#renegotiated++
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
const listening = (server: Server): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
