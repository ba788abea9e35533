// Writes STUN messages into one buffer that is used again and again.
import type { Address } from '../../lib/address.ts'
import { reasonOf } from './errors.ts'
import { fingerprintOf } from './fingerprint.ts'
import { INTEGRITY_BYTES, integrityOf, type IntegrityKind } from './integrity.ts'
import type { Message } from './message.ts'
import {
  ATTRIBUTES,
  FAMILIES,
  HEADER_BYTES,
  MAGIC_COOKIE,
  TRANSACTION_ID_BYTES,
  isXored,
  messageType,
} from './stun.ts'

/** A header and the longest length that it can name. */
const LONGEST = HEADER_BYTES + 0xfffc

/**
 * Writes one message after the other: `begin`, its attributes in their order, `finish`. Integrity is added
 * when all that it protects is there, the fingerprint last.
 */
export class MessageWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  /** Begins a message; what was written before is gone. */
  begin(method: number, messageClass: number, transactionId: Uint8Array): this {
    if (transactionId.length !== TRANSACTION_ID_BYTES) throw new RangeError('a transaction id has 12 bytes')
    this.#header(method, messageClass)
    this.#bytes.set(transactionId, 8)
    return this
  }

  /** Begins the answer to a request: its method and transaction id. */
  answer(request: Message, messageClass: number): this {
    this.#header(request.method, messageClass)
    const { bytes, start } = request
    for (let i = 8; i < HEADER_BYTES; i++) this.#bytes[i] = bytes[start + i]!
    return this
  }

  #header(method: number, messageClass: number): void {
    const bytes = this.#bytes
    put16(bytes, 0, messageType(method, messageClass))
    put16(bytes, 2, 0)
    put32(bytes, 4, MAGIC_COOKIE)
    this.#length = HEADER_BYTES
  }

  /** An attribute of any kind. `padding` is what fills it up to four bytes. */
  bytes(type: number, value: Uint8Array, padding = 0): this {
    const at = this.#attribute(type, value.length, padding)
    this.#bytes.set(value, at)
    return this
  }

  /** The same in UTF-8. */
  text(type: number, text: string, padding = 0): this {
    return this.bytes(type, encoder.encode(text), padding)
  }

  /** An attribute without a value: DONT-FRAGMENT, USE-CANDIDATE. */
  empty(type: number): this {
    this.#attribute(type, 0)
    return this
  }

  /** One byte: EVEN-PORT. */
  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1)
    this.#bytes[at] = value
    return this
  }

  /** 32 bits: LIFETIME, CONNECTION-ID, CHANGE-REQUEST. */
  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    put32(this.#bytes, at, value)
    return this
  }

  /** A byte and three that are reserved: REQUESTED-TRANSPORT, REQUESTED-ADDRESS-FAMILY. */
  first8(type: number, value: number): this {
    return this.u32(type, value * 0x1000000)
  }

  /** 16 bits and 16 that are reserved: CHANNEL-NUMBER, RESPONSE-PORT. */
  first16(type: number, value: number): this {
    return this.u32(type, value * 0x10000)
  }

  /** An address, XORed or plain as the type says. */
  address(type: number, { family, ip, port }: Address): this {
    const at = this.#attribute(type, 4 + ip.length)
    const bytes = this.#bytes
    const isMasked = isXored(type)
    bytes[at] = 0
    bytes[at + 1] = family === 4 ? FAMILIES.IPV4 : FAMILIES.IPV6
    put16(bytes, at + 2, port ^ (isMasked ? MAGIC_COOKIE >>> 16 : 0))
    for (let i = 0; i < ip.length; i++) bytes[at + 4 + i] = ip[i]! ^ (isMasked ? bytes[4 + i]! : 0)
    return this
  }

  /** ERROR-CODE. The reason is for people; a shorter one makes a smaller answer. */
  errorCode(code: number, reason: string = reasonOf(code)): this {
    return this.#error(ATTRIBUTES.ERROR_CODE, 0, code, reason)
  }

  /**
   * ADDRESS-ERROR-CODE (RFC 8656 §18.12): why the second family was not given. `family` is one of FAMILIES.
   */
  addressErrorCode(family: number, code: number, reason: string = reasonOf(code)): this {
    return this.#error(ATTRIBUTES.ADDRESS_ERROR_CODE, family, code, reason)
  }

  #error(type: number, first: number, code: number, reason: string): this {
    const text = encoder.encode(reason)
    const at = this.#attribute(type, 4 + text.length)
    put32(this.#bytes, at, first * 0x1000000 + Math.floor(code / 100) * 256 + (code % 100))
    this.#bytes.set(text, at + 4)
    return this
  }

  /** UNKNOWN-ATTRIBUTES. */
  unknown(types: readonly number[]): this {
    const at = this.#attribute(ATTRIBUTES.UNKNOWN_ATTRIBUTES, types.length * 2)
    for (const [index, type] of types.entries()) put16(this.#bytes, at + 2 * index, type)
    return this
  }

  /** MESSAGE-INTEGRITY over all that is written so far. */
  integritySha1(key: Uint8Array): this {
    return this.#integrity('sha1', ATTRIBUTES.MESSAGE_INTEGRITY, key)
  }

  /** MESSAGE-INTEGRITY-SHA256 over all that is written so far. */
  integritySha256(key: Uint8Array): this {
    return this.#integrity('sha256', ATTRIBUTES.MESSAGE_INTEGRITY_SHA256, key)
  }

  #integrity(kind: IntegrityKind, type: number, key: Uint8Array): this {
    const at = this.#attribute(type, INTEGRITY_BYTES[kind])
    this.#bytes.set(integrityOf(kind, key, { bytes: this.#bytes, start: 0 }, at - 4), at)
    return this
  }

  /** FINGERPRINT over all that is written so far: the last attribute. */
  fingerprint(): this {
    const at = this.#attribute(ATTRIBUTES.FINGERPRINT, 4)
    put32(this.#bytes, at, fingerprintOf(this.#bytes, 0, at - 4))
    return this
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** The message: a view that is good until the next `begin` or `answer`. */
  finish(): Uint8Array {
    put16(this.#bytes, 2, this.#length - HEADER_BYTES)
    return this.#bytes.subarray(0, this.#length)
  }

  // Writes an attribute's header and padding; returns where its value goes, which may hold what was written
  // there before.
  #attribute(type: number, length: number, padding = 0): number {
    const at = this.#length
    const end = at + 4 + ((length + 3) & ~3)
    if (end > this.#bytes.length) this.#grow(end)
    const bytes = this.#bytes
    put16(bytes, at, type)
    put16(bytes, at + 2, length)
    for (let i = at + 4 + length; i < end; i++) bytes[i] = padding
    this.#length = end
    return at + 4
  }

  #grow(atLeast: number): void {
    if (atLeast > LONGEST) throw new RangeError(`a message of ${atLeast} bytes is too long`)
    const larger = new Uint8Array(Math.max(atLeast, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

const encoder = new TextEncoder()

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
