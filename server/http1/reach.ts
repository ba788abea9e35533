// From a name to a connection that stands: resolved, then dialled; several addresses one after the other.
import type { Suspects } from '../lib/address-race.ts'
import { nowMs } from '../lib/clock.ts'
import { hasDescriptors } from '../lib/descriptors.ts'
import { event } from '../lib/event.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Wheel } from '../lib/wheel.ts'
import { DialRace } from './dial-race.ts'
import { dialServer } from './dial-server.ts'
import type { Endpoint } from './endpoint.ts'
import type { DialEvents } from './dial-events.ts'
import type { Outbound } from './outbound.ts'

export interface ReachWorld {
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly wheel: Wheel
  /** Addresses that lately did not answer. */
  readonly suspects: Suspects
}

export class Reach {
  /** The name is resolved. */
  isDialling = false
  /** Why the name has no address. */
  why: string | null = null
  readonly #endpoint: Endpoint
  readonly #world: ReachWorld
  readonly #events: DialEvents
  #isCancelled = false
  #race: DialRace | null = null
  #conn: Outbound | null = null

  /** `events` hears serverOpen or serverGone once, perhaps before `start` returns. */
  constructor(endpoint: Endpoint, world: ReachWorld, events: DialEvents) {
    this.#endpoint = endpoint
    this.#world = world
    this.#events = events
  }

  start(): void {
    this.#world.resolver.lookup(this.#endpoint.host, (addresses, why) =>
      event(() => this.#resolved(addresses, why)),
    )
  }

  /** Nobody wants the connection any more: no event follows. Not to be called once it stands. */
  cancel(): void {
    this.#isCancelled = true
    this.#race?.cancel()
    this.#conn?.drop()
  }

  #resolved(addresses: readonly string[], why: string | null): void {
    if (this.#isCancelled) return
    const [address] = addresses
    if (address === undefined) {
      this.why = why
      return this.#events.serverGone(hasDescriptors() ? 'dns_failed' : 'descriptor_limit')
    }
    this.isDialling = true
    if (addresses.length > 1) {
      this.#race = new DialRace(this.#endpoint, addresses, this.#world, this.#events)
      return this.#race.start()
    }
    const dueMs = nowMs + this.#endpoint.timeouts.connect
    const conn = dialServer(this.#endpoint, address, this.#world.wheel, this.#events, dueMs)
    if (conn.place === 'connecting') this.#conn = conn
  }
}
