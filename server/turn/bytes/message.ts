// A STUN message, with what its attributes mean in STUN, TURN and behaviour discovery. A getter returns null
// when the attribute is not there, and 'malformed' when it is not what the standard says.
import type { Address } from '../../lib/address.ts'
import { Attributes, type Malformed, decoder, u16 } from './attributes.ts'
import { ATTRIBUTES } from './stun.ts'

export type { Malformed } from './attributes.ts'

/** What an error answer says. */
export interface ErrorValue {
  readonly code: number
  readonly reason: string
}

/** A decoded message: good as long as the bytes that it was decoded from stay as they are. */
export class Message extends Attributes {
  // ── of TURN ──

  /** Seconds. */
  get lifetime(): number | null | Malformed {
    return this.u32(ATTRIBUTES.LIFETIME)
  }

  /** A protocol number: one of TRANSPORTS, or another. */
  get requestedTransport(): number | null | Malformed {
    return this.firstByte(ATTRIBUTES.REQUESTED_TRANSPORT, 4)
  }

  /** One of FAMILIES, or another number. */
  get requestedFamily(): number | null | Malformed {
    return this.firstByte(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 4)
  }

  /**
   * The same of ADDITIONAL-ADDRESS-FAMILY; older clients (coturn 4.6's) have it by the number of its draft.
   */
  get additionalFamily(): number | null | Malformed {
    const family = this.firstByte(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 4)
    return family ?? this.firstByte(ATTRIBUTES.DRAFT_ADDITIONAL_ADDRESS_FAMILY, 4)
  }

  get channelNumber(): number | null | Malformed {
    return this.firstU16(ATTRIBUTES.CHANNEL_NUMBER, 4)
  }

  /** EVEN-PORT: whether the next port is to be reserved too. */
  get evenPort(): boolean | null | Malformed {
    const bits = this.firstByte(ATTRIBUTES.EVEN_PORT, 1)
    return typeof bits === 'number' ? (bits & 0x80) !== 0 : bits
  }

  get dontFragment(): boolean {
    return this.find(ATTRIBUTES.DONT_FRAGMENT) >= 0
  }

  /** 16 hex digits. */
  get reservationToken(): string | null | Malformed {
    const at = this.sized(ATTRIBUTES.RESERVATION_TOKEN, 8)
    return typeof at === 'number' ? this.bytes.subarray(at, at + 8).toHex() : at
  }

  /** RFC 6062 §6.2.1. */
  get connectionId(): number | null | Malformed {
    return this.u32(ATTRIBUTES.CONNECTION_ID)
  }

  /** All XOR-PEER-ADDRESS. */
  get xorPeers(): readonly Address[] | Malformed {
    return this.addresses(ATTRIBUTES.XOR_PEER_ADDRESS)
  }

  /** The first XOR-PEER-ADDRESS. */
  get xorPeer(): Address | null | Malformed {
    return this.address(ATTRIBUTES.XOR_PEER_ADDRESS)
  }

  // ── of answers and of behaviour discovery ──

  get xorMapped(): Address | null | Malformed {
    return this.address(ATTRIBUTES.XOR_MAPPED_ADDRESS)
  }

  get errorCode(): ErrorValue | null | Malformed {
    return this.errorValue(ATTRIBUTES.ERROR_CODE)
  }

  /** RFC 8489 §14.8: of ERROR-CODE, and of ADDRESS-ERROR-CODE, which has a family in its first byte. */
  errorValue(type: number): ErrorValue | null | Malformed {
    const at = this.find(type)
    if (at < 0) return null
    const length = this.valueLength(at)
    if (length < 4) return 'malformed'
    const hundreds = this.bytes[at + 2]! & 7
    const rest = this.bytes[at + 3]!
    if (hundreds < 3 || hundreds > 6 || rest > 99) return 'malformed'
    return { code: hundreds * 100 + rest, reason: decoder.decode(this.bytes.subarray(at + 4, at + length)) }
  }

  /** What a 420 answer names. */
  get unknownAttributes(): readonly number[] | null | Malformed {
    const at = this.find(ATTRIBUTES.UNKNOWN_ATTRIBUTES)
    if (at < 0) return null
    const length = this.valueLength(at)
    if ((length & 1) !== 0) return 'malformed'
    return Array.from({ length: length / 2 }, (_, i) => u16(this.bytes, at + 2 * i))
  }

  /** RFC 5780 §7.2: answer from the other address, from the other port. */
  get changeRequest(): { readonly address: boolean; readonly port: boolean } | null | Malformed {
    const bits = this.u32(ATTRIBUTES.CHANGE_REQUEST)
    return typeof bits === 'number' ? { address: (bits & 4) !== 0, port: (bits & 2) !== 0 } : bits
  }

  /** RFC 5780 §7.5: answer to this port. */
  get responsePort(): number | null | Malformed {
    return this.firstU16(ATTRIBUTES.RESPONSE_PORT, 4)
  }
}

/**
 * Decodes the STUN message in [start, start + length) of `bytes`, without copying any; null when no answer is
 * owed to it. Never throws.
 */
export function decodeMessage(bytes: Uint8Array, start: number, length: number): Message | null {
  const message = new Message()
  return message.decode(bytes, start, length) ? message : null
}
