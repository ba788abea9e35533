// The way to a server that speaks HTTP/1.1: a connection of its pool, or a new one. This is all that the
// exchanges know of pools, names and dials (http/ends.ts: Servers).
import type { Server } from '../backends/server.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { Opener, Opening, ServerEvents, Servers } from '../http/ends.ts'
import { Suspects } from '../lib/address-race.ts'
import { giveUpBy } from '../lib/descriptor-budget.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Wheel } from '../lib/wheel.ts'
import { Reach } from '../reach/reach.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { Endpoint, EndpointLive } from './endpoint.ts'
import { type OutboundEvents, type OutboundWorld, outboundWorld } from './dial-server.ts'
import type { Outbound } from './outbound.ts'
import { endOldest, rest, retire, takeIdle } from './pool.ts'

/** Those of a worker. */
export class Http1Servers implements Servers {
  /** What connections of this worker are made with, for whoever asks by itself too. */
  readonly world: OutboundWorld

  constructor(wheel: Wheel, resolver: Resolver) {
    this.world = outboundWorld({ wheel, resolver, suspects: new Suspects() })
    giveUpBy(endOldest)
  }

  takeFraming(): boolean {
    return true
  }

  open(server: Server, request: RequestHead, isFresh: boolean, opener: Opener): Opening | null {
    const { proxy_protocol } = server.options
    const timeouts = opener.timeouts ?? server.timeouts
    const endpoint: Endpoint =
      proxy_protocol === undefined ? server : { ...server, onBehalf: opener.onBehalf(proxy_protocol) }
    const idle = isFresh ? null : takeIdle(endpoint, request.methodId)
    if (idle === null) {
      const dial = new Dialling(
        opener.timeouts === null ? endpoint : { ...endpoint, timeouts },
        this.world,
        opener,
      )
      dial.start()
      return dial.isOver ? null : dial
    }
    idle.timeouts = timeouts
    idle.take(opener)
    opener.serverOpen(idle)
    return null
  }

  retire(live: EndpointLive): void {
    retire(live)
  }

  rest(live: EndpointLive, isResting: boolean): void {
    rest(live, isResting)
  }
}

/** A connection that is being made for a stream. */
class Dialling implements Opening, OutboundEvents {
  /** It has come to be, or failed, or nobody wants it any more. */
  isOver = false
  readonly #reach: Reach<Endpoint, Outbound>
  readonly #events: ServerEvents

  constructor(endpoint: Endpoint, world: OutboundWorld, events: ServerEvents) {
    this.#events = events
    this.#reach = new Reach<Endpoint, Outbound>(endpoint, world, this)
  }

  start(): void {
    this.#reach.start()
  }

  serverOpen(conn: Outbound): void {
    this.isOver = true
    conn.take(this.#events)
    this.#events.serverOpen(conn)
  }

  serverGone(code: FaultCode, detail: string | null): void {
    this.isOver = true
    this.#events.serverLost({ code, reached: 'nothing', isStale: false, detail })
  }

  cancel(): void {
    this.isOver = true
    this.#reach.cancel()
  }
}
