// On whose behalf a request of ours is sent: what of a client's exchange its servers are told. Plain values,
// which outlive the exchange and hold nothing of it.
import type { Accepted } from '../accept/entry.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { ClientStream, Protocol } from './ends.ts'
import type { KnownClient } from './exchange.ts'

export interface AskedFor {
  /** Of the exchange, for X-Request-Id: what belongs together is found by it. */
  readonly id: string
  readonly client: KnownClient
  readonly listener: Listener
  readonly protocol: Protocol
  /** How its connection came in. */
  readonly from: Accepted
}

interface Asking {
  readonly id: string
  readonly client: KnownClient
  readonly listener: Listener
  readonly stream: Pick<ClientStream, 'protocol' | 'connection'>
}

export const askedFor = ({ id, client, listener, stream }: Asking): AskedFor => ({
  id,
  client,
  listener,
  protocol: stream.protocol,
  from: stream.connection.from,
})
