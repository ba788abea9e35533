import { Type, type Static } from '@sinclair/typebox'
import { ProxyProtocol } from '../accept/proxy-protocol.options.ts'
import { SteerOptions } from '../accept/steer.options.ts'
import { UnixOptions } from '../accept/unix.options.ts'
import { CLIENT_CERTIFICATE_ALSO, ClientCertificateOptions } from '../tls/client-certificate.options.ts'
import { HandshakeTimeout } from '../tls/handshake-timeout.options.ts'
import { TlsOptions } from '../tls/tls.options.ts'
import { Binds, Cidr, Duration, Name, OneOrMore, Size, Words } from '../lib/kinds.ts'

export const TcpTimeouts = Type.Object(
  {
    idle: Duration({
      default: '1h',
      least: '10ms',
      description:
        'Nothing passed for so long in either direction, or a side took nothing of what waits for it: the connection is ended. Databases, brokers and shells keep connections that say nothing for long.',
    }),
    half_close: Duration({
      default: '5m',
      least: '10ms',
      description:
        'The same once one side has sent its end (FIN) and the other goes on. Counts where it is shorter than idle.',
    }),
  },
  { default: {}, description: 'How long connections may be silent.' },
)

export const TcpLimits = Type.Object(
  {
    connections: Type.Integer({
      default: 16384,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Most open client connections of each worker; further ones are closed at once.',
    }),
    rate: Type.Optional(
      Type.Object(
        {
          connections: Type.Integer({
            minimum: 1,
            maximum: 1_000_000,
            description: 'So many connections may be made in the time of `per`, again and again.',
          }),
          per: Duration({
            default: '1s',
            least: '1ms',
            most: '24d',
            description: 'The time for `connections`.',
          }),
          burst: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 10_000_000,
              description: 'So many may come at once after a pause. Default: as many as `connections`.',
            }),
          ),
        },
        {
          description:
            'Connections of each client address (of IPv6 each /64), counted exactly over all workers; those beyond it are reset.',
        },
      ),
    ),
    bandwidth: Type.Optional(
      Size({
        least: '1KiB',
        description:
          'Bytes a second of each connection, in each direction: who sends more is read more slowly. Default: as fast as it goes.',
      }),
    ),
  },
  { default: {}, description: 'How much clients may do.' },
)

/** Whom a listener of connections lets in. */
export const AllowDeny = {
  allow: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
    default: [],
    description: 'Only these clients are let in; others are reset. Empty: all.',
  }),
  deny: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
    default: [],
    description: 'These are not let in, even when allowed above.',
  }),
}

const NO_RULES = 'a tcp listener leads to one backend: what comes is passed on as it is'

export const TcpListenerOptions = Type.Object(
  {
    bind: Binds(
      'Address and port, such as "0.0.0.0:5432" or "[::]:5432", a Unix socket such as "unix:/run/sluice/db.sock", a range of ports such as "0.0.0.0:10000-10010" (up to 1,000), or a list of them; port 0 takes a free one. Clients of a Unix socket have the address "unix:" in logs and ranges.',
      { takesUnix: true, takesRange: true, mayLack: true },
    ),
    unix: UnixOptions,
    steer: SteerOptions,
    protocol: Words(['tcp'], { description: 'What is spoken on it.' }),
    backend: Name({ description: 'The backend of all its connections; its servers are tcp://.' }),
    certificates: OneOrMore(
      Name({ description: 'One of the certificates at the top level.' }),
      'TLS ends here, with these certificates, and servers get what was in it. A client gets the one that is for the name it asks for (SNI), else the first. Left out: bytes are passed on as they come, TLS too.',
    ),
    tls: TlsOptions,
    client_certificate: Type.Optional(ClientCertificateOptions),
    proxy_protocol: ProxyProtocol(
      'Its client is then the client everywhere: in allow and deny, logs, hashes and what servers are told.',
    ),
    ...AllowDeny,
    timeouts: Type.Object(
      { handshake: HandshakeTimeout, ...TcpTimeouts.properties },
      { default: {}, description: 'How long connections may be silent, and handshakes where TLS ends take.' },
    ),
    limits: TcpLimits,
  },
  {
    description: 'A TCP listener: each connection is joined to one of a server, and bytes pass as they come.',
    also: {
      address: 'bind',
      addr: 'bind',
      listen: 'bind',
      port: 'bind',
      default_backend: 'backend',
      certificate: 'certificates',
      cert: 'certificates',
      ssl: 'tls',
      ...CLIENT_CERTIFICATE_ALSO,
    },
    lacks: {
      rules: NO_RULES,
      middleware: NO_RULES,
      trusted_proxies: 'it is proxy_protocol: { trusted: [...] }',
    },
  },
)
export type TcpListenerConfig = Static<typeof TcpListenerOptions>
