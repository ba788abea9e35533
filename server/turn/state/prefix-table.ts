// Ranges of addresses, each with a value: the longest one that an address lies in is found with one look-up
// for each length of prefix.
import type { Range } from '../../lib/ranges.ts'

export interface Prefix<T> {
  /** As people write it: "10.0.0.0/8". */
  readonly text: string
  readonly bits: number
  readonly value: T
}

export class PrefixTable<T> {
  readonly #v4 = new Family<T>()
  readonly #v6 = new Family<T>()

  add({ bytes, prefix }: Range, text: string, value: T): void {
    this.#familyOf(bytes).add(bytes, { text, bits: prefix, value })
  }

  /** The longest range that these 4 or 16 bytes lie in. */
  find(ip: Uint8Array): Prefix<T> | null {
    return this.#familyOf(ip).find(ip)
  }

  #familyOf(ip: Uint8Array): Family<T> {
    return ip.length === 4 ? this.#v4 : this.#v6
  }
}

class Family<T> {
  /** Ascending lengths that are there. */
  #lengths: number[] = []
  /** Length and masked address → range. */
  readonly #ranges = new Map<string, Prefix<T>>()

  add(ip: Uint8Array, range: Prefix<T>): void {
    const key = keyOf(ip, range.bits)
    if (!this.#ranges.has(key)) this.#ranges.set(key, range)
    if (!this.#lengths.includes(range.bits))
      this.#lengths = [...this.#lengths, range.bits].sort((a, b) => a - b)
  }

  find(ip: Uint8Array): Prefix<T> | null {
    for (let i = this.#lengths.length - 1; i >= 0; i--) {
      const found = this.#ranges.get(keyOf(ip, this.#lengths[i] ?? 0))
      if (found) return found
    }
    return null
  }
}

// The length, and the bytes of the address with all bits behind it cleared.
function keyOf(ip: Uint8Array, bits: number): string {
  const whole = bits >> 3
  let key = String.fromCharCode(bits)
  for (let i = 0; i < whole; i++) key += String.fromCharCode(ip[i] ?? 0)
  const rest = bits & 7
  return rest === 0 ? key : key + String.fromCharCode((ip[whole] ?? 0) & (0xff00 >> rest))
}
