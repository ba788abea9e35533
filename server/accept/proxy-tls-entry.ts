// The PROXY protocol before bytes that nobody may take yet: TLS, or what is looked at to know who speaks it.
// What was read in the clear could not be given back: so nobody reads, and it is looked at what the kernel
// has until the header is whole; only that is taken.
import { ptr } from 'bun:ffi'
import { errno, libc } from '../lib/native.ts'
import { HEADER_BYTES_MAX, readProxyHeader } from '../lib/proxy-header.ts'
import { EAGAIN, MSG_DONTWAIT, MSG_PEEK } from '../sockets/calls.ts'
import { LookAgain, type Looker } from '../sockets/look-again.ts'
import { leaveUnread } from '../sockets/unread.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Arrival } from './arrival.ts'
import type { Entry } from './entry.ts'
import { BeforeHeader, type ProxyEntryParts } from './proxy-entry.ts'

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
    awaited.begin()
  }
}

/** What was taken of a header, and behind it what is looked at. One for all: it is read at once. */
const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES_MAX))

class HeaderPeeked extends BeforeHeader implements Looker {
  readonly #again = new LookAgain(this)
  /** The header as far as it has come. */
  #taken: Uint8Array = NOTHING

  begin(): void {
    const unread = leaveUnread(this.socket, this)
    if (unread === null) return this.terminate()
    this.unread(unread)
    this.look()
  }

  look(): void {
    const taken = this.#taken.length
    bytes.set(this.#taken)
    const count = this.#receive(taken, bytes.length - taken, MSG_PEEK)
    if (count === 0) return this.onEnd()
    if (count < 0) return errno() === EAGAIN ? this.#again.await(this.socket.fd) : this.terminate()
    const header = readProxyHeader(bytes, 0, taken + count)
    if (typeof header === 'string' && header !== 'more') return this.refuse(header)
    // All that has come of a header that is not whole is its own; taken, so that the end behind it is seen.
    const end = header === 'more' ? taken + count : header.length
    if (this.#receive(taken, end - taken, 0) !== end - taken) return this.terminate()
    if (header === 'more') {
      this.hasBegun = true
      this.#taken = bytes.slice(0, end)
      return this.look() // until nothing is left: an end right behind it has been told with it
    }
    this.socket.resume() // it reads in a turn to come: TLS then
    this.take(header)
  }

  #receive(at: number, most: number, flags: number): number {
    const { fd } = this.socket
    return libc().recv(fd, ptr(bytes, at), most, flags | MSG_DONTWAIT)
  }

  protected override settled(): void {
    this.#again.stop()
  }
}
