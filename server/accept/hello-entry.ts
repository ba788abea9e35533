// The step of a tls listener: what a client asks for is looked at, and stays where it is, until its
// ClientHello is whole; then the first rule that matches says where the connection goes on, untouched.
//
// Who is refused is told so in TLS where he speaks it (RFC 8446 §6.2): clients show that better than a reset.
import { ptr } from 'bun:ffi'
import { nowMs } from '../lib/clock.ts'
import { errno, libc } from '../lib/native.ts'
import type { TlsListener, TlsWay } from '../snapshot/snapshot.ts'
import { EAGAIN, EINTR, MSG_DONTWAIT, MSG_PEEK } from '../sockets/calls.ts'
import { LookAgain, type Looker } from '../sockets/look-again.ts'
import { NOBODY, type Socket } from '../sockets/socket.ts'
import { giveToBun, leaveUnread, readOn } from '../sockets/unread.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { Admission } from '../tcp/admission.ts'
import type { TcpConnections } from '../tcp/connections.ts'
import { RefusedConnection } from '../tcp/refused-connection.ts'
import { type ClientHello, HELLO_BYTES_MAX, type HelloFault, readClientHello } from '../tls/client-hello.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'
import type { Gate } from './gate.ts'

export interface HelloEntryParts {
  readonly arrivals: Arrivals
  readonly listener: TlsListener
  readonly admission: Admission
  readonly connections: Pick<TcpConnections, 'closed'>
  readonly limitReached: (limit: string, value: number) => void
  /** Where each way leads. */
  readonly next: ReadonlyMap<TlsWay, Entry>
  /** Gets who was told that he is refused. */
  readonly answered: Entry
}

/** What there is to be seen: 'end' and 'broken': nothing more will be. */
type Seen = ClientHello | HelloFault | 'more' | 'nothing' | 'end' | 'broken'

export class HelloEntry implements Entry {
  readonly #parts: HelloEntryParts

  constructor(parts: HelloEntryParts) {
    this.#parts = parts
  }

  accept(socket: Socket, from: Arrival): void {
    const refusal = this.#parts.admission.refusalOf(from)
    const found = new Found(this.#parts, nowMs)
    if (refusal !== null && !from.isReset) return found.refuse(socket, from, { fault: refusal })
    // Mostly it is there already, in one piece.
    const seen = look(socket.fd, this.#parts.listener.options.limits.hello)
    if (refusal !== null && seen !== 'broken') return found.refuse(socket, from, { fault: refusal })
    if (found.settles(seen)) return found.accept(socket, from)
    new HelloAwaited(this.#parts, found, socket, from).begin()
  }
}

/** Where all of them are looked at: it is read at once. */
const bytes = Buffer.from(new ArrayBuffer(HELLO_BYTES_MAX))
const bytesAt = ptr(bytes)

function look(fd: number, most: number): Seen {
  const count = libc().recv(fd, bytesAt, most, MSG_PEEK | MSG_DONTWAIT)
  if (count > 0) return readClientHello(bytes, count, most)
  if (count === 0) return 'end'
  const code = errno()
  return code === EAGAIN || code === EINTR ? 'nothing' : 'broken'
}

class HelloAwaited extends Arriving implements Looker {
  readonly #parts: HelloEntryParts
  readonly #found: Found
  readonly #from: Arrival
  readonly #again = new LookAgain(this)
  #hasBegun = false

  constructor(parts: HelloEntryParts, found: Found, socket: Socket, from: Arrival) {
    super(parts.arrivals, socket, from, parts.listener.options.timeouts.hello)
    this.#parts = parts
    this.#found = found
    this.#from = from
  }

  begin(): void {
    const unread = leaveUnread(this.socket, this)
    if (unread === null) return this.terminate()
    this.socket = unread
    this.#from.goesOnBy(unread)
    // Again, as it is told of what comes from now on.
    this.look(false)
  }

  look(hasEnded: boolean): void {
    const seen = look(this.socket.fd, this.#parts.listener.options.limits.hello)
    if (seen === 'broken' && this.#hasBegun) return this.#refuse('client_abort')
    if (this.#found.settles(seen)) return this.handOn(this.#found)
    if (seen === 'more') this.#hasBegun = true
    if (!hasEnded) return this.#again.await(this.socket.fd)
    if (!this.#hasBegun) return this.terminate() // no fault either
    this.#refuse('client_abort')
  }

  override expire(): void {
    const { listener, limitReached } = this.#parts
    if (this.arrivals.isDraining) return this.terminate()
    limitReached(`listeners.${listener.name}.timeouts.hello`, listener.options.timeouts.hello)
    this.#refuse('hello_timeout')
  }

  /** By a reset, where the kernel tells that before anybody looks again. */
  override onClose(isBroken: boolean): void {
    if (this.#hasBegun && !this.isOver) this.#refuse('client_abort')
    else super.onClose(isBroken)
  }

  override onBroken(): void {
    if (this.#hasBegun && !this.isOver) this.#refuse('client_abort')
    else super.onBroken()
  }

  #refuse(fault: FaultCode): void {
    this.handOn({ accept: (socket, from) => this.#found.refuse(socket, from as Arrival, { fault }) })
  }

  protected override settled(): void {
    this.#again.stop()
  }
}

// RFC 8446 §6.2, RFC 7301 §3.2, RFC 6066 §3.
const ILLEGAL_PARAMETER = 47
const DECODE_ERROR = 50
const UNRECOGNIZED_NAME = 112
const NO_APPLICATION_PROTOCOL = 120

/** Why a client is refused; with an alert where it speaks TLS. */
interface Refused {
  readonly fault: FaultCode
  readonly detail?: string | null
  readonly alert?: number
}

const FAULT_OF: Readonly<Record<HelloFault, Refused>> = {
  plain_http: { fault: 'hello_malformed', detail: 'it speaks HTTP without TLS' },
  ssl_2: { fault: 'hello_malformed', detail: 'it speaks SSL 2.0' },
  not_tls: { fault: 'hello_malformed', detail: 'it speaks no TLS' },
  too_large: { fault: 'hello_too_large', alert: DECODE_ERROR },
  malformed: { fault: 'hello_malformed', alert: DECODE_ERROR },
  several_names: { fault: 'hello_malformed', detail: 'it asks for several names', alert: ILLEGAL_PARAMETER },
  bad_name: { fault: 'hello_malformed', detail: 'it asks for what is no name', alert: ILLEGAL_PARAMETER },
}

/** Takes a connection as soon as it is known what it asks for, or that nothing comes of it. */
class Found implements Entry {
  readonly #parts: HelloEntryParts
  readonly #sinceMs: number
  #seen: Exclude<Seen, 'more' | 'nothing'> = 'end'

  constructor(parts: HelloEntryParts, sinceMs: number) {
    this.#parts = parts
    this.#sinceMs = sinceMs
  }

  /** Whether that is known now. */
  settles(seen: Seen): boolean {
    if (seen === 'more' || seen === 'nothing') return false
    this.#seen = seen
    return true
  }

  accept(socket: Socket, from: Arrival): void {
    const seen = this.#seen
    // Who only looked whether somebody listens has sent nothing: that is no fault.
    if (seen === 'end' || seen === 'broken') return leave(socket, from)
    if (typeof seen === 'string') return this.#refuseFault(socket, from, seen)
    from.askedFor = seen.serverName
    const { listener, next } = this.#parts
    const way = listener.match(seen.serverName, seen.alpn)
    const entry = way && next.get(way)
    if (entry) return entry.accept(socket, from)
    // Another protocol would have led somewhere.
    const isKnown = listener.match(seen.serverName, null) !== null
    this.refuse(socket, from, {
      fault: 'no_rule',
      detail: isKnown ? whatIsOffered(seen) : seen.serverName === null ? 'it asks for no name' : null,
      alert: isKnown ? NO_APPLICATION_PROTOCOL : UNRECOGNIZED_NAME,
    })
  }

  #refuseFault(socket: Socket, from: Arrival, seen: HelloFault): void {
    const { listener, limitReached } = this.#parts
    const { hello } = listener.options.limits
    if (seen === 'too_large') limitReached(`listeners.${listener.name}.limits.hello`, hello)
    this.refuse(socket, from, FAULT_OF[seen])
  }

  /** By an alert, or by a reset where there is none. */
  refuse(socket: Socket, from: Arrival, { fault, detail = null, alert }: Refused): void {
    const { listener, connections, answered } = this.#parts
    connections.closed(new RefusedConnection(listener, from, { fault, detail, sinceMs: this.#sinceMs }))
    if (alert === undefined) return leave(socket, from)
    const read = readOn(socket)
    from.goesOnBy(read)
    read.owner = NOBODY
    // A record of TLS 1.0, as each version reads before it knows of another: alert, fatal, which.
    read.write(Buffer.from([21, 3, 1, 0, 2, 2, alert]), 0, 7)
    answered.accept(read, from)
  }
}

function leave(socket: Socket, from: Arrival): void {
  socket.owner = NOBODY
  from.gone()
  socket.terminate()
}

/** As much of it as a line has room for. */
const OFFERED_MAX = 8

function whatIsOffered({ alpn }: ClientHello): string {
  if (alpn.length === 0) return 'it offers no protocol'
  const some = alpn.slice(0, OFFERED_MAX).map((name) => name.replace(/[^\x21-\x7e]|["\\]/g, '?'))
  return `it offers ${some.join(', ')}${alpn.length > OFFERED_MAX ? ' ...' : ''}`
}

/** Joined to a server, untouched. */
export class PassedOn implements Entry {
  readonly #next: Entry

  constructor(next: Entry) {
    this.#next = next
  }

  accept(socket: Socket, from: Arrival): void {
    const read = readOn(socket)
    from.goesOnBy(read)
    this.#next.accept(read, from)
  }
}

/** At a listener that ends its TLS. */
export class EndedThere implements Entry {
  readonly #gate: Gate

  constructor(gate: Gate) {
    this.#gate = gate
  }

  accept(socket: Socket, from: Arrival): void {
    const own = giveToBun(socket)
    if (own === null) return from.gone()
    from.goesOnBy(own)
    this.#gate.takeOver(own, from)
  }
}
