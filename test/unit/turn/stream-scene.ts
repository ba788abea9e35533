// A turn listener as a worker has it, before a door that a test keeps; and clients of it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'bun'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { tcpBindsOf } from '../../../server/lib/bind.ts'
import { tick } from '../../../server/lib/clock.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import type { TurnListener } from '../../../server/snapshot/snapshot.ts'
import { ByName } from '../../../server/tls/by-name.ts'
import { Certificate, type CertificateText, type PemPair } from '../../../server/tls/certificate.ts'
import { Challenges } from '../../../server/tls/challenges.ts'
import type { ListenerTls } from '../../../server/tls/listener-tls.ts'
import { certificateText as textOf } from '../../../server/tls/read-certificate.ts'
import { PLAIN_SETTINGS } from '../../../server/tls/tls-settings.ts'
import { NOT_TAKEN } from '../../../server/turn/messages.ts'
import { StreamClients } from '../../../server/turn/stream-clients.ts'
import { Entries, type EntriesParts } from '../../../server/worker/entries.ts'
import { testCertificate } from '../../support/certificate.ts'
import { turnListener } from '../../support/turn-config.ts'
import { waitFor, within } from '../../support/wait.ts'
import { SkewedClock } from '../lib/skewed-clock.ts'

/** A Binding request: what a connection that is the relay's begins with. */
export const BINDING = Buffer.from('000100002112a442000102030405060708090a0b', 'hex')

/** One end of a connection that a test holds: what came, and how it ended. */
export class Wire {
  readonly pieces: Buffer[] = []
  bytes = 0
  hasEnded = false
  isClosed = false
  /** Its code, when it broke. */
  error: string | null = null
  handshake: boolean | null = null
  /** Whether what comes is kept. */
  keeps = true
  onPiece: (piece: Buffer) => void = () => {}
  onDrain: () => void = () => {}
  socket!: Socket<Wire>

  get text(): string {
    return Buffer.concat(this.pieces).toString('latin1')
  }

  write(bytes: string | Uint8Array): number {
    return this.socket.write(bytes)
  }

  /** Sends all of it, with the patience that takes. */
  async send(bytes: Uint8Array): Promise<void> {
    const done = Promise.withResolvers<void>()
    let at = 0
    this.onDrain = () => {
      while (at < bytes.length) {
        const taken = this.socket.write(bytes, at, Math.min(bytes.length - at, 300_000))
        if (taken < 0) return done.reject(new Error('it is closed'))
        if (taken === 0) return
        at += taken
      }
      done.resolve()
    }
    this.onDrain()
    await within(done.promise, 'all to be sent')
  }

  async has(text: string): Promise<void> {
    await waitFor(() => this.text.includes(text), { what: `"${text}" (so far "${this.text.slice(0, 200)}")` })
  }

  ended(): Promise<boolean> {
    return waitFor(() => this.hasEnded, { what: 'its end' })
  }

  closed(): Promise<boolean> {
    return waitFor(() => this.isClosed, { what: 'its close' })
  }
}

export const wireEvents = {
  data(socket: Socket<Wire>, bytes: Buffer): void {
    const wire = socket.data
    wire.bytes += bytes.length
    if (wire.keeps) wire.pieces.push(bytes)
    wire.onPiece(bytes)
  },
  drain: (socket: Socket<Wire>) => socket.data.onDrain(),
  end: (socket: Socket<Wire>) => void (socket.data.hasEnded = true),
  handshake: (socket: Socket<Wire>, isDone: boolean) => void (socket.data.handshake = isDone),
  close(socket: Socket<Wire>, error?: Error): void {
    const wire = socket.data
    wire.isClosed = true
    wire.error = (error as { code?: string } | undefined)?.code ?? null
  },
  error(): void {},
}

export interface ConnectOptions {
  readonly tls?: boolean
  readonly host?: string
  readonly alpn?: string
}

/** Connects to a port of this machine; with TLS it returns when the handshake is over, however that went. */
export async function connect(
  port: number,
  { tls = false, host = '127.0.0.1', alpn }: ConnectOptions = {},
): Promise<Wire> {
  const wire = new Wire()
  const wanted = { rejectUnauthorized: false, ...(alpn === undefined ? {} : { ALPNProtocols: alpn }) }
  const connecting = Bun.connect<Wire>({
    hostname: host,
    port,
    data: wire,
    allowHalfOpen: true,
    socket: wireEvents,
    ...(tls ? { tls: wanted as never } : {}),
  })
  try {
    wire.socket = await connecting
  } catch (problem) {
    // Who is accepted and closed at once is told so at times when it asks whether it is connected.
    if ((problem as { code?: string }).code !== 'ECONNRESET') throw problem
    wire.isClosed = true
    return wire
  }
  if (tls) await waitFor(() => wire.handshake !== null || wire.isClosed, { what: 'the handshake' })
  return wire
}

/** What the door was told of a client. */
export interface Announced {
  readonly family: 4 | 6
  readonly client: string
  readonly clientPort: number
  readonly local: string
  readonly localPort: number
  readonly isTls: boolean
  readonly listener: string
  /** The client's descriptor comes with it. */
  readonly hasDescriptor: boolean
  readonly length: number
}

/** Reads a PROXY v2 header as its specification has it; null: not all of it is here. */
export function readHeader(bytes: Buffer): Announced | null {
  if (bytes.length < 16) return null
  if (bytes.subarray(0, 13).toString('hex') !== '0d0a0d0a000d0a515549540a21')
    throw new Error('no PROXY v2 header')
  const length = 16 + bytes.readUInt16BE(14)
  if (bytes.length < length) return null
  const family = bytes[13] === 0x11 ? 4 : bytes[13] === 0x21 ? 6 : 0
  if (family === 0) throw new Error(`no such family: ${bytes[13]}`)
  const size = family === 4 ? 4 : 16
  const tlvs = new Map<number, Buffer>()
  for (let at = 16 + 2 * size + 4; at < length; at += 3 + bytes.readUInt16BE(at + 1))
    tlvs.set(bytes[at] ?? 0, bytes.subarray(at + 3, at + 3 + bytes.readUInt16BE(at + 1)))
  const ip = (at: number): string => {
    const part = bytes.subarray(at, at + size)
    return family === 4 ? part.join('.') : part.toString('hex')
  }
  return {
    family,
    client: ip(16),
    local: ip(16 + size),
    clientPort: bytes.readUInt16BE(16 + 2 * size),
    localPort: bytes.readUInt16BE(18 + 2 * size),
    isTls: ((tlvs.get(0x20)?.[0] ?? 0) & 1) === 1,
    listener: (tlvs.get(0xe0) ?? Buffer.alloc(0)).toString(),
    hasDescriptor: tlvs.has(0xe1),
    length,
  }
}

/** A client as it came through the door: what is written and received is behind the header. */
export class Visit extends Wire {
  announced: Announced | null = null
  #begin = Buffer.alloc(0)

  /** Takes the header off; what is behind it is kept as any other. */
  take(bytes: Buffer): void {
    if (this.announced) return wireEvents.data(this.socket, bytes)
    this.#begin = Buffer.concat([this.#begin, bytes])
    this.announced = readHeader(this.#begin)
    // A relay that has no descriptor left for it: bytes go on passing here.
    if (this.announced?.hasDescriptor === true) this.socket.write(Uint8Array.of(NOT_TAKEN))
    const rest = this.announced ? this.#begin.subarray(this.announced.length) : null
    if (rest && rest.length > 0) wireEvents.data(this.socket, rest)
  }
}

/** A Unix socket in the relay's stead. */
export class Door {
  readonly visits: Visit[] = []
  onVisit: (visit: Visit) => void = () => {}
  readonly #listener: { stop(force: boolean): void }

  constructor(path: string) {
    this.#listener = Bun.listen<Wire>({
      unix: path,
      allowHalfOpen: true,
      socket: {
        ...wireEvents,
        data: (socket, bytes) => (socket.data as Visit).take(bytes),
        open: (socket) => {
          const visit = new Visit()
          visit.socket = socket
          socket.data = visit
          this.visits.push(visit)
          this.onVisit(visit)
        },
      },
    })
  }

  /** The visit of this number, once its header is there. */
  async visit(number = 0): Promise<Visit & { readonly announced: Announced }> {
    await waitFor(() => this.visits[number]?.announced, { what: `visit ${number}` })
    return this.visits[number] as Visit & { readonly announced: Announced }
  }

  close(): void {
    for (const { socket, isClosed } of this.visits) if (!isClosed) socket.terminate()
    this.#listener.stop(true)
  }
}

export const pemPair = (): PemPair => {
  const { cert, key } = testCertificate()
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

export const certificateText = (): CertificateText => textOf([pemPair()])

let ready: Certificate | null = null
/** The one certificate of this process. */
export const certificate = (): Certificate => (ready ??= new Certificate(certificateText()))

/** What a listener with this certificate has of TLS. */
export const tlsOf = (certificate: Certificate): ListenerTls => ({
  certificates: new ByName(certificate),
  settings: PLAIN_SETTINGS,
  clients: null,
  handshakeMs: 10_000,
})

/** An address that is open for them. */
export interface OpenStreams {
  readonly port: number
  readonly accepted: number
  swap(listener: TurnListener): void
  stop(): void
}

/** A worker's streams, with time in the test's hands. */
export class Scene implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'streams-'))
  readonly path = join(this.folder, 'door')
  door: Door | null = new Door(this.path)
  readonly wheel = new Wheel(tick)
  /** As the scoreboard has it. */
  open = 0
  readonly clients = new StreamClients(this.wheel)
  readonly arrivals = new Arrivals(this.wheel)
  /** What they came to: listener, version, result. */
  readonly handshakes: string[] = []
  readonly #entries = new Entries({
    engine: { wheel: this.wheel } as unknown as EntriesParts['engine'],
    clients: this.clients,
    connections: null as unknown as EntriesParts['connections'],
    arrivals: this.arrivals,
    challenges: new Challenges(),
    handshakes: {
      ended: (...told) => void this.handshakes.push(told.join(' ')),
      clientCertificate: () => {},
    },
    board: { connections: (delta) => void (this.open += delta) },
    meter: { openOf: () => ({ came() {}, left() {} }) },
    news: { reached() {}, headerRefused() {} },
  })
  readonly #clock = new SkewedClock()
  readonly #listeners: OpenStreams[] = []
  readonly #wires: Wire[] = []

  listener(more: Partial<TurnListener> = {}): TurnListener {
    return {
      kind: 'turn',
      name: 'turn',
      options: turnListener(),
      proxies: null,
      door: this.path,
      tls: tlsOf(certificate()),
      ...more,
    }
  }

  listen(isTls: boolean, listener: TurnListener = this.listener(), hostname = '127.0.0.1'): OpenStreams {
    const gate = (one: TurnListener) => {
      const tls = { bind: '127.0.0.1:0', cert: '', key: '' }
      const [plain, encrypted] = tcpBindsOf(one.name, { ...one.options, transports: ['tcp'], tls })
      return this.#entries.gateOf((isTls ? encrypted : plain)!, one)
    }
    const address = new OpenAddress({ hostname, port: 0 }, gate(listener))
    const opened = {
      port: address.port,
      get accepted() {
        return address.accepted
      },
      swap: (next: TurnListener) => address.swap(gate(next)),
      stop: () => address.stop(),
    }
    this.#listeners.push(opened)
    return opened
  }

  /** As a worker drains: who is on the way in, then who came in. */
  drain(withinMs: number, done: () => void): void {
    this.clients.isDraining = true
    this.arrivals.drain(withinMs, () => this.clients.drain(withinMs, done))
  }

  async connect({ port }: { readonly port: number }, options?: ConnectOptions): Promise<Wire> {
    const wire = await connect(port, options)
    this.#wires.push(wire)
    return wire
  }

  /** Lets so much time pass for all deadlines. */
  pass(ms: number): void {
    this.#clock.pass(ms, this.wheel)
  }

  [Symbol.dispose](): void {
    for (const wire of this.#wires) if (!wire.isClosed) wire.socket.terminate()
    for (const listener of this.#listeners) listener.stop()
    this.door?.close()
    rmSync(this.folder, { recursive: true, force: true })
    this.#clock[Symbol.dispose]()
  }
}
