// What one connection pours into another (sockets/pour.ts), as both of them count it.
import type { Outlet } from '../http/ends.ts'
import type { PourTeller } from '../sockets/socket.ts'

/** Where it comes from. */
interface PouredFrom {
  poured(count: number): void
  pourCounted(): void
  pause(): void
}

export class Poured implements PourTeller {
  readonly #from: PouredFrom
  readonly to: Outlet

  constructor(from: PouredFrom, to: Outlet) {
    this.#from = from
    this.to = to
  }

  onPoured(came: number, gone: number): void {
    if (came > 0) this.#from.poured(came)
    this.to.pouredInto(came, gone)
    // As if it had been written: who cannot take it stops who sends, until it has drained.
    if (came > gone) this.#from.pause()
    if (came > 0) this.#from.pourCounted()
  }
}
