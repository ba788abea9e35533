// The step of TLS: a handshake with one of the listener's certificates, as they are at this moment, then the
// decrypted connection goes on.
import { BunSocket } from '../sockets/bun/bun-socket.ts'
import type { Socket } from '../sockets/socket.ts'
import { type Shaking, acceptTls, factsOf } from '../tls/accept-tls.ts'
import type { ListenerTls } from '../tls/listener-tls.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'

const HANDSHAKE_MS = 10_000

export interface TlsEntryParts {
  readonly arrivals: Arrivals
  readonly tls: ListenerTls
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
    const shaking = new Handshake(this.#parts, raw, from)
    // Only Bun has TLS: on an address that has just become one for it, somebody may still have come
    // otherwise.
    if (!(raw instanceof BunSocket)) return shaking.terminate()
    shaking.begin(acceptTls(raw, { alpn: this.#parts.alpn, owner: shaking }))
  }
}

class Handshake extends Arriving implements Shaking {
  readonly tls: ListenerTls
  readonly #next: Entry
  readonly #from: Arrival
  #decrypted: BunSocket | null = null

  constructor({ arrivals, tls, next }: TlsEntryParts, raw: Socket, from: Arrival) {
    super(arrivals, raw, from, HANDSHAKE_MS)
    this.tls = tls
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
