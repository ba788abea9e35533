// The server's side of TLS on a connection that was accepted in the clear. So the certificate is chosen for
// each connection, and another one needs no other listener: not even for clients that give no name (SNI).
import type { Socket as NativeSocket, SocketHandler } from 'bun'
import { tick } from '../lib/clock.ts'
import { flush } from '../lib/stage.ts'
import { BunSocket, type Native, bunEvents } from '../sockets/bun/bun-socket.ts'
import { NOBODY, type SocketEvents } from '../sockets/socket.ts'
import type { Certificate } from './certificate.ts'

/** What is known of a connection by its TLS. */
export interface TlsFacts {
  /** The name that the client asked for (SNI), in lower case; null: none. */
  readonly serverName: string | null
  /** As OpenSSL calls it, such as "TLSv1.3". */
  readonly version: string
}

/** Who waits for a handshake. */
export interface Shaking extends SocketEvents {
  /** How it went; after a failure the close follows. */
  onHandshake(isDone: boolean): void
}

export interface AcceptTlsOptions {
  readonly certificate: Certificate
  /**
   * From alpnList(); who offers protocols and none of these is refused (RFC 7301 §3.2), who offers nothing is
   * not.
   */
  readonly alpn: Uint8Array
  /** Of the decrypted connection. */
  readonly owner: Shaking
}

/** Begins a handshake; returns the decrypted connection. `raw` is nobody's business any more. */
export function acceptTls(raw: BunSocket, { certificate, alpn, owner }: AcceptTlsOptions): BunSocket {
  const { native } = raw
  const socket = new BunSocket(native, true)
  socket.owner = owner
  // The public types know only the client's side.
  const options = {
    isServer: true,
    tls: { secureContext: certificate.native, ALPNProtocols: alpn },
    data: socket,
    socket: decryptedEvents,
  } as unknown as Parameters<typeof native.upgradeTLS<BunSocket>>[0]
  const [under, decrypted] = native.upgradeTLS<BunSocket>(options)
  raw.owner = NOBODY
  under.data = raw
  socket.native = decrypted as Native
  return socket
}

/** A handshake may be told before anybody else owns it. */
const decryptedEvents = {
  ...bunEvents,
  handshake({ data: { owner } }: NativeSocket<BunSocket>, isDone: boolean): void {
    tick()
    if ('onHandshake' in owner) (owner as Shaking).onHandshake(isDone)
    flush()
  },
} satisfies SocketHandler<BunSocket>

/** A decrypted socket, beyond Bun's public types. */
interface WithTls {
  getServername(): string | undefined
  getTLSVersion(): string
}

/** Once the handshake is done. */
export function factsOf({ native }: BunSocket): TlsFacts {
  const tls = native as unknown as WithTls
  return { serverName: tls.getServername()?.toLowerCase() ?? null, version: tls.getTLSVersion() }
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
