// The PROXY protocol before TLS. Nobody may read a byte behind the header, as what Bun has read in the clear
// cannot be given to TLS: so Bun does not read, and it is looked at what the kernel has until the header is
// whole; only that is taken. No event says that more has come: it is looked again and again, less and less
// often.
import { ptr } from 'bun:ffi'
import { tellBug } from '../lib/bug.ts'
import { event } from '../lib/event.ts'
import { errno, libc } from '../lib/native.ts'
import { HEADER_BYTES_MAX, readProxyHeader } from '../lib/proxy-header.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Arrival } from './arrival.ts'
import type { Entry } from './entry.ts'
import { BeforeHeader, type ProxyEntryParts } from './proxy-entry.ts'

const MSG_PEEK = 2
const MSG_DONTWAIT = 0x40
const EAGAIN = 11
const LOOK_FIRST_MS = 1
const LOOK_LAST_MS = 64
const NOTHING = new Uint8Array(0)

export class ProxyTlsEntry implements Entry {
  readonly #parts: ProxyEntryParts

  constructor(parts: ProxyEntryParts) {
    this.#parts = parts
  }

  accept(socket: Socket, from: Arrival): void {
    const { trusted, next } = this.#parts
    if (!trusted.has(from.socketAddress)) return next.accept(socket, from)
    const awaited = new HeaderPeeked(this.#parts, socket, from)
    socket.owner = awaited
    socket.pause()
    awaited.look()
  }
}

/** What was taken of a header, and behind it what is looked at. One for all: it is read at once. */
const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES_MAX))

class HeaderPeeked extends BeforeHeader {
  #nextMs = LOOK_FIRST_MS
  /** The header as far as it has come. */
  #taken: Uint8Array = NOTHING

  look(): void {
    const taken = this.#taken.length
    bytes.set(this.#taken)
    const count = this.#receive(taken, bytes.length - taken, MSG_PEEK)
    if (count === 0) return this.onEnd()
    if (count < 0) return errno() === EAGAIN ? this.#lookAgain() : this.terminate()
    const header = readProxyHeader(bytes, 0, taken + count)
    if (typeof header === 'string' && header !== 'more') return this.refuse(header)
    // All that has come of a header that is not whole is its own; taken, so that the end behind it is seen.
    const end = header === 'more' ? taken + count : header.length
    if (this.#receive(taken, end - taken, 0) !== end - taken) return this.terminate()
    if (header === 'more') {
      this.hasBegun = true
      this.#taken = bytes.slice(0, end)
      return this.#lookAgain()
    }
    this.socket.resume() // it reads in a turn to come: TLS then
    this.take(header)
  }

  #receive(at: number, most: number, flags: number): number {
    const { fd } = this.socket
    return libc().recv(fd, ptr(bytes, at), most, flags | MSG_DONTWAIT)
  }

  #lookAgain(): void {
    const afterMs = this.#nextMs
    this.#nextMs = Math.min(2 * afterMs, LOOK_LAST_MS)
    setTimeout(lookAt, afterMs, this)
  }

  lookIfAwaited(): void {
    if (!this.isOver) this.look()
  }
}

function lookAt(awaited: HeaderPeeked): void {
  event(() => {
    try {
      awaited.lookIfAwaited()
    } catch (error) {
      tellBug(error)
      awaited.terminate()
    }
  })
}
