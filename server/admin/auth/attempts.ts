// How many attempts there may be: of one address in a minute, and how many passwords are worked on at the
// same time. An attempt costs us 19 MiB and 28 ms of a core.
import { canonicalAddress, networkKey } from '../../lib/ip-address.ts'

const PER_MINUTE = 30
const MINUTE_MS = 60_000
/** IPv6: whoever has one address has 2⁶⁴. */
const PREFIX = 64
const ADDRESSES_MAX = 10_000
const IN_FLIGHT_MAX = 2
const WAITING_MAX = 16

export interface Waiting {
  readonly waitMs: number
  readonly isRepeated: boolean
}

export class Attempts {
  readonly #nowMs: () => number
  /** By network: how many since when. */
  readonly #counted = new Map<string, { sinceMs: number; count: number }>()
  readonly #waiting: (() => void)[] = []
  #inFlight = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /**
   * Counts an attempt of an address. Gives how long it has to wait, in ms, 0 where it may be made; and
   * whether that was said before: then it is no news for log and audit.
   */
  count(address: string): Waiting {
    const [key, now] = [addressKey(address), this.#nowMs()]
    const found = this.#counted.get(key)
    const age = found === undefined ? MINUTE_MS : Math.abs(now - found.sinceMs)
    if (found === undefined || age >= MINUTE_MS) {
      // Set anew, it comes last.
      this.#counted.delete(key)
      this.#makeRoom()
      this.#counted.set(key, { sinceMs: now, count: 1 })
      return { waitMs: 0, isRepeated: false }
    }
    if (found.count++ >= PER_MINUTE)
      return { waitMs: MINUTE_MS - age, isRepeated: found.count > PER_MINUTE + 1 }
    return { waitMs: 0, isRepeated: false }
  }

  /** Does what is expensive once it is its turn; null: too many wait. */
  async inTurn<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      if (this.#waiting.length >= WAITING_MAX) return null
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#inFlight++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
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
export function addressKey(address: string): string {
  const one = canonicalAddress(address) ?? address
  return one.includes(':')
    ? `${Buffer.from(networkKey(one, PREFIX), 'utf16le').toString('hex')}/${PREFIX}`
    : one
}

const byGateway = new WeakMap<object, Attempts>()

/** Those of a gateway, by its store: all doors and routes count together. */
export function attemptsOf(store: object): Attempts {
  const attempts = byGateway.get(store) ?? new Attempts(Date.now)
  byGateway.set(store, attempts)
  return attempts
}
