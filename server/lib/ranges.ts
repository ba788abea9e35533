// Ranges of addresses, as they are written and as they are searched. A v4 address is one number; a v6 address
// is 16 bytes, and one that is v4 in v6 is the v4 address (ip-address.ts).
import { isMapped, parseAddress, scan4, scan6, scanned } from './ip-address.ts'

/** Stands for whoever comes by a Unix socket: in place of an address, and among ranges. */
export const BY_UNIX = 'unix:'

/** Ranges of addresses, merged and sorted: `has` is a binary search over numbers and allocates nothing. */
export class Ranges {
  /** First and last address of each interval, in pairs, big-endian: 4 bytes each. */
  readonly #v4: DataView
  /** The same with 16 bytes each. */
  readonly #v6: DataView
  readonly #hasUnix: boolean
  readonly empty: boolean

  private constructor(v4: DataView, v6: DataView, hasUnix: boolean) {
    this.#v4 = v4
    this.#v6 = v6
    this.#hasUnix = hasUnix
    this.empty = v4.byteLength === 0 && v6.byteLength === 0 && !hasUnix
  }

  /** Compiles addresses, CIDR ranges and `unix:`; throws a RangeError on what is none of them. */
  static parse(list: readonly string[]): Ranges {
    const v4: Interval[] = []
    const v6: Interval[] = []
    for (const text of list) {
      if (text === BY_UNIX) continue
      const range = parseRange(text)
      if (range === null) throw new RangeError(`"${text}" is neither an address nor a range`)
      ;(range.bytes.length === 4 ? v4 : v6).push(intervalOf(range))
    }
    return new Ranges(pack(merge(v4), 4), pack(merge(v6), 16), list.includes(BY_UNIX))
  }

  /** Tells whether the address lies in one of the ranges; false for what is no address. */
  has(address: string): boolean {
    if (this.empty) return false
    const number = scan4(address, 0)
    if (number >= 0) return this.#has4(number)
    if (!scan6(address)) return this.#hasUnix && address === BY_UNIX
    return isMapped() ? this.#has4(scanned.getUint32(12)) : this.#has6()
  }

  #has4(number: number): boolean {
    const bounds = this.#v4
    let low = 0
    let high = bounds.byteLength >> 3
    while (low < high) {
      const middle = (low + high) >> 1
      if (number < bounds.getUint32(middle * 8)) high = middle
      else if (number > bounds.getUint32(middle * 8 + 4)) low = middle + 1
      else return true
    }
    return false
  }

  #has6(): boolean {
    const bounds = this.#v6
    let low = 0
    let high = bounds.byteLength >> 5
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareScanned(bounds, middle * 32) < 0) high = middle
      else if (compareScanned(bounds, middle * 32 + 16) > 0) low = middle + 1
      else return true
    }
    return false
  }
}

export interface Range {
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array
  readonly prefix: number
}

/** Reads an address or a CIDR range (bits beyond the prefix are ignored); null for anything else. */
export function parseRange(text: string): Range | null {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const bytes = parseAddress(address)
  if (bytes === null) return null
  if (slash < 0) return { bytes, prefix: bytes.length * 8 }
  const digits = text.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits)) return null
  // The prefix of a mapped range counts the 96 bits before the v4 address.
  const isMappedRange = bytes.length === 4 && address.includes(':')
  const prefix = Number(digits) - (isMappedRange ? 96 : 0)
  return prefix < 0 || prefix > bytes.length * 8 ? null : { bytes, prefix }
}

/** Compares the scanned address with the one at `at`: below 0 when it comes before. */
function compareScanned(bounds: DataView, at: number): number {
  for (let i = 0; i < 16; i += 4) {
    const difference = scanned.getUint32(i) - bounds.getUint32(at + i)
    if (difference !== 0) return difference
  }
  return 0
}

type Interval = readonly [first: bigint, last: bigint]

function intervalOf({ bytes, prefix }: Range): Interval {
  const rest = BigInt(bytes.length * 8 - prefix)
  const first = (bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) >> rest) << rest
  return [first, first | ((1n << rest) - 1n)]
}

/** Sorts intervals and joins those that overlap. */
function merge(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  for (const [first, last] of intervals.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const before = merged.at(-1)
    if (before === undefined || first > before[1]) merged.push([first, last])
    else if (last > before[1]) merged[merged.length - 1] = [before[0], last]
  }
  return merged
}

function pack(intervals: readonly Interval[], size: 4 | 16): DataView {
  const view = new DataView(new ArrayBuffer(intervals.length * 2 * size))
  for (const [place, bound] of intervals.flat().entries())
    for (let i = 0; i < size; i += 4)
      view.setUint32(place * size + i, Number((bound >> BigInt((size - 4 - i) * 8)) & 0xffffffffn))
  return view
}
