// All that the engine knows: listeners, allocations, and what they share. Answers change it; nothing here
// speaks the protocol.
import { nowMs } from '../../lib/clock.ts'
import type { Wheel } from '../../lib/wheel.ts'
import type { LogEvent } from '../../telemetry/log.ts'
import type { Registry } from '../../telemetry/registry.ts'
import { DataIndications } from '../bytes/data-indication.ts'
import { Message } from '../bytes/message.ts'
import { MessageWriter } from '../bytes/writer.ts'
import type { Network } from '../network.ts'
import { Allocation, type AllocationParts } from './allocation.ts'
import { lifeOf } from './facts.ts'
import type { TurnListener } from './listener.ts'
import { type EndReason, RealmMeter } from './meters.ts'
import type { PeerConnection } from './peer-connection.ts'
import type { Ports } from './ports.ts'
import { RealmCounts, type Quota } from './quotas.ts'
import { RelayedIndex } from './relayed.ts'
import { closeRelayed } from './relay-sockets.ts'
import type { Reservation } from './reservation.ts'
import { Seldom } from './seldom.ts'

export interface TurnParts {
  readonly network: Network
  readonly registry: Registry
  readonly wheel: Wheel
  /** Chance that nobody can foresee. */
  readonly randomBytes: (length: number) => Uint8Array
  readonly unixMs: () => number
  readonly log: LogEvent
}

/** A client that may move (RFC 8016) and whose connection is gone has so long to come back. */
const AWAY_MS = 30_000

export class TurnState {
  readonly parts: TurnParts
  readonly listeners = new Map<string, TurnListener>()
  /** By id. */
  readonly allocations = new Map<string, Allocation>()
  readonly relayed = { udp: new RelayedIndex(), tcp: new RelayedIndex() }
  /** By transport and address of this machine. */
  readonly ports = new Map<string, Ports>()
  /** By token. */
  readonly reservations = new Map<string, Reservation>()
  /** What clients move by (RFC 8016). */
  readonly tickets = new Map<string, Allocation>()
  /** TCP connections with peers (RFC 6062), by CONNECTION-ID. */
  readonly connections = new Map<number, PeerConnection>()
  /** One of each for all: a message is read, and an answer written, at a time. */
  readonly message = new Message()
  readonly writer = new MessageWriter()
  readonly indications: DataIndications
  readonly seldom = new Seldom()
  isDraining = false
  onEmpty: (() => void) | null = null
  readonly #realmCounts = new Map<string, RealmCounts>()
  readonly #meters = new Map<string, RealmMeter>()

  constructor(parts: TurnParts) {
    this.parts = parts
    this.indications = new DataIndications(parts.randomBytes(12))
  }

  /** What is counted of a realm. */
  countsOf(realm: string): RealmCounts {
    let counts = this.#realmCounts.get(realm)
    if (counts === undefined) this.#realmCounts.set(realm, (counts = new RealmCounts()))
    return counts
  }

  meterOf(listener: string, realm: string): RealmMeter {
    const key = `${listener}\0${realm}`
    let meter = this.#meters.get(key)
    if (meter === undefined)
      this.#meters.set(key, (meter = new RealmMeter(this.parts.registry, listener, realm)))
    return meter
  }

  /** Forgets what no listener and no allocation uses any more. */
  forgetRealms(): void {
    const used = new Set([...this.listeners.values()].map((one) => `${one.name}\0${one.realm}`))
    for (const one of this.allocations.values()) used.add(`${one.listener.name}\0${one.realm}`)
    for (const key of this.#meters.keys()) if (!used.has(key)) this.#meters.delete(key)
    for (const [realm, counts] of this.#realmCounts) if (counts.isEmpty) this.#realmCounts.delete(realm)
  }

  /** A name by chance, in hex. */
  chance(bytes: number): string {
    return this.parts.randomBytes(bytes).toHex()
  }

  /** A number of 32 bits by chance. */
  chanceNumber(): number {
    return Number.parseInt(this.chance(4), 16)
  }

  begin(parts: AllocationParts, lifetimeMs: number): Allocation {
    const allocation = new Allocation(this, parts)
    this.allocations.set(allocation.id, allocation)
    for (const relayed of [allocation.relayed4, allocation.relayed6])
      if (relayed) relayed.allocation = allocation
    this.attach(allocation, parts.client)
    this.setLifetime(allocation, lifetimeMs)
    allocation.meter.began(parts.client.transport)
    this.parts.log('debug', 'turn_allocation_began', lifeOf(allocation, this.parts.unixMs()))
    return allocation
  }

  /** Gives an allocation its five-tuple. */
  attach(allocation: Allocation, client: Allocation['client']): void {
    allocation.client = client
    allocation.isAway = false
    client.allocation = allocation
    client.hasAllocated = true
    client.tuples?.add(client.address.key, allocation)
    // A connection with an allocation may be silent: the allocation's own lifetime bounds it.
    if (client.idle !== null) this.parts.wheel.remove(client.idle)
  }

  /** Takes its five-tuple away. */
  detach(allocation: Allocation): void {
    const { client } = allocation
    if (client.allocation !== allocation) return
    client.allocation = null
    client.tuples?.remove(client.address.key, allocation.answers)
    if (client.idle !== null) this.parts.wheel.due(client.idle, nowMs + client.listener.config.timeouts.idle)
  }

  setLifetime(allocation: Allocation, lifetimeMs: number): void {
    allocation.expiresMs = nowMs + lifetimeMs
    this.parts.wheel.due(allocation, allocation.expiresMs)
  }

  /** The client's connection is gone: the end, unless it may come back by its ticket. */
  lost(allocation: Allocation): void {
    this.detach(allocation)
    if (allocation.ticket === null) {
      this.end(allocation, 'connection_closed')
      return
    }
    allocation.isAway = true
    this.parts.wheel.due(allocation, Math.min(allocation.expiresMs, nowMs + AWAY_MS))
  }

  /** Ends an allocation, and gives back all that it held. */
  end(allocation: Allocation, reason: EndReason): void {
    if (allocation.isEnded) return
    allocation.isEnded = true
    this.allocations.delete(allocation.id)
    this.parts.wheel.remove(allocation)
    this.detach(allocation)
    if (allocation.ticket !== null) this.tickets.delete(allocation.ticket)
    for (const connection of [...allocation.connections]) connection.close('the allocation has ended')
    for (const relayed of [allocation.relayed4, allocation.relayed6]) if (relayed) closeRelayed(this, relayed)
    allocation.place.leave()
    allocation.meter.ended(allocation.client.transport, reason)
    const unixMs = this.parts.unixMs()
    this.parts.log('info', 'turn_allocation', { ...lifeOf(allocation, unixMs), reason })
    if (this.allocations.size === 0) this.onEmpty?.()
  }

  /** Takes one of its two families from an allocation. */
  endFamily(allocation: Allocation, family: 4 | 6): void {
    const relayed = allocation.relayedOf(family)
    if (relayed === null) return
    for (const connection of [...allocation.connections])
      if (connection.peer.family === family) connection.close('the family was given back')
    allocation.forgetFamily(family)
    closeRelayed(this, relayed)
  }

  /** Says, at most once a second, that a quota refuses. */
  tellQuota(listener: string, quota: Quota | 'ports', user: string | null, client: string): void {
    this.tellSeldom('warn', 'turn_quota', quota, { quota, listener, user, client })
  }

  tellSeldom(level: 'info' | 'warn', event: string, kind: string, fields: Record<string, unknown>): void {
    const untold = this.seldom.once(`${event} ${kind}`)
    if (untold >= 0) this.parts.log(level, event, untold === 0 ? fields : { ...fields, untold })
  }
}
