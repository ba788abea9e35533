import { Address, addressKey, type AddressKey } from '../../lib/address.ts'
import type { Source } from './udp-socket.ts'
import { NAME_BYTES } from './arena.ts'

const PORT_AT = 2
const IP4_AT = 4
const IP6_AT = 8

/**
 * Whom a datagram came from, read from its sockaddr where it stands: of IPv4 nothing is made for it, only
 * numbers.
 */
export class RawSource implements Source {
  key: AddressKey = 0
  port = 0
  readonly #names: DataView
  readonly #bytes: Uint8Array
  #at = 0
  #family: 4 | 6 = 4
  /** Of IPv4. */
  #ip = 0

  constructor(names: DataView) {
    this.#names = names
    this.#bytes = new Uint8Array(names.buffer)
  }

  get ipKey(): AddressKey {
    return this.#family === 4 ? this.#ip * 65_536 : addressKey(this.#bytes, this.#at + IP6_AT, 6, 0)
  }

  address(): Address {
    const from = this.#at + (this.#family === 4 ? IP4_AT : IP6_AT)
    return new Address(this.#bytes.slice(from, from + (this.#family === 4 ? 4 : 16)), this.port)
  }

  /** Turns to the one of a slot. */
  read4(slot: number): void {
    const at = slot * NAME_BYTES
    const port = this.#names.getUint16(at + PORT_AT)
    const ip = this.#names.getUint32(at + IP4_AT)
    this.#at = at
    this.#family = 4
    this.#ip = ip
    this.port = port
    this.key = ip * 65_536 + port
  }

  /** The same for a socket of IPv6. */
  read6(slot: number): void {
    const at = slot * NAME_BYTES
    this.#at = at
    this.#family = 6
    this.port = this.#names.getUint16(at + PORT_AT)
    this.key = addressKey(this.#bytes, at + IP6_AT, 6, this.port)
  }
}
