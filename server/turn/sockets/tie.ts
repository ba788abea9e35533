// What is left between a client whose descriptor the relay has and the worker that let it in: a connection on
// which nothing is said. Its end tells the worker that the client is gone; that of the worker, or of its
// interest, is nothing to the client.
import { libc } from '../../lib/native.ts'
import { type Pollable, type Poller, READABLE } from '../../sockets/poller.ts'

export class Tie implements Pollable {
  readonly #poller: Poller
  /** -1: cut. */
  #fd: number

  /** The descriptor is its own from now on, unless it throws: the system has no room to poll it. */
  constructor(poller: Poller, fd: number) {
    poller.add(fd, READABLE, this)
    this.#poller = poller
    this.#fd = fd
  }

  onReady(): void {
    this.cut()
  }

  cut(): void {
    if (this.#fd < 0) return
    this.#poller.remove(this.#fd)
    libc().close(this.#fd)
    this.#fd = -1
  }
}
