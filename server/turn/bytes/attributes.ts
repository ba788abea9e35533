// The attributes of a STUN message as they lie in a buffer: nothing is copied when it is decoded, values are
// read when asked for.
//
//   0       2        4         8                   20
//   | type  | length | cookie  | transaction id    | type, length, value, padding to 4 | …
//
// RFC 8489 §14.5 to §14.7: what stands behind MESSAGE-INTEGRITY is not believed, for whoever is on the path
// can append it. So `find` and every getter look only at what comes before the first of MESSAGE-INTEGRITY,
// MESSAGE-INTEGRITY-SHA256 and FINGERPRINT.
import { isUtf8 } from 'node:buffer'
import { Address, addressKey, type AddressKey } from '../../lib/address.ts'
import { fingerprintOf } from './fingerprint.ts'
import { ATTRIBUTES, FAMILIES, HEADER_BYTES, MAGIC_COOKIE, classOf, isXored, methodOf } from './stun.ts'

/** The attribute is there, but is not what the standard says. */
export type Malformed = 'malformed'

const NOTHING = new Uint8Array(0)
const NONE: readonly number[] = []
/** An answer names no more: nobody sends as many but to make it long. */
const UNKNOWN_MAX = 32

/**
 * A decoded message, whatever its attributes mean: good as long as the bytes that it was decoded from stay as
 * they are.
 */
export class Attributes {
  bytes: Uint8Array = NOTHING
  /** Where it begins in `bytes`. */
  start = 0
  /** With its header. */
  length = 0
  method = 0
  /** One of CLASSES. */
  class = 0
  /** Where the header of MESSAGE-INTEGRITY stands in `bytes`; -1: there is none. */
  integrityAt = -1
  /** The same of MESSAGE-INTEGRITY-SHA256. */
  integritySha256At = -1
  /** The same of FINGERPRINT, which is right if it is there. */
  fingerprintAt = -1
  /** Where the attributes end that are believed. */
  #end = 0
  #transactionKey: string | null = null

  /**
   * Takes this object for another message, in [start, start + length) of `bytes`. False, and of no use, when
   * that is not a STUN message that an answer is owed to: another cookie, lengths that do not fit, a wrong
   * FINGERPRINT (RFC 8489 §6.3: silently dropped).
   */
  decode(bytes: Uint8Array, start: number, length: number): boolean {
    this.integrityAt = this.integritySha256At = this.fingerprintAt = -1
    this.#end = start
    this.#transactionKey = null
    if (length < HEADER_BYTES || start < 0 || start + length > bytes.length) return false
    // 1. RFC 8489 §6.3: the first two bits are 0, the cookie is there, the length makes sense.
    const type = u16(bytes, start)
    if (type > 0x3fff || u32(bytes, start + 4) !== MAGIC_COOKIE) return false
    if ((length & 3) !== 0 || u16(bytes, start + 2) !== length - HEADER_BYTES) return false
    this.bytes = bytes
    this.start = start
    this.length = length
    this.method = methodOf(type)
    this.class = classOf(type)
    // 2. Each attribute ends within the message.
    if (!this.#walk()) return false
    // 3. RFC 8489 §7.3: a FINGERPRINT that is there is right.
    return this.fingerprintAt < 0 || this.#isFingerprintRight()
  }

  /** Finds where attributes end, and what protects them. False: one reaches past the end. */
  #walk(): boolean {
    const { bytes } = this
    const end = this.start + this.length
    let at = this.start + HEADER_BYTES
    let believedEnd = end
    while (at < end) {
      const next = at + 4 + ((u16(bytes, at + 2) + 3) & ~3)
      if (next > end) return false
      if (this.#isProtection(u16(bytes, at), at) && believedEnd === end) believedEnd = at
      at = next
    }
    this.#end = believedEnd
    return true
  }

  // Behind MESSAGE-INTEGRITY only the other two count, behind MESSAGE-INTEGRITY-SHA256 only FINGERPRINT,
  // behind that nothing.
  #isProtection(type: number, at: number): boolean {
    if (this.fingerprintAt >= 0) return false
    if (type === ATTRIBUTES.FINGERPRINT) this.fingerprintAt = at
    else if (this.integritySha256At >= 0) return false
    else if (type === ATTRIBUTES.MESSAGE_INTEGRITY_SHA256) this.integritySha256At = at
    else if (type === ATTRIBUTES.MESSAGE_INTEGRITY && this.integrityAt < 0) this.integrityAt = at
    else return false
    return true
  }

  #isFingerprintRight(): boolean {
    const { bytes, start, fingerprintAt: at } = this
    return u16(bytes, at + 2) === 4 && u32(bytes, at + 4) === fingerprintOf(bytes, start, at)
  }

  // ── the header ──

  /** A copy. */
  get transactionId(): Uint8Array {
    // Not slice(): that of a Buffer is a view.
    return new Uint8Array(this.bytes.subarray(this.start + 8, this.start + HEADER_BYTES))
  }

  /** The transaction id as a map's key: 12 characters, one for each byte. */
  get transactionKey(): string {
    this.#transactionKey ??= String.fromCharCode(
      ...this.bytes.subarray(this.start + 8, this.start + HEADER_BYTES),
    )
    return this.#transactionKey
  }

  /** Whether MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 is there: right or not. */
  get hasIntegrity(): boolean {
    return this.integrityAt >= 0 || this.integritySha256At >= 0
  }

  get hasFingerprint(): boolean {
    return this.fingerprintAt >= 0
  }

  // ── any attribute ──

  /**
   * Where the value of the first attribute of this type stands in `bytes`; -1: there is none (that is
   * believed).
   */
  find(type: number): number {
    const { bytes } = this
    for (let at = this.start + HEADER_BYTES; at < this.#end; at += 4 + ((u16(bytes, at + 2) + 3) & ~3))
      if (u16(bytes, at) === type) return at + 4
    return -1
  }

  /** Length of the value that `find` found. */
  valueLength(at: number): number {
    return u16(this.bytes, at - 2)
  }

  has(type: number): boolean {
    return this.find(type) >= 0
  }

  /** A view of the value, to be copied by who keeps it; null: there is none. */
  value(type: number): Uint8Array | null {
    const at = this.find(type)
    return at < 0 ? null : this.bytes.subarray(at, at + this.valueLength(at))
  }

  /**
   * The value as text; null when there is none, or it is not UTF-8 (`has` tells which). Control characters
   * and all: names are data.
   */
  text(type: number): string | null {
    const value = this.value(type)
    return value !== null && isUtf8(value) ? decoder.decode(value) : null
  }

  /** A value of one 32-bit number. */
  u32(type: number): number | null | Malformed {
    const at = this.sized(type, 4)
    return typeof at === 'number' ? u32(this.bytes, at) : at
  }

  /**
   * Types below 0x8000 that are not among these, each once, at most 32 of them (RFC 8489 §14: an answer is
   * 420, an indication is dropped).
   */
  unknownRequired(known: ReadonlySet<number>): readonly number[] {
    const { bytes } = this
    let unknown: number[] | null = null
    for (let at = this.start + HEADER_BYTES; at < this.#end; at += 4 + ((u16(bytes, at + 2) + 3) & ~3)) {
      const type = u16(bytes, at)
      if (type >= 0x8000 || known.has(type)) continue
      unknown ??= []
      if (unknown.length < UNKNOWN_MAX && !unknown.includes(type)) unknown.push(type)
    }
    return unknown ?? NONE
  }

  /** Where the value stands, if it has this length. */
  protected sized(type: number, length: number): number | null | Malformed {
    const at = this.find(type)
    if (at < 0) return null
    return this.valueLength(at) === length ? at : 'malformed'
  }

  protected firstByte(type: number, length: number): number | null | Malformed {
    const at = this.sized(type, length)
    return typeof at === 'number' ? this.bytes[at]! : at
  }

  protected firstU16(type: number, length: number): number | null | Malformed {
    const at = this.sized(type, length)
    return typeof at === 'number' ? u16(this.bytes, at) : at
  }

  // ── addresses ──

  /** The first address of this type, XORed or plain as the type says; a copy. */
  address(type: number): Address | null | Malformed {
    const at = this.find(type)
    return at < 0 ? null : this.#addressAt(type, at)
  }

  /** All addresses of this type, in their order; malformed when one of them is. */
  addresses(type: number): readonly Address[] | Malformed {
    const found: Address[] = []
    const { bytes } = this
    for (let at = this.start + HEADER_BYTES; at < this.#end; at += 4 + ((u16(bytes, at + 2) + 3) & ~3)) {
      if (u16(bytes, at) !== type) continue
      const address = this.#addressAt(type, at + 4)
      if (address === 'malformed') return address
      found.push(address)
    }
    return found
  }

  /**
   * Key of the first XOR-PEER-ADDRESS, as Address.key, without making an Address; null when there is none or
   * it is malformed.
   */
  get peerKey(): AddressKey | null {
    const at = this.find(ATTRIBUTES.XOR_PEER_ADDRESS)
    const family = at < 0 ? 0 : this.#readAddress(ATTRIBUTES.XOR_PEER_ADDRESS, at)
    return family === 0 ? null : addressKey(scratch, 0, family, scratchPort)
  }

  #addressAt(type: number, at: number): Address | Malformed {
    const family = this.#readAddress(type, at)
    return family === 0 ? 'malformed' : new Address(scratch.slice(0, family === 4 ? 4 : 16), scratchPort)
  }

  // RFC 8489 §14.1, §14.2: family, port, address. Into the scratch; 0: malformed.
  #readAddress(type: number, at: number): 4 | 6 | 0 {
    const { bytes, start } = this
    const length = this.valueLength(at)
    if (length !== 8 && length !== 20) return 0
    const size = length - 4
    if (bytes[at + 1] !== (size === 4 ? FAMILIES.IPV4 : FAMILIES.IPV6)) return 0
    const isMasked = isXored(type)
    scratchPort = u16(bytes, at + 2) ^ (isMasked ? MAGIC_COOKIE >>> 16 : 0)
    // The mask is cookie and transaction id, which stand in this order in the header.
    for (let i = 0; i < size; i++) scratch[i] = bytes[at + 4 + i]! ^ (isMasked ? bytes[start + 4 + i]! : 0)
    return size === 4 ? 4 : 6
  }
}

// Where readAddress puts what it reads; good until the next one.
const scratch = new Uint8Array(16)
let scratchPort = 0

/** Of texts in messages: what is not UTF-8 becomes U+FFFD. */
export const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Two bytes as a number. */
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
