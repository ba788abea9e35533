// TCP and TLS to a server.
import { isIP } from 'node:net'
import { Address } from '../../lib/address.ts'
import { channelOf } from '../../turn/bytes/channel-data.ts'
import { frameLength, isChannelData, NOT_A_FRAME } from '../../turn/bytes/frames.ts'
import { type CertificateFacts, certificateFacts } from './certificate.ts'
import { failureOf, type Link, type LinkFailure, type LinkSink, type LinkTarget } from './link.ts'

/** Connects, and with TLS shakes hands, within `timeoutMs`. */
export function openStreamLink(
  target: LinkTarget,
  sink: LinkSink,
  timeoutMs: number,
): Promise<Link | LinkFailure> {
  const link = new StreamLink(target, sink)
  return link.open(timeoutMs)
}

class StreamLink implements Link {
  readonly transport: 'tcp' | 'tls'
  readonly remote: Address
  local: Address
  certificate: CertificateFacts | null = null
  readonly #target: LinkTarget
  readonly #sink: LinkSink
  readonly #opened = Promise.withResolvers<Link | LinkFailure>()
  #socket: Bun.Socket | null = null
  #state: 'opening' | 'open' | 'gone' = 'opening'
  #isRaw = false
  #received: Uint8Array = new Uint8Array(0)
  /** What the kernel has not taken yet. */
  #queued: Uint8Array[] = []

  constructor(target: LinkTarget, sink: LinkSink) {
    this.transport = target.transport === 'tls' ? 'tls' : 'tcp'
    this.remote = target.address
    this.local = target.address
    this.#target = target
    this.#sink = sink
  }

  open(timeoutMs: number): Promise<Link | LinkFailure> {
    const timer = setTimeout(() => this.#fail({ failure: 'timeout', detail: 'no answer' }), timeoutMs)
    const { address, serverName } = this.#target
    const sni = sniOf(serverName)
    // The certificate is judged by who opens the link; here it only must not end the connection.
    const tls = { rejectUnauthorized: false, ...(sni === null ? {} : { serverName: sni }) }
    Bun.connect({
      hostname: address.host,
      port: address.port,
      ...(this.transport === 'tls' ? { tls } : {}),
      socket: {
        open: (socket) => this.#onOpen(socket),
        handshake: (socket, _success, problem) => this.#onHandshake(socket, problem),
        data: (_socket, bytes) => this.#onBytes(bytes),
        drain: () => this.#flush(),
        error: (_socket, problem) => this.#gone(failureOf(problem).detail),
        close: (_socket, problem) =>
          this.#gone(problem === undefined ? 'closed by the server' : failureOf(problem).detail),
        connectError: (_socket, problem) => this.#fail(failureOf(problem)),
      },
    }).catch((problem: unknown) => this.#fail(failureOf(problem)))
    return this.#opened.promise.finally(() => clearTimeout(timer))
  }

  send(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return false
    this.#queued.push(Uint8Array.from(bytes))
    this.#flush()
    return true
  }

  becomeRaw(): void {
    this.#isRaw = true
  }

  finish(): void {
    if (this.#state === 'open') this.#socket?.shutdown()
  }

  close(): void {
    this.#state = 'gone'
    this.#queued = []
    this.#socket?.terminate()
  }

  #onOpen(socket: Bun.Socket): void {
    this.#socket = socket
    // It took too long, and nobody waits for it any more.
    if (this.#state === 'gone') return void socket.terminate()
    socket.setNoDelay(true)
    this.local = Address.parse(socket.localAddress, socket.localPort) ?? this.local
    if (this.transport === 'tcp') this.#isOpen()
  }

  #onHandshake(socket: Bun.Socket, problem: Error | null): void {
    if (this.#state !== 'opening') return
    const certificate = certificateFacts(socket, this.#target.serverName)
    // Without a certificate there was no handshake: the other side does not speak TLS, or not with us.
    if (certificate === null)
      return this.#fail({ failure: 'tls', detail: problem?.message ?? 'no certificate was shown' })
    this.certificate = certificate
    this.#isOpen()
  }

  #isOpen(): void {
    this.#state = 'open'
    this.#opened.resolve(this)
  }

  #fail(failure: LinkFailure): void {
    if (this.#state !== 'opening') return
    this.close()
    this.#opened.resolve(failure)
  }

  #gone(why: string): void {
    const failure = this.transport === 'tls' && this.#socket !== null ? 'tls' : 'closed'
    if (this.#state === 'opening') return this.#fail({ failure, detail: why })
    if (this.#state === 'gone') return
    this.close()
    this.#sink.onClose(why)
  }

  #flush(): void {
    for (;;) {
      const bytes = this.#queued[0]
      if (bytes === undefined) return
      const taken = Math.max(0, this.#socket?.write(bytes) ?? 0)
      if (taken < bytes.length) {
        this.#queued[0] = bytes.subarray(taken)
        return
      }
      this.#queued.shift()
    }
  }

  #onBytes(bytes: Uint8Array): void {
    this.#received =
      this.#received.length === 0 ? Uint8Array.from(bytes) : Buffer.concat([this.#received, bytes])
    let at = 0
    while (this.#state === 'open' && at < this.#received.length) {
      const available = this.#received.length - at
      const length = this.#isRaw ? available : this.#frameLength(at, available)
      if (length === 0) break
      if (length < 0) return this.#isForeign(this.#received.slice(at))
      this.#sink.onMessage(this.#received.slice(at, at + length))
      at += length
    }
    this.#received = this.#received.slice(at)
  }

  #frameLength(at: number, available: number): number {
    const isOther =
      available > 1 &&
      isChannelData(this.#received, at) &&
      !this.#sink.isChannel(channelOf(this.#received, at))
    return isOther ? NOT_A_FRAME : frameLength(this.#received, at, available)
  }

  #isForeign(bytes: Uint8Array): void {
    this.#sink.onForeign(bytes)
    this.#gone('it sent what is neither STUN nor ChannelData')
  }
}

// Address literals must not stand in SNI (RFC 6066 §3).
const sniOf = (serverName: string): string | null => (isIP(serverName) === 0 ? serverName : null)
