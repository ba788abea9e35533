// Connections to servers that speak HTTP/1.1: dialled, and told what becomes of that.
import type { Suspects } from '../lib/address-race.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { DialAddress, DialEvents } from '../reach/dial-events.ts'
import type { ReachWorld } from '../reach/reach.ts'
import { dialServerAt } from '../tls/dial-tls.ts'
import type { Endpoint } from './endpoint.ts'
import { Outbound } from './outbound.ts'

/** Who waits for such a connection. */
export type OutboundEvents = DialEvents<Outbound>

/** What such connections are made with. */
export interface OutboundWorld extends ReachWorld<Endpoint, Outbound> {
  readonly wheel: Wheel
}

interface WorldParts {
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly wheel: Wheel
  readonly suspects: Suspects
}

export function outboundWorld({ resolver, wheel, suspects }: WorldParts): OutboundWorld {
  return { resolver, wheel, suspects, dial: dialBy(wheel) }
}

const dialBy =
  (wheel: Wheel): DialAddress<Endpoint, Outbound> =>
  (endpoint, address, dialler, dueMs) => {
    const conn = new Outbound(endpoint, wheel, dialler)
    const { port, tls, onBehalf } = endpoint
    conn.dialling(dialServerAt({ address, port }, tls, onBehalf?.header ?? null, conn))
    // A server on this machine may be connected, and its request sent, by now.
    if (conn.isDialling) wheel.due(conn, dueMs)
    return conn
  }
