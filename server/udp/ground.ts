// What all flows of a worker share.
import { nowMs } from '../lib/clock.ts'
import type { Resolver } from '../lib/resolver.ts'
import { Wheel } from '../lib/wheel.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Ground } from '../sockets/socket.ts'
import { DatagramCounters } from '../sockets/udp/counters.ts'
import { Datagrams } from '../sockets/udp/datagrams.ts'
import type { LimitNews } from '../telemetry/limit-news.ts'
import type { FlowRecord } from './flow-record.ts'
import type { UdpMeter } from './meter.ts'

/** Copies of first datagrams, until they are answered: so many bytes of all flows together. */
const COPIES_BYTES_MAX = 4 * 1024 * 1024

export interface UdpGroundParts {
  /** Of sockets of ours. */
  readonly ground: Ground
  readonly resolver: Pick<Resolver, 'addresses' | 'lookup'>
  readonly board: Scoreboard
  readonly meter: UdpMeter
  readonly news: Pick<LimitNews, 'reached'>
  /** A flow has ended: for the access log. */
  readonly ended: (flow: FlowRecord) => void
}

export class UdpGround {
  readonly counters = new DatagramCounters()
  readonly datagrams = new Datagrams(this.counters)
  readonly wheel = new Wheel(() => nowMs)
  readonly resolver: UdpGroundParts['resolver']
  readonly board: Scoreboard
  readonly meter: UdpMeter
  readonly news: UdpGroundParts['news']
  readonly ended: (flow: FlowRecord) => void
  readonly poller: Ground['poller']
  readonly #loop: Ground['loop']
  #copied = 0
  #open = 0

  constructor({ ground, resolver, board, meter, news, ended }: UdpGroundParts) {
    this.poller = ground.poller
    this.#loop = ground.loop
    this.resolver = resolver
    this.board = board
    this.meter = meter
    this.news = news
    this.ended = ended
    this.wheel.start()
    ground.loop.drive(this.wheel)
    ground.loop.settle(() => this.datagrams.send())
  }

  /** An address is served: the loop runs until all of them are closed. */
  opened(): void {
    this.#open++
    this.#loop.hold()
  }

  closed(): void {
    this.#open--
    this.#loop.release()
  }

  /** How many addresses are served. */
  get open(): number {
    return this.#open
  }

  /** A copy of a datagram in the arena, to be given back; null: too many are kept already. */
  copy(start: number, length: number): Uint8Array | null {
    if (this.#copied + length > COPIES_BYTES_MAX) return null
    this.#copied += length
    return this.datagrams.arena.bytes.slice(start, start + length)
  }

  giveBack(copy: Uint8Array): void {
    this.#copied -= copy.length
  }
}
