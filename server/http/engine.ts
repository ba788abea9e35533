// What all exchanges of a worker share: the snapshot in force, the scoreboard, logs and meters; and the two
// ways a worker stops serving. One engine a worker; it makes nothing happen by itself.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { ServerLive } from '../backends/server.ts'
import { flush } from '../lib/stage.ts'
import { limitBuffers } from '../lib/buffers.ts'
import { limitEncoders } from '../lib/encoder.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs, tick } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { OpenSet } from '../lib/open-set.ts'
import { Wheel } from '../lib/wheel.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { OwnDocument, Snapshot } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { ExchangeMeter } from '../telemetry/exchange-meter.ts'
import { logEvent } from '../telemetry/log.ts'
import type { LimitNews } from '../telemetry/limit-news.ts'
import type { RequestRing } from '../telemetry/request-ring.ts'
import type { ClientConnection, ClientEvents, ClientStream, Requests, Servers } from './ends.ts'
import { longestIdle } from './longest-idle.ts'
import { Mirrors } from './mirrors.ts'
import { Proxied } from './proxy.ts'
import { processMeasures } from './process-measures.ts'
import { RequestIds } from './request-ids.ts'
import { Shedder } from './shedder.ts'
import { Subrequests } from './subrequests.ts'
import { tellEnd } from './tell-exchange.ts'
import type { AsksWeb } from './web-words.ts'

export interface EngineParts {
  readonly board: Scoreboard
  /** The way to servers, with the deadlines of this engine. */
  readonly servers: (wheel: Wheel) => Servers
  /** The way to servers that are no backend's; left out: none is asked. */
  readonly web?: (wheel: Wheel) => AsksWeb
  readonly accessLog: AccessLog | null
  /** Where the last ones are kept; left out: they are not. */
  readonly ring?: RequestRing
  readonly meter: ExchangeMeter
  readonly limits: LimitNews
  readonly snapshot: Snapshot
  /** Our documents as the listeners themselves answer them: health with 200 or 503, metrics. */
  readonly documents: (which: OwnDocument) => { readonly status: number; readonly body: string }
  /** Chance in [0, 1). */
  readonly chance?: () => number
}

const NO_WEB: AsksWeb = { ask: () => Promise.resolve({ is: 'failure', why: 'nobody is asked here' }) }

export class Engine implements Requests {
  readonly board: Scoreboard
  readonly servers: Servers
  readonly web: AsksWeb
  readonly meter: ExchangeMeter
  readonly limits: LimitNews
  readonly documents: EngineParts['documents']
  readonly chance: () => number
  readonly wheel = new Wheel(tick, flush)
  /** Which new exchanges are too much. */
  readonly shedder = new Shedder(processMeasures, logEvent)
  /** Requests of ours, without a client. */
  readonly subrequests = new Subrequests(this)
  /** Copies of requests to other backends. */
  readonly mirrors = new Mirrors(this, logEvent)
  accessLog: AccessLog | null
  ring: RequestRing | null
  snapshot: Snapshot
  isDraining = false
  /** Whether each exchange is told step by step (`-l debug`). */
  isDebugging = false
  /** Our name in Via and Proxy-Status: the same for all workers, different for every gateway. */
  readonly name: string
  readonly #open = new OpenSet<ClientConnection>()
  readonly #ids = new RequestIds()

  constructor(parts: EngineParts) {
    this.board = parts.board
    this.servers = parts.servers(this.wheel)
    this.web = parts.web?.(this.wheel) ?? NO_WEB
    this.meter = parts.meter
    this.limits = parts.limits
    this.accessLog = parts.accessLog
    this.ring = parts.ring ?? null
    this.snapshot = parts.snapshot
    this.isDebugging = parts.snapshot.config.logs.level === 'debug'
    this.documents = parts.documents
    this.chance = parts.chance ?? Math.random
    this.name = gatewayName(parts.snapshot.config.data)
    limitBuffers(parts.snapshot.config.limits.buffers)
    limitEncoders(parts.snapshot.config.limits.compress)
    this.shedder.configure(parts.snapshot.config.overload)
    this.wheel.start()
  }

  /** Takes a snapshot for the exchanges to come; idle connections to servers that it names no more end. */
  serve(snapshot: Snapshot): void {
    const kept = new Set<ServerLive>()
    for (const { servers } of snapshot.backends.values()) for (const { live } of servers) kept.add(live)
    for (const { servers } of this.snapshot.backends.values()) {
      for (const { live } of servers) if (!kept.has(live)) this.servers.retire(live)
    }
    this.snapshot = snapshot
    this.isDebugging = snapshot.config.logs.level === 'debug'
    limitBuffers(snapshot.config.limits.buffers)
    limitEncoders(snapshot.config.limits.compress)
    this.shedder.configure(snapshot.config.overload)
  }

  get openConnections(): number {
    return this.#open.size
  }

  /** An id that no other exchange of any worker has. */
  nextId(): string {
    return this.#ids.next()
  }

  // ── what listeners ask ──

  begin(stream: ClientStream): ClientEvents {
    const x = new Proxied(this, stream)
    if (stream.connection.from.isReset) x.lostAtOnce()
    else x.start()
    return x
  }

  refuse(stream: ClientStream, code: FaultCode): ClientEvents {
    const x = new Proxied(this, stream)
    if (stream.connection.from.isReset) x.lostAtOnce()
    else x.refuse(code)
    return x
  }

  limitReached(limit: string, value: number): void {
    this.limits.reached(limit, value)
  }

  opened(client: ClientConnection): void {
    this.#open.add(client)
  }

  closed(client: ClientConnection): void {
    client.from.gone()
    client.told?.onBehalf.over()
    this.#open.delete(client)
  }

  /** Ends idle connections. */
  endIdle(which: (client: ClientConnection) => boolean = () => true): void {
    event(() => {
      for (const client of this.#open) if (which(client)) client.endIfIdle()
    })
  }

  /** Others wait to be accepted: ends so many of those that are idle, and that the longest. */
  endLongestIdle(count: number): void {
    event(() => {
      for (const client of longestIdle(this.#open, count)) client.endIfIdle()
    })
  }

  // ── stopping ──

  /** Ends whatever is under way with the server of this slot: who has put that in maintenance wants it. */
  endWith(slot: number): void {
    event(() => {
      for (const client of this.#open) if (client.server?.slot === slot) guarded(() => client.fail('stopped'))
    })
  }

  /**
   * Ends idle connections, lets exchanges finish for `withinMs`, then breaks what is left; `done` hears how
   * many exchanges that were.
   */
  drain(withinMs: number, done: (aborted: number) => void): void {
    this.isDraining = true
    this.shedder.stop()
    this.endIdle()
    this.#open.drain(withinMs, (rest) => {
      const aborted = rest.filter((client) => client.isServing).length
      event(() => {
        for (const client of rest) guarded(() => client.fail('stopped'))
        this.subrequests.cancelAll()
      })
      done(aborted)
    })
  }

  // ── counting ──

  /** The last act of each exchange: one line, its metrics, the shared counters. */
  record(x: Proxied): void {
    x.endedMs = nowMs
    const isPlanned = x.fault !== null && x.fault.code === 'maintenance'
    const isTold = x.status !== 404 && x.status !== 403
    const failed =
      !isPlanned && (x.status >= 500 || (x.fault !== null && x.fault.side !== 'client' && isTold))
    this.board.count(0, failed)
    this.board.addBytes(0, x.bytesIn, x.bytesOut)
    if (x.server) {
      this.board.count(x.server.slot, failed)
      this.board.addBytes(x.server.slot, x.bytesIn, x.bytesOut)
    }
    this.meter.exchange(x)
    if (this.isDebugging) tellEnd(x)
    this.accessLog?.exchange(x)
    this.ring?.exchange(x)
  }
}

/** Stable over restarts, so that a request which comes back to us is known by any of our processes. */
function gatewayName(data: string): string {
  return `sluice-${createHash('sha256').update(`${hostname()}\0${data}`).digest('hex').slice(0, 8)}`
}
