// The end of a flow towards its server: a socket that is connected to that, once its name is resolved.
import type { Server } from '../backends/server.ts'
import type { Address } from '../lib/address.ts'
import { connectionBegins, connectionEnds, giveUp } from '../lib/descriptor-budget.ts'
import { event } from '../lib/event.ts'
import { closeFds } from '../lib/pass-fds.ts'
import * as system from '../sockets/calls.ts'
import { type DatagramOwner, UdpFd } from '../sockets/udp/udp-fd.ts'
import type { FaultCode } from '../tables/faults.ts'
import { addressAt, connectUdp } from './connect.ts'
import type { FlowEnd } from './flow-record.ts'
import type { UdpGround } from './ground.ts'
import type { DropReason, ListenerMeter } from './meter.ts'
import type { Population, Resident } from './population.ts'

/** Whose end it is. */
export interface Asking extends Resident {
  readonly isOver: boolean
  readonly server: Server | null
  /** A datagram of the server stands in the arena. */
  answer(start: number, length: number): void
  /**
   * The server does not take what it is sent: another one is reached, once, while none has answered. False:
   * the flow is over.
   */
  failover(fault: FaultCode): boolean
  finish(end: FlowEnd, fault: FaultCode): void
}

/** What servers are told of the client (udp/proxy-header.ts). */
export interface Heading {
  readonly bytes: Uint8Array
  /** With each datagram; else with the first that a server is sent. */
  readonly isEach: boolean
}

interface EndHome {
  readonly ground: UdpGround
  readonly meter: ListenerMeter
  readonly population: Population
}

/** What a server, or the way to it, answers to a datagram. */
const REFUSALS: ReadonlyMap<number, FaultCode> = new Map([
  [system.ECONNREFUSED, 'connect_refused'],
  [system.EHOSTUNREACH, 'connect_failed'],
  [system.ENETUNREACH, 'connect_failed'],
  [system.EACCES, 'connect_failed'],
])

export class ServerEnd implements DatagramOwner {
  readonly #home: EndHome
  readonly #flow: Asking
  #udp: UdpFd | null = null
  readonly #heading: Heading | null
  /** The server of now has not been told it. */
  #isOwed: boolean
  /**
   * A copy of the first datagram, behind its heading, while it may have to go to a server yet, or to another
   * one.
   */
  #first: Uint8Array | null = null
  /** Where it stands itself; -1: no longer. */
  #start = -1
  #length = 0

  constructor(home: EndHome, flow: Asking, heading: Heading | null) {
    this.#home = home
    this.#flow = flow
    this.#heading = heading
    this.#isOwed = heading !== null
  }

  get isOpen(): boolean {
    return this.#udp !== null
  }

  /** Brings the first datagram, which stands there in the arena, to a server that was picked. */
  begin(server: Server, start: number, length: number): void {
    const put = this.#putHeading(start)
    this.#start = start - put
    this.#length = length + put
    this.#first = this.#home.ground.copy(this.#start, this.#length)
    this.reach(server)
    this.#start = -1
    if (this.#first === null && this.#udp === null && !this.#flow.isOver) this.#drop('copies_full')
  }

  /** It is not sent again. */
  forgetFirst(): void {
    if (this.#first !== null) this.#home.ground.giveBack(this.#first)
    this.#first = null
  }

  /** To a server that was picked: at once, or when its name is resolved. */
  reach(server: Server): void {
    const { resolver } = this.#home.ground
    const known = resolver.addresses(server.host)
    if (known !== null) return this.#resolved(server, known)
    resolver.lookup(server.host, (addresses) => event(() => this.#resolved(server, addresses)))
  }

  /** A further datagram. False: the server refuses what it was sent before, and the flow is over. */
  send(start: number, length: number): boolean {
    if (this.#udp === null) {
      this.#drop('unresolved')
      return true
    }
    const code = this.#sendOne(this.#udp, start, length)
    if (code === 0) {
      if (this.#first !== null) this.forgetFirst()
      return true
    }
    const fault = REFUSALS.get(code)
    if (fault === undefined) this.#unsent(code)
    else if (!this.#flow.failover(fault)) return false
    else if (this.#udp === null) this.#drop('unresolved')
    else this.#unsent(this.#sendOne(this.#udp, start, length))
    return true
  }

  #sendOne(udp: UdpFd, start: number, length: number): number {
    const put = this.#putHeading(start)
    const code = udp.sendNow(start - put, length + put)
    if (code === 0) this.#isOwed = false
    return code
  }

  /** Writes the heading before a datagram of the arena: how long it is; 0: none belongs there. */
  #putHeading(start: number): number {
    const heading = this.#heading
    if (heading === null || !(heading.isEach || this.#isOwed)) return 0
    this.#home.ground.datagrams.arena.bytes.set(heading.bytes, start - heading.bytes.length)
    return heading.bytes.length
  }

  onSlot(_slot: number, start: number, length: number): void {
    this.#flow.answer(start, length)
  }

  onBroken(code: number): void {
    const fault = REFUSALS.get(code)
    if (fault !== undefined && !this.#flow.failover(fault)) this.#drop('refused')
  }

  /** An answer that has come and was not read yet is handed on. */
  catchUp(): void {
    this.#udp?.catchUp()
  }

  close(): void {
    if (this.#udp === null) return
    this.#udp.close()
    this.#udp = null
    this.#isOwed = this.#heading !== null
    connectionEnds()
  }

  #resolved(server: Server, [literal]: readonly string[]): void {
    const flow = this.#flow
    if (flow.isOver || flow.server !== server || this.#udp !== null) return
    const address = literal === undefined ? null : addressAt(literal, server.port)
    if (address === null) {
      if (!flow.failover('dns_failed')) this.#drop('dns_failed')
      return
    }
    const fd = this.#connect(address)
    if (fd < 0) return this.#notConnected(-fd)
    this.#udp = this.#adopt(fd, address.family)
    if (this.#udp === null) this.#notConnected(system.ENOMEM)
    else this.#sendFirst(this.#udp)
  }

  /** Where descriptors are short, what can be done without makes room. */
  #connect(address: Address): number {
    const fd = connectUdp(address)
    if (!system.EXHAUSTED.includes(-fd)) return fd
    if (giveUp(1) === 0 && !this.#home.population.makeRoom(this.#flow)) return fd
    return connectUdp(address)
  }

  #adopt(fd: number, family: 4 | 6): UdpFd | null {
    const { datagrams, poller } = this.#home.ground
    const parts = { datagrams, poller, fd, family, isBusy: false, hasControl: false, isConnected: true }
    try {
      const made = new UdpFd(parts, this)
      connectionBegins()
      return made
    } catch {
      closeFds([fd])
      return null
    }
  }

  #notConnected(code: number): void {
    if (system.EXHAUSTED.includes(code)) {
      this.#drop('descriptor_limit')
      this.#flow.finish('refused', 'descriptor_limit')
    } else if (!this.#flow.failover(REFUSALS.get(code) ?? 'connect_failed')) this.#drop('refused')
  }

  #sendFirst(udp: UdpFd): void {
    const first = this.#first
    if (first === null && this.#start < 0) return
    const isThere = first === null || this.#start >= 0
    const start = isThere ? this.#start : this.#home.ground.datagrams.copy(first)
    const code = udp.sendNow(start, isThere ? this.#length : first.length)
    if (code === 0) this.#isOwed = false
    const fault = REFUSALS.get(code)
    if (fault === undefined) this.#unsent(code)
    else if (!this.#flow.failover(fault)) this.#drop('refused')
  }

  #unsent(code: number): void {
    if (code === 0) return
    if (code === system.EAGAIN || code === system.ENOBUFS) this.#drop('buffer_full')
    else this.#drop(code === system.EMSGSIZE ? 'too_long' : 'not_sent')
  }

  #drop(reason: DropReason): void {
    this.#home.meter.dropped(reason)
  }
}
