// STUN messages to try: valid ones of every kind of attribute, the standards' own, both mangled, and noise.
// Seeded.
import { MessageWriter } from '../../server/turn/bytes/writer.ts'
import { ATTRIBUTES, TRANSACTION_ID_BYTES } from '../../server/turn/bytes/stun.ts'
import type { Random } from '../support/random.ts'
import { IPV4_RESPONSE, IPV6_RESPONSE, LONG_TERM_REQUEST, REQUEST, SHA256_REQUEST } from '../vectors/stun.ts'

const VECTORS = [REQUEST, IPV4_RESPONSE, IPV6_RESPONSE, LONG_TERM_REQUEST, SHA256_REQUEST]
const A = ATTRIBUTES
const TYPES = [...Object.values(ATTRIBUTES), 0x0000, 0x0002, 0x7fff, 0x8fff, 0xffff]
const PROTECTIONS: readonly number[] = [A.MESSAGE_INTEGRITY, A.MESSAGE_INTEGRITY_SHA256, A.FINGERPRINT]

export const KEY = Buffer.from('the key of all of them')

/** A type that protects nothing. */
export function someType(random: Random): number {
  for (;;) {
    const type = random.below(4) === 0 ? random.below(0x10000) : random.pick(TYPES)
    if (!PROTECTIONS.includes(type)) return type
  }
}

/** Lengths that mean something, and those beside them. */
const someLength = (random: Random): number =>
  random.below(3) === 0 ? random.below(40) : random.pick([0, 1, 2, 3, 4, 4, 5, 8, 8, 12, 16, 20, 20, 32, 33])

/** What a value of this type could be. */
export function someValue(random: Random, type: number): Uint8Array {
  const value = random.bytes(someLength(random))
  if (random.below(3) === 0) return value
  switch (type) {
    case A.USERNAME:
    case A.REALM:
    case A.NONCE:
    case A.SOFTWARE:
      return Buffer.from(random.pick(['', 'alice', '\0\r\n', '\u30de\u30c8', '__proto__', 'x'.repeat(600)]))
    case A.XOR_PEER_ADDRESS:
    case A.XOR_MAPPED_ADDRESS:
    case A.XOR_RELAYED_ADDRESS:
    case A.MAPPED_ADDRESS:
    case A.ALTERNATE_SERVER:
      return someAddress(random)
    case A.ERROR_CODE:
      return Uint8Array.of(0, 0, random.below(8), random.below(110), ...value)
    default:
      return value
  }
}

function someAddress(random: Random): Uint8Array {
  const isFour = random.below(2) === 0
  const family = random.below(8) === 0 ? random.below(4) : isFour ? 1 : 2
  return Uint8Array.of(0, family, ...random.bytes(2), ...random.bytes(isFour ? 4 : 16))
}

export interface Written {
  readonly method: number
  readonly messageClass: number
  readonly id: Uint8Array
  /** Before any protection. */
  readonly attributes: readonly (readonly [type: number, value: Uint8Array])[]
  /** Behind it. */
  readonly late: readonly (readonly [type: number, value: Uint8Array])[]
  readonly hasSha1: boolean
  readonly hasSha256: boolean
  readonly hasFingerprint: boolean
}

/** What a message may hold. */
export function someContent(random: Random): Written {
  const list = (most: number) =>
    Array.from({ length: random.below(most) }, () => {
      const type = someType(random)
      return [type, someValue(random, type)] as const
    })
  return {
    method: random.below(0x1000),
    messageClass: random.below(4),
    id: random.bytes(TRANSACTION_ID_BYTES),
    attributes: list(8),
    late: list(4),
    hasSha1: random.below(2) === 0,
    hasSha256: random.below(3) === 0,
    hasFingerprint: random.below(2) === 0,
  }
}

const writer = new MessageWriter()

/** Writes it; `late` stands between the protections, where it is not to be believed. */
export function written(content: Written, random: Random): Buffer {
  writer.begin(content.method, content.messageClass, content.id)
  for (const [type, value] of content.attributes) writer.bytes(type, value, random.below(256))
  if (content.hasSha1) writer.integritySha1(KEY)
  if (content.hasSha1) for (const [type, value] of content.late) writer.bytes(type, value)
  if (content.hasSha256) writer.integritySha256(KEY)
  if (content.hasFingerprint) writer.fingerprint()
  return Buffer.from(writer.finish())
}

/**
 * A message, mostly mangled, and mostly with lengths that still fit: others are refused by the first look.
 */
export function someMessage(random: Random): Buffer {
  const kind = random.below(10)
  if (kind === 0) return Buffer.from(random.bytes(random.below(80)))
  const whole = kind < 4 ? Buffer.from(random.pick(VECTORS)) : written(someContent(random), random)
  return mangled(random, whole)
}

function mangled(random: Random, whole: Buffer): Buffer {
  let bytes = whole
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(bytes.length + 1)
    const four = random.below(8) * 4
    switch (random.below(6)) {
      case 0:
        bytes = Buffer.concat([
          bytes.subarray(0, at & ~3),
          Buffer.from(random.bytes(four)),
          bytes.subarray(at & ~3),
        ])
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at & ~3), bytes.subarray((at & ~3) + four)])
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes, attribute(random)])
        break
      default:
        if (at < bytes.length) bytes = Buffer.from(bytes).fill(random.below(256), at, at + 1)
    }
  }
  if (bytes.length >= 20 && random.below(4) > 0) {
    bytes = Buffer.from(bytes)
    bytes.writeUInt16BE((bytes.length - 20) & 0xffff, 2)
  }
  return bytes
}

function attribute(random: Random): Buffer {
  const type = random.below(3) === 0 ? random.pick(PROTECTIONS) : someType(random)
  const value = someValue(random, type)
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3))
  bytes.writeUInt16BE(type, 0)
  bytes.writeUInt16BE(value.length, 2)
  bytes.set(value, 4)
  return bytes
}
