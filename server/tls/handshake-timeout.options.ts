import { Duration } from '../lib/kinds.ts'

/** Of listeners that end TLS. */
export const HandshakeTimeout = Duration({
  default: '10s',
  least: '100ms',
  most: '10m',
  description:
    'The TLS handshake must be over within this time. Where a client certificate is asked for, what the client says first (ClientHello) must have come within it; the whole then has a minute, as people choose their certificate and unlock its key.',
})
