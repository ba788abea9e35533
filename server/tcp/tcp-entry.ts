// Where clients are joined to servers: the last step of their way in.
import type { Accepted, Entry } from '../accept/entry.ts'
import type { TcpWay } from '../snapshot/snapshot.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Admission } from './admission.ts'
import { TcpConnection } from './connection.ts'
import type { TcpConnections } from './connections.ts'

export class TcpEntry implements Entry {
  readonly #all: TcpConnections
  readonly #way: TcpWay
  readonly #admission: Admission | null

  /** `admission`: null: who comes has been let in. */
  constructor(all: TcpConnections, way: TcpWay, admission: Admission | null) {
    this.#all = all
    this.#way = way
    this.#admission = admission
  }

  accept(socket: Socket, from: Accepted): void {
    const connection = new TcpConnection(this.#all, this.#way, from)
    this.#all.opened(connection)
    connection.begin(socket, this.#admission && this.#admission.refusalOf(from))
  }
}
