// All connections of a worker's tcp listeners: what they share, how they are counted, and how they are
// drained.
import { Suspects } from '../lib/address-race.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs, tick } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { OpenSet } from '../lib/open-set.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { ReachWorld } from '../reach/reach.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Server } from '../backends/server.ts'
import { FAULTS } from '../tables/faults.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { ConnectionMeter } from '../telemetry/connection-meter.ts'
import type { TcpRecord } from '../telemetry/connection-record.ts'
import { dialTcp, type TcpDial } from './dial-tcp.ts'

/** One of them. */
export interface OpenConnection extends TcpRecord {
  /** Bytes of both ways that are counted already. */
  countedIn: number
  countedOut: number
  endedMs: number
  /** Ends it at once. */
  stop(): void
}

export interface TcpConnectionsParts {
  readonly wheel: Wheel
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly board: Pick<Scoreboard, 'count' | 'addBytes'>
  readonly meter: ConnectionMeter
  readonly accessLog: AccessLog | null
  readonly snapshot: Snapshot
}

export class TcpConnections {
  readonly wheel: Wheel
  readonly world: ReachWorld<Server, TcpDial>
  accessLog: AccessLog | null
  /** Of the connections to come. */
  snapshot: Snapshot
  readonly #board: Pick<Scoreboard, 'count' | 'addBytes'>
  readonly #meter: ConnectionMeter
  readonly #open = new OpenSet<OpenConnection>()

  constructor({ wheel, resolver, board, meter, accessLog, snapshot }: TcpConnectionsParts) {
    this.wheel = wheel
    this.world = { resolver, suspects: new Suspects(), dial: dialTcp(wheel) }
    this.#board = board
    this.#meter = meter
    this.accessLog = accessLog
    this.snapshot = snapshot
    meter.onRead(() => {
      for (const one of this.#open) this.#countBytes(one)
    })
  }

  get size(): number {
    return this.#open.size
  }

  opened(one: OpenConnection): void {
    this.#open.add(one)
  }

  /** The last act of each: one line, its metrics, the shared counters. */
  closed(one: OpenConnection): void {
    one.endedMs = nowMs
    const { server, fault } = one
    const isFailed = fault !== null && FAULTS[fault].side !== 'client' && fault !== 'denied'
    this.#countBytes(one)
    this.#board.count(0, isFailed)
    if (server !== null) this.#board.count(server.slot, isFailed)
    this.#meter.connection(one)
    this.accessLog?.connection(one)
    this.#open.delete(one)
  }

  /** Connections last for hours: what passed is counted each time somebody wants to know. */
  #countBytes(one: OpenConnection): void {
    const { bytesIn, bytesOut, server } = one
    const cameIn = bytesIn - one.countedIn
    const wentOut = bytesOut - one.countedOut
    if (cameIn === 0 && wentOut === 0) return
    one.countedIn = bytesIn
    one.countedOut = bytesOut
    this.#board.addBytes(0, cameIn, wentOut)
    if (server !== null) this.#board.addBytes(server.slot, cameIn, wentOut)
    this.#meter.bytes(one, cameIn, wentOut)
  }

  /** Waits for so long until all have ended, then ends them; `done` hears how many those were. */
  drain(withinMs: number, done: (aborted: number) => void): void {
    tick()
    this.#open.drain(withinMs, (rest) => {
      event(() => {
        for (const one of rest) guarded(() => one.stop())
      })
      done(rest.length)
    })
  }
}
