// The flows of a listener, and which of them may make room for a new one.

/** A flow, as far as that goes. */
export interface Resident {
  /** Neighbours in the order of their last datagram; its population's own. */
  older: Resident | null
  newer: Resident | null
  /** Whether it is in that order. */
  isWeak: boolean
  /** It makes room. */
  evict(): void
}

/**
 * Those that nobody has shown to be a conversation (no answer came, or the client did not come back since)
 * are weak: senders with forged addresses make as many of them as they like. They stand in the order of their
 * last datagram, and are evicted from its old end. Those that are established are never evicted.
 */
export class Population {
  size = 0
  #oldest: Resident | null = null
  #newest: Resident | null = null

  add(flow: Resident): void {
    this.size++
    this.#append(flow)
  }

  remove(flow: Resident): void {
    this.size--
    if (flow.isWeak) this.#unlink(flow)
  }

  /** It has sent again. */
  touch(flow: Resident): void {
    if (flow === this.#newest) return
    this.#unlink(flow)
    this.#append(flow)
  }

  /** It is a conversation. */
  establish(flow: Resident): void {
    this.#unlink(flow)
  }

  /** Ends one, if there is one that may go, for this one. */
  makeRoom(one: Resident | null = null): boolean {
    const oldest = this.#oldest === one ? (one?.newer ?? null) : this.#oldest
    oldest?.evict()
    return oldest !== null
  }

  #append(flow: Resident): void {
    flow.isWeak = true
    flow.older = this.#newest
    flow.newer = null
    if (this.#newest === null) this.#oldest = flow
    else this.#newest.newer = flow
    this.#newest = flow
  }

  #unlink(flow: Resident): void {
    const { older, newer } = flow
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    flow.older = flow.newer = null
    flow.isWeak = false
  }
}
