// The connection of a check to a name: its addresses are dialled one after the other, a quarter of a second
// apart or as soon as one fails, until one stands (RFC 8305 §5). The others are closed.
import { delayMs, inOrder, type Suspects } from '../../lib/address-race.ts'
import type { Connect, ProbeConnection, ProbeEvents } from './probe-connection.ts'
import type { After, ProbeTarget } from './probe.ts'

export interface RaceWorld {
  readonly connect: Connect
  readonly after: After
  readonly suspects: Suspects
  readonly now: () => number
}

export class ProbeRace implements ProbeConnection {
  readonly #target: ProbeTarget
  readonly #world: RaceWorld
  readonly #order: readonly string[]
  readonly #delayMs: number
  /** Null: nothing is told any more. */
  #events: ProbeEvents | null
  readonly #running = new Set<ProbeConnection>()
  #winner: ProbeConnection | null = null
  #next = 0
  #stopTimer: () => void = () => {}

  constructor(addresses: readonly string[], target: ProbeTarget, world: RaceWorld, events: ProbeEvents) {
    const isSuspect = (address: string): boolean =>
      world.suspects.isSuspect(address, target.port, world.now())
    this.#target = target
    this.#world = world
    this.#events = events
    this.#order = inOrder(addresses, 0, isSuspect)
    this.#delayMs = delayMs(target.check.timeout, addresses.length)
  }

  start(): void {
    const address = this.#order[this.#next++]
    if (address === undefined || this.#events === null) return
    const { connect, suspects, now, after } = this.#world
    const { port } = this.#target
    suspects.tried(address, port, now())
    const connection: ProbeConnection = connect(address, port, {
      connected: () => {
        suspects.clear(address, port)
        this.#won(connection)
      },
      data: (bytes) => this.#events?.data(bytes),
      ended: () => this.#events?.ended(),
      failed: (reason) => {
        suspects.add(address, port, now())
        this.#lost(connection, reason)
      },
    })
    this.#running.add(connection)
    if (this.#next < this.#order.length)
      this.#stopTimer = after(this.#delayMs, () => {
        suspects.add(address, port, now())
        this.start()
      })
    connection.start()
  }

  write(bytes: Uint8Array): void {
    this.#winner?.write(bytes)
  }

  close(): void {
    this.#events = null
    this.#stopTimer()
    for (const connection of this.#running) connection.close()
    this.#running.clear()
    this.#winner?.close()
  }

  #won(connection: ProbeConnection): void {
    this.#stopTimer()
    this.#winner = connection
    this.#running.delete(connection)
    for (const loser of this.#running) loser.close()
    this.#running.clear()
    this.#events?.connected()
  }

  #lost(connection: ProbeConnection, reason: string): void {
    this.#running.delete(connection)
    if (this.#next < this.#order.length) {
      this.#stopTimer()
      this.start()
    } else if (this.#running.size === 0) this.#events?.failed(reason)
  }
}
