// The step before TLS while an issuer is about to look for a challenge (tls-alpn-01, RFC 8737): whether a
// client offers `acme-tls/1` must be known before the handshake begins, as it gets another certificate then.
// So Bun does not read, and it is looked at what the kernel has until the ClientHello is whole; nothing of it
// is taken.
import { ptr } from 'bun:ffi'
import { errno, libc } from '../lib/native.ts'
import { EAGAIN, MSG_DONTWAIT, MSG_PEEK } from '../sockets/calls.ts'
import { LookAgain, type Looker } from '../sockets/look-again.ts'
import type { Socket } from '../sockets/socket.ts'
import type { HandshakeMeter } from '../telemetry/handshake-meter.ts'
import type { Challenges } from '../tls/challenges.ts'
import type { HandshakeResult } from '../tls/handshake-result.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'
import { handshakeFailed } from './tls-entry.ts'

/** A record's header: what it is, a version, its length. */
const RECORD_HEAD_BYTES = 5
const HANDSHAKE = 22
/** Those of issuers have a few hundred bytes: who comes with more is none. */
const HELLO_BYTES_MAX = 4096
/** RFC 8737 §4: the extension for protocols (RFC 7301 §3.1) offers this one and no other. */
const OFFERS_CHALLENGE = Buffer.from('\0\x10\0\x0d\0\x0b\x0aacme-tls/1', 'latin1')

export interface ChallengeEntryParts {
  /** Its name. */
  readonly listener: string
  readonly meter: Pick<HandshakeMeter, 'ended'>
  readonly arrivals: Arrivals
  /** For the ClientHello. */
  readonly withinMs: number
  readonly challenges: Pick<Challenges, 'isEmpty'>
  /** Gets who looks for a challenge. */
  readonly answer: Entry
  /** Gets all others. */
  readonly next: Entry
}

export class ChallengeEntry implements Entry {
  readonly #parts: ChallengeEntryParts

  constructor(parts: ChallengeEntryParts) {
    this.#parts = parts
  }

  accept(socket: Socket, from: Arrival): void {
    if (this.#parts.challenges.isEmpty) return this.#parts.next.accept(socket, from)
    const awaited = new HelloAwaited(this.#parts, socket, from)
    socket.owner = awaited
    socket.pause()
    awaited.look()
  }
}

/** One for all: it is read at once. */
const bytes = Buffer.from(new ArrayBuffer(HELLO_BYTES_MAX))

class HelloAwaited extends Arriving implements Looker {
  readonly #parts: ChallengeEntryParts
  readonly #from: Arrival
  readonly #again = new LookAgain(this)

  constructor(parts: ChallengeEntryParts, socket: Socket, from: Arrival) {
    super(parts.arrivals, socket, from, parts.withinMs)
    this.#parts = parts
    this.#from = from
  }

  look(hasEnded = false): void {
    const count = libc().recv(this.socket.fd, ptr(bytes), bytes.length, MSG_PEEK | MSG_DONTWAIT)
    if (count === 0) return this.onEnd()
    if (count < 0) return errno() === EAGAIN ? this.#again.await(this.socket.fd) : this.onBroken()
    const length = RECORD_HEAD_BYTES + bytes.readUInt16BE(3)
    const isHello = bytes[0] === HANDSHAKE && count >= RECORD_HEAD_BYTES && length <= HELLO_BYTES_MAX
    if (count < RECORD_HEAD_BYTES || (isHello && count < length))
      return hasEnded ? this.onEnd() : this.#again.await(this.socket.fd)
    const isAsked = isHello && bytes.subarray(0, length).includes(OFFERS_CHALLENGE)
    this.socket.resume() // it reads in a turn to come: TLS then
    this.handOn(isAsked && !this.#parts.challenges.isEmpty ? this.#parts.answer : this.#parts.next)
  }

  // As in the handshake that would have followed.

  override onEnd(): void {
    this.#failed('cut_off')
    super.onEnd()
  }

  override onClose(isBroken: boolean): void {
    this.#failed('cut_off')
    super.onClose(isBroken)
  }

  override onBroken(): void {
    this.#failed('cut_off')
    super.onBroken()
  }

  override expire(nowMs: number): void {
    if (!this.arrivals.isDraining) this.#failed('timeout')
    super.expire(nowMs)
  }

  #failed(result: HandshakeResult): void {
    if (!this.isOver) handshakeFailed(this.#parts, this.#from, result)
  }

  protected override settled(): void {
    this.#again.stop()
  }
}
