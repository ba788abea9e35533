// Those of whom something has changed within a turn: it is settled once, when the turn ends.
import { guarded, tellBug } from '../lib/bug.ts'

/** Something to be done when the turn ends. */
export interface Settled {
  settle(): void
  /** It has thrown. */
  confused(): void
}

export class Unsettled {
  #ones: Settled[] = []
  #settling: Settled[] = []

  add(one: Settled): void {
    this.#ones.push(one)
  }

  settle(): void {
    // What they bring about may leave others unsettled.
    while (this.#ones.length > 0) {
      const settling = this.#ones
      this.#ones = this.#settling
      this.#settling = settling
      for (let i = 0; i < settling.length; i++) this.#settleOne(settling[i]!)
      settling.length = 0
    }
  }

  #settleOne(one: Settled): void {
    try {
      one.settle()
    } catch (error) {
      tellBug(error)
      guarded(() => one.confused())
    }
  }
}
