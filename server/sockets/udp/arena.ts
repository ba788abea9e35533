// The memory that datagrams live in for a turn: received into slots, changed in place, sent from there. One
// buffer, so that an address in it is a start and nothing is copied on the way; it never moves, as it is made
// as an ArrayBuffer from the start.
//
//   slot      HEADROOM · datagram · TAILROOM                                                  SLOTS times
//   copies    what is sent and did not arrive as a datagram, one behind the other
//
//   names     struct sockaddr_in or _in6 of whom each slot came from                          32 bytes each
//   vectors   struct iovec of each slot                                                       16 bytes each
import { ptr, type Pointer } from 'bun:ffi'
import { HEADROOM, TAILROOM } from './udp-socket.ts'

export const SLOTS = 64
/** No datagram is longer (RFC 768: 65,535 with its header), so that none is cut. */
export const DATAGRAM_BYTES = 65_536
/**
 * Two lines of cache more than a power of two: heads of slots must not all fall into the same few places of
 * the cache.
 */
const SLOT_BYTES = DATAGRAM_BYTES + 128
const COPIES_BYTES = 4 * DATAGRAM_BYTES
const COPIES_AT = SLOTS * SLOT_BYTES

export const NAME_BYTES = 32
export const VECTOR_BYTES = 16

if (HEADROOM + DATAGRAM_BYTES + TAILROOM > SLOT_BYTES) throw new Error('slots are too short')

export class Arena {
  readonly bytes: Uint8Array
  /** Its address, and the two halves of that. */
  readonly at: Pointer
  readonly low: number
  readonly high: number
  readonly names = new DataView(new ArrayBuffer(SLOTS * NAME_BYTES))
  readonly namesAt = ptr(this.names)
  readonly vectors = new BigUint64Array(new ArrayBuffer(SLOTS * VECTOR_BYTES))
  readonly vectorsAt = ptr(this.vectors)
  /** The next slot to be filled; those before it may still be waiting to be sent. */
  cursor = 0
  #copied = 0

  constructor() {
    this.bytes = new Uint8Array(new ArrayBuffer(COPIES_AT + COPIES_BYTES))
    this.at = ptr(this.bytes)
    this.low = this.at % 2 ** 32
    this.high = Math.floor(this.at / 2 ** 32)
    for (let slot = 0; slot < SLOTS; slot++) {
      this.vectors[2 * slot] = BigInt(this.at + this.start(slot))
      this.vectors[2 * slot + 1] = BigInt(DATAGRAM_BYTES)
    }
  }

  /** Where the datagram of a slot begins. */
  start(slot: number): number {
    return slot * SLOT_BYTES + HEADROOM
  }

  /**
   * Copies bytes in and returns where they stand; -1 when there is no room until what is queued has been
   * sent.
   */
  copy(bytes: Uint8Array): number {
    if (this.#copied + bytes.length > COPIES_BYTES) return -1
    const start = COPIES_AT + this.#copied
    this.bytes.set(bytes, start)
    this.#copied += bytes.length
    return start
  }

  /** No copy waits to be sent any more. */
  forgetCopies(): void {
    this.#copied = 0
  }
}
