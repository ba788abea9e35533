// A peer of an allocation as its data path knows it: what was found out once about it, and until when that
// holds.
import { nowMs } from '../../lib/clock.ts'
import type { Address } from '../../lib/address.ts'
import type { Source } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from './allocation.ts'
import type { Relayed } from './relayed.ts'

/** RFC 8656 §9: five minutes, for an IP address whatever its port. */
export const PERMISSION_MS = 300_000
/** RFC 8656 §12. */
export const CHANNEL_MS = 600_000

export interface Permission {
  /** Port 0. */
  readonly address: Address
  expiresMs: number
}

export interface Channel {
  readonly number: number
  readonly peer: Peer
  expiresMs: number
}

export class Peer {
  readonly allocation: Allocation
  readonly address: Address
  /** Our address towards it, of its family. */
  readonly relayed: Relayed
  channel: Channel | null = null
  #permission: Permission | null = null
  #rulesVersion = -1
  #isAllowed = false
  /** It is an address of ours: what it may do changes when allocations come and go. */
  #isOurs = false
  #judgedEpoch = -1
  #epoch = -1
  #twin: Relayed | null = null
  #source: Source

  constructor(allocation: Allocation, address: Address, relayed: Relayed) {
    this.allocation = allocation
    this.address = address
    this.relayed = relayed
    this.#source = relayed.realSource
  }

  /** Whether its address has a permission now. */
  get isPermitted(): boolean {
    const permission = this.#permission
    if (permission !== null && permission.expiresMs > nowMs) return true
    this.#permission = this.allocation.permissionOf(this.address.ipKey)
    return this.#permission !== null
  }

  /**
   * Whether the listener's rules let clients reach this address and port: they may have changed since the
   * permission was given.
   */
  get isAllowed(): boolean {
    const { listener, turn } = this.allocation
    const { epoch } = turn.relayed.udp
    const isJudged = this.#rulesVersion === listener.rulesVersion
    if (isJudged && (!this.#isOurs || this.#judgedEpoch === epoch)) return this.#isAllowed
    this.#rulesVersion = listener.rulesVersion
    this.#judgedEpoch = epoch
    const { allowed, isForAllPorts } = listener.verdict(this.address, 'udp')
    this.#isOurs = !isForAllPorts
    return (this.#isAllowed = allowed)
  }

  /**
   * The relayed address that this peer is, where it is one of ours: then data need not go through the kernel.
   */
  get twin(): Relayed | null {
    const index = this.allocation.turn.relayed.udp
    if (this.#epoch !== index.epoch) {
      this.#epoch = index.epoch
      this.#twin = index.find(this.address.key)
      // Who is asked by the address that the outside sees, sees ours in the same way.
      const isByTold = this.#twin !== null && this.#twin.real.key !== this.address.key
      this.#source = isByTold ? this.relayed.toldSource : this.relayed.realSource
    }
    return this.#twin
  }

  /** As whom the twin sees us. Asked after `twin`. */
  get source(): Source {
    return this.#source
  }
}
