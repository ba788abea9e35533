// A relayed transport address: a port of ours that stands for a client towards its peers.
import { type Address, addressKey, type AddressKey } from '../../lib/address.ts'
import type { TcpListener } from '../network.ts'
import type { Source, UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from './allocation.ts'
import type { Peer } from './peer.ts'
import { ANY_PORT, type IsRelayed } from './peer-rules.ts'

export class Relayed {
  /** On this machine. */
  readonly real: Address
  /** As the outside sees it. */
  readonly told: Address
  /** Null while it is reserved. */
  allocation: Allocation | null = null
  /** Of UDP. */
  socket: UdpSocket | null = null
  /** Of TCP (RFC 6062). */
  listener: TcpListener | null = null
  /** Peers send in runs: the latest one. */
  lastPeer: Peer | null = null
  readonly realSource: Source
  readonly toldSource: Source

  constructor(real: Address, told: Address) {
    this.real = real
    this.told = told
    this.realSource = sourceOf(real)
    this.toldSource = real.key === told.key ? this.realSource : sourceOf(told)
  }

  get family(): 4 | 6 {
    return this.real.family
  }
}

function sourceOf(address: Address): Source {
  return { key: address.key, ipKey: address.ipKey, address: () => address }
}

/** All relayed addresses of one transport, by what they are on this machine and by what the outside sees. */
export class RelayedIndex {
  readonly #byAddress = new Map<AddressKey, Relayed>()
  /** How many there are of each address, whatever its port. */
  readonly #hosts = new Map<AddressKey, number>()
  /** Changes whenever an address comes or goes: what was looked up before may be wrong. */
  epoch = 0

  find(address: AddressKey): Relayed | null {
    return this.#byAddress.get(address) ?? null
  }

  /** Whether one of its two addresses stands for another already. */
  isTaken({ real, told }: Relayed): boolean {
    return this.#byAddress.has(real.key) || this.#byAddress.has(told.key)
  }

  /** Whether there is one at this port of an address; ANY_PORT: at any of it. */
  readonly isRelayed: IsRelayed = (ip, port) => {
    const key = addressKey(ip, 0, ip.length === 4 ? 4 : 6, port)
    return port === ANY_PORT ? this.#hosts.has(key) : this.#byAddress.has(key)
  }

  add(relayed: Relayed): void {
    this.epoch++
    for (const { key, ipKey } of addressesOf(relayed)) {
      this.#byAddress.set(key, relayed)
      this.#hosts.set(ipKey, (this.#hosts.get(ipKey) ?? 0) + 1)
    }
  }

  remove(relayed: Relayed): void {
    this.epoch++
    for (const { key, ipKey } of addressesOf(relayed)) {
      this.#byAddress.delete(key)
      const left = (this.#hosts.get(ipKey) ?? 0) - 1
      if (left > 0) this.#hosts.set(ipKey, left)
      else this.#hosts.delete(ipKey)
    }
  }
}

const addressesOf = ({ real, told }: Relayed): readonly Address[] =>
  real.key === told.key ? [real] : [real, told]
