// Connections of a listener, on all of its addresses, from when they are accepted until they are gone.
import { clientGone } from './accepting.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { OpenConnections } from '../telemetry/connection-meter.ts'

type Board = Pick<Scoreboard, 'connections'>

export class Count {
  open = 0
  readonly #board: Board
  #meter: OpenConnections

  constructor(board: Board, meter: OpenConnections) {
    this.#board = board
    this.#meter = meter
  }

  /** The listener has another name from now on: its connections go with it. */
  meterBy(meter: OpenConnections): void {
    if (meter === this.#meter) return
    const before = this.#meter
    this.#meter = meter
    for (let left = this.open; left > 0; left--) {
      before.left()
      meter.came()
    }
  }

  came(): void {
    this.open++
    this.#meter.came()
    this.#board.connections(1)
  }

  /** One of another listener's is this one's from now on. */
  takeOver(other: Count): void {
    this.open++
    other.open--
    this.#meter.came()
    other.#meter.left()
  }

  left(): void {
    this.open--
    this.#meter.left()
    this.#board.connections(-1)
    clientGone()
  }
}
