import { Arena, NAME_BYTES, SLOTS, VECTOR_BYTES } from './arena.ts'
import type { DatagramCounters } from './counters.ts'
import { Headers } from './headers.ts'
import { Outbox } from './outbox.ts'
import { RawSource } from './source.ts'

/** What all datagram sockets of a network share: the arena, and what waits to be sent out of it. */
export class Datagrams {
  readonly arena = new Arena()
  readonly source = new RawSource(this.arena.names)
  readonly counters: DatagramCounters
  readonly #waiting: Outbox[] = []
  readonly #inboxes = new Map<string, Headers>()
  readonly #relays = new Map<4 | 6, Outbox>()

  constructor(counters: DatagramCounters) {
    this.counters = counters
  }

  /**
   * What recvmmsg fills: one for all sockets of a kind, as lengths of names and room for control bytes stay
   * written in it.
   */
  inbox(family: 4 | 6, hasControl: boolean): Headers {
    const kind = `${family}${hasControl}`
    let found = this.#inboxes.get(kind)
    if (!found) {
      const { namesAt, vectorsAt } = this.arena
      const strides = { nameBytes: NAME_BYTES, vectorBytes: VECTOR_BYTES }
      found = new Headers({ count: SLOTS, family, namesAt, vectorsAt, ...strides, hasControl })
      this.#inboxes.set(kind, found)
    }
    return found
  }

  /** An outbox for one socket: all that it sends in a turn goes out together. */
  outbox(family: 4 | 6, hasControl: boolean): Outbox {
    const { arena, counters } = this
    return new Outbox({
      arena,
      counters,
      family,
      hasControl,
      onFirst: (outbox) => this.#waiting.push(outbox),
    })
  }

  /**
   * The one that sockets share of which each sends little: what goes out together is what one of them sends
   * without another between.
   */
  relayOutbox(family: 4 | 6): Outbox {
    let found = this.#relays.get(family)
    if (!found) this.#relays.set(family, (found = this.outbox(family, false)))
    return found
  }

  /** The first of `want` free slots. */
  room(want: number): number {
    const { arena } = this
    if (this.#waiting.length === 0 || arena.cursor + want > SLOTS) this.send()
    return arena.cursor
  }

  /** Copies bytes into the arena; returns where they stand. */
  copy(bytes: Uint8Array): number {
    const start = this.arena.copy(bytes)
    if (start >= 0) return start
    this.#sendWaiting()
    return this.arena.copy(bytes)
  }

  /**
   * Sends all that waits, and all of the arena is free: when a turn ends, and when it is full. Never while
   * datagrams of it are being handed out.
   */
  send(): void {
    this.#sendWaiting()
    this.arena.cursor = 0
  }

  #sendWaiting(): void {
    for (const outbox of this.#waiting) outbox.settle()
    this.#waiting.length = 0
    this.arena.forgetCopies()
  }
}
