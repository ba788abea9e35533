// The step of TLS: a handshake with the certificate that is the listener's at this moment, then the decrypted
// connection goes on.
import type { Socket, SocketHandler } from 'bun'
import type { TlsFacts } from '../tls/accept-tls.ts'
import { tick } from '../lib/clock.ts'
import { type SocketEvents, socketEvents } from '../lib/socket-events.ts'
import { flush } from '../lib/stage.ts'
import { acceptTls } from '../tls/accept-tls.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'

const HANDSHAKE_MS = 10_000

export interface TlsEntryParts {
  readonly arrivals: Arrivals
  readonly certificate: Certificate
  /** From alpnList(). */
  readonly alpn: Uint8Array
  /** Gets the decrypted connection. */
  readonly next: Entry
}

export class TlsEntry implements Entry {
  readonly #parts: TlsEntryParts

  constructor(parts: TlsEntryParts) {
    this.#parts = parts
  }

  accept(raw: Socket<SocketEvents>, from: Arrival): void {
    const { certificate, alpn } = this.#parts
    const shaking = new Handshake(this.#parts, raw, from)
    raw.data = shaking
    shaking.begin(acceptTls(raw, { certificate, alpn, data: shaking, handlers: tlsEvents }))
  }
}

class Handshake extends Arriving {
  readonly #next: Entry
  readonly #from: Arrival

  constructor({ arrivals, next }: TlsEntryParts, raw: Socket<SocketEvents>, from: Arrival) {
    super(arrivals, raw, from, HANDSHAKE_MS)
    this.#next = next
    this.#from = from
  }

  /** The decrypted socket stands for it from now on. */
  begin(decrypted: Socket<SocketEvents>): void {
    this.socket = decrypted
    if (this.isOver) decrypted.terminate()
  }

  onHandshake(isDone: boolean): void {
    if (this.isOver) return
    if (!isDone) return this.terminate()
    this.#from.encrypted(this.socket, factsOf(this.socket))
    this.handOn(this.#next)
  }
}

/** A decrypted socket, beyond Bun's public types. */
interface WithTls {
  getServername(): string | undefined
  getTLSVersion(): string
}

function factsOf(socket: object): TlsFacts {
  const tls = socket as WithTls
  return { serverName: tls.getServername()?.toLowerCase() ?? null, version: tls.getTLSVersion() }
}

const tlsEvents = {
  ...socketEvents,
  handshake(socket: Socket<SocketEvents>, isDone: boolean): void {
    tick()
    if (socket.data instanceof Handshake) socket.data.onHandshake(isDone)
    flush()
  },
} satisfies SocketHandler<SocketEvents>
