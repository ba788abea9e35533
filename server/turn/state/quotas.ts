// How many allocations there are of a user, of a client address, of a realm and of a listener. A place is
// taken before sockets are opened; a reserved port holds one too, so that nobody collects ports by reserving
// them.
import type { AddressKey } from '../../lib/address.ts'
import type { TurnListenerConfig } from '../turn.options.ts'

export type Quotas = TurnListenerConfig['quotas']
export type Quota = 'user' | 'address' | 'realm' | 'total'

/** Whom an address of a client belongs to: itself; of IPv6 the /64, as one holder has all of that. */
export function networkKey(ipKey: AddressKey): AddressKey {
  return typeof ipKey === 'number' ? ipKey : ipKey.slice(0, 8)
}

/** What is counted of a realm, over all listeners that share it. */
export class RealmCounts {
  allocations = 0
  readonly users = new Map<string, number>()
  readonly networks = new Map<AddressKey, number>()

  get isEmpty(): boolean {
    return this.allocations === 0
  }
}

/** Counts those of a listener. */
export interface Counted {
  places: number
}

/** What one more allocation counts in. */
export interface CountedIn {
  readonly quotas: Quotas
  readonly counts: RealmCounts
  readonly listener: Counted
}

/** A place in all quotas at once. */
export class QuotaPlace {
  readonly #counts: RealmCounts
  readonly #listener: Counted
  readonly #user: string | null
  #network: AddressKey
  #isHeld = true

  private constructor({ counts, listener }: CountedIn, user: string | null, network: AddressKey) {
    this.#counts = counts
    this.#listener = listener
    this.#user = user
    this.#network = network
    this.#add(1)
  }

  /** A place for one more, or which quota is full. Anonymous clients have no user. */
  static take(counted: CountedIn, user: string | null, network: AddressKey): QuotaPlace | Quota {
    const { quotas, counts, listener } = counted
    if (user !== null && (counts.users.get(user) ?? 0) >= quotas.user) return 'user'
    if ((counts.networks.get(network) ?? 0) >= quotas.address) return 'address'
    if (counts.allocations >= quotas.realm) return 'realm'
    if (listener.places >= quotas.total) return 'total'
    return new QuotaPlace(counted, user, network)
  }

  /** The same place for a client that is elsewhere now; false: that address has too many. */
  moveTo(quotas: Quotas, network: AddressKey): boolean {
    if (network === this.#network) return true
    if ((this.#counts.networks.get(network) ?? 0) >= quotas.address) return false
    addTo(this.#counts.networks, this.#network, -1)
    addTo(this.#counts.networks, network, 1)
    this.#network = network
    return true
  }

  leave(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#add(-1)
  }

  #add(change: 1 | -1): void {
    this.#counts.allocations += change
    this.#listener.places += change
    if (this.#user !== null) addTo(this.#counts.users, this.#user, change)
    addTo(this.#counts.networks, this.#network, change)
  }
}

function addTo<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count <= 0) counts.delete(key)
  else counts.set(key, count)
}
