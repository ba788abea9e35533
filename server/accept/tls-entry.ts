// The step of TLS: a handshake with one of the listener's certificates, as they are at this moment, then the
// decrypted connection goes on.
import { ptr } from 'bun:ffi'
import { libc } from '../lib/native.ts'
import type { BunSocket } from '../sockets/bun/bun-socket.ts'
import { SEND_FLAGS, SHUT_WR } from '../sockets/calls.ts'
import type { Socket } from '../sockets/socket.ts'
import { giveToBun } from '../sockets/unread.ts'
import { type Shaking, type TlsFacts, acceptTls, factsOf, hasAgreed, isMute } from '../tls/accept-tls.ts'
import { logEvent } from '../telemetry/log.ts'
import type { HandshakeMeter } from '../telemetry/handshake-meter.ts'
import { clientResult } from '../tls/shown-certificate.ts'
import { type HandshakeResult, reasonOf, resultOfFailure } from '../tls/handshake-result.ts'
import type { ListenerTls } from '../tls/listener-tls.ts'
import type { TlsSettings } from '../tls/tls-settings.ts'
import type { Arrival } from './arrival.ts'
import { Arriving, type Arrivals } from './arriving.ts'
import type { Entry } from './entry.ts'

/** Where a certificate is asked for, there may be somebody who has to choose one, and to unlock its key. */
const ASKING_MS = 60_000

export interface TlsEntryParts {
  /** Its name. */
  readonly listener: string
  readonly meter: Pick<HandshakeMeter, 'ended' | 'clientCertificate'>
  readonly arrivals: Arrivals
  readonly tls: ListenerTls
  /** From alpnList(). */
  readonly alpn: Uint8Array
  /** Gets the decrypted connection. */
  readonly next: Entry
  /** What a client hears that begins with HTTP in the clear, which no handshake answers; null: nothing. */
  readonly inTheClear?: Uint8Array
}

export class TlsEntry implements Entry {
  readonly #parts: TlsEntryParts

  constructor(parts: TlsEntryParts) {
    this.#parts = parts
  }

  accept(raw: Socket, from: Arrival): void {
    // Only Bun has TLS, and somebody may have come otherwise: by another listener, or on an address that has
    // just become one for TLS.
    const own = giveToBun(raw)
    if (own === null) return from.gone()
    const shaking = new Handshake(this.#parts, own, from)
    shaking.begin(acceptTls(own, { alpn: this.#parts.alpn, owner: shaking }))
  }
}

class Handshake extends Arriving implements Shaking {
  readonly tls: ListenerTls
  shakenBy: TlsSettings | null = null
  readonly #parts: TlsEntryParts
  readonly #from: Arrival
  #decrypted: BunSocket | null = null
  /** Its time for the hello is over. */
  #isChosen = false
  /** It has been told how it ended. */
  #isTold = false

  constructor(parts: TlsEntryParts, raw: Socket, from: Arrival) {
    super(parts.arrivals, raw, from, parts.tls.handshakeMs)
    this.tls = parts.tls
    this.#parts = parts
    this.#from = from
  }

  /** The decrypted socket stands for it from now on. */
  begin(decrypted: BunSocket): void {
    this.socket = this.#decrypted = decrypted
    if (this.isOver) decrypted.terminate()
  }

  /** The handshake is over, for good or ill. */
  onHandshake(isDone: boolean, error: Error | null): void {
    if (this.isOver) return
    if (!isDone || this.#decrypted === null) {
      const result = this.#resultOf(error)
      this.#failed(result, error)
      if (error !== null && reasonOf(error) === 'HTTP_REQUEST') this.#sayInTheClear()
      // Bun ends it behind this, with an alert that a reset could overtake: some systems drop with that what
      // was not read yet, and their users are told of a broken connection, and not why.
      if (result === 'cut_off') this.terminate()
      return
    }
    const facts = factsOf(this.#decrypted, this.shakenBy)
    if (isMute(this.#decrypted, facts)) {
      this.#failed('chain_too_large')
      return this.terminate()
    }
    this.#isTold = true
    const { listener, meter } = this.#parts
    meter.ended(listener, facts.version, facts.isResumed ? 'resumed' : 'full')
    this.#countClient(facts)
    this.#from.encrypted(this.#decrypted, facts)
    this.handOn(this.#parts.next)
  }

  #resultOf(error: Error | null): HandshakeResult {
    // Before its cipher is chosen it is the hello that is too large.
    const isChain =
      error !== null &&
      reasonOf(error) === 'EXCESSIVE_MESSAGE_SIZE' &&
      this.#decrypted !== null &&
      hasAgreed(this.#decrypted)
    return isChain ? 'chain_too_large' : resultOfFailure(error)
  }

  /** Past TLS, which has nothing more to say; what the kernel does not take at once is given up. */
  #sayInTheClear(): void {
    const { inTheClear } = this.#parts
    const fd = this.#decrypted?.fd ?? -1
    if (inTheClear === undefined || fd < 0) return
    libc().send(fd, ptr(inTheClear), inTheClear.length, SEND_FLAGS)
    libc().shutdown(fd, SHUT_WR)
  }

  /** It is judged where it asks for something; here it is counted once. */
  #countClient({ client, serverName }: TlsFacts): void {
    const { clients } = this.tls
    if (client === null || clients === null) return
    const { found } = client.verdict(clients.of(serverName))
    const { listener, meter } = this.#parts
    meter.clientCertificate(listener, clientResult(found))
  }

  override onEnd(): void {
    if (!this.isOver) this.#failed('cut_off')
    super.onEnd()
  }

  override onClose(isBroken: boolean): void {
    if (!this.isOver) this.#failed('cut_off')
    super.onClose(isBroken)
  }

  override expire(nowMs: number): void {
    if (this.arrivals.isDraining) return super.expire(nowMs)
    if (this.#mayBeChosen()) return this.arrivals.wheel.due(this, nowMs + this.#moreMs())
    this.#failed('timeout')
    super.expire(nowMs)
  }

  /** Once: a client that has said all of its hello may have somebody who chooses. */
  #mayBeChosen(): boolean {
    if (this.tls.clients === null || this.#isChosen || this.#moreMs() <= 0) return false
    this.#isChosen = true
    return this.#decrypted !== null && hasAgreed(this.#decrypted)
  }

  #moreMs(): number {
    return ASKING_MS - this.tls.handshakeMs
  }

  #failed(result: HandshakeResult, error: Error | null = null): void {
    if (this.#isTold) return
    this.#isTold = true
    handshakeFailed(this.#parts, this.#from, result, error)
  }
}

/** Counted; and told one by one only where somebody looks for one. */
export function handshakeFailed(
  { listener, meter }: { readonly listener: string; readonly meter: Pick<HandshakeMeter, 'ended'> },
  { address: client }: Pick<Arrival, 'address'>,
  result: HandshakeResult,
  error: Error | null = null,
): void {
  meter.ended(listener, null, result)
  const why = error === null ? null : reasonOf(error)
  logEvent('debug', 'handshake_failed', { listener, client, result, ...(why && { why }) })
}
