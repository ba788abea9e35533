// The server's side of TLS on a connection that was accepted in the clear. So the certificate is chosen for
// each connection, and another one needs no other listener: not even for clients that give no name (SNI).
//
// Each handshake begins with the context of the listener's first certificate, which is the same as long as
// that is: the keys of tickets are that context's, so sessions are resumed whatever name they were for. Where
// the client asks for a name, the context of another certificate takes over in the midst of it.
import type { Socket as NativeSocket, SocketHandler } from 'bun'
import { tellBug } from '../lib/bug.ts'
import { tick } from '../lib/clock.ts'
import { flush } from '../lib/stage.ts'
import { BunSocket, type Native, bunEvents } from '../sockets/bun/bun-socket.ts'
import { acknowledge, receivedBytes } from '../sockets/calls.ts'
import { handshakeBegins, handshakeEnds } from '../sockets/bun/shaking.ts'
import { NOBODY, type SocketEvents } from '../sockets/socket.ts'
import type { Certificate, NativeContext } from './certificate.ts'
import type { ClientPolicy } from './client-policies.ts'
import type { ListenerTls } from './listener-tls.ts'
import { ShownCertificate } from './shown-certificate.ts'
import type { TlsSettings } from './tls-settings.ts'

/** What is known of a connection by its TLS. */
export interface TlsFacts {
  /** The name that the client asked for (SNI), in lower case; null: none. */
  readonly serverName: string | null
  /** As OpenSSL calls it, such as "TLSv1.3". */
  readonly version: string
  /** The same, such as "TLS_AES_128_GCM_SHA256". */
  readonly cipher: string
  /** What was chosen of the protocols that the client offered (ALPN); null: it offered none. */
  readonly protocol: string | null
  /** The session of an earlier connection goes on. */
  readonly isResumed: boolean
  /** What the client has shown of itself; null: it was not asked. */
  readonly client: ShownCertificate | null
}

/** Who waits for a handshake. */
export interface Shaking extends SocketEvents {
  readonly tls: ListenerTls
  /**
   * What it is made with, where the listener asks some of its clients for a certificate; null: it does not.
   */
  shakenBy: TlsSettings | null
  /** How it went; after a failure the close follows. `error`: what TLS says. */
  onHandshake(isDone: boolean, error: Error | null): void
}

export interface AcceptTlsOptions {
  /**
   * From alpnList(); who offers protocols and none of these is refused (RFC 7301 §3.2), who offers nothing is
   * not. An empty one: none is chosen, and nobody refused.
   */
  readonly alpn: Uint8Array
  /** Of the decrypted connection. */
  readonly owner: Shaking
}

/** Begins a handshake; returns the decrypted connection. `raw` is nobody's business any more. */
export function acceptTls(raw: BunSocket, { alpn, owner }: AcceptTlsOptions): BunSocket {
  const { native } = raw
  const { certificates, clients } = owner.tls
  const settings = settingsFor(owner, clients?.first)
  const socket = new BunSocket(native, true)
  socket.owner = owner
  // The public types know only the client's side.
  const options = {
    isServer: true,
    tls: {
      secureContext: certificates.first.contextFor(settings),
      ...(alpn.length > 0 && { ALPNProtocols: alpn }),
      ...(settings.asks !== null && { requestCert: true, rejectUnauthorized: false }),
    },
    data: socket,
    socket: decryptedEvents,
  } as unknown as Parameters<typeof native.upgradeTLS<BunSocket>>[0]
  const [under, decrypted] = native.upgradeTLS<BunSocket>(options)
  raw.owner = NOBODY
  // It need not live as long as the connection does: idle ones are many.
  under.data = NO_ONES
  socket.native = decrypted as Native
  handshakeBegins(socket)
  return socket
}

/** What Bun tells of the encrypted side is nobody's business, whichever connection's it is. */
const NO_ONES = new BunSocket({ fd: -1 } as Native)

/** A handshake may be told before anybody else owns it. */
const decryptedEvents = {
  ...bunEvents,
  /** Told only where the client gives a name; without an answer the handshake goes on as it began. */
  serverName({ owner }: BunSocket, name: string, native: Shaken): NativeContext | true | undefined {
    if (!('onHandshake' in owner)) return undefined
    const shaking = owner as Shaking
    const { certificates, clients } = shaking.tls
    try {
      const settings = settingsFor(shaking, clients?.of(name))
      // It has begun with that of the first.
      if (clients !== null && clients.first.asks !== (settings.asks !== null))
        native.setVerifyMode(settings.asks !== null, false)
      const goOn = (one: Certificate): void => native.resumeSNI(one.contextFor(settings), false)
      if (certificates.hold?.(name, goOn) === true) return true
      return certificates.find(name).contextFor(settings)
    } catch (error) {
      tellBug(error)
      return undefined
    }
  },
  handshake({ data }: NativeSocket<BunSocket>, isDone: boolean, error: Error | null): void {
    tick()
    handshakeEnds(data)
    const { owner, fd } = data
    // The client's last words get no answer by TLS: its first request would wait for the kernel's, where it
    // heeds Nagle's algorithm.
    if (isDone) acknowledge(fd)
    if ('onHandshake' in owner) (owner as Shaking).onHandshake(isDone, error)
    flush()
  },
} satisfies SocketHandler<BunSocket> & { serverName: unknown }

/** What it is made with, from the moment on at which it is known whom for. */
function settingsFor(owner: Shaking, policy: ClientPolicy | undefined): TlsSettings {
  if (policy === undefined) return owner.tls.settings
  return (owner.shakenBy = policy.settings)
}

/** A socket in the midst of its handshake, beyond Bun's public types. */
interface Shaken {
  setVerifyMode(asks: boolean, refuses: boolean): void
  resumeSNI(context: NativeContext, isRefused: boolean): void
}

/** A decrypted socket, beyond Bun's public types. */
interface WithTls {
  getServername(): string | undefined
  readonly alpnProtocol: string | false | null
  getTLSVersion(): string
  isSessionReused(): boolean
  getCipher(): { readonly name: string | null }
}

/** In the midst of a handshake: the client's hello is whole, and what is spoken was chosen by it. */
export const hasAgreed = ({ native }: BunSocket): boolean =>
  (native as unknown as WithTls).getCipher().name !== null

/**
 * By TLS 1.3 both tickets, which hold the client's chain, wait for our first word, in a buffer of 64 KB:
 * where they do not fit, nothing can be said any more, and Bun ends the connection.
 */
const CHAIN_BYTES_MAX = 32_000

/** Whether nothing can be said to a client, as it has shown too much. */
export function isMute(socket: BunSocket, { version, client, isResumed }: TlsFacts): boolean {
  if (client === null || client.certificate === null || version !== 'TLSv1.3' || isResumed) return false
  const came = receivedBytes(socket.fd)
  return (came === null || came > CHAIN_BYTES_MAX) && client.chainBytes > CHAIN_BYTES_MAX
}

/** Once the handshake is done; `shakenBy`: that of who waited for it. */
export function factsOf(socket: BunSocket, shakenBy: TlsSettings | null): TlsFacts {
  const tls = socket.native as unknown as WithTls
  return {
    serverName: tls.getServername()?.toLowerCase() ?? null,
    version: tls.getTLSVersion(),
    cipher: tls.getCipher().name ?? '',
    protocol: tls.alpnProtocol || null,
    isResumed: tls.isSessionReused(),
    client: shakenBy === null || shakenBy.asks === null ? null : new ShownCertificate(socket, shakenBy.key),
  }
}

/**
 * Protocols as they stand in a handshake: each with a byte for its length before it (RFC 7301 §3.1), in order
 * of preference.
 */
export function alpnList(protocols: readonly string[]): Uint8Array {
  return Buffer.concat(
    protocols.map((name) => Buffer.from(`${String.fromCharCode(name.length)}${name}`, 'latin1')),
  )
}
