// HTTP and TURN behind one TLS. Whose a connection is, its handshake tells where the client offered a
// protocol (RFC 7301; RFC 7443 for TURN's), and else the first byte that is decrypted: STUN's, with which
// alone a client of TURN can begin (RFC 8489 §5, RFC 7983 §7), begins no request. ChannelData would look like
// one ("@" to "O"), but needs an allocation of the same connection before it. What was read goes on as if it
// had just come.
import type { Socket } from '../sockets/socket.ts'
import { isForRelay } from '../turn/stream-client.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'
import type { Gate } from './gate.ts'

/** RFC 7301 §6 */
export const HTTP_1_1 = 'http/1.1'

export interface FirstByteEntryParts {
  readonly arrivals: Arrivals
  /** A client that offers no protocol says its first byte within this time. */
  readonly withinMs: number
  readonly http: Entry
  /** Of the TURN listener: its clients count there, and no longer here. */
  readonly turn: Gate
  /** Gets who has said nothing in time. */
  readonly silent: Entry
}

export class FirstByteEntry implements Entry {
  readonly #ways: Ways

  constructor({ turn, ...parts }: FirstByteEntryParts) {
    this.#ways = { ...parts, turn: { accept: (socket, from) => turn.takeOver(socket, from as Arrival) } }
  }

  accept(socket: Socket, from: Arrival): void {
    const { http, turn } = this.#ways
    const protocol = from.tls?.protocol ?? null
    if (protocol !== null) return (protocol === HTTP_1_1 ? http : turn).accept(socket, from)
    socket.owner = new FirstByteAwaited(this.#ways, socket, from)
  }
}

interface Ways extends Omit<FirstByteEntryParts, 'turn'> {
  readonly turn: Entry
}

class FirstByteAwaited extends Arriving {
  readonly #ways: Ways

  constructor(ways: Ways, socket: Socket, from: Arrival) {
    super(ways.arrivals, socket, from, ways.withinMs)
    this.#ways = ways
  }

  override onData(bytes: Buffer): void {
    if (this.isOver) return
    this.handOn(isForRelay(bytes[0]) ? this.#ways.turn : this.#ways.http)
    this.socket.owner.onData(bytes)
  }

  /** HTTP answers an end with one. */
  override onEnd(): void {
    if (this.isOver) return
    this.handOn(this.#ways.http)
    this.socket.owner.onEnd()
  }

  /** With an end, as one that says nothing to HTTP. */
  override expire(): void {
    if (!this.isOver) this.handOn(this.#ways.silent)
  }
}
