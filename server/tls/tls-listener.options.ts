import { Type, type Static } from '@sinclair/typebox'
import { ProxyProtocol } from '../accept/proxy-protocol.options.ts'
import { UnixOptions } from '../accept/unix.options.ts'
import { Binds, Duration, Size, Words } from '../lib/kinds.ts'
import { AllowDeny, TcpLimits, TcpTimeouts } from '../tcp/tcp.options.ts'

const NO_CERTIFICATES =
  'TLS does not end here: rules lead to tcp:// servers, which have certificates, or to an https listener (listener: NAME), which ends it'

export const TlsListenerOptions = Type.Object(
  {
    bind: Binds(
      'Address and port, such as "0.0.0.0:443", a Unix socket such as "unix:/run/sluice/tls.sock", or a list of them; port 0 takes a free one.',
      { takesUnix: true },
    ),
    unix: UnixOptions,
    protocol: Words(['tls'], {
      description:
        'What is spoken on it: TLS, which is looked at and not ended. Rules that are for it choose by the name and the protocols that a client asks for.',
    }),
    proxy_protocol: ProxyProtocol(
      'Its client is then the client everywhere, also at the listener that rules lead to.',
    ),
    ...AllowDeny,
    timeouts: Type.Object(
      {
        hello: Duration({
          default: '10s',
          least: '10ms',
          most: '1m',
          description: 'The whole ClientHello must arrive within this time; else the connection is reset.',
        }),
        ...TcpTimeouts.properties,
      },
      {
        default: {},
        description:
          'How long clients may take to ask, and how long connections that are passed on may be silent.',
      },
    ),
    limits: Type.Object(
      {
        hello: Size({
          default: '16KiB',
          least: '512',
          most: '16KiB',
          description:
            'Most bytes of a ClientHello, the heads of its records included. Those of browsers have up to 2 KiB.',
        }),
        ...TcpLimits.properties,
      },
      { default: {}, description: 'How much clients may do.' },
    ),
  },
  {
    description: 'A TLS listener: connections are passed on by what they ask for, before anybody speaks TLS.',
    also: { address: 'bind', addr: 'bind', listen: 'bind', port: 'bind' },
    lacks: {
      backend: 'rules lead to backends: { name: all, match: { listener: NAME }, backend: NAME }',
      rules: 'rules stand at the top level, with match: { listener: NAME, server_name: [...] }',
      server_name: 'it belongs to "match" of a rule',
      certificates: NO_CERTIFICATES,
      client_certificate: NO_CERTIFICATES,
      cert: NO_CERTIFICATES,
      key: NO_CERTIFICATES,
      trusted_proxies: 'it is proxy_protocol: { trusted: [...] }',
    },
  },
)
export type TlsListenerConfig = Static<typeof TlsListenerOptions>
