// UDP sockets as the engine sees them: one for each address that datagrams come to.
import { Address } from '../../lib/address.ts'
import type { DatagramSink, UdpSocket } from './udp-socket.ts'
import type { Datagrams } from './datagrams.ts'
import { CONTROL_DATA_WORD, CONTROL_LENGTH_WORD, CONTROL_WORDS, HEADER_WORDS } from './headers.ts'
import type { Poller } from '../poller.ts'
import { type DatagramOwner, UdpFd } from './udp-fd.ts'

export interface UdpParts {
  readonly datagrams: Datagrams
  readonly poller: Poller
  readonly fd: number
  readonly address: Address
  /** Whether many send to it: a listener. */
  readonly isBusy: boolean
}

/** A socket that is bound to one address. */
export class BoundUdp implements UdpSocket, DatagramOwner {
  readonly address: Address
  data: unknown = null
  readonly #datagrams: Datagrams
  readonly #sink: DatagramSink
  readonly #fd: UdpFd

  constructor({ address, ...parts }: UdpParts, sink: DatagramSink) {
    this.address = address
    this.#datagrams = parts.datagrams
    this.#sink = sink
    this.#fd = new UdpFd({ ...parts, family: address.family, hasControl: false }, this)
    sink.onOpen?.(this)
  }

  onSlot(_slot: number, start: number, length: number): void {
    const { source, arena } = this.#datagrams
    this.#sink.onDatagram(this, source, arena.bytes, start, length)
  }

  send(to: Address, bytes: Uint8Array, start: number, length: number, dontFragment = false): void {
    if (bytes !== this.#datagrams.arena.bytes)
      return this.sendCopy(to, bytes.subarray(start, start + length), dontFragment)
    const fd = this.#fd
    if (fd.fd >= 0) fd.outbox.push(fd, to, start, length, dontFragment, null)
  }

  sendCopy(to: Address, bytes: Uint8Array, dontFragment = false): void {
    const fd = this.#fd
    if (fd.fd < 0) return
    const start = this.#datagrams.copy(bytes)
    fd.outbox.push(fd, to, start, bytes.length, dontFragment, null)
  }

  holdBack(): void {
    this.#fd.holdBack()
  }

  goOn(): void {
    this.#fd.goOn()
  }

  close(): void {
    this.#fd.close()
  }
}

/**
 * Local addresses that are known at once; on a machine with whole networks of its own a stranger must not
 * make thousands.
 */
const MOST_LOCALS = 4096
/**
 * Words of in_pktinfo (interface, local address, address in the header) and of in6_pktinfo (address,
 * interface).
 */
const LOCAL4_WORD = 1
const HEADER4_WORD = 2
const INTERFACE6_WORD = 4

/**
 * A socket that is bound to every address of its family: each local address that is written to shows as a
 * socket of its own.
 */
export class WildcardUdp implements DatagramOwner {
  readonly datagrams: Datagrams
  readonly fd: UdpFd
  readonly #sink: DatagramSink
  readonly #port: number
  readonly #locals = new Map<number | string, LocalUdp>()
  /** The one of the latest datagram: mostly the one of the next. */
  #latest: LocalUdp | null = null

  constructor({ address, ...parts }: UdpParts, sink: DatagramSink) {
    this.#port = address.port
    this.datagrams = parts.datagrams
    this.#sink = sink
    this.fd = new UdpFd({ ...parts, family: address.family, hasControl: true }, this)
  }

  onSlot(slot: number, start: number, length: number): void {
    const local = this.#localOf(slot)
    const { source, arena, counters } = this.datagrams
    if (local) this.#sink.onDatagram(local, source, arena.bytes, start, length)
    else counters.misdirected++
  }

  #localOf(slot: number): LocalUdp | null {
    const { words, control } = this.fd.inbox
    if (words[slot * HEADER_WORDS + CONTROL_LENGTH_WORD] === 0) return null
    const at = slot * CONTROL_WORDS + CONTROL_DATA_WORD
    return this.fd.family === 4 ? this.#local4(control, at) : this.#local6(control, at)
  }

  #local4(control: Uint32Array, at: number): LocalUdp | null {
    const ip = control[at + LOCAL4_WORD]!
    // Sent to a broadcast or multicast address: whom we answer could have made many others answer the same.
    if (ip !== control[at + HEADER4_WORD]) return null
    if (this.#latest?.info[LOCAL4_WORD] === ip) return this.#latest
    const info = new Uint32Array([0, ip, 0])
    return this.#remember(ip, info, info.subarray(LOCAL4_WORD, LOCAL4_WORD + 1))
  }

  #local6(control: Uint32Array, at: number): LocalUdp | null {
    // Of the address, in the order of the processor: its first byte is the lowest here.
    const first = control[at]!
    if ((first & 0xff) === 0xff) return null
    // Only link-local addresses (fe80::/10) mean nothing without their interface; for others the routes say
    // which one answers take.
    const link = (first & 0xc0ff) === 0x80fe ? control[at + INTERFACE6_WORD]! : 0
    const info = this.#latest?.info
    let isSame = info?.[INTERFACE6_WORD] === link
    for (let i = 0; i < 4 && isSame; i++) isSame = info?.[i] === control[at + i]
    if (isSame) return this.#latest
    const found = new Uint32Array([...control.subarray(at, at + 4), link])
    return this.#remember(found.join(), found, found.subarray(0, 4))
  }

  #remember(key: number | string, info: Uint32Array, ip: Uint32Array): LocalUdp | null {
    let local = this.#locals.get(key) ?? null
    if (!local && this.#locals.size < MOST_LOCALS) {
      const bytes = new Uint8Array(ip.buffer, ip.byteOffset, ip.byteLength).slice()
      local = new LocalUdp(this, new Address(bytes, this.#port), info)
      this.#locals.set(key, local)
      this.#sink.onOpen?.(local)
    }
    if (local) this.#latest = local
    return local
  }

  holdBack(): void {
    this.fd.holdBack()
  }

  goOn(): void {
    this.fd.goOn()
  }

  close(): void {
    this.fd.close()
  }
}

/** One local address of a socket that is bound to all of them. */
class LocalUdp implements UdpSocket {
  readonly address: Address
  data: unknown = null
  /** Packet info that makes a datagram leave from this address. */
  readonly info: Uint32Array
  readonly #whole: WildcardUdp

  constructor(whole: WildcardUdp, address: Address, info: Uint32Array) {
    this.#whole = whole
    this.address = address
    this.info = info
  }

  send(to: Address, bytes: Uint8Array, start: number, length: number, dontFragment = false): void {
    const { fd, datagrams } = this.#whole
    if (bytes !== datagrams.arena.bytes)
      return this.sendCopy(to, bytes.subarray(start, start + length), dontFragment)
    if (fd.fd >= 0) fd.outbox.push(fd, to, start, length, dontFragment, this.info)
  }

  sendCopy(to: Address, bytes: Uint8Array, dontFragment = false): void {
    const { fd, datagrams } = this.#whole
    if (fd.fd < 0) return
    const start = datagrams.copy(bytes)
    fd.outbox.push(fd, to, start, bytes.length, dontFragment, this.info)
  }

  /** The descriptor is the listener's: it goes with that. */
  close(): void {}
}
