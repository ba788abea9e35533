// A connection that was accepted, as far as it is known: first by its socket, then by what the steps of its
// way in have learned.
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { LocalEnd, Socket, SocketEnds } from '../sockets/socket.ts'
import type { Accepted } from './entry.ts'
import type { Count } from './count.ts'

export class Arrival implements Accepted {
  address: string
  port: number
  readonly socketAddress: string
  tls: TlsFacts | null = null
  askedFor: string | null = null
  #socket: Socket
  readonly #ends: SocketEnds
  #count: Count
  /** Where the client came in, as a proxy says. */
  #local: LocalEnd | null = null
  /** The same, as the kernel does, once it was asked. */
  #asked: LocalEnd | null = null

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

  get isNamed(): boolean {
    return this.#local !== null
  }

  get localAddress(): string | undefined {
    return this.#where()?.address ?? this.#socket.localAddress
  }

  get localPort(): number {
    return this.#where()?.port ?? this.#socket.localPort
  }

  #where(): LocalEnd | null {
    return this.#local ?? (this.#asked ??= this.#socket.localEnd?.() ?? null)
  }

  /** A proxy says who the client is, and where it came in. */
  named(address: string, port: number, localAddress: string, localPort: number): void {
    this.address = address
    this.port = port
    this.#local = { address: localAddress, port: localPort }
  }

  /** From now on its bytes are those of the decrypted socket; the one beneath it knows nothing any more. */
  encrypted(decrypted: Socket, facts: TlsFacts): void {
    this.#socket = decrypted
    this.tls = facts
  }

  /** Another socket stands for it from now on. */
  goesOnBy(socket: Socket): void {
    this.#socket = socket
  }

  /** Another listener's count has it from now on. */
  movesTo(count: Count): void {
    count.takeOver(this.#count)
    this.#count = count
  }

  gone(): void {
    this.#count.left()
  }
}
