// A connection to a server, decrypted: a socket of Bun's that knows what TLS said of its end, and keeps what
// the next connection can be resumed by.
import type { X509Certificate } from 'node:crypto'
import type { Socket as NativeSocket, SocketHandler } from 'bun'
import { BunSocket, type Native, bunEvents } from '../sockets/bun/bun-socket.ts'
import { isQuiet } from '../sockets/bun/pump.ts'
import { acknowledge } from '../sockets/calls.ts'
import type { TlsEnd, TlsRefusal } from '../sockets/socket.ts'
import { type HandshakeError, whyRefusedLater } from './failed-handshake.ts'
import { RecordWatch } from './record-watch.ts'
import { countUnshaken } from './server-handshakes.ts'
import type { ServerTls } from './server-tls.ts'

/** A decrypted socket, beyond Bun's public types. */
export interface WithTls {
  setSession(session: Buffer): void
  getSession(): Buffer | undefined
  isSessionReused(): boolean
  getTLSVersion(): string
  getPeerX509Certificate(): X509Certificate | undefined
  getAuthorizationError(): { readonly code?: string } | null
}

/** A piece of an answer of so much or more is worth that nobody looks at its records. */
const VOLUME_BYTES = 64 * 1024

export class TlsClientSocket extends BunSocket implements TlsEnd {
  readonly watch = new RecordWatch()
  /** The half that Bun reads ciphertext with. */
  under: Native
  refusal: TlsRefusal | null = null
  hasEnded = false
  isWanted = true
  /** As OpenSSL calls it; empty: not known yet. */
  version = ''
  isResumed = false
  /** How long its server's certificate is good; 0: its session was resumed. */
  goodForMs = 0
  readonly #tls: ServerTls
  readonly #context: object
  #isWatching = true
  /** Nothing came yet but what TLS has to say. */
  #isWaiting = false
  #keepsSession = false

  constructor(native: Native, tls: ServerTls, context: object) {
    super(native, true)
    this.under = native
    this.#tls = tls
    this.#context = context
  }

  /** Its handshake is done, and its server taken. */
  stands(): void {
    this.version = (this.native as unknown as WithTls).getTLSVersion()
    this.watch.isSealed = this.#isWaiting = this.version === 'TLSv1.3'
    this.#keepsSession = this.#tls.client.words.resume && this.goodForMs > 0
  }

  /** TLS broke, by an alert of the server or by what it found. */
  refuse(error: HandshakeError): void {
    this.isBroken = true
    this.refusal = whyRefusedLater(error, this.#tls.client.texts.cert !== null)
    if (this.refusal === null) return
    this.#tls.forget()
    countUnshaken(this.refusal.code)
  }

  get tlsEnd(): TlsEnd {
    return this
  }

  get isCut(): boolean {
    return this.hasEnded && !this.watch.hasSaidEnd
  }

  /** Of what is encrypted: what has come is no less news. */
  override get isQuiet(): boolean {
    return isQuiet(this.fd)
  }

  /**
   * Ciphertext. Tickets (RFC 8446 §4.6.1) mostly cross our first request: where the server heeds Nagle's
   * algorithm its answer waits for our word on them, which the kernel would put off for 40 ms.
   */
  came(bytes: Buffer): void {
    this.watch.came(bytes)
    if (this.#isWaiting) acknowledge(this.fd)
  }

  override received(bytes: Buffer): void {
    this.#isWaiting = false
    this.watch.brought(bytes.length)
    super.received(bytes)
    if (this.#keepsSession && !this.isClosed) this.#keep()
  }

  /** With data, as TLS 1.3 hands sessions out behind the handshake. */
  #keep(): void {
    this.#keepsSession = false
    const bytes = (this.native as unknown as WithTls).getSession()
    if (bytes !== undefined) this.#tls.keep(bytes, this.#context, this.goodForMs)
  }

  /** In volume ciphertext is told to nobody, where no word on the end is asked for. */
  override expectVolume(bytes: number): void {
    super.expectVolume(bytes)
    this.#watch(bytes < VOLUME_BYTES || (bytes === Infinity && this.isWanted))
  }

  #watch(isWanted: boolean): void {
    if (isWanted === this.#isWatching || this.isClosed) return
    this.#isWatching = isWanted
    if (isWanted) this.watch.skipped()
    this.under.reload({ socket: isWanted ? bunEvents : unwatched })
  }
}

const { data: _, ...unwatched } = bunEvents
const { end: toldEnd } = bunEvents

/** What a connection hears of its end. */
export const closedEvents = {
  end(native: NativeSocket<BunSocket>): void {
    ;(native.data as TlsClientSocket).hasEnded = true
    toldEnd(native)
  },
  /** Of TLS itself: its close follows. All else is as with other sockets. */
  error(native: NativeSocket<BunSocket>, error: Error): void {
    const socket = native.data as TlsClientSocket
    if (!/^error:[0-9a-f]+:/i.test(error.message)) return bunEvents.error(native, error)
    socket.refuse(error)
  },
} satisfies Partial<SocketHandler<BunSocket>>
