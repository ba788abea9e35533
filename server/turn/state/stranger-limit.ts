// How many answers a second go over UDP to an address that has not shown credentials: whoever writes a
// victim's address into requests makes us send no more than this. Two generations of buckets bound the
// memory, whatever number of addresses is invented.
import { nowMs } from '../../lib/clock.ts'
import type { AddressKey } from '../../lib/address.ts'

const GENERATION = 8192

interface Bucket {
  tokens: number
  atMs: number
}

export class StrangerLimit {
  #young = new Map<AddressKey, Bucket>()
  #old = new Map<AddressKey, Bucket>()

  /** Whether one more answer may go to this network. */
  take(network: AddressKey, perSecond: number): boolean {
    const bucket = this.#bucket(network, perSecond)
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000)
    bucket.atMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  #bucket(network: AddressKey, perSecond: number): Bucket {
    const young = this.#young.get(network)
    if (young !== undefined) return young
    const bucket = this.#old.get(network) ?? { tokens: perSecond, atMs: nowMs }
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(network, bucket)
    return bucket
  }
}
