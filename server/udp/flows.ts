// The flows of one address of a udp listener: start reading here. A datagram of a client
//
//   1 is looked at: how long it is, whose it is, how many came of there
//   2 finds the flow of its client, or begins one: a server is picked, a socket connected to that
//   3 goes to the server from where it lies (flow.ts); what comes back goes to the client in batches
import type { Address, AddressKey } from '../lib/address.ts'
import { networkKey } from '../lib/ip-address.ts'
import { machineMs } from '../lib/clock.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import { BoundUdp, WildcardUdp } from '../sockets/udp/bound.ts'
import type { DatagramSink, Source, UdpSocket } from '../sockets/udp/udp-socket.ts'
import { Flow, type FlowHome } from './flow.ts'
import type { UdpGround } from './ground.ts'
import type { UdpListener } from './listener.ts'
import type { ListenerMeter } from './meter.ts'
import type { Population } from './population.ts'

type Table = Map<AddressKey, Flow>

/** Addresses of one network of this size count as one client: whoever has one of them has all. */
const IPV6_PREFIX = 64

export interface FlowsParts {
  readonly ground: UdpGround
  /** Of the listener: all of its addresses together. */
  readonly population: Population
  readonly fd: number
  readonly address: Address
}

export class Flows implements DatagramSink, FlowHome {
  readonly ground: UdpGround
  readonly population: Population
  meter: ListenerMeter
  /** No flow begins any more. */
  isDraining = false
  readonly #udp: BoundUdp | WildcardUdp
  readonly #all = new Set<Flow>()
  #listener: UdpListener
  /** What flows hold of the config that they began with. */
  #snapshot: object
  #rate: Limit | null
  /** Who waits for its last flow to end. */
  #waiting: (() => void)[] = []
  #isClosed = false

  /** The descriptor is its own from now on. */
  constructor({ ground, population, fd, address }: FlowsParts, listener: UdpListener, snapshot: object) {
    this.ground = ground
    this.population = population
    this.#listener = listener
    this.#snapshot = snapshot
    this.meter = ground.meter.of(listener.name)
    this.#rate = this.#rateOf(listener)
    const { datagrams, poller } = ground
    const parts = { datagrams, poller, fd, address, isBusy: true }
    this.#udp = address.ip.some((byte) => byte !== 0)
      ? new BoundUdp(parts, this)
      : new WildcardUdp(parts, this)
    ground.opened()
  }

  /** Flows that begin from now on are of this listener. */
  serve(listener: UdpListener, snapshot: object): void {
    if (listener.name !== this.#listener.name) this.meter = this.ground.meter.of(listener.name)
    this.#listener = listener
    this.#snapshot = snapshot
    this.#rate = this.#rateOf(listener)
  }

  get size(): number {
    return this.#all.size
  }

  onOpen(socket: UdpSocket): void {
    socket.data = new Map() satisfies Table
  }

  onDatagram(socket: UdpSocket, from: Source, _bytes: Uint8Array, start: number, length: number): void {
    if (length > this.#listener.options.limits.datagram) return this.meter.dropped('too_long')
    const flow = (socket.data as Table).get(from.key)
    if (flow === undefined) return this.#begin({ socket, from, start, length }, null)
    if (flow.rateKey !== null && this.#isTooFast(flow.rateKey)) return
    if (!flow.fromClient(start, length)) this.#begin({ socket, from, start, length }, flow)
  }

  detach(flow: Flow): void {
    const table = flow.socket.data as Table
    if (table.get(flow.client.key) === flow) table.delete(flow.client.key)
  }

  left(flow: Flow): void {
    this.detach(flow)
    this.#all.delete(flow)
    this.ground.meter.of(flow.listener).ended(flow)
    this.ground.ended(flow)
    if (this.isDraining && this.#all.size === 0) this.#close()
  }

  /** Others receive on its socket: what servers still answer reaches clients all the same. */
  holdBack(): void {
    this.#udp.holdBack()
  }

  goOn(): void {
    this.#udp.goOn()
  }

  /** Flows go on, both ways, and none begins: the last one closes it. Whoever asks hears of that. */
  drain(done: () => void): void {
    this.isDraining = true
    this.#waiting.push(done)
    if (this.#all.size === 0) this.#close()
  }

  /** Ends all flows: how many there were. */
  finish(): number {
    const { size } = this.#all
    for (const flow of this.#all) flow.finish('stopped')
    return size
  }

  /** Ends those with the server of this slot: the next datagrams of their clients go to another one. */
  endWith(slot: number): void {
    for (const flow of this.#all) if (flow.server?.slot === slot) flow.finish('stopped')
  }

  #close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#udp.close()
      this.ground.closed()
    }
    for (const done of this.#waiting.splice(0)) done()
  }

  /** `ended`: the flow of this client that has just ended, and whose datagram this still is. */
  #begin({ socket, from, start, length }: Arrived, ended: Flow | null): void {
    const listener = this.#listener
    const { backend } = listener
    const client = from.address()
    const clientHost = client.host
    const rateKey = this.#rate === null ? null : networkKey(clientHost, IPV6_PREFIX)
    // Its rate was asked already, of the flow before.
    if (!this.#mayBegin(clientHost, ended === null ? rateKey : null)) return void ended?.successorAt(null)
    const key = backend.clientKey(clientHost)
    const tried = ended?.tried ?? null
    const successor = ended?.successorAt(backend) ?? null
    const server = successor ?? backend.pick(key, tried) ?? (tried === null ? null : backend.pick(key, null))
    if (server === null) return this.meter.dropped(backend.lastPickFull ? 'server_full' : backend.noneFault)
    const snapshot = this.#snapshot
    const flow = new Flow({ home: this, listener, snapshot, socket, client, clientHost, rateKey, tried }, key)
    this.#all.add(flow)
    ;(socket.data as Table).set(client.key, flow)
    flow.begin(server, start, length)
  }

  /** Whether a flow of this client may begin; else its datagram was dropped, and counted. */
  #mayBegin(clientHost: string, rateKey: string | null): boolean {
    const { allow, deny, options } = this.#listener
    const { flows } = options.limits
    if (this.isDraining) this.meter.dropped('draining')
    else if (deny.has(clientHost) || allow?.has(clientHost) === false) this.meter.dropped('denied')
    else if (this.population.size < flows || this.#makeRoom())
      return rateKey === null || !this.#isTooFast(rateKey)
    return false
  }

  /** At the limit of flows: another one ends for it, or it is dropped. Both are told. */
  #makeRoom(): boolean {
    const { name, options } = this.#listener
    const isMade = this.population.makeRoom()
    if (!isMade) this.meter.dropped('flow_limit')
    const { flows } = options.limits
    this.ground.news.reached(`listeners.${name}.limits.flows`, flows, isMade ? 'evicted' : undefined)
    return isMade
  }

  #isTooFast(key: string): boolean {
    const { buckets } = this.ground.board
    if (this.#rate === null) return false
    const left = buckets.take(this.#rate, key, machineMs())
    // Whoever makes up addresses pushes out what was counted of others.
    if (buckets.lastEvicted) this.ground.news.reached('limits.rate_limits', buckets.bytes)
    if (left >= 0) return false
    this.meter.dropped('rate_limited')
    const { name, options } = this.#listener
    this.ground.news.reached(`listeners.${name}.limits.rate`, options.limits.rate?.datagrams ?? 0)
    return true
  }

  #rateOf({ name, options }: UdpListener): Limit | null {
    const { rate } = options.limits
    if (rate === undefined) return null
    const { datagrams, per, burst = datagrams } = rate
    return this.ground.board.buckets.limit(`udp\0${name}`, { tokens: datagrams, perMs: per, burst })
  }
}

/** A datagram in the arena. */
interface Arrived {
  readonly socket: UdpSocket
  readonly from: Source
  readonly start: number
  readonly length: number
}
