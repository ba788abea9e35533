// What of the bytes of a connection its sink has not consumed yet: kept for it, and handed out again with
// more behind, or to the sink that comes after.
import type { Stream, StreamSink } from '../network.ts'
import type { Poller } from '../../sockets/poller.ts'

/** A sink that leaves so much has not understood what it was given. */
export const KEPT_BYTES = 65_536

/** Whose bytes they are. */
export interface Reader extends Stream {
  /** Whether its sink is to be told of bytes: it is not paused, and not gone. */
  readonly isReading: boolean
  readonly isGone: boolean
  /** Its sink has thrown. */
  confused(error: unknown): void
}

const NOTHING = new Uint8Array(0)

export class Inlet {
  readonly #poller: Poller
  readonly #reader: Reader
  #kept = NOTHING
  /** What was kept will be handed out at the begin of the next turn. */
  #isOwed = false

  constructor(poller: Poller, reader: Reader) {
    this.#poller = poller
    this.#reader = reader
  }

  /** Puts what was kept at the begin of `bytes`; returns how much it is. */
  putBack(bytes: Uint8Array): number {
    if (this.#kept.length > 0) bytes.set(this.#kept)
    return this.#kept.length
  }

  /**
   * Hands out all bytes to `end`, and keeps what is left. A sink that is replaced within its call is followed
   * by the new one.
   */
  handOut(bytes: Uint8Array, end: number, from = 0): void {
    const reader = this.#reader
    let start = from
    for (let told: StreamSink | null = null; told !== reader.sink && reader.isReading && start < end;) {
      told = reader.sink
      start += told.onBytes(reader, bytes, start, end - start)
    }
    this.#isOwed = false
    this.#kept = start < end && !reader.isGone ? bytes.slice(start, end) : NOTHING
    if (this.#kept.length >= KEPT_BYTES) reader.abort('too much left unread')
  }

  /** Has what was kept handed out, as its sink would wait for more otherwise. */
  owe(): void {
    if (this.#isOwed || this.#kept.length === 0) return
    this.#isOwed = true
    this.#poller.later(() => this.pay())
  }

  /** Hands out what is owed; of a paused stream it is owed again when that is resumed. */
  pay(): void {
    if (!this.#isOwed) return
    this.#isOwed = false
    if (!this.#reader.isReading) return
    try {
      this.handOut(this.#kept, this.#kept.length)
    } catch (error) {
      this.#reader.confused(error)
    }
  }

  clear(): void {
    this.#kept = NOTHING
    this.#isOwed = false
  }
}
