// Tells when a server that gets no new work has nothing left: no exchange, connection or flow is with it, and
// since the last look nothing came, as who belongs to it may come back while it drains.
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { Order, ServerPlace } from './order.ts'

interface Out {
  readonly place: ServerPlace
  readonly slot: number
  readonly order: Order
}

interface Watched {
  attempts: number
  isDrained: boolean
}

export class DrainedWatch {
  readonly #board: () => Pick<Scoreboard, 'inFlight' | 'attempts'>
  /** By order: another one begins anew. */
  #watched = new Map<Order, Watched>()

  constructor(board: () => Pick<Scoreboard, 'inFlight' | 'attempts'>) {
    this.#board = board
  }

  /** Whether something is still waited for. */
  get isWaiting(): boolean {
    return this.#watched.values().some(({ isDrained }) => !isDrained)
  }

  /** Those of which nothing is left since this look. */
  look(out: readonly Out[]): readonly Out[] {
    const watched = new Map<Order, Watched>()
    const drained: Out[] = []
    for (const one of out) {
      const attempts = this.#board().attempts(one.slot)
      const known = this.#watched.get(one.order)
      const isQuiet = known?.attempts === attempts && this.#board().inFlight(one.slot) === 0
      if (isQuiet && known?.isDrained === false) drained.push(one)
      watched.set(one.order, { attempts, isDrained: known?.isDrained === true || isQuiet })
    }
    this.#watched = watched
    return drained
  }

  /** Whether nothing was left of it at some look. */
  hasDrained(order: Order): boolean {
    return this.#watched.get(order)?.isDrained === true
  }
}
