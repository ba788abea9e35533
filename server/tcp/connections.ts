// All connections of a worker's tcp listeners: what they share, how they are counted, and how they are
// drained.
import { Suspects } from '../lib/address-race.ts'
import { guarded } from '../lib/bug.ts'
import { machineMs, nowMs, tick } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { networkKey } from '../lib/ip-address.ts'
import { OpenSet } from '../lib/open-set.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { ReachWorld } from '../reach/reach.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Snapshot, TcpListener } from '../snapshot/snapshot.ts'
import { type FaultCode, FAULTS } from '../tables/faults.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { LimitNews } from '../telemetry/limit-news.ts'
import type { ConnectionMeter } from '../telemetry/connection-meter.ts'
import type { TcpRecord } from '../telemetry/connection-record.ts'
import { dialTcp, type TcpDial, type TcpReached } from './dial-tcp.ts'

/** One of them. */
export interface OpenConnection extends TcpRecord {
  /** Bytes of both ways that are counted already. */
  countedIn: number
  countedOut: number
  endedMs: number
  /** Ends it at once. */
  stop(): void
}

type Board = Pick<Scoreboard, 'count' | 'addBytes' | 'buckets'>
type ConnectionRate = NonNullable<TcpListener['options']['limits']['rate']>

/** What clients are refused by the config: nothing of it failed. */
const NOT_FAILED: readonly FaultCode[] = ['denied', 'no_rule']

/** Addresses that share so many bits are one client's: networks are given out whole. */
const IPV6_PREFIX = 64

export interface TcpConnectionsParts {
  readonly wheel: Wheel
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly board: Board
  readonly limits: Pick<LimitNews, 'reached'>
  readonly meter: ConnectionMeter
  readonly accessLog: AccessLog | null
  readonly snapshot: Snapshot
}

export class TcpConnections {
  readonly wheel: Wheel
  readonly world: ReachWorld<TcpReached, TcpDial>
  accessLog: AccessLog | null
  /** Of the connections to come. */
  snapshot: Snapshot
  readonly #board: Board
  readonly #limits: Pick<LimitNews, 'reached'>
  readonly #meter: ConnectionMeter
  readonly #open = new OpenSet<OpenConnection>()

  constructor(parts: TcpConnectionsParts) {
    const { wheel, resolver, board, limits, meter, accessLog, snapshot } = parts
    this.wheel = wheel
    this.world = { resolver, suspects: new Suspects(), dial: dialTcp(wheel) }
    this.#board = board
    this.#limits = limits
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

  /** Under the listener's name, so that what was counted outlives a reload. */
  rateOf(listener: string, { connections, per, burst = connections }: ConnectionRate): Limit {
    return this.#board.buckets.limit(`listeners.${listener}`, { tokens: connections, perMs: per, burst })
  }

  /** Whether one more from this address is within the rate. */
  mayConnect(limit: Limit, address: string): boolean {
    const { buckets } = this.#board
    const left = buckets.take(limit, networkKey(address, IPV6_PREFIX), machineMs())
    if (buckets.lastEvicted) this.#limits.reached('limits.rate_limits', buckets.bytes)
    return left >= 0
  }

  /** A limit has refused one; `path`: where it is set. */
  limitReached(path: string, value: number): void {
    this.#limits.reached(path, value)
  }

  /** The last act of each: one line, its metrics, the shared counters. */
  closed(one: OpenConnection): void {
    one.endedMs = nowMs
    const { server, fault } = one
    const isFailed = fault !== null && FAULTS[fault].side !== 'client' && !NOT_FAILED.includes(fault)
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

  /** Ends those with the server of this slot. */
  endWith(slot: number): void {
    tick()
    event(() => {
      for (const one of this.#open) if (one.server?.slot === slot) guarded(() => one.stop())
    })
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
