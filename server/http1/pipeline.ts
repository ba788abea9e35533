// What a client has sent beyond what is being served: part of a head, or requests that wait for the answer
// before them. They are served one after the other, and where there are many, in turns with other clients.
import { SCAN } from '../head/fields.ts'
import type { HeadFault, HeadLimits, RequestHead } from '../head/request-head.ts'
import { type Reader, holdIfFull, letGo } from '../lib/buffers.ts'
import { inTurn } from '../lib/event.ts'
import { faultOfPart, findHead } from './find-head.ts'
import { Held } from './held.ts'

/** How many requests of one client are served before others have their turn. */
const TURN_REQUESTS = 64

/** The connection whose requests these are. */
export interface PipelineOwner extends Reader {
  readonly stream: { readonly request: RequestHead }
  readonly limits: HeadLimits
  /** The next request may begin. */
  readonly isNext: boolean
  /** Nothing more is served on it. */
  readonly isLost: boolean
  readonly place: string
  pause(): void
  resume(): void
  /** A whole head is here. Where the next message begins; -1: it was refused. */
  begin(bytes: Buffer, end: number): number
  refuse(code: HeadFault): void
  /** Part of a head is here; false: its rest will never come. */
  awaitRestOfHead(): boolean
  /** All that was here is served: waits for the next request. */
  next(): void
  /** Requests that had to wait for others had their turn. */
  turnTaken(): void
}

export class Pipeline {
  readonly #conn: PipelineOwner
  /** Null until something has to be held. */
  #held: Held | null = null
  /** Requests are being served from what was read: who ends one of them need not ask for the next. */
  isConsuming = false
  /** What is held holds more requests, whose turn comes after that of others. */
  isYielding = false
  /** Its head was given more time (`mayStillCome`). */
  #hasWaited = false

  constructor(conn: PipelineOwner) {
    this.#conn = conn
  }

  /** Nothing is held. */
  get isEmpty(): boolean {
    return this.#held === null || this.#held.bytes === null
  }

  get #toHold(): Held {
    this.#held ??= new Held()
    return this.#held
  }

  /** So much is read ahead that its sender is not read on. */
  get isAhead(): boolean {
    return this.#held !== null && this.#held.isAhead
  }

  /** What is wrong with the part of a head that is held, as nothing more comes of it; null: nothing. */
  get fault(): HeadFault | null {
    return faultOfPart(this.#conn.stream.request, this.#held?.bytes ?? null, this.#conn.limits)
  }

  /**
   * Time is up, but bytes have come that were not read: it is we who are late. Once for a head that comes in
   * pieces, as its sender may always have one on its way.
   */
  mayStillCome(isQuiet: boolean): boolean {
    if (isQuiet || this.#hasWaited) return false
    this.#hasWaited = !this.isEmpty
    return true
  }

  /** Bytes have come while no request is served. */
  take(bytes: Buffer): void {
    if (this.isYielding) return this.readAhead(bytes)
    const held = this.#held
    if (held === null || held.bytes === null) return this.consume(bytes, 0)
    const seen = held.length
    held.add(bytes)
    this.#consumeHeld(held.isCheap ? 0 : seen)
  }

  /** Holds what must wait for the answer under way. */
  readAhead(bytes: Buffer): void {
    this.#toHold.put(bytes)
    if (this.isAhead) this.#conn.pause()
    holdIfFull(this.#conn)
  }

  /** Serves what was read ahead. */
  goOn(): void {
    this.#consumeHeld(0)
  }

  #consumeHeld(seen: number): void {
    const held = this.#held?.take()
    if (held) this.consume(held, seen)
  }

  /**
   * Serves what `bytes` holds, request by request, until one's answer must be waited for, or others have
   * their turn. The first `seen` bytes were scanned before.
   */
  consume(bytes: Buffer, seen: number): void {
    const conn = this.#conn
    this.isConsuming = true
    let at = 0
    let scanned = seen
    let count = 0
    while (at < bytes.length && conn.isNext) {
      if (count++ === TURN_REQUESTS) {
        this.#yield()
        break
      }
      const end = this.#scanHead(bytes, at, scanned)
      scanned = 0
      at = end < 0 ? -1 : conn.begin(bytes, end)
      if (at < 0) break
    }
    this.isConsuming = false
    if (conn.isLost || at < 0) return
    if (at < bytes.length && conn.place !== 'tunnel') this.readAhead(at === 0 ? bytes : bytes.subarray(at))
    else if (conn.place === 'head') conn.next()
  }

  /**
   * A client that sends requests without end must not keep others waiting: the rest is served after what has
   * come from them.
   */
  #yield(): void {
    this.isYielding = true
    inTurn(this.#conn, () => this.#takeTurn())
  }

  #takeTurn(): void {
    this.isYielding = false
    if (!this.#conn.isNext) return
    this.#conn.resume() // until what is left is too much again
    this.#consumeHeld(0)
    this.#conn.turnTaken()
  }

  /** Where the head that begins at `from` ends; -1: not here yet, or refused. */
  #scanHead(bytes: Buffer, from: number, scanned: number): number {
    const { stream, limits } = this.#conn
    const end = findHead(stream.request, bytes, from, scanned, limits)
    if (typeof end === 'string') {
      this.#conn.refuse(end)
      return -1
    }
    return end === SCAN.incomplete ? this.#holdHead(bytes, from) : end
  }

  #holdHead(bytes: Buffer, from: number): number {
    if (!this.#conn.awaitRestOfHead()) return -1
    this.#toHold.keep(from === 0 ? bytes : bytes.subarray(from))
    letGo(this.#conn)
    return -1
  }

  /** Lets go of what is held, for somebody else to take; null: nothing is. */
  takeAll(): Buffer | null {
    const held = this.#held?.take() ?? null
    this.#held?.clear()
    return held
  }

  /** Forgets what is held. */
  clear(): void {
    this.#held?.clear()
    this.#hasWaited = false
  }
}
