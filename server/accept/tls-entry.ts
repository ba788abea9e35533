// The step of TLS: a handshake with the certificate that is the listener's at this moment, then the decrypted
// connection goes on.
import { BunSocket } from '../sockets/bun/bun-socket.ts'
import type { Socket } from '../sockets/socket.ts'
import { type Shaking, acceptTls, factsOf } from '../tls/accept-tls.ts'
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

  accept(raw: Socket, from: Arrival): void {
    const { certificate, alpn } = this.#parts
    const shaking = new Handshake(this.#parts, raw, from)
    // Only Bun has TLS: on an address that has just become one for it, somebody may still have come
    // otherwise.
    if (!(raw instanceof BunSocket)) return shaking.terminate()
    shaking.begin(acceptTls(raw, { certificate, alpn, owner: shaking }))
  }
}

class Handshake extends Arriving implements Shaking {
  readonly #next: Entry
  readonly #from: Arrival
  #decrypted: BunSocket | null = null

  constructor({ arrivals, next }: TlsEntryParts, raw: Socket, from: Arrival) {
    super(arrivals, raw, from, HANDSHAKE_MS)
    this.#next = next
    this.#from = from
  }

  /** The decrypted socket stands for it from now on. */
  begin(decrypted: BunSocket): void {
    this.socket = this.#decrypted = decrypted
    if (this.isOver) decrypted.terminate()
  }

  /** The handshake is over, for good or ill. */
  onHandshake(isDone: boolean): void {
    if (this.isOver) return
    if (!isDone || this.#decrypted === null) return this.terminate()
    this.#from.encrypted(this.#decrypted, factsOf(this.#decrypted))
    this.handOn(this.#next)
  }
}
