// Data indications (RFC 8656 §11.3) written in place, around data that was received into a buffer with room
// on both sides.
import type { Address } from '../../lib/address.ts'
import { putPadding } from './channel-data.ts'
import { ATTRIBUTES, CLASSES, FAMILIES, HEADER_BYTES, MAGIC_COOKIE, METHODS, messageType } from './stun.ts'

const TYPE = messageType(METHODS.DATA, CLASSES.INDICATION)
const COOKIE = [
  MAGIC_COOKIE >>> 24,
  (MAGIC_COOKIE >>> 16) & 255,
  (MAGIC_COOKIE >>> 8) & 255,
  MAGIC_COOKIE & 255,
]

/** Bytes before the data: less than HEADROOM. */
export const dataIndicationHeader = (family: 4 | 6): number => HEADER_BYTES + (family === 4 ? 12 : 24) + 4

/** Writes Data indications, each with a transaction id of its own. */
export class DataIndications {
  readonly #id: Uint8Array

  /** `seed`: 12 bytes by chance, which the transaction ids count on from. */
  constructor(seed: Uint8Array) {
    this.#id = new Uint8Array(seed.subarray(0, 12))
  }

  /**
   * Writes the rest of the message around `length` bytes of data at `dataStart`. It then begins
   * dataIndicationHeader(peer.family) before the data, and is that and the padded length long, which is
   * returned.
   */
  put(bytes: Uint8Array, dataStart: number, length: number, peer: Address): number {
    const header = dataIndicationHeader(peer.family)
    const start = dataStart - header
    const padded = putPadding(bytes, dataStart, length)
    // 1. The header, with the next transaction id.
    put16(bytes, start, TYPE)
    put16(bytes, start + 2, header - HEADER_BYTES + padded)
    for (let i = 0; i < 4; i++) bytes[start + 4 + i] = COOKIE[i]!
    const id = this.#next()
    for (let i = 0; i < 12; i++) bytes[start + 8 + i] = id[i]!
    // 2. XOR-PEER-ADDRESS.
    const { ip } = peer
    let at = start + HEADER_BYTES
    put16(bytes, at, ATTRIBUTES.XOR_PEER_ADDRESS)
    put16(bytes, at + 2, 4 + ip.length)
    put16(bytes, at + 4, ip.length === 4 ? FAMILIES.IPV4 : FAMILIES.IPV6)
    put16(bytes, at + 6, peer.port ^ (MAGIC_COOKIE >>> 16))
    for (let i = 0; i < ip.length; i++) bytes[at + 8 + i] = ip[i]! ^ bytes[start + 4 + i]!
    // 3. DATA, which is there already.
    at += 8 + ip.length
    put16(bytes, at, ATTRIBUTES.DATA)
    put16(bytes, at + 2, length)
    return header + padded
  }

  #next(): Uint8Array {
    const id = this.#id
    for (let i = 11; i >= 0; i--) {
      id[i] = id[i]! + 1
      if (id[i] !== 0) break
    }
    return id
  }
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}
