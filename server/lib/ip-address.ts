// IP addresses as texts: read, told apart by what they mean, and written the one way. An address that is v4
// mapped into v6 (::ffff:192.0.2.1) is the v4 address everywhere: a client is one client.

/**
 * Reads an address into its 4 or 16 bytes; null for anything else, zone ids and leading zeros of v4 included.
 */
export function parseAddress(text: string): Uint8Array | null {
  const number = scan4(text, 0)
  if (number >= 0) return bytes4(number)
  if (!scan6(text)) return null
  return new Uint8Array(scanned.buffer.slice(isMapped() ? 12 : 0))
}

/** Writes an address the one way RFC 5952 gives it, mapped ones as v4; null for what is no address. */
export function canonicalAddress(text: string): string | null {
  const number = scan4(text, 0)
  if (number >= 0) return text // scan4 takes no other spelling
  if (!scan6(text)) return null
  return isMapped() ? text4(scanned.getUint32(12)) : text6()
}

/** Tells whether the address is of this machine itself: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const number = scan4(address, 0)
  if (number >= 0) return number >>> 24 === 127
  if (!scan6(address)) return false
  if (isMapped()) return scanned.getUint8(12) === 127
  return (
    (scanned.getUint32(0) | scanned.getUint32(4) | scanned.getUint32(8)) === 0 && scanned.getUint32(12) === 1
  )
}

/**
 * A text that is the same for all v6 addresses which share so many bits, a multiple of 16 or not, and for all
 * v4 addresses which share so many; what is no address is itself.
 */
export function networkKey(address: string, prefix: number, prefix4 = 32): string {
  if (address.indexOf(':') < 0)
    return prefix4 === 32 ? address : (network4(scan4(address, 0), prefix4) ?? address)
  if (!scan6(address)) return address
  if (isMapped()) return network4(scanned.getUint32(12), prefix4) ?? address
  const network = String.fromCharCode(
    bitsOf(0, prefix),
    bitsOf(1, prefix),
    bitsOf(2, prefix),
    bitsOf(3, prefix),
  )
  if (prefix <= 64) return network
  return (
    network + String.fromCharCode(bitsOf(4, prefix), bitsOf(5, prefix), bitsOf(6, prefix), bitsOf(7, prefix))
  )
}

function network4(number: number, prefix: number): string | null {
  const beyond = 2 ** (32 - prefix)
  return number < 0 ? null : text4(Math.floor(number / beyond) * beyond)
}

/** What of a group lies within the prefix. */
function bitsOf(group: number, prefix: number): number {
  const beyond = (group + 1) * 16 - prefix
  if (beyond >= 16) return 0
  const bits = scanned.getUint16(group * 2)
  return beyond <= 0 ? bits : (bits >>> beyond) << beyond
}

// One scratch v6 address for all: scanning allocates nothing, and nobody keeps it over a call.
export const scanned = new DataView(new ArrayBuffer(16))

const DOT = 46
const COLON = 58

/**
 * Scans dotted decimal from `at` to the end; -1 when it is something else. No leading zeros: some read them
 * as octal.
 */
export function scan4(text: string, at: number): number {
  const end = text.length
  if (end - at < 7 || end - at > 15) return -1
  let number = 0
  let part = -1
  let parts = 1
  for (let i = at; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (part < 0 || ++parts > 4) return -1
      number = number * 256 + part
      part = -1
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || part === 0) return -1
      part = part < 0 ? digit : part * 10 + digit
      if (part > 255) return -1
    }
  }
  return parts === 4 && part >= 0 ? number * 256 + part : -1
}

/** Scans v6 text (RFC 4291 §2.2) into `scanned`; false when it is something else. */
export function scan6(text: string): boolean {
  const end = text.length
  if (end < 2 || end > 45) return false
  let count = 0
  let gap = -1 // the group before which :: stands
  let i = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false
    gap = 0
    i = 2
  }
  while (i < end) {
    if (count === 8) return false
    const stop = scanGroup(text, i, end, count)
    if (stop < 0) return count <= 6 && scanTail(text, i, count) && spread(count + 2, gap)
    if (stop === i) return false
    count++
    if (stop === end) break
    i = stop + 1
    if (text.charCodeAt(stop) !== COLON || i === end) return false
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false
      gap = count
      i++
    }
  }
  return spread(count, gap)
}

/**
 * Scans up to four hexadecimal digits as a group; the place after them, -1 when a dot follows: they are of a
 * v4 tail.
 */
function scanGroup(text: string, from: number, end: number, group: number): number {
  let value = 0
  let i = from
  while (i < end && i - from < 4) {
    const digit = hex(text.charCodeAt(i))
    if (digit < 0) break
    value = value * 16 + digit
    i++
  }
  if (i < end && text.charCodeAt(i) === DOT) return -1
  scanned.setUint16(group * 2, value)
  return i
}

function scanTail(text: string, from: number, group: number): boolean {
  const number = scan4(text, from)
  if (number < 0) return false
  scanned.setUint16(group * 2, number >>> 16)
  scanned.setUint16(group * 2 + 2, number & 0xffff)
  return true
}

/**
 * Moves the groups after :: to the end, zeros before them; false when their count is not that of an address.
 */
function spread(count: number, gap: number): boolean {
  if (gap < 0) return count === 8
  if (count > 7) return false
  const zeros = 8 - count
  // One by one: a call of copyWithin costs more than all of these.
  for (let group = 7; group >= gap + zeros; group--)
    scanned.setUint16(group * 2, scanned.getUint16((group - zeros) * 2))
  for (let group = gap; group < gap + zeros; group++) scanned.setUint16(group * 2, 0)
  return true
}

function hex(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Whether the scanned address is v4 in v6: its last four bytes. */
export const isMapped = (): boolean =>
  (scanned.getUint32(0) | scanned.getUint32(4)) === 0 && scanned.getUint32(8) === 0xffff

const bytes4 = (number: number): Uint8Array =>
  Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)

const text4 = (number: number): string =>
  `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`

/**
 * RFC 5952 §4: lower case, no leading zeros, :: for the first of the longest runs of two zero groups or more.
 */
function text6(): string {
  const all = Array.from({ length: 8 }, (_, group) => scanned.getUint16(group * 2))
  let start = -1
  let longest = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && all[i + length] === 0) length++
    if (length > longest) [start, longest] = [i, length]
    i += length
  }
  const join = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  return start < 0 ? join(all) : `${join(all.slice(0, start))}::${join(all.slice(start + longest))}`
}
