// What lies behind a 101: raw bytes both ways, in two halves each of which ends by itself.
import type { Outbound } from '../http1/outbound.ts'
import type { Forward } from './forward.ts'
import type { Proxied } from './proxy.ts'

/** Made when a server grants an upgrade, and for nothing else. */
export class Tunnel {
  readonly #x: Proxied
  readonly #forward: Forward
  readonly #conn: Outbound
  #hasClientEnded = false
  #hasServerEnded = false

  constructor(forward: Forward, conn: Outbound) {
    this.#x = forward.x
    this.#forward = forward
    this.#conn = conn
    // A body that went before the switch counts too.
    const { framing, reader } = this.#x.inbound
    if (framing !== 'none') this.#x.bytesIn = reader.contentBytes
  }

  clientData(bytes: Buffer, from: number, to: number): void {
    this.#x.bytesIn += to - from
    this.#conn.write(bytes, from, to)
    if (this.#conn.waitingBytes > 0) this.#x.inbound.pause()
  }

  /** So many bytes of the server's are on their way to the client, as the body of any answer is. */
  noteServerData(count: number): void {
    this.#x.bytesOut += count
    this.#x.inbound.touch()
  }

  clientEnd(): void {
    this.#hasClientEnded = true
    this.#conn.shutdownWrites()
    this.#endIfOver()
  }

  serverEnd(): void {
    this.#hasServerEnded = true
    this.#x.inbound.shutdownWrites()
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#hasClientEnded && this.#hasServerEnded) this.#forward.tunnelOver()
  }
}
