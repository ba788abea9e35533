// A connection to a server whose name has several addresses: dialled one after the other, a quarter of a
// second apart or as soon as one fails, until one stands (RFC 8305 §5). The others are dropped. Only such
// servers pay for it.
import { type Suspects, delayMs, inOrder } from '../lib/address-race.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { DialAddress, DialEvents, Dialled, Reached } from './dial-events.ts'

/** Addresses that are waited for at once; then the one that was waited for longest is given up. */
const RUNNERS_MAX = 4

interface DialWorld<E, C> {
  readonly suspects: Suspects
  readonly dial: DialAddress<E, C>
}

export class DialRace<E extends Reached, C extends Dialled> {
  readonly #endpoint: E
  readonly #world: DialWorld<E, C>
  readonly #events: DialEvents<C>
  readonly #order: readonly string[]
  readonly #delayMs: number
  /** When the connection must stand, whichever it is. */
  readonly #dueMs: number
  #next = 0
  #runners: Runner<E, C>[] = []
  #failure: FaultCode = 'connect_failed'
  #detail: string | null = null
  #timer: Timer | null = null
  #isDialling = false
  #isOver = false

  /** `events` hears serverOpen or serverGone once, perhaps before `start` returns. */
  constructor(endpoint: E, addresses: readonly string[], world: DialWorld<E, C>, events: DialEvents<C>) {
    const { connect } = endpoint.timeouts
    this.#endpoint = endpoint
    this.#world = world
    this.#events = events
    this.#order = inOrder(addresses, endpoint.live.addressAt++, (address) =>
      world.suspects.isSuspect(address, endpoint.port, nowMs),
    )
    this.#delayMs = delayMs(connect, addresses.length)
    this.#dueMs = nowMs + connect
  }

  start(): void {
    this.#isDialling = true
    while (!this.#isOver && this.#hasNext && !this.#dialOne()) continue
    this.#isDialling = false
    if (this.#isOver) return
    if (this.#runners.length === 0) return this.#lose()
    if (this.#hasNext) this.#timer = setTimeout(() => event(() => this.#late()), this.#delayMs)
  }

  /** Nobody wants the connection any more: no event follows. */
  cancel(): void {
    this.#end()
    for (const { conn } of this.#runners) conn?.drop()
  }

  /** This one stands. */
  won(runner: Runner<E, C>, conn: C): void {
    this.#end()
    this.#world.suspects.clear(runner.address, this.#endpoint.port)
    for (const other of this.#runners) if (other !== runner) other.conn?.drop()
    this.#events.serverOpen(conn)
  }

  /** This one has failed. */
  lost(runner: Runner<E, C>, code: FaultCode, detail: string | null): void {
    if (this.#isOver) return
    runner.isLost = true
    this.#failure = code
    this.#detail = detail
    if (code !== 'descriptor_limit') this.#world.suspects.add(runner.address, this.#endpoint.port, nowMs)
    this.#runners = this.#runners.filter((other) => other !== runner)
    if (this.#isDialling) return
    this.#stopTimer()
    this.start()
  }

  get #hasNext(): boolean {
    return this.#next < this.#order.length && nowMs < this.#dueMs
  }

  /** Dials the next address; true when it is under way. */
  #dialOne(): boolean {
    const { suspects, dial } = this.#world
    const runner = new Runner<E, C>(this, this.#order[this.#next++] ?? '')
    suspects.tried(runner.address, this.#endpoint.port, nowMs)
    const conn = dial(this.#endpoint, runner.address, runner, this.#dueMs)
    if (runner.isLost || this.#isOver) return false
    runner.conn = conn
    this.#runners.push(runner)
    return true
  }

  /** The latest one lets wait for itself. */
  #late(): void {
    this.#timer = null
    // One that is connected, and in its TLS handshake, has answered: servers far away take that long.
    for (const { address, conn } of this.#runners)
      if (conn?.isShaking !== true) this.#world.suspects.add(address, this.#endpoint.port, nowMs)
    if (this.#runners.length >= RUNNERS_MAX) this.#runners.shift()?.conn?.drop()
    this.start()
  }

  #lose(): void {
    this.#end()
    this.#events.serverGone(this.#failure, this.#detail)
  }

  #end(): void {
    this.#isOver = true
    this.#stopTimer()
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** One address on its way. */
class Runner<E extends Reached, C extends Dialled> implements DialEvents<C> {
  readonly address: string
  conn: C | null = null
  isLost = false
  readonly #race: DialRace<E, C>

  constructor(race: DialRace<E, C>, address: string) {
    this.#race = race
    this.address = address
  }

  serverOpen(conn: C): void {
    this.#race.won(this, conn)
  }

  serverGone(code: FaultCode, detail: string | null): void {
    this.#race.lost(this, code, detail)
  }
}
