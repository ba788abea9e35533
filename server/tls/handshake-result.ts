// How handshakes of clients end: a closed list, for metrics. What a client can bring about thousands of times
// a second is counted, and never told one by one.

export type HandshakeResult = (typeof HANDSHAKE_RESULTS)[number]

export const HANDSHAKE_RESULTS = [
  /** A whole one. */
  'full',
  /** The session of an earlier one went on. */
  'resumed',
  /** It ended or broke before the handshake was over, perhaps before it began: probes do that as well. */
  'cut_off',
  /** It was not over in time. */
  'timeout',
  /** What came is not TLS: HTTP in the clear, mostly. */
  'not_tls',
  /** Only versions that are not spoken here. */
  'no_version',
  /** No cipher, or kind of key, that both know. */
  'no_cipher',
  /** Only protocols (ALPN) that are not spoken here. */
  'no_protocol',
  /** The client did not want ours: its alert says so; a certificate that it does not trust, mostly. */
  'refused_by_client',
  /** Certificates of the client, with those that come along: more than TLS takes, or can go on with. */
  'chain_too_large',
  /** Anything else that breaks TLS. */
  'malformed',
] as const

/** What a failed handshake came to, by what TLS says of it. */
export function resultOfFailure(error: Error | null): HandshakeResult {
  const { code } = (error ?? {}) as { code?: string }
  if (error === null || code !== 'EPROTO') return 'cut_off'
  const reason = reasonOf(error)
  return KNOWN.get(reason) ?? (/_ALERT_/.test(reason) ? 'refused_by_client' : 'malformed')
}

/** The last word of TLS on it, as NO_SHARED_CIPHER. */
export const reasonOf = ({ message }: Error): string => message.slice(message.lastIndexOf(':') + 1)

const KNOWN: ReadonlyMap<string, HandshakeResult> = new Map([
  ['HTTP_REQUEST', 'not_tls'],
  ['HTTPS_PROXY_REQUEST', 'not_tls'],
  ['WRONG_VERSION_NUMBER', 'not_tls'],
  ['UNSUPPORTED_PROTOCOL', 'no_version'],
  ['NO_SHARED_CIPHER', 'no_cipher'],
  ['NO_SHARED_GROUP', 'no_cipher'],
  ['NO_COMMON_SIGNATURE_ALGORITHMS', 'no_cipher'],
  ['NO_APPLICATION_PROTOCOL', 'no_protocol'],
  // OpenSSL's alert of TLS 1.3 may come in the clear, where only what is encrypted can be read.
  ['BAD_PACKET_LENGTH', 'refused_by_client'],
])
