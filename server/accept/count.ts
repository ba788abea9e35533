// Connections of a listener, on all of its addresses, from when they are accepted until they are gone.
import { clientGone } from './accepting.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

type Board = Pick<Scoreboard, 'connections'>

export class Count {
  open = 0
  readonly #board: Board

  constructor(board: Board) {
    this.#board = board
  }

  came(): void {
    this.open++
    this.#board.connections(1)
  }

  /** One of another listener's is this one's from now on. */
  takeOver(other: Count): void {
    this.open++
    other.open--
  }

  left(): void {
    this.open--
    this.#board.connections(-1)
    clientGone()
  }
}
