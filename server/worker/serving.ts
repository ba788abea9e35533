// What serves in a worker, made with its first plan and kept from then on: for each protocol whoever holds
// its connections, and what all of them share.
import { Arrivals } from '../accept/arriving.ts'
import type { OverloadNow } from '../telemetry/gather.ts'
import type { Server, ServerLive } from '../backends/server.ts'
import { Engine, type EngineParts } from '../http/engine.ts'
import { HttpClient } from '../http1/client.ts'
import { outboundWorld } from '../http1/dial-server.ts'
import { Http1Servers } from '../http1/open-stream.ts'
import { Web } from '../http1/web.ts'
import { Suspects } from '../lib/address-race.ts'
import { Resolver } from '../lib/resolver.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { ConnectionMeter } from '../telemetry/connection-meter.ts'
import { sockets } from '../sockets/sockets.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { HandshakeMeter } from '../telemetry/handshake-meter.ts'
import type { LimitNews } from '../telemetry/limit-news.ts'
import { TcpConnections } from '../tcp/connections.ts'
import type { Challenges } from '../tls/challenges.ts'
import { StreamClients } from '../turn/stream-clients.ts'
import type { UdpMeter } from '../udp/meter.ts'
import { Entries } from './entries.ts'
import { FlowListeners } from './flow-listeners.ts'
import { type GivenSocket, Listeners } from './listeners.ts'
import type { HandingOver } from './messages.ts'

export interface ServingParts extends Omit<EngineParts, 'servers' | 'chance'> {
  readonly limits: LimitNews
  readonly connectionMeter: ConnectionMeter
  readonly challenges: Challenges
  readonly handshakes: HandshakeMeter
  readonly udp: UdpMeter
}

const steadyMs = (): number => performance.now()

export class Serving {
  readonly listeners: Listeners
  readonly #resolver: Resolver
  readonly #engine: Engine
  /** On their way in. */
  readonly #arrivals: Arrivals
  /** Of turn listeners. */
  readonly #clients: StreamClients
  /** Of tcp listeners. */
  readonly #connections: TcpConnections
  readonly #flows: FlowListeners
  #accessLog: AccessLog | null

  constructor(parts: ServingParts) {
    const { board, challenges, handshakes, limits, snapshot } = parts
    const resolver = new Resolver(snapshot.config.resolver, steadyMs)
    const engine = new Engine({
      ...parts,
      servers: (wheel) => new Http1Servers(wheel, resolver),
      web: (wheel) => new Web(new HttpClient(outboundWorld({ resolver, wheel, suspects: new Suspects() }))),
    })
    sockets().drive?.(engine.wheel)
    const clients = new StreamClients(engine.wheel)
    const arrivals = new Arrivals(engine.wheel)
    const { wheel } = engine
    const connections = new TcpConnections({ ...parts, wheel, resolver, meter: parts.connectionMeter })
    this.#resolver = resolver
    this.#engine = engine
    this.#arrivals = arrivals
    this.#clients = clients
    this.#connections = connections
    this.#accessLog = parts.accessLog
    this.#flows = new FlowListeners({
      resolver,
      board,
      news: limits,
      meter: parts.udp,
      ended: (flow) => this.#accessLog?.flow(flow),
    })
    this.listeners = new Listeners(
      new Entries({
        ...{ engine, clients, connections, arrivals, board, challenges, handshakes },
        ...{ news: limits, meter: parts.connectionMeter },
      }),
    )
  }

  /** Takes a snapshot for what comes from now on; its listeners are opened by themselves. */
  serve(snapshot: Snapshot, accessLog: AccessLog | null): void {
    this.#resolver.configure(snapshot.config.resolver)
    this.#engine.accessLog = accessLog
    this.#accessLog = accessLog
    this.#engine.serve(snapshot)
    this.#connections.accessLog = accessLog
    this.#connections.snapshot = snapshot
  }

  /** Serves the listeners of a snapshot on their addresses; takes what it needs of the sockets given. */
  open(snapshot: Snapshot, given: Map<string, GivenSocket>): void {
    this.listeners.serve(snapshot, given)
    this.#flows.serve(snapshot, given)
  }

  /** Exchanges, tunnels and idle connections of clients, those of tcp listeners and of TURN, and flows. */
  get openConnections(): number {
    const layer4 = this.#connections.size + this.#flows.size
    return this.#arrivals.size + this.#engine.openConnections + layer4 + this.#clients.size
  }

  /** What an overload has refused of new exchanges, how near each limit is; null: nothing is looked at. */
  takeOverload(): OverloadNow | null {
    const { shedder } = this.#engine
    return shedder.isOn ? { share: shedder.share, levels: shedder.takeLevels() } : null
  }

  /** A server is of no further use. */
  retireServer(live: ServerLive): void {
    this.#engine.servers.retire(live)
  }

  /** A person has put a server in maintenance, or brings it back. */
  restServer({ live }: Server, isResting: boolean): void {
    this.#engine.servers.rest(live, isResting)
  }

  /** Ends whatever is under way with a server. */
  endWith({ slot }: Server): void {
    this.#engine.endWith(slot)
    this.#connections.endWith(slot)
    this.#flows.endWith(slot)
  }

  /** Ends so many idle connections of clients: others wait to be accepted. */
  endLongestIdle(count: number): void {
    this.#engine.endLongestIdle(count)
  }

  /** Another gateway takes over, or this one does from another. */
  handOver(told: HandingOver): void {
    if (told.type === 'handing') {
      this.listeners.isHanding = told.isHanding
      return
    }
    const keys = told.type === 'hold-back' ? new Set(told.keys) : null
    for (const all of [this.listeners, this.#flows]) {
      if (keys === null) all.goOn()
      else all.holdBack(keys)
    }
  }

  /** Each answer says from now on that its connection ends. */
  announceDrain(): void {
    this.#engine.isDraining = true
  }

  /**
   * Accepts no more once the queues are empty, finishes what is in flight, and calls back with how many
   * exchanges and connections were cut off.
   */
  drain(withinMs: number, done: (aborted: number) => void, othersServe: boolean): void {
    // Each answer says that its connection ends also while the queues are emptied.
    this.#engine.isDraining = true
    this.#clients.isDraining = true
    this.#arrivals.isDraining = true
    const untilMs = steadyMs() + withinMs
    let left = 4
    let aborted = 0
    const drained = (exchanges = 0): void => {
      aborted += exchanges
      if (--left === 0) done(aborted)
    }
    this.#flows.drain(withinMs, othersServe, drained)
    this.listeners.retire(() => {
      this.#arrivals.drain(withinMs, () => {
        const leftMs = Math.max(0, Math.min(withinMs, untilMs - steadyMs()))
        this.#engine.drain(leftMs, drained)
        this.#connections.drain(leftMs, drained)
        this.#clients.drain(leftMs, () => drained())
      })
    })
  }
}
