// Tells when a server that gets no new work has nothing left: no exchange, connection or flow is with it, and
// nothing came for a while, as who belongs to it may come back while it drains.
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { Order, ServerPlace } from './order.ts'

export interface Out {
  readonly place: ServerPlace
  readonly slot: number
  readonly order: Order
  /** For how long nothing may come; 0: from one look to the next. */
  readonly quietMs: number
}

interface Watched {
  readonly attempts: number
  /** Since when nothing is with it, and nothing came; Infinity: something is, or did. */
  readonly quietSinceMs: number
  readonly isDrained: boolean
}

export class DrainedWatch {
  readonly #board: () => Pick<Scoreboard, 'inFlight' | 'attempts'>
  readonly #nowMs: () => number
  /** By order: another one begins anew. */
  #watched = new Map<Order, Watched>()

  /** `nowMs`: of a clock that only goes on. */
  constructor(
    board: () => Pick<Scoreboard, 'inFlight' | 'attempts'>,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#board = board
    this.#nowMs = nowMs
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
      const known = this.#watched.get(one.order)
      const now = this.#watchedNow(one, known)
      if (now.isDrained && known?.isDrained !== true) drained.push(one)
      watched.set(one.order, now)
    }
    this.#watched = watched
    return drained
  }

  /** Whether nothing was left of it at some look. */
  hasDrained(order: Order): boolean {
    return this.#watched.get(order)?.isDrained === true
  }

  #watchedNow({ slot, quietMs }: Out, known: Watched | undefined): Watched {
    const board = this.#board()
    const attempts = board.attempts(slot)
    const nowMs = this.#nowMs()
    const isQuiet = board.inFlight(slot) === 0 && (known === undefined || known.attempts === attempts)
    const quietSinceMs = isQuiet ? Math.min(known?.quietSinceMs ?? nowMs, nowMs) : Infinity
    const isOver = known !== undefined && isQuiet && nowMs - quietSinceMs >= quietMs
    return { attempts, quietSinceMs, isDrained: known?.isDrained === true || isOver }
  }
}
