// A network in memory for the TURN engine: nothing happens by itself, ports can be held by others, and
// connections read slowly.
import { Address } from '../../server/lib/address.ts'
import type { Network, OpenFailure, Stream, StreamSink, TcpListener } from '../../server/turn/network.ts'
import { type DatagramSink, HEADROOM, TAILROOM, type UdpSocket } from '../../server/sockets/udp/udp-socket.ts'

/** "192.0.2.1:80" or "[2001:db8::1]:80". */
export function at(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
  const address = Address.parse(host, Number(text.slice(colon + 1)))
  if (address === null) throw new Error(`"${text}" is no address`)
  return address
}

export interface Sent {
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
  readonly dontFragment: boolean
}

/** One arena of a datagram, as the real one has many. */
const arena = new Uint8Array(HEADROOM + 65_536 + TAILROOM)

export class FakeUdp implements UdpSocket {
  readonly address: Address
  readonly sink: DatagramSink
  data: unknown = null
  isClosed = false
  readonly #network: FakeNetwork

  constructor(network: FakeNetwork, address: Address, sink: DatagramSink) {
    this.#network = network
    this.address = address
    this.sink = sink
  }

  send(to: Address, bytes: Uint8Array, start: number, length: number, dontFragment = false): void {
    if (bytes !== arena) throw new Error('not of the arena')
    this.#sent(to, bytes.slice(start, start + length), dontFragment)
  }

  sendCopy(to: Address, bytes: Uint8Array, dontFragment = false): void {
    this.#sent(to, bytes.slice(), dontFragment)
  }

  #sent(to: Address, bytes: Uint8Array, dontFragment: boolean): void {
    if (this.isClosed) throw new Error(`${this.address} is closed`)
    this.#network.sent.push({ from: this.address.toString(), to: to.toString(), bytes, dontFragment })
  }

  /** A datagram comes in. */
  deliver(from: Address, bytes: Uint8Array): void {
    arena.fill(0xee)
    arena.set(bytes, HEADROOM)
    const source = { key: from.key, ipKey: from.ipKey, address: () => from }
    this.sink.onDatagram(this, source, arena, HEADROOM, bytes.length)
  }

  close(): void {
    this.isClosed = true
    this.#network.sockets.delete(this.address.toString())
  }
}

export class FakeStream implements Stream {
  readonly transport: 'tcp' | 'tls'
  readonly listener: string
  readonly remote: Address
  readonly local: Address
  sink: StreamSink
  data: unknown = undefined
  queued = 0
  isPaused = false
  isFinished = false
  isClosed = false
  why: string | null = null
  /** While true nothing of what is sent leaves. */
  isBlocked = false
  /** What has left. */
  readonly #out: Uint8Array[] = []
  readonly #queue: Uint8Array[] = []
  /** What came and was not consumed. */
  #rest = new Uint8Array(0)

  constructor(
    sink: StreamSink,
    remote: Address,
    local: Address,
    { listener = '', transport = 'tcp' }: Partial<Pick<Stream, 'listener' | 'transport'>> = {},
  ) {
    this.sink = sink
    this.remote = remote
    this.local = local
    this.listener = listener
    this.transport = transport
  }

  send(bytes: Uint8Array, start: number, length: number, most = 256 * 1024): boolean {
    if (this.isClosed || this.isFinished) return false
    const copy = bytes.slice(start, start + length)
    if (!this.isBlocked) {
      this.#out.push(copy)
      return true
    }
    if (this.queued + length > most) return false
    this.#queue.push(copy)
    this.queued += length
    return true
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    if (this.#rest.length > 0) this.come(new Uint8Array(0))
  }

  finish(): void {
    this.isFinished = true
  }

  abort(why = 'aborted'): void {
    this.gone(why)
  }

  /** Bytes come from the other side; while paused they wait. */
  come(bytes: Uint8Array): void {
    if (this.isClosed) return
    const all = Buffer.concat([this.#rest, bytes])
    this.#rest = all
    if (this.isPaused || all.length === 0) return
    const consumed = this.sink.onBytes(this, all, 0, all.length)
    this.#rest = all.subarray(consumed)
  }

  /** The other side reads again. */
  drain(): void {
    this.isBlocked = false
    this.#out.push(...this.#queue.splice(0))
    this.queued = 0
    this.sink.onDrain?.(this)
  }

  /** The other side sends no more. */
  end(): void {
    if (this.isClosed) return
    if (this.sink.onEnd) this.sink.onEnd(this)
    else this.finish()
  }

  /** It is over. */
  gone(why: string | null): void {
    if (this.isClosed) return
    this.isClosed = true
    this.why = why
    this.sink.onClose(this, why)
  }

  /** Takes all that has left. */
  take(): Buffer {
    return Buffer.concat(this.#out.splice(0))
  }
}

export class FakeNetwork implements Network {
  /** Open UDP sockets by address. */
  readonly sockets = new Map<string, FakeUdp>()
  readonly listeners = new Map<string, (stream: Stream) => void>()
  /** Addresses with ports that other processes hold. */
  readonly held = new Set<string>()
  /** Hosts that this machine does not have. */
  readonly missing = new Set<string>()
  readonly sent: Sent[] = []
  readonly connects: FakeStream[] = []
  /** How many binds were tried. */
  binds = 0

  openUdp(local: Address, sink: DatagramSink): FakeUdp | OpenFailure {
    this.binds++
    const key = local.toString()
    if (this.missing.has(local.host)) return 'failed'
    if (this.held.has(key) || this.sockets.has(key)) return 'in_use'
    const socket = new FakeUdp(this, local, sink)
    this.sockets.set(key, socket)
    return socket
  }

  listenTcp(local: Address, accept: (stream: Stream) => void): TcpListener | OpenFailure {
    const key = local.toString()
    if (this.missing.has(local.host)) return 'failed'
    // As the kernel does with SO_REUSEPORT: two of one process can both be bound.
    if (this.held.has(key)) return 'in_use'
    this.listeners.set(key, accept)
    return { close: () => void this.listeners.delete(key) }
  }

  connectTcp(local: Address, peer: Address, sink: StreamSink): Stream | OpenFailure {
    if (this.held.has(`${local} ${peer}`)) return 'in_use'
    const stream = new FakeStream(sink, peer, local)
    this.connects.push(stream)
    return stream
  }

  /** A socket of the plan. */
  adopt(host: string, port: number, sink: DatagramSink): FakeUdp {
    const socket = new FakeUdp(this, at(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`), sink)
    this.sockets.set(socket.address.toString(), socket)
    sink.onOpen?.(socket)
    return socket
  }

  /** A peer or a client sends a datagram to one of our sockets; false: nobody is there. */
  deliver(from: string, to: string, bytes: Uint8Array): boolean {
    const socket = this.sockets.get(to)
    socket?.deliver(at(from), bytes)
    return socket !== undefined
  }

  /** A peer connects; null: nobody listens. */
  connectFrom(from: string, to: string): FakeStream | null {
    const accept = this.listeners.get(to)
    if (accept === undefined) return null
    const stream = new FakeStream({ onBytes: () => 0, onClose() {} }, at(from), at(to))
    accept(stream)
    return stream
  }

  /** Takes all datagrams that were sent to this address, oldest first. */
  take(to: string): Sent[] {
    const found = this.sent.filter((one) => one.to === to)
    const rest = this.sent.filter((one) => one.to !== to)
    this.sent.splice(0, this.sent.length, ...rest)
    return found
  }
}
