// The step behind TLS where a listener of tcp asks its clients for certificates: who is not to be let in is
// reset, as nothing that could be said would be understood.
import { nowMs } from '../lib/clock.ts'
import { NOBODY, type Socket } from '../sockets/socket.ts'
import type { TcpConnections } from '../tcp/connections.ts'
import { RefusedConnection } from '../tcp/refused-connection.ts'
import type { ClientPolicies } from '../tls/client-policies.ts'
import type { Accepted, Entry } from './entry.ts'

export interface ClientEntryParts {
  readonly listener: { readonly name: string }
  readonly clients: ClientPolicies
  readonly connections: Pick<TcpConnections, 'closed'>
  readonly next: Entry
}

export class ClientEntry implements Entry {
  readonly #parts: ClientEntryParts

  constructor(parts: ClientEntryParts) {
    this.#parts = parts
  }

  accept(socket: Socket, from: Accepted): void {
    const { listener, clients, connections, next } = this.#parts
    const { tls } = from
    const policy = clients.of(tls?.serverName ?? null)
    if (!policy.asks) return next.accept(socket, from)
    const verdict = tls?.client?.verdict(policy) ?? { fault: 'client_certificate_missing', detail: null }
    if (verdict.fault === null) return next.accept(socket, from)
    const { fault, detail } = verdict
    connections.closed(new RefusedConnection(listener, from, { fault, detail, sinceMs: nowMs }))
    socket.owner = NOBODY
    from.gone()
    socket.terminate()
  }
}
