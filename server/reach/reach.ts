// From a name to a connection that stands: resolved, then dialled; several addresses one after the other.
import type { Suspects } from '../lib/address-race.ts'
import { nowMs } from '../lib/clock.ts'
import { hasDescriptors } from '../lib/descriptors.ts'
import { event } from '../lib/event.ts'
import type { Resolver } from '../lib/resolver.ts'
import { isUnixPath } from '../lib/server-url.ts'
import { DialRace } from './dial-race.ts'
import type { DialAddress, DialEvents, Dialled, Reached } from './dial-events.ts'

export interface ReachWorld<E, C> {
  readonly resolver: Pick<Resolver, 'lookup'>
  /** Addresses that lately did not answer. */
  readonly suspects: Suspects
  readonly dial: DialAddress<E, C>
}

export class Reach<E extends Reached, C extends Dialled> {
  /** The name is resolved. */
  #isDialling = false
  readonly #endpoint: E
  readonly #world: ReachWorld<E, C>
  readonly #events: DialEvents<C>
  #isCancelled = false
  #race: DialRace<E, C> | null = null
  #conn: C | null = null

  /** `events` hears serverOpen or serverGone once, perhaps before `start` returns. */
  constructor(endpoint: E, world: ReachWorld<E, C>, events: DialEvents<C>) {
    this.#endpoint = endpoint
    this.#world = world
    this.#events = events
  }

  /** What is going on. */
  get phase(): 'name' | 'connection' | 'handshake' {
    if (this.#conn?.isShaking === true) return 'handshake'
    return this.#isDialling ? 'connection' : 'name'
  }

  start(): void {
    const { host } = this.#endpoint
    if (isUnixPath(host)) return this.#resolved([host], null)
    let isAtOnce = true
    this.#world.resolver.lookup(host, (addresses, why) => {
      if (isAtOnce) this.#resolved(addresses, why)
      else event(() => this.#resolved(addresses, why))
    })
    isAtOnce = false
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
      return this.#events.serverGone(hasDescriptors() ? 'dns_failed' : 'descriptor_limit', why)
    }
    this.#isDialling = true
    if (addresses.length > 1) {
      this.#race = new DialRace(this.#endpoint, addresses, this.#world, this.#events)
      return this.#race.start()
    }
    const dueMs = nowMs + this.#endpoint.timeouts.connect
    const conn = this.#world.dial(this.#endpoint, address, this.#events, dueMs)
    if (conn.isDialling) this.#conn = conn
  }
}
