// Where clients of a tcp listener come in: the last step of their way in.
import type { Accepted, Entry } from '../accept/entry.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import type { TcpListener } from '../snapshot/snapshot.ts'
import type { Socket } from '../sockets/socket.ts'
import type { FaultCode } from '../tables/faults.ts'
import { TcpConnection } from './connection.ts'
import type { TcpConnections } from './connections.ts'

export class TcpEntry implements Entry {
  readonly #all: TcpConnections
  readonly #listener: TcpListener
  readonly #rate: Limit | null

  constructor(all: TcpConnections, listener: TcpListener) {
    this.#all = all
    this.#listener = listener
    const { rate } = listener.options.limits
    this.#rate = rate === undefined ? null : all.rateOf(listener.name, rate)
  }

  accept(socket: Socket, from: Accepted): void {
    const connection = new TcpConnection(this.#all, this.#listener, from)
    this.#all.opened(connection)
    connection.begin(socket, this.#refusalOf(from))
  }

  /** Why it is not let in; null: it is. */
  #refusalOf({ address, isReset }: Accepted): FaultCode | null {
    const { allowed, denied } = this.#listener
    if (denied.has(address) || (!allowed.empty && !allowed.has(address))) return 'denied'
    if (this.#rate !== null && !this.#all.mayConnect(this.#rate, address)) return 'rate_limited'
    return isReset ? 'client_abort' : null
  }
}
