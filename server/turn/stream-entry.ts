// Where clients of the TURN relay come in over TCP and TLS: the last step of their way in.
import type { Accepted, Entry } from '../accept/entry.ts'
import type { Socket } from '../sockets/socket.ts'
import type { TurnListener } from '../snapshot/snapshot.ts'
import { StreamClient } from './stream-client.ts'
import type { StreamClients } from './stream-clients.ts'

export class StreamEntry implements Entry {
  readonly #clients: StreamClients
  readonly #listener: TurnListener

  constructor(clients: StreamClients, listener: TurnListener) {
    this.#clients = clients
    this.#listener = listener
  }

  accept(socket: Socket, from: Accepted): void {
    const client = new StreamClient(this.#clients, this.#listener, socket, from)
    socket.owner = client
    this.#clients.opened(client)
  }
}
