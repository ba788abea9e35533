// Transport addresses as those handle them who move datagrams: an IP address and a port.
import { canonicalAddress, parseAddress } from './ip-address.ts'
import { writeBind } from './bind.ts'

/**
 * What makes two addresses the same in a map: a number for IPv4 (address × 65536 + port), a string of 18
 * bytes for IPv6.
 */
export type AddressKey = number | string

/**
 * An IP address and a port. IPv4 in IPv6 (::ffff:a.b.c.d) stays what it is here: those who judge peers see
 * through it.
 */
export class Address {
  readonly family: 4 | 6
  /** 4 or 16 bytes, not to be written to. */
  readonly ip: Uint8Array
  readonly port: number
  /** Of address and port. */
  readonly key: AddressKey
  /** Of the address alone: port 0. */
  readonly ipKey: AddressKey
  #sockaddr: Uint8Array | null = null

  /** Keeps `ip` as it is: give a copy of bytes that change. */
  constructor(ip: Uint8Array, port: number) {
    this.family = ip.length === 4 ? 4 : 6
    this.ip = ip
    this.port = port
    this.key = addressKey(ip, 0, this.family, port)
    this.ipKey = addressKey(ip, 0, this.family, 0)
  }

  /** Of an address literal; null when it is none. IPv4 in IPv6 becomes IPv4. */
  static parse(host: string, port: number): Address | null {
    const canonical = canonicalAddress(host)
    const ip = canonical === null ? null : parseAddress(canonical)
    return ip && new Address(ip, port)
  }

  /** The address without its port, as people write it. */
  get host(): string {
    return hostOf(this.ip)
  }

  /** `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
  toString(): string {
    return writeBind(this.host, this.port)
  }

  /**
   * A struct sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes) of Linux, made once; its memory does not move.
   */
  get sockaddr(): Uint8Array {
    this.#sockaddr ??= makeSockaddr(this)
    return this.#sockaddr
  }
}

/** The key of an address that stands in `bytes` at `at`. */
export function addressKey(bytes: Uint8Array, at: number, family: 4 | 6, port: number): AddressKey {
  if (family === 4) {
    const ip = (bytes[at]! * 256 + bytes[at + 1]!) * 65_536 + bytes[at + 2]! * 256 + bytes[at + 3]!
    return ip * 65_536 + port
  }
  let key = ''
  for (let i = 0; i < 16; i++) key += String.fromCharCode(bytes[at + i]!)
  return key + String.fromCharCode(port >> 8, port & 255)
}

function hostOf(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((ip[2 * i] ?? 0) << 8) | (ip[2 * i + 1] ?? 0)).toString(16),
  )
  const text = groups.join(':')
  // IPv4 in IPv6 is shown as such; the rest in the shortest form.
  return canonicalAddress(text)?.includes('.')
    ? `::ffff:${ip.subarray(12).join('.')}`
    : (canonicalAddress(text) ?? text)
}

const AF_INET = 2
const AF_INET6 = 10

function makeSockaddr({ family, ip, port }: Address): Uint8Array {
  // On a buffer of its own from the start: small typed arrays move when their `buffer` is first asked for.
  const made = new Uint8Array(new ArrayBuffer(family === 4 ? 16 : 28))
  const view = new DataView(made.buffer)
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  made.set(ip, family === 4 ? 4 : 8)
  return made
}
