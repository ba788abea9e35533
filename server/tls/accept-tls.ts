// The server's side of TLS on a connection that was accepted in the clear. So the certificate is chosen for
// each connection, and another one needs no other listener: not even for clients that give no name (SNI).
import type { Socket, SocketHandler } from 'bun'
import { NOBODY, type SocketEvents } from '../lib/socket-events.ts'
import type { Certificate } from './certificate.ts'

/** What is known of a connection by its TLS. */
export interface TlsFacts {
  /** The name that the client asked for (SNI), in lower case; null: none. */
  readonly serverName: string | null
  /** As OpenSSL calls it, such as "TLSv1.3". */
  readonly version: string
}

export interface AcceptTlsOptions<T> {
  readonly certificate: Certificate
  /**
   * From alpnList(); who offers protocols and none of these is refused (RFC 7301 §3.2), who offers nothing is
   * not.
   */
  readonly alpn: Uint8Array
  /** `socket.data` of the decrypted connection. */
  readonly data: T
  /** `handshake` tells how it went; after a failure `close` follows. */
  readonly handlers: SocketHandler<T>
}

/** Begins a handshake; returns the decrypted connection. `raw` is nobody's business any more. */
export function acceptTls<T>(
  raw: Socket<SocketEvents>,
  { certificate, alpn, data, handlers }: AcceptTlsOptions<T>,
): Socket<T> {
  // The public types know only the client's side.
  const options = {
    isServer: true,
    tls: { secureContext: certificate.native, ALPNProtocols: alpn },
    data,
    socket: handlers,
  } as unknown as Parameters<typeof raw.upgradeTLS<T>>[0]
  const [under, decrypted] = raw.upgradeTLS<T>(options)
  ;(under as Socket<SocketEvents>).data = NOBODY
  return decrypted
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
