// The TURN engine: what it serves comes in plans, what clients and peers send comes through the network. All
// is synchronous.
//
//   answers/receive.ts     what comes from clients, by datagrams and by connections ← go on reading here
//   answers/request.ts     the way of every request: repetition, credentials, unknown attributes, its method
//   answers/to-peer.ts     data from clients, answers/from-peer.ts data to clients: the hot path
//   state/turn-state.ts    all that is known; how an allocation begins and ends
import { parseBind } from '../lib/bind.ts'
import { ClientDatagrams, ClientStreams } from './answers/receive.ts'
import { Address } from '../lib/address.ts'
import {
  type AllocationFacts,
  DOOR,
  type PeerVerdict,
  type RelayPlan,
  type RelaySocketPlan,
} from './messages.ts'
import type { Stream } from './network.ts'
import type { DatagramSink } from '../sockets/udp/udp-socket.ts'
import { factsOf } from './state/facts.ts'
import { TurnListener } from './state/listener.ts'
import type { EndReason } from './state/meters.ts'
import { type MachineAddresses, machineAddresses, ownAddresses } from './state/own-addresses.ts'
import type { Verdict } from './state/peer-rules.ts'
import { relayAddresses } from './state/relay-addresses.ts'
import { type TurnParts, TurnState } from './state/turn-state.ts'

export type { TurnParts } from './state/turn-state.ts'

/** Opens a UDP socket of the plan. */
export type Adopt = (socket: RelaySocketPlan, sink: DatagramSink) => { close(): void }

interface OpenSocket {
  readonly plan: RelaySocketPlan
  readonly sink: ClientDatagrams
  readonly handle: { close(): void }
}

const IGNORE: DatagramSink = { onDatagram() {} }

export class Turn {
  readonly #state: TurnState
  readonly #streams: ClientStreams
  readonly #machine: () => MachineAddresses | string
  /** As they were when they were last told. */
  #known: MachineAddresses = { routed: [], all: [] }
  /** By key. */
  readonly #sockets = new Map<string, OpenSocket>()

  constructor(parts: TurnParts, machine: () => MachineAddresses | string = machineAddresses) {
    this.#state = new TurnState(parts)
    this.#streams = new ClientStreams(this.#state)
    this.#machine = machine
  }

  /** Called each time that the last allocation has ended. */
  get onEmpty(): (() => void) | null {
    return this.#state.onEmpty
  }
  set onEmpty(call: (() => void) | null) {
    this.#state.onEmpty = call
  }

  get allocations(): number {
    return this.#state.allocations.size
  }

  /**
   * What stands against a plan (a relay address that this machine does not have …), beginning with the
   * config's path; null: nothing.
   */
  check(plan: RelayPlan): string | null {
    const why = this.#look()
    const { routed } = this.#known
    for (const [name, config] of Object.entries(plan.listeners)) {
      if (config.relay === false) continue
      // Also where the config names the address: what else is ours must be known, so that clients are kept
      // away from it.
      if (why !== null) return `listeners.${name}.relay.bind: ${why}`
      const addresses = relayAddresses(config, routed)
      if (addresses.length === 0)
        return `listeners.${name}.relay.bind: this machine has no address for allocations`
      for (const { real, path } of addresses) {
        const opened = this.#state.parts.network.openUdp(real, IGNORE)
        if (typeof opened === 'string')
          return `listeners.${name}.${path}: allocations cannot be made on ${real.host}: this machine does not have that address`
        opened.close()
      }
    }
    return null
  }

  /** Looks which addresses the machine has; why that cannot be known. */
  #look(): string | null {
    const found = this.#machine()
    if (typeof found === 'string') return found
    this.#known = found
    return null
  }

  /**
   * Swaps to a plan. `adopt` is called for each UDP socket that is not open yet; what is no longer named is
   * closed, its allocations end.
   */
  apply(plan: RelayPlan, adopt: Adopt): void {
    const state = this.#state
    // What stood against that was told by check().
    this.#look()
    const machine = this.#known
    const own = ownAddresses(plan, machine)
    // 1. Listeners that are gone, and sockets that are gone or elsewhere.
    for (const listener of [...state.listeners.values()])
      if (plan.listeners[listener.name] === undefined) this.#removeListener(listener)
    const named = new Map(plan.sockets.map((socket) => [socket.key, socket]))
    for (const [key, open] of this.#sockets) if (!isSame(open.plan, named.get(key))) this.#closeSocket(key)
    // 2. Those that stay take their config; allocations go on. 3. New ones.
    for (const [name, config] of Object.entries(plan.listeners)) {
      const listenerPlan = { config, nonceKey: plan.nonceKey, own, routed: machine.routed }
      const listener = state.listeners.get(name)
      if (listener === undefined) state.listeners.set(name, new TurnListener(state, name, listenerPlan))
      else listener.configure(listenerPlan)
      if (config.relay === false) this.#endAll('listener_removed', name)
      this.#closeRefused(name)
    }
    // 4. Their sockets.
    for (const socket of plan.sockets)
      if (socket.listener !== DOOR && !this.#sockets.has(socket.key)) this.#openSocket(socket, adopt)
    state.forgetRealms()
  }

  /** A client that a worker accepted. */
  accept(stream: Stream): void {
    this.#streams.accept(stream)
  }

  /** Refuses new allocations from now on: 403, or 300 where the config names other servers. */
  drain(): void {
    this.#state.isDraining = true
  }

  list(): AllocationFacts[] {
    return [...this.#state.allocations.values()].map(factsOf)
  }

  /** Ends an allocation; false: there is none with this id. */
  end(id: string): boolean {
    const allocation = this.#state.allocations.get(id)
    if (allocation === undefined) return false
    this.#state.end(allocation, 'ended_by_admin')
    return true
  }

  /** Whether clients of a listener (null: of each) reach a peer, "address" or "address:port", and why. */
  explain(listener: string | null, peer: string): PeerVerdict[] {
    const listeners = [...this.#state.listeners.values()].filter(
      ({ name }) => listener === null || name === listener,
    )
    const address = addressOf(peer)
    return listeners.map((one) => {
      const { allowed, why } =
        address === null
          ? { allowed: false, why: `${JSON.stringify(peer)} is no address` }
          : one.config.relay === false
            ? { allowed: false, why: 'this listener is for STUN only: it relays nothing' }
            : verdictOf(one, address)
      return { listener: one.name, peer, allowed, why }
    })
  }

  /** Ends everything. */
  close(): void {
    for (const listener of [...this.#state.listeners.values()]) this.#removeListener(listener, 'stopped')
    for (const key of [...this.#sockets.keys()]) this.#closeSocket(key)
  }

  #removeListener(listener: TurnListener, reason: EndReason = 'listener_removed'): void {
    this.#endAll(reason, listener.name)
    for (const client of [...listener.streams]) client.stream?.abort('the listener is gone')
    this.#state.listeners.delete(listener.name)
  }

  #endAll(reason: EndReason, listener: string): void {
    for (const reservation of [...this.#state.reservations.values()])
      if (reservation.listener.name === listener) reservation.expire()
    for (const allocation of [...this.#state.allocations.values()])
      if (allocation.listener.name === listener) this.#state.end(allocation, reason)
  }

  /**
   * Datagrams are looked at one by one; a connection with a peer (RFC 6062) that was allowed before would
   * stay.
   */
  #closeRefused(listener: string): void {
    for (const allocation of [...this.#state.allocations.values()]) {
      if (allocation.listener.name !== listener) continue
      for (const connection of [...allocation.connections])
        if (!allocation.listener.verdict(connection.peer, 'tcp').allowed)
          connection.close('the peer is refused now')
    }
  }

  #openSocket(plan: RelaySocketPlan, adopt: Adopt): void {
    const listener = this.#state.listeners.get(plan.listener)
    if (listener === undefined) return
    // NAME#0 to NAME#3; NAME#0v6 is the same place for IPv6.
    const place = Number.parseInt(plan.key.slice(plan.key.lastIndexOf('#') + 1), 10) || 0
    const sink = new ClientDatagrams(this.#state, listener, place)
    this.#sockets.set(plan.key, { plan, sink, handle: adopt(plan, sink) })
  }

  #closeSocket(key: string): void {
    const open = this.#sockets.get(key)
    if (open === undefined) return
    this.#sockets.delete(key)
    open.sink.close()
    open.handle.close()
  }
}

/** By UDP, or, where that is refused, by TCP: an allocation for either may be there. */
function verdictOf(listener: TurnListener, peer: Address): Verdict {
  const byUdp = listener.verdict(peer, 'udp')
  const byTcp = listener.verdict(peer, 'tcp')
  return byTcp.allowed ? byTcp : byUdp
}

/** Whether it is the same socket in two plans. */
function isSame(a: RelaySocketPlan, b: RelaySocketPlan | undefined): boolean {
  return b !== undefined && a.listener === b.listener && a.host === b.host && a.port === b.port
}

/** "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". */
function addressOf(peer: string): Address | null {
  const whole = Address.parse(peer, 0)
  if (whole !== null || !/:\d{1,5}$/.test(peer)) return whole
  const { host, port } = parseBind(peer)
  return port > 65_535 ? null : Address.parse(host, port)
}
