// The engine between two sockets that the test plays itself, without a kernel: bytes arrive cut exactly as it
// says, and each event is over before the next. So an exchange costs microseconds, and every way of cutting
// its bytes can be tried.
import { flush } from '../../server/lib/stage.ts'
import type { OutboundEvents } from '../../server/http1/dial-server.ts'
import { Inbound } from '../../server/http1/inbound.ts'
import { Outbound } from '../../server/http1/outbound.ts'
import type { Port } from '../../server/http1/port.ts'
import { NOBODY as NO_OWNER, type Socket, type SocketEnds } from '../../server/sockets/socket.ts'
import type { Accepted } from '../../server/accept/entry.ts'
import { nowMs, tick } from '../../server/lib/clock.ts'
import type { TestEngine } from './engine.ts'
import { httpListener } from './listeners.ts'

/** A socket that takes all that is written, and remembers how its owner ended it. */
class PlayedSocket implements Socket {
  owner = NO_OWNER
  readonly fd = -1
  readonly isDecrypted = false
  readonly localAddress = '127.0.0.1'
  readonly localPort = 80
  readonly mayHoldMore = false
  isQuiet = true
  readonly written: Buffer[] = []
  ended: 'fin' | 'rst' | null = null
  /** Nobody reads what is written. */
  isForgetful = false

  ends(): SocketEnds {
    return { address: '127.0.0.1', port: 40_000, isReset: false }
  }
  write(bytes: Buffer, from: number, to: number): number {
    if (this.ended !== null) return -1
    if (!this.isForgetful) this.written.push(Buffer.from(bytes.subarray(from, to)))
    return to - from
  }
  writeBoth(first: Buffer, bytes: Buffer, from: number, to: number): number {
    return this.write(first, 0, first.length) < 0 ? -1 : first.length + this.write(bytes, from, to)
  }
  expectVolume(): void {}
  pause(): void {}
  resume(): void {}
  shutdown(): void {
    this.ended ??= 'fin'
  }
  terminate(): void {
    this.ended = 'rst'
  }
}

/** One end: what its other side sends is played, what it wrote is read. */
export class PlayedEnd<C extends Inbound | Outbound> {
  readonly conn: C
  readonly socket: PlayedSocket
  #isClosed = false

  constructor(conn: C, socket: PlayedSocket) {
    this.conn = conn
    this.socket = socket
  }

  /** All that was written so far, as latin1. */
  get text(): string {
    return Buffer.concat(this.socket.written).toString('latin1')
  }

  /** Its connection is ended by us, or gone. */
  get isOver(): boolean {
    return this.#isClosed || this.socket.ended !== null
  }

  data(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#event(() => this.conn.onData(bytes as Buffer))
  }
  fin(): void {
    if (!this.#isClosed) this.#event(() => this.conn.onEnd())
  }
  rst(): void {
    this.close(true)
  }
  /** The deadline of what is under way passes. */
  expire(): void {
    if (this.#isClosed || this.conn.dueMs === 0) return
    this.conn.dueMs = 0
    this.#event(() => this.conn.expire(nowMs + 1_000_000))
  }
  close(isBroken: boolean): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#event(() => this.conn.onClose(isBroken))
  }

  #event(run: () => void): void {
    tick()
    run()
    flush()
  }
}

export interface Wired {
  readonly client: PlayedEnd<Inbound>
  readonly server: PlayedEnd<Outbound>
  /** The server's connection waits in the pool for the next request. */
  readonly isPooled: boolean
  /** Closes what the exchange left open. */
  end(): void
}

/** Who dials it hears of nothing: its exchanges do. */
const NOBODY: OutboundEvents = { serverOpen() {}, serverGone() {} }

const PLAYED: Omit<Accepted, 'gone'> = {
  address: '127.0.0.1',
  port: 40_000,
  socketAddress: '127.0.0.1',
  localAddress: '127.0.0.1',
  localPort: 80,
  isNamed: false,
  scheme: 'http',
  tls: null,
  askedFor: null,
  isReset: false,
}

/** A client's connection, and an idle one to the engine's only server. */
export function wire(gateway: TestEngine): Wired {
  const listener = httpListener(gateway.snapshot)
  const { head, target, fields } = listener.options.limits
  const port: Port = {
    listener,
    limits: { headBytes: head, targetBytes: target, fields },
    isRetired: false,
    requests: gateway.engine,
    wheel: gateway.engine.wheel,
  }
  const [inner, outer] = [new PlayedSocket(), new PlayedSocket()]
  tick()
  gateway.board.connections(1)
  const from = { ...PLAYED, gone: () => gateway.board.connections(-1) }
  const client = new PlayedEnd(new Inbound(port, inner, from), inner)
  gateway.engine.opened(client.conn)
  const backend = gateway.servers[0]!
  const server = new PlayedEnd(new Outbound(backend, gateway.engine.wheel, NOBODY), outer)
  server.conn.onConnected(outer)
  server.conn.place = 'idle'
  backend.live.idle.push(server.conn)
  return {
    client,
    server,
    get isPooled() {
      return server.conn.isListed
    },
    end() {
      client.close(false)
      server.close(false)
    },
  }
}
