// What a descriptor is polled for. One of which nothing is wanted is still told of its end, again and again:
// such a one is parked, out of the poller, until there is something to wait for.
import type { Pollable, Poller } from '../../sockets/poller.ts'

const PARKED = -1

export class Interest {
  readonly #poller: Poller
  readonly #fd: number
  readonly #told: Pollable
  #events: number

  constructor(poller: Poller, fd: number, events: number, told: Pollable) {
    this.#poller = poller
    this.#fd = fd
    this.#told = told
    this.#events = events
    poller.add(fd, events, told)
  }

  become(events: number): void {
    if (events === this.#events || (this.#events === PARKED && events === 0)) return
    if (this.#events === PARKED) this.#poller.add(this.#fd, events, this.#told)
    else this.#poller.modify(this.#fd, events)
    this.#events = events
  }

  park(): void {
    this.#poller.remove(this.#fd)
    this.#events = PARKED
  }

  /** Before the descriptor is closed. */
  end(): void {
    this.#poller.remove(this.#fd)
  }
}
