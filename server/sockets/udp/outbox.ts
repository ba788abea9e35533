// Datagrams that wait to be sent with one call: all on the same descriptor. They stand in the arena; here is
// only where, and to whom.
import { type Pointer, ptr } from 'bun:ffi'
import { errno, libc } from '../../lib/native.ts'
import type { Address } from '../../lib/address.ts'
import { type Arena, NAME_BYTES, VECTOR_BYTES } from './arena.ts'
import type { DatagramCounters } from './counters.ts'
import { CONTROL_DATA_WORD, CONTROL_WORDS, HEADER_BYTES, Headers } from './headers.ts'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  ECONNREFUSED,
  EINTR,
  EMSGSIZE,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
} from '../calls.ts'

/** Whose datagrams wait. */
export interface Sender {
  readonly fd: number
  /** Sets or clears the DF bit of what is sent from now on. */
  dontFragment(on: boolean): void
}

export interface OutboxParts {
  readonly arena: Arena
  readonly counters: DatagramCounters
  readonly family: 4 | 6
  /** Whether each datagram names the address that it leaves from. */
  readonly hasControl: boolean
  /** Called with the first datagram after it was flushed. */
  readonly onFirst: (outbox: Outbox) => void
}

const ENTRIES = 64
const VECTOR_WORDS = VECTOR_BYTES / 4
const FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL

export class Outbox {
  readonly #arena: Arena
  readonly #counters: DatagramCounters
  readonly #family: 4 | 6
  readonly #onFirst: (outbox: Outbox) => void
  readonly #names = new Uint8Array(new ArrayBuffer(ENTRIES * NAME_BYTES))
  readonly #namesAt: Pointer = ptr(this.#names)
  readonly #nameLength: number
  readonly #vectors = new Uint32Array(new ArrayBuffer(ENTRIES * VECTOR_BYTES))
  readonly #headers: Headers
  readonly #isPlain: boolean
  readonly #libc = libc()
  #count = 0
  #isKnown = false
  #sender: Sender | null = null
  #isWhole = false

  constructor({ arena, counters, family, hasControl, onFirst }: OutboxParts) {
    this.#arena = arena
    this.#counters = counters
    this.#family = family
    this.#onFirst = onFirst
    this.#nameLength = family === 4 ? 16 : 28
    this.#isPlain = !hasControl
    const [namesAt, vectorsAt] = [this.#namesAt, ptr(this.#vectors)]
    const strides = { nameBytes: NAME_BYTES, vectorBytes: VECTOR_BYTES }
    this.#headers = new Headers({ count: ENTRIES, family, namesAt, vectorsAt, ...strides, hasControl })
    for (let i = 0; i < ENTRIES; i++) {
      this.#names[i * NAME_BYTES] = family === 4 ? AF_INET : AF_INET6
      if (hasControl) this.#headers.fillControl(i, family)
    }
  }

  /**
   * Queues bytes of the arena. `isWhole`: with the DF bit. `info`: packet info of the address it leaves from,
   * in an outbox that has control bytes.
   */
  push(
    sender: Sender,
    to: Address,
    start: number,
    length: number,
    isWhole: boolean,
    info: Uint32Array | null,
  ): void {
    if (this.#count > 0 && (this.#count === ENTRIES || sender !== this.#sender || isWhole !== this.#isWhole))
      this.flush()
    if (to.family !== this.#family) {
      this.#counters.unsent++
      return
    }
    this.#sender = sender
    this.#isWhole = isWhole
    const i = this.#count++
    if (!this.#isKnown) {
      this.#isKnown = true
      this.#onFirst(this)
    }
    this.#writeName(i * NAME_BYTES, to)
    const vector = i * VECTOR_WORDS
    // Addition may carry into the upper half: it is written each time.
    const low = this.#arena.low + start
    this.#vectors[vector] = low
    this.#vectors[vector + 1] = low < 4_294_967_296 ? this.#arena.high : this.#arena.high + 1
    this.#vectors[vector + 2] = length
    if (info) this.#headers.control.set(info, i * CONTROL_WORDS + CONTROL_DATA_WORD)
  }

  #writeName(at: number, { ip, port, family }: Address): void {
    const names = this.#names
    names[at + 2] = port >> 8
    names[at + 3] = port
    if (family === 4) {
      names[at + 4] = ip[0]!
      names[at + 5] = ip[1]!
      names[at + 6] = ip[2]!
      names[at + 7] = ip[3]!
    } else for (let i = 0; i < 16; i++) names[at + 8 + i] = ip[i]!
  }

  /** The same when its turn is over: the next datagram is told as the first again. */
  settle(): void {
    this.#isKnown = false
    this.flush()
  }

  /** Sends what is queued for `sender`, who is about to close. */
  leave(sender: Sender): void {
    if (this.#sender !== sender) return
    this.flush()
    this.#sender = null
  }

  /**
   * Sends all that is queued. What cannot be sent now is dropped and counted, and costs the others nothing.
   */
  flush(): void {
    const count = this.#count
    const sender = this.#sender
    this.#count = 0
    if (count === 0 || !sender) return
    sender.dontFragment(this.#isWhole)
    let at = 0
    let failed = -1
    while (at < count) {
      const sent =
        this.#isPlain && count === 1 ? this.#sendOne(sender.fd) : this.#sendFrom(sender.fd, at, count)
      if (sent > 0) at += sent
      else {
        const isSecond = failed === at
        failed = at
        at += this.#dropped(count - at, isSecond)
      }
    }
  }

  #sendFrom(fd: number, at: number, end: number): number {
    const header = (this.#headers.at + at * HEADER_BYTES) as Pointer
    return this.#libc.sendmmsg(fd, header, end - at, FLAGS)
  }

  /** Costs a little less for one alone, and many go out alone. */
  #sendOne(fd: number): number {
    const vectors = this.#vectors
    const at = (vectors[1]! * 4_294_967_296 + vectors[0]!) as Pointer
    return this.#libc.sendto(fd, at, vectors[2]!, FLAGS, this.#namesAt, this.#nameLength) < 0 ? -1 : 1
  }

  /** How many of those that are left are given up, the first of which was refused. */
  #dropped(left: number, isSecond: boolean): number {
    const code = errno()
    // What an earlier datagram met with (ICMP) is told at the next one, which was not tried then.
    if (code === EINTR || (code === ECONNREFUSED && !isSecond)) return 0
    if (code === EAGAIN) {
      this.#counters.full += left
      return left
    }
    if (code === EMSGSIZE) this.#counters.tooLong++
    else this.#counters.unsent++
    return 1
  }
}
