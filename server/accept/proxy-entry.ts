// The step of the PROXY protocol: who connects from a trusted range says first whose connection it is; who
// does not come from there goes on as it is, and what it sends is never taken for a header.
//
// How a header ends badly is never answered: who would read that is a client whom we could not name.
import { type HeaderFault, type ReadProxyHeader, readProxyHeader } from '../lib/proxy-header.ts'
import type { Ranges } from '../lib/ranges.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'

/** Why a header was not taken; cut off: its connection ended in the middle of it. */
export type HeaderRefusal = HeaderFault | 'cut_off'

export interface ProxyEntryParts {
  readonly arrivals: Arrivals
  readonly listener: string
  readonly trusted: Ranges
  readonly timeoutMs: number
  readonly limitReached: (limit: string, value: number) => void
  readonly refused: (listener: string, reason: HeaderRefusal, proxy: string) => void
  /** The step behind it. */
  readonly next: Entry
}

export class ProxyEntry implements Entry {
  readonly #parts: ProxyEntryParts

  constructor(parts: ProxyEntryParts) {
    this.#parts = parts
  }

  accept(socket: Socket, from: Arrival): void {
    const { trusted, next } = this.#parts
    if (!trusted.has(from.socketAddress)) return next.accept(socket, from)
    socket.owner = new HeaderAwaited(this.#parts, socket, from)
  }
}

/** A connection of a trusted proxy whose header has not come yet. */
export abstract class BeforeHeader extends Arriving {
  readonly #parts: ProxyEntryParts
  readonly #from: Arrival
  /** A part of a header has come. */
  protected hasBegun = false

  constructor(parts: ProxyEntryParts, socket: Socket, from: Arrival) {
    super(parts.arrivals, socket, from, parts.timeoutMs)
    this.#parts = parts
    this.#from = from
  }

  /** What stands for it from now on. */
  protected unread(socket: Socket): void {
    this.socket = socket
    this.#from.goesOnBy(socket)
  }

  protected take({ client, local }: ReadProxyHeader): void {
    if (client !== null && local !== null) this.#from.named(client.host, client.port, local.host, local.port)
    this.handOn(this.#parts.next)
  }

  protected refuse(reason: HeaderRefusal): void {
    const { listener, refused } = this.#parts
    refused(listener, reason, this.#from.socketAddress)
    this.terminate()
  }

  /** A proxy that only looked whether somebody listens has sent nothing: that is no fault. */
  override onEnd(): void {
    if (this.hasBegun) this.refuse('cut_off')
    else this.terminate()
  }

  override onClose(isBroken: boolean): void {
    if (this.hasBegun && !this.isOver) this.refuse('cut_off')
    super.onClose(isBroken)
  }

  override expire(): void {
    const { listener, timeoutMs, limitReached } = this.#parts
    if (!this.arrivals.isDraining) limitReached(`listeners.${listener}.proxy_protocol.timeout`, timeoutMs)
    this.terminate()
  }
}

/** In the clear: what has come is there, and what stands behind the header is the next step's. */
class HeaderAwaited extends BeforeHeader {
  /** What has come of a header that is not whole. */
  #held: Buffer | null = null

  override onData(bytes: Buffer): void {
    if (this.isOver) return
    const all = this.#held === null ? bytes : Buffer.concat([this.#held, bytes])
    const header = readProxyHeader(all, 0, all.length)
    if (header === 'more') {
      this.hasBegun = true
      this.#held = Buffer.from(all)
    } else if (typeof header === 'string') this.refuse(header)
    else {
      this.take(header)
      // Whoever owns the socket now.
      if (all.length > header.length) this.socket.owner.onData(all.subarray(header.length))
    }
  }
}
