// A connection that was accepted, as far as it is known: first by its socket, then by what the steps of its
// way in have learned.
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { Socket, SocketEnds } from '../sockets/socket.ts'
import type { Accepted } from './entry.ts'
import type { Count } from './count.ts'

export class Arrival implements Accepted {
  address: string
  port: number
  readonly socketAddress: string
  isNamed = false
  tls: TlsFacts | null = null
  #socket: Socket
  readonly #ends: SocketEnds
  readonly #count: Count
  #localAddress: string | undefined = undefined
  #localPort = 0

  /** Takes a place in this count. */
  constructor(socket: Socket, count: Count) {
    const ends = socket.ends()
    this.#ends = ends
    this.address = this.socketAddress = ends.address
    this.port = ends.port
    this.#socket = socket
    this.#count = count
    count.came()
  }

  /** Some sockets learn it with the first bytes. */
  get isReset(): boolean {
    return this.#ends.isReset
  }

  get scheme(): 'http' | 'https' {
    return this.tls === null ? 'http' : 'https'
  }

  get localAddress(): string | undefined {
    return this.isNamed ? this.#localAddress : this.#socket.localAddress
  }

  get localPort(): number {
    return this.isNamed ? this.#localPort : this.#socket.localPort
  }

  /** A proxy says who the client is, and where it came in. */
  named(address: string, port: number, localAddress: string, localPort: number): void {
    this.address = address
    this.port = port
    this.#localAddress = localAddress
    this.#localPort = localPort
    this.isNamed = true
  }

  /** From now on its bytes are those of the decrypted socket; the one beneath it knows nothing any more. */
  encrypted(decrypted: Socket, facts: TlsFacts): void {
    this.#socket = decrypted
    this.tls = facts
  }

  gone(): void {
    this.#count.left()
  }
}
