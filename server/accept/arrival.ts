// A connection that was accepted, as far as it is known: first by its socket, then by what the steps of its
// way in have learned.
import type { Socket } from 'bun'
import type { TlsFacts } from '../tls/accept-tls.ts'
import { endsOf } from '../lib/socket-ends.ts'
import type { SocketEvents } from '../lib/socket-events.ts'
import type { Accepted } from './entry.ts'
import type { Count } from './count.ts'

/** A socket as Bun has it, beyond its public types; of one that is broken nothing is known. */
interface WithLocal {
  readonly localAddress: string | undefined
  readonly localPort: number
}

export class Arrival implements Accepted {
  address: string
  port: number
  readonly socketAddress: string
  readonly isReset: boolean
  isNamed = false
  tls: TlsFacts | null = null
  #socket: WithLocal
  readonly #count: Count
  #localAddress: string | undefined = undefined
  #localPort = 0

  /** Takes a place in this count. */
  constructor(socket: Socket<SocketEvents>, count: Count) {
    const { address, port, isReset } = endsOf(socket)
    this.address = this.socketAddress = address
    this.port = port
    this.isReset = isReset
    this.#socket = socket as unknown as WithLocal
    this.#count = count
    count.came()
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
  encrypted(decrypted: Socket<SocketEvents>, facts: TlsFacts): void {
    this.#socket = decrypted as unknown as WithLocal
    this.tls = facts
  }

  gone(): void {
    this.#count.left()
  }
}
