// Who is let through to servers whose breakers are half-open: anybody, but where requests belong to servers
// by a key or a session, only those that belong there.
import { keysServer } from './by-hash.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'
import { type InUse, NONE } from './usable.ts'

interface Board {
  inFlight(slot: number): number
}

export class Probes {
  readonly #board: Board
  /** Those that are half-open, and with them all that a key may lead to. */
  #halfOpen: readonly Server[] = NONE
  #all: readonly Server[] = NONE
  /** Where a key leads; null: none was asked for yet. */
  #choose: ((key: number) => Server | null) | null = null

  constructor(board: Board) {
    this.#board = board
  }

  prepare({ usable, halfOpen }: Pick<InUse, 'usable' | 'halfOpen'>): void {
    this.#halfOpen = halfOpen
    this.#choose = null
    this.#all = halfOpen.length === 0 ? NONE : [...usable, ...halfOpen]
  }

  get isEmpty(): boolean {
    return this.#halfOpen.length === 0
  }

  /** Takes a permit and a place for a request, `own` being its session's server; null: it goes elsewhere. */
  take(key: number, tried: Tried, own: Server | null): Server | null {
    const belongs = own ?? (key === 0 || tried !== null ? null : this.#keysServer(key))
    for (const server of this.#halfOpen) {
      if (isTried(tried, server) || (belongs !== null && belongs.slot !== server.slot)) continue
      const probe = server.breaker?.probe(server)
      if (probe) return probe
    }
    return null
  }

  #keysServer(key: number): Server | null {
    this.#choose ??= keysServer({ servers: this.#all, board: this.#board })
    return this.#choose(key)
  }
}
