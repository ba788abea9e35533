// A flow: what one client (an address and port) says to one of our addresses, and what a server answers.
//
//   picked ──▶ (resolving) ──▶ connected ──▶ answered ──▶ over
//     ▲             │              │
//     └── another, once: refused ──┘
import type { Backend } from '../backends/backend.ts'
import type { Server } from '../backends/server.ts'
import { type Tried, andTried } from '../backends/tried.ts'
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { Address } from '../lib/address.ts'
import { nowMs } from '../lib/clock.ts'
import type { Timed } from '../lib/wheel.ts'
import { ADMIN_MAINTENANCE, adminOf, STATE_DOWN } from '../scoreboard/states.ts'
import type { UdpSocket } from '../sockets/udp/udp-socket.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { FlowEnd, FlowRecord } from './flow-record.ts'
import type { UdpGround } from './ground.ts'
import type { UdpListener } from './listener.ts'
import type { ListenerMeter } from './meter.ts'
import type { Population, Resident } from './population.ts'
import { proxyHeader } from './proxy-header.ts'
import { type Asking, type Heading, ServerEnd } from './server-end.ts'

/** Who has it. */
export interface FlowHome {
  readonly ground: UdpGround
  readonly meter: ListenerMeter
  readonly population: Population
  readonly isDraining: boolean
  /** Its client's next datagram begins another one. */
  detach(flow: Flow): void
  /** It is over. */
  left(flow: Flow): void
}

export interface FlowParts {
  readonly home: FlowHome
  readonly listener: UdpListener
  /** What it holds of the config it began with: slots of servers are not given away meanwhile. */
  readonly snapshot: object
  /** Where its client has sent to, and who that is. */
  readonly socket: UdpSocket
  readonly client: Address
  readonly clientHost: string
  /** What its rate is counted by; null: it is not. */
  readonly rateKey: string | null
  /** Servers that have just refused its client. */
  readonly tried: Tried
}

/** All tries together: a datagram goes to another server once. */
const ATTEMPTS_MAX = 2
export class Flow implements Timed, Resident, FlowRecord, Asking {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  older: Resident | null = null
  newer: Resident | null = null
  isWeak = false
  readonly socket: UdpSocket
  readonly client: Address
  readonly clientHost: string
  readonly rateKey: string | null
  server: Server | null = null
  datagramsIn = 0
  datagramsOut = 0
  bytesIn = 0
  bytesOut = 0
  readonly startedMs = nowMs
  firstByteMs = 0
  endedMs = 0
  attempts = 1
  end: FlowEnd = 'idle'
  fault: FaultCode | null = null
  isOver = false
  /** Servers that refused it. */
  tried: Tried
  /** The server that takes its client's datagrams from now on, as its own is down; it has been picked. */
  #successor: Server | null = null
  readonly #home: FlowHome
  readonly #listener: UdpListener
  readonly #snapshot: object
  readonly #key: number
  readonly #end: ServerEnd
  /** The state of servers that its own was looked at in. */
  #epoch = 0

  constructor(parts: FlowParts, key: number) {
    this.#home = parts.home
    this.#listener = parts.listener
    this.#snapshot = parts.snapshot
    this.socket = parts.socket
    this.client = parts.client
    this.clientHost = parts.clientHost
    this.rateKey = parts.rateKey
    this.tried = parts.tried
    this.#key = key
    this.#end = new ServerEnd(parts.home, this, headingOf(parts))
    parts.home.population.add(this)
    parts.home.meter.began()
  }

  get listener(): string {
    return this.#listener.name
  }
  get backend(): string {
    return this.#listener.backend.name
  }
  get serverName(): string | null {
    return this.server?.name ?? null
  }
  get clientPort(): number {
    return this.client.port
  }
  /** The config that it began with. */
  get snapshot(): object {
    return this.#snapshot
  }

  /** Its first datagram goes to a server that was picked. */
  begin(server: Server, start: number, length: number): void {
    const { ground } = this.#home
    this.#count(length)
    ground.wheel.due(this, nowMs + this.#listener.options.idle)
    this.#turnTo(server)
    this.#end.begin(server, start, length)
    this.#settleRequests()
  }

  /** Another datagram of its client. False: the flow is over, and another one must take it. */
  fromClient(start: number, length: number): boolean {
    if (this.#home.ground.board.epoch(this.#listener.backend.slot) !== this.#epoch && this.#isServerDown())
      return false
    this.dueMs = nowMs + this.#listener.options.idle
    if (this.isWeak) {
      if (this.datagramsOut > 0) this.#home.population.establish(this)
      else this.#home.population.touch(this)
    }
    this.#count(length)
    if (!this.#end.send(start, length)) return false
    this.#settleRequests()
    return true
  }

  answer(start: number, length: number): void {
    const { ground, meter } = this.#home
    if (this.datagramsOut++ === 0) this.#wasAnswered()
    this.bytesOut += length
    meter.datagramsOut.add(1)
    meter.bytesOut.add(length)
    this.dueMs = nowMs + this.#listener.options.idle
    this.socket.send(this.client, ground.datagrams.arena.bytes, start, length)
    const { responses = Infinity } = this.#listener.options
    if (this.datagramsOut >= responses * this.datagramsIn && responses > 0) this.finish('answered')
  }

  /** It was idle, or this process was held up: then what has come meanwhile is read first. */
  expire(): void {
    const { responses = 0, idle } = this.#listener.options
    const { attempts } = this
    this.#end.catchUp()
    if (this.isOver) return
    if (this.dueMs > 0 || this.attempts > attempts) return this.#home.ground.wheel.due(this, nowMs + idle)
    const isFailed = responses > 0 && this.datagramsOut === 0 && this.server !== null
    this.finish('idle', isFailed ? 'response_timeout' : null)
  }

  evict(): void {
    this.finish('evicted')
  }

  finish(end: FlowEnd, fault: FaultCode | null = null): void {
    if (this.isOver) return
    this.isOver = true
    this.end = end
    this.fault = fault
    this.endedMs = nowMs
    this.#home.ground.wheel.remove(this)
    this.#home.population.remove(this)
    this.#end.forgetFirst()
    this.#end.close()
    this.#giveBack(fault)
    this.#home.left(this)
  }

  #count(length: number): void {
    const { meter } = this.#home
    this.datagramsIn++
    this.bytesIn += length
    meter.datagramsIn.add(1)
    meter.bytesIn.add(length)
  }

  #wasAnswered(): void {
    this.firstByteMs = nowMs
    this.#end.forgetFirst()
    if (this.server) this.#listener.backend.answered(this.server, 0, nowMs - this.startedMs)
  }

  #settleRequests(): void {
    const { requests, responses } = this.#listener.options
    if (requests === undefined || this.datagramsIn < requests || this.isOver) return
    if (responses === 0 && this.#end.isOpen) this.finish('complete')
    else this.#home.detach(this)
  }

  /** Whether its server is down or in maintenance while another takes its client: see `successorAt`. */
  #isServerDown(): boolean {
    const { board } = this.#home.ground
    const { backend } = this.#listener
    this.#epoch = board.epoch(backend.slot)
    const { server } = this
    if (server === null || this.#home.isDraining) return false
    const isOut = adminOf(board.order(server.slot)) === ADMIN_MAINTENANCE
    if (!isOut && board.state(server.slot) !== STATE_DOWN) return false
    this.#successor = backend.pick(this.#key, andTried(null, server))
    if (this.#successor === null) return false
    this.finish('server_down')
    return true
  }

  /**
   * The server that takes its client's datagrams from now on, where the next flow is with this backend: it
   * has been picked. With another one, or where none may begin (null), its place is given back.
   */
  successorAt(backend: Backend | null): Server | null {
    const server = this.#successor
    this.#successor = null
    if (server === null || backend === this.#listener.backend) return server
    this.#listener.backend.release(server, { is: 'given_up', waitedMs: 0 })
    return null
  }

  failover(fault: FaultCode): boolean {
    const { backend } = this.#listener
    const { server } = this
    if (server !== null) this.tried = andTried(this.tried, server)
    const most = Math.min(ATTEMPTS_MAX, backend.options.retry.attempts)
    const mayGoOn = this.datagramsOut === 0 && this.attempts < most
    const next = mayGoOn ? backend.pickAgain(this.#key, this.tried, true) : null
    if (next === null) {
      this.finish('refused', fault)
      return false
    }
    this.#giveBack(fault)
    this.#end.close()
    this.attempts++
    this.#turnTo(next)
    this.#end.reach(next)
    return !this.isOver
  }

  #turnTo(server: Server): void {
    this.server = server
    this.#epoch = this.#home.ground.board.epoch(this.#listener.backend.slot)
  }

  /** Gives its place at its server back, with what became of it. */
  #giveBack(fault: FaultCode | null): void {
    if (this.server !== null) this.#listener.backend.release(this.server, this.#outcome(this.server, fault))
  }

  #outcome(server: Server, fault: FaultCode | null): Outcome {
    const wasAnswered = this.datagramsOut > 0
    const { options, backend } = this.#listener
    if (fault === null && !wasAnswered && options.responses === 0) {
      // All that was asked of it is done: nobody gave up, and no time of an answer is known.
      backend.answered(server, 0, -1)
      return ANSWERED
    }
    if (fault === null) return wasAnswered ? ANSWERED : { is: 'given_up', waitedMs: 0 }
    const waitedMs = nowMs - this.startedMs
    const isTimeout = fault === 'response_timeout'
    const reached = wasAnswered ? 'answer' : isTimeout ? 'request' : 'nothing'
    return { is: 'lost', loss: { code: fault, reached, isStale: false, detail: null }, waitedMs, wasAnswered }
  }
}

function headingOf({ listener, client, socket }: FlowParts): Heading | null {
  const { proxy_header } = listener.options
  if (proxy_header === undefined) return null
  return { bytes: proxyHeader(client, socket.address), isEach: proxy_header === 'each' }
}
