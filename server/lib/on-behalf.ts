// On whose behalf connections to a server are made, where it is told so by a header of the PROXY protocol.
// What such a connection has said once holds for all that it carries: it serves this client alone, and ends
// with the client's own connection.

/** A connection to a server that waits for the next request. */
interface Kept {
  finishServer(): void
}

export class OnBehalf {
  /** What each connection begins with, before its TLS. */
  readonly header: Buffer
  /** Idle ones that began with it: the codec's own. */
  readonly kept = new Set<Kept>()
  /** The client is gone, or is another one by now: none is kept any more. */
  isOver = false

  constructor(header: Buffer) {
    this.header = header
  }

  over(): void {
    this.isOver = true
    for (const one of this.kept) one.finishServer()
  }
}
