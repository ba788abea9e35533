// What lies behind a 101: raw bytes both ways, in two halves each of which ends by itself.
import type { ClientStream, Half } from './ends.ts'
import type { Paces } from './hold.ts'

/** Made when a server grants an upgrade, and for nothing else. */
export class Tunnel {
  readonly #client: ClientStream
  readonly #server: Half
  readonly #over: () => void
  #hasClientEnded = false
  #hasServerEnded = false

  /** `over` is called once both halves have ended. */
  constructor(client: ClientStream, server: Half, over: () => void) {
    this.#client = client
    this.#server = server
    this.#over = over
  }

  /** The head of the switch is written: bytes pass, and those in volume past us where that can be. */
  begin(paces: Paces | null): void {
    const [client, server] = [this.#client, this.#server]
    client.becomeTunnel()
    if (client.outlet === null || server.outlet === null) return
    if (!paces?.uploads) client.pourTo(server.outlet)
    if (!paces?.answers) server.pourTo(client.outlet)
  }

  clientData(bytes: Buffer, from: number, to: number): void {
    this.#server.write(bytes, from, to)
    if (this.#server.waitingBytes > 0) this.#client.pause()
  }

  clientEnd(): void {
    this.#hasClientEnded = true
    this.#server.endWrites()
    this.#endIfOver()
  }

  serverEnd(): void {
    this.#hasServerEnded = true
    this.#client.endWrites()
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#hasClientEnded && this.#hasServerEnded) this.#over()
  }
}
