// The way to a server: UDP, TCP or TLS on sockets of Bun. What arrives is given on in whole messages,
// whichever it is.
import type { Address } from '../../lib/address.ts'
import type { CertificateFacts } from './certificate.ts'
import type { ClientTransport } from '../../lib/turn-url.ts'

/** Who is told. */
export interface LinkSink {
  /** A datagram; of a stream a STUN message or ChannelData with its padding. A copy of its own. */
  onMessage(bytes: Uint8Array): void
  /**
   * Whether ChannelData of this number can come: every letter of ASCII begins one, so a web server's answer
   * would be waited for.
   */
  isChannel(channel: number): boolean
  /** A stream brought what is neither STUN nor ChannelData; these are its first bytes, and it is aborted. */
  onForeign(bytes: Uint8Array): void
  /** The network says that datagrams do not arrive; the link stays open. */
  onRefused(why: string): void
  /** Gone, once, and not by our close(). */
  onClose(why: string): void
}

export interface Link {
  readonly transport: ClientTransport
  readonly local: Address
  readonly remote: Address
  /** What the server showed in the handshake; null without TLS. */
  readonly certificate: CertificateFacts | null
  /** False: it is gone. What a stream does not take now is kept. */
  send(bytes: Uint8Array): boolean
  /**
   * What arrives from here on is given on as it comes, in pieces of any size (RFC 6062). Nothing over UDP.
   */
  becomeRaw(): void
  /** Ends our side (FIN); the server's answers still arrive. Nothing over UDP. */
  finish(): void
  /** Gone at once. */
  close(): void
}

export interface LinkTarget {
  readonly transport: ClientTransport
  readonly address: Address
  /** The name that its certificate must have; an address literal is good too. */
  readonly serverName: string
}

/** A failure to reach a server: a stable word, and what the system says. */
export interface LinkFailure {
  readonly failure: 'refused' | 'unreachable' | 'timeout' | 'tls' | 'closed'
  readonly detail: string
}

/** What an exception of a socket is. */
export function failureOf(problem: unknown): LinkFailure {
  const { code, message } = (problem ?? {}) as { code?: string; message?: string }
  const detail = code ?? message ?? String(problem)
  if (code === 'ECONNREFUSED') return { failure: 'refused', detail }
  if (code === 'ETIMEDOUT') return { failure: 'timeout', detail }
  return { failure: 'unreachable', detail }
}
