// An allocation: what a client holds with us. Its permissions, channels and peers; whose it is; what passed
// through it.
import { nowMs } from '../../lib/clock.ts'
import type { Timed } from '../../lib/wheel.ts'
import type { Address, AddressKey } from '../../lib/address.ts'
import { AnswerMemory } from './answer-memory.ts'
import { Bandwidth } from './bandwidth.ts'
import type { Client } from './client.ts'
import type { TurnListener } from './listener.ts'
import type { RealmMeter } from './meters.ts'
import { CHANNEL_MS, type Channel, Peer, PERMISSION_MS, type Permission } from './peer.ts'
import type { PeerConnection } from './peer-connection.ts'
import type { QuotaPlace } from './quotas.ts'
import type { Relayed } from './relayed.ts'
import type { TurnState } from './turn-state.ts'

/** Peers without a channel that are known at a time. Who has more pays by looking them up anew. */
const PEERS_MOST = 256

export interface AllocationParts {
  readonly id: string
  readonly client: Client
  /** Null: anonymous. */
  readonly user: string | null
  readonly username: string
  readonly relays: 'udp' | 'tcp'
  readonly relayed4: Relayed | null
  readonly relayed6: Relayed | null
  readonly place: QuotaPlace
  readonly meter: RealmMeter
}

export class Allocation implements Timed {
  readonly turn: TurnState
  readonly id: string
  readonly listener: TurnListener
  readonly realm: string
  /** For people. */
  readonly user: string | null
  /** Who alone may use it (441); empty: anonymous. */
  readonly username: string
  readonly relays: 'udp' | 'tcp'
  relayed4: Relayed | null
  relayed6: Relayed | null
  readonly place: QuotaPlace
  readonly meter: RealmMeter
  readonly startedMs = nowMs
  /**
   * The five-tuple; another one after a move (RFC 8016). Without one while a client that may move is away.
   */
  client: Client
  isAway = false
  expiresMs = 0
  isEnded = false
  /** What it moves by (RFC 8016); null: it does not. */
  ticket: string | null = null
  readonly answers = new AnswerMemory()

  readonly permissions = new Map<AddressKey, Permission>()
  readonly channels = new Map<number, Channel>()
  readonly #peers = new Map<AddressKey, Peer>()
  lastChannel: Channel | null = null
  /** TCP connections with peers (RFC 6062). */
  readonly connections = new Set<PeerConnection>()
  /** How many addresses it was ever permitted. */
  permitted = 0

  bytesToPeers = 0
  bytesToClient = 0
  packetsToPeers = 0
  packetsToClient = 0
  dropped = 0
  /** As the config had it when this began. */
  readonly toPeers: Bandwidth | null
  readonly toClient: Bandwidth | null

  dueMs = 0
  filedTick = -1
  filedPlace = -1

  constructor(turn: TurnState, parts: AllocationParts) {
    this.turn = turn
    this.id = parts.id
    this.client = parts.client
    this.listener = parts.client.listener
    this.realm = this.listener.realm
    this.user = parts.user
    this.username = parts.username
    this.relays = parts.relays
    this.relayed4 = parts.relayed4
    this.relayed6 = parts.relayed6
    this.place = parts.place
    this.meter = parts.meter
    const { bandwidth } = this.listener.config.quotas
    this.toPeers = bandwidth === undefined ? null : new Bandwidth(bandwidth)
    this.toClient = bandwidth === undefined ? null : new Bandwidth(bandwidth)
  }

  relayedOf(family: 4 | 6): Relayed | null {
    return family === 4 ? this.relayed4 : this.relayed6
  }

  /** So much was passed on to a peer, at once. */
  countToPeers(length: number): void {
    this.bytesToPeers += length
    this.packetsToPeers++
    this.meter.bytesToPeer.add(length)
    this.meter.packetsToPeer.add(1)
  }

  countToClient(length: number): void {
    this.bytesToClient += length
    this.packetsToClient++
    this.meter.bytesToClient.add(length)
    this.meter.packetsToClient.add(1)
  }

  /** A permission that stands. */
  permissionOf(ipKey: AddressKey): Permission | null {
    const permission = this.permissions.get(ipKey)
    return permission !== undefined && permission.expiresMs > nowMs ? permission : null
  }

  /** Whether there is room for permissions of these addresses (of port 0). */
  hasRoomFor(addresses: readonly Address[], most: number): boolean {
    const added = new Set(addresses.map((one) => one.key).filter((key) => !this.permissions.has(key))).size
    if (added === 0 || this.permissions.size + added <= most) return true
    this.forgetExpired()
    return this.permissions.size + added <= most
  }

  /** Installs or refreshes the permission of an address (of port 0). */
  permit(address: Address): void {
    const expiresMs = nowMs + PERMISSION_MS
    const known = this.permissions.get(address.key)
    if (known !== undefined) known.expiresMs = expiresMs
    else {
      this.permissions.set(address.key, { address, expiresMs })
      this.permitted++
    }
  }

  /** A channel that stands. */
  channelOf(number: number): Channel | null {
    const channel = this.channels.get(number)
    if (channel === undefined) return null
    if (channel.expiresMs > nowMs) return channel
    this.#dropChannel(channel)
    return null
  }

  /** The channel that stands for a peer. */
  channelTo(peer: AddressKey): Channel | null {
    const channel = this.#peers.get(peer)?.channel ?? null
    return channel === null ? null : this.channelOf(channel.number)
  }

  hasRoomForChannel(most: number): boolean {
    if (this.channels.size < most) return true
    this.forgetExpired()
    return this.channels.size < most
  }

  /** Binds a channel, or refreshes it. */
  bind(number: number, address: Address, relayed: Relayed): void {
    const known = this.channels.get(number)
    if (known !== undefined) {
      known.expiresMs = nowMs + CHANNEL_MS
      return
    }
    const peer = this.peerOf(address.key) ?? this.addPeer(address, relayed)
    peer.channel = { number, peer, expiresMs: nowMs + CHANNEL_MS }
    this.channels.set(number, peer.channel)
  }

  peerOf(key: AddressKey): Peer | null {
    return this.#peers.get(key) ?? null
  }

  addPeer(address: Address, relayed: Relayed): Peer {
    if (this.#peers.size - this.channels.size >= PEERS_MOST) this.#forgetPeers()
    const peer = new Peer(this, address, relayed)
    this.#peers.set(address.key, peer)
    return peer
  }

  /**
   * Frees what has expired: it is judged by its time where it is used, so this is about memory and quotas
   * only.
   */
  forgetExpired(): void {
    for (const [key, { expiresMs }] of this.permissions) if (expiresMs <= nowMs) this.permissions.delete(key)
    for (const channel of this.channels.values()) if (channel.expiresMs <= nowMs) this.#dropChannel(channel)
  }

  /** Forgets its address of a family, and all that it did there. */
  forgetFamily(family: 4 | 6): void {
    for (const channel of this.channels.values())
      if (channel.peer.address.family === family) this.#dropChannel(channel)
    for (const [key, { address }] of this.permissions)
      if (address.family === family) this.permissions.delete(key)
    for (const [key, { address }] of this.#peers) if (address.family === family) this.#peers.delete(key)
    if (family === 4) this.relayed4 = null
    else this.relayed6 = null
  }

  expire(): void {
    this.turn.end(this, 'expired')
  }

  #dropChannel(channel: Channel): void {
    this.channels.delete(channel.number)
    channel.peer.channel = null
    if (this.lastChannel === channel) this.lastChannel = null
  }

  #forgetPeers(): void {
    for (const [key, peer] of this.#peers) if (peer.channel === null) this.#peers.delete(key)
    if (this.relayed4 !== null) this.relayed4.lastPeer = null
    if (this.relayed6 !== null) this.relayed6.lastPeer = null
  }
}
