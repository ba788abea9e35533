// How many attempts there may be: of one place in a minute, and how many passwords are worked on at the same
// time. An attempt costs us 19 MiB and 28 ms of a core.
import type { Place } from '../../control/store/failures.ts'
import { canonicalAddress, networkKey } from '../../lib/ip-address.ts'

const PER_MINUTE = 30
/** All of a network together, but for who has signed in from there before. */
const OF_NETWORK_PER_MINUTE = 60
const MINUTE_MS = 60_000
/** IPv6: whoever has one address has 2⁶⁴, and may have 2⁸⁰. */
const [PREFIX, NETWORK_PREFIX] = [64, 48]
const ADDRESSES_MAX = 10_000
const IN_FLIGHT_MAX = 2
const WAITING_MAX = 16

export interface Waiting {
  readonly waitMs: number
  readonly isRepeated: boolean
}

export class Attempts {
  readonly #nowMs: () => number
  /** By place and network: how many since when. */
  readonly #counted = new Map<string, { sinceMs: number; count: number }>()
  /** Those who are known, by their sign-in or by where they are, wait for no stranger. */
  readonly #known: (() => void)[] = []
  readonly #strangers: (() => void)[] = []
  #inFlight = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /**
   * Counts an attempt from a place. Gives how long it has to wait, in ms, 0 where it may be made; and whether
   * that was said before: then it is no news for log and audit.
   */
  count({ key, network }: Place, isKnown: boolean): Waiting {
    const own = (): Waiting => this.#count(key, PER_MINUTE)
    if (isKnown || network === null || network === key) return own()
    const all = (): Waiting => this.#count(network, OF_NETWORK_PER_MINUTE)
    // A place that nobody has seen takes no room before its network may: it has so many that they would push
    // out what is known of it.
    const [first, then] = this.#counted.has(key) ? [own, all] : [all, own]
    const waiting = first()
    return waiting.waitMs > 0 ? waiting : then()
  }

  #count(key: string, most: number): Waiting {
    const now = this.#nowMs()
    const found = this.#counted.get(key)
    const age = found === undefined ? MINUTE_MS : Math.abs(now - found.sinceMs)
    if (found === undefined || age >= MINUTE_MS) {
      // Set anew, it comes last.
      this.#counted.delete(key)
      this.#makeRoom()
      this.#counted.set(key, { sinceMs: now, count: 1 })
      return { waitMs: 0, isRepeated: false }
    }
    if (found.count++ >= most) return { waitMs: MINUTE_MS - age, isRepeated: found.count > most + 1 }
    return { waitMs: 0, isRepeated: false }
  }

  /** Does what is expensive once it is its turn; null: too many wait. */
  async inTurn<T>(isKnown: boolean, work: () => Promise<T>): Promise<T | null> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      const waiting = isKnown ? this.#known : this.#strangers
      if (waiting.length >= WAITING_MAX) return null
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else this.#inFlight++
    try {
      return await work()
    } finally {
      const next = this.#known.shift() ?? this.#strangers.shift()
      if (next === undefined) this.#inFlight--
      else next()
    }
  }

  /** The one that began longest ago goes. */
  #makeRoom(): void {
    if (this.#counted.size < ADDRESSES_MAX) return
    const { value } = this.#counted.keys().next()
    if (value !== undefined) this.#counted.delete(value)
  }
}

/** Who counts as one: an address, and of IPv6 its network. */
export function placeOf(address: string): Place {
  const one = canonicalAddress(address) ?? address
  if (!one.includes(':')) return { key: one, network: one }
  const within = (prefix: number): string =>
    `${Buffer.from(networkKey(one, prefix), 'utf16le').toString('hex')}/${prefix}`
  return { key: within(PREFIX), network: within(NETWORK_PREFIX) }
}

/** Of somebody who is signed in: what others do from the same address counts for nothing. */
export const placeOfSignIn = (id: string): Place => ({ key: `sign-in:${id}`, network: null })

const byGateway = new WeakMap<object, Attempts>()

/** Those of a gateway, by its store: all doors and routes count together. */
export function attemptsOf(store: object): Attempts {
  const attempts = byGateway.get(store) ?? new Attempts(Date.now)
  byGateway.set(store, attempts)
  return attempts
}
