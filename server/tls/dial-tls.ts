// Connections to servers by TLS, on Bun's sockets in whatever worker: dialled as plain ones are, then a
// handshake; who dials hears of the connection once it stands and its server is who it should be. Whoever
// speaks to servers dials by `dialServerAt`, and gets a Socket as any other.
import type { Socket as NativeSocket, SocketHandler } from 'bun'
import { tick } from '../lib/clock.ts'
import { isUnixPath } from '../lib/server-url.ts'
import { flush } from '../lib/stage.ts'
import { type BunSocket, type Native, bunEvents } from '../sockets/bun/bun-socket.ts'
import { bunSockets } from '../sockets/bun/bun-sockets.ts'
import { handshakeBegins, handshakeEnds } from '../sockets/bun/shaking.ts'
import { acknowledge } from '../sockets/calls.ts'
import { dialAt } from '../sockets/dial-at.ts'
import { type Dial, type DialFailure, type Dialler, NOBODY, type Socket } from '../sockets/socket.ts'
import { isTlsFault } from '../tables/faults.ts'
import { type HandshakeError, isUndone, whyUndone } from './failed-handshake.ts'
import { whyRefused } from './refused-server.ts'
import { countShaken, countUnshaken } from './server-handshakes.ts'
import type { ServerTls } from './server-tls.ts'
import { TlsClientSocket, type WithTls, closedEvents } from './tls-client-socket.ts'

/** Where a server is. */
interface ServerPlace {
  /** An address literal, or the path of a Unix socket, which has no port. */
  readonly address: string
  readonly port: number
}

/**
 * Dials an address of a server, by TLS where `tls` says how; never throws. `header`: what goes out before a
 * handshake; before anything else its dialler writes it, together with what follows.
 */
export function dialServerAt(
  place: ServerPlace,
  tls: ServerTls | null,
  header: Buffer | null,
  dialler: Dialler,
): Dial {
  if (tls === null) return dialAt(place.address, place.port, dialler)
  const dial = new TlsDial(tls, header, dialler)
  dial.start(place)
  return dial
}

/** What came of a handshake is kept so far: its messages that come in the clear, or what came instead. */
const CAME_BYTES_MAX = 32 * 1024

class TlsDial implements Dial, Dialler {
  isShaking = false
  readonly #tls: ServerTls
  readonly #context: object
  readonly #header: Buffer | null
  /** Null: it has heard, or does not want to. */
  #dialler: Dialler | null
  #dial: Dial | null = null
  #socket: TlsClientSocket | null = null
  #came: Buffer[] = []
  #cameBytes = 0

  constructor(tls: ServerTls, header: Buffer | null, dialler: Dialler) {
    this.#tls = tls
    this.#header = header
    this.#context = tls.client.context
    this.#dialler = dialler
  }

  start({ address, port }: ServerPlace): void {
    const dial = isUnixPath(address)
      ? bunSockets.dialUnix(address, this)
      : bunSockets.dial(address, port, this)
    if (this.#dialler !== null && !this.isShaking) this.#dial = dial
  }

  cancel(): void {
    this.#dialler = null
    this.#dial?.cancel()
    const socket = this.#socket
    if (socket === null) return
    socket.owner = NOBODY
    socket.terminate()
  }

  // ── connecting ──

  onDialFailed(failure: DialFailure, detail: string | null = null): void {
    this.#fail(failure, detail)
  }

  onConnected(raw: Socket): void {
    this.#dial = null
    const header = this.#header
    // A few bytes on a new connection are taken whole, unless it is broken.
    if (header !== null && raw.write(header, 0, header.length) !== header.length) {
      raw.owner = NOBODY
      raw.terminate()
      return this.#fail('connect_failed', null)
    }
    this.isShaking = true
    const { native } = raw as BunSocket
    const socket = new TlsClientSocket(native, this.#tls, this.#context)
    this.#socket = socket
    socket.owner = this
    // What is no part of it: bytes as they come, for as long as the handshake lasts.
    raw.owner = { ...NOBODY, onData: (bytes) => this.#see(bytes) }
    const { sni } = this.#tls
    const options = {
      // Whether it is trusted is decided here, for reasons that can be told.
      tls: { secureContext: this.#context, serverName: sni, rejectUnauthorized: false },
      data: socket,
      socket: this.#events(socket),
    } as unknown as Parameters<typeof native.upgradeTLS<BunSocket>>[0]
    const [under, decrypted] = native.upgradeTLS<BunSocket>(options)
    under.data = raw as BunSocket
    socket.native = decrypted as Native
    socket.under = under as Native
    handshakeBegins(socket)
  }

  // ── handshake ──

  #events(socket: BunSocket): SocketHandler<BunSocket> {
    const session = this.#tls.client.words.resume ? this.#tls.session : null
    const handshake = (
      _native: NativeSocket<BunSocket>,
      isDone: boolean,
      error: HandshakeError | null,
    ): void => {
      tick()
      handshakeEnds(socket)
      this.#shaken(isDone, error)
      flush()
    }
    return {
      ...bunEvents,
      ...closedEvents,
      // Nowhere else has it an effect.
      open: (native) => {
        if (session !== null) (native as unknown as WithTls).setSession(session)
      },
      handshake,
    } as SocketHandler<BunSocket>
  }

  #see(bytes: Buffer): void {
    const socket = this.#socket
    socket?.came(bytes)
    if (!this.isShaking || this.#cameBytes > CAME_BYTES_MAX) return
    this.#cameBytes += bytes.length
    this.#came.push(bytes)
  }

  #shaken(isDone: boolean, error: HandshakeError | null): void {
    const socket = this.#socket
    if (socket === null || this.#dialler === null) return
    if (!isDone && isUndone(error)) return this.#undone(error)
    const refusal = this.#refusal(socket)
    if (refusal !== null) return this.#fail(refusal.code, refusal.detail)
    const dialler = this.#dialler
    this.#over()
    socket.stands()
    countShaken(socket.version, socket.isResumed)
    socket.owner = dialler
    // A server that speaks first waits for our word on the handshake, where it heeds Nagle's algorithm.
    acknowledge(socket.fd)
    dialler.onConnected(socket)
  }

  #refusal(socket: TlsClientSocket): ReturnType<typeof whyRefused> {
    const native = socket.native as unknown as WithTls
    // It was looked at when the session was agreed, under the same words.
    socket.isResumed = native.isSessionReused()
    if (socket.isResumed) return null
    const certificate = native.getPeerX509Certificate() ?? null
    const found = native.getAuthorizationError()?.code ?? null
    const refusal = whyRefused(certificate, found, this.#tls)
    if (refusal === null && certificate !== null)
      socket.goodForMs = Date.parse(certificate.validTo) - Date.now()
    return refusal
  }

  #undone(error: HandshakeError | null): void {
    const { words, texts } = this.#tls.client
    const came = Buffer.concat(this.#came)
    const hasOwn = texts.cert !== null
    const { code, detail } = whyUndone(error, came, { hasOwn, oldest: words.min_version })
    this.#fail(code, detail)
  }

  #fail(failure: DialFailure, detail: string | null): void {
    const dialler = this.#dialler
    const socket = this.#socket
    this.#over()
    this.#tls.forget()
    if (isTlsFault(failure)) countUnshaken(failure)
    if (socket !== null) {
      socket.owner = NOBODY
      socket.terminate()
    }
    dialler?.onDialFailed(failure, detail)
  }

  #over(): void {
    this.#dialler = null
    this.isShaking = false
    this.#came = []
  }

  // ── as long as the handshake lasts ──

  onData(): void {}
  onDrain(): void {}

  onEnd(): void {
    this.#undone(null)
  }

  onClose(isBroken: boolean): void {
    if (this.#dialler !== null) this.#fail('tls_closed', isBroken ? 'it reset the connection' : null)
  }

  onBroken(): void {}

  terminate(): void {
    this.cancel()
  }
}
