import { Type, type Static } from '@sinclair/typebox'
import { ProxyProtocol } from '../accept/proxy-protocol.options.ts'
import { SteerOptions } from '../accept/steer.options.ts'
import { UnixOptions } from '../accept/unix.options.ts'
import { TotalTimeout } from '../backends/timeouts.options.ts'
import { Binds, Cidr, Duration, Name, OneOrMore, Size, Words } from '../lib/kinds.ts'
import { AltSvc, Hsts, RedirectHttps } from './secure.options.ts'
import { CLIENT_CERTIFICATE_ALSO, ClientCertificateOptions } from '../tls/client-certificate.options.ts'
import { HandshakeTimeout } from '../tls/handshake-timeout.options.ts'
import { TlsOptions } from '../tls/tls.options.ts'

/** Said of what is written for it. */
export const NO_OTHER_HTTP = 'only HTTP/1.1 is spoken: write https, or http in the clear'
const FOR_HTTPS =
  'write protocol: https, and "certificates" with the names of some, which stand at the top level'

const TIMEOUTS = 'How long clients and steps may take.'

const ListenerTimeouts = Type.Object(
  {
    head: Duration({
      default: '10s',
      least: '1ms',
      description: 'The whole request head must arrive within this time.',
    }),
    idle: Duration({
      default: '30s',
      least: '1ms',
      description:
        'A client may pause this long in sending a body or in taking one; limits.rate_min says how slow it may be on the whole. There is no limit on the total time.',
    }),
    keep_alive: Duration({
      default: '75s',
      least: '1ms',
      description: 'An idle client connection is kept this long.',
    }),
    tunnel: Duration({
      default: '1h',
      least: '1ms',
      description: 'An upgraded connection (WebSocket) may be silent this long.',
    }),
    step: Duration({
      default: '30s',
      least: '1ms',
      description: 'Middleware that waits for something may take this long; beyond it 504.',
    }),
    total: TotalTimeout('A backend or a rule may have its own.'),
  },
  {
    default: {},
    description: TIMEOUTS,
    lacks: { handshake: 'it needs "protocol: https"' },
  },
)

const HttpsTimeouts = Type.Object(
  { handshake: HandshakeTimeout, ...ListenerTimeouts.properties },
  { default: {}, description: TIMEOUTS },
)

const ListenerLimits = Type.Object(
  {
    head: Size({
      default: '16KiB',
      least: '64',
      most: '1MiB',
      description: 'Largest request head; beyond it 431.',
    }),
    fields: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1000,
      description: 'Most header fields of a request; beyond it 431.',
    }),
    target: Size({
      default: '8KiB',
      least: '1',
      most: '1MiB',
      description: 'Longest request target; beyond it 414.',
    }),
    body: Size({
      default: '10MiB',
      description: 'Largest request body; beyond it 413. A rule may set its own with body_limit.',
    }),
    rate_min: Size({
      default: '240',
      most: '1GiB',
      description:
        'Bytes a second that a body must average beyond its first 5s, in either direction, judged from 10s on; beneath it 408, or the end of an answer. 0: any rate.',
    }),
    connections: Type.Integer({
      default: 16384,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Most open client connections of each worker; further ones are closed at once.',
    }),
    requests: Type.Integer({
      default: 10000,
      minimum: 1,
      maximum: 100_000_000,
      description: 'Most requests on one client connection before it is closed.',
    }),
  },
  { default: {}, description: 'How much clients may send.' },
)

const StatusPath = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^/[A-Za-z0-9_~-][A-Za-z0-9._~/-]*$',
      maxLength: 256,
      allowed: 'a path such as "/_health"',
      description,
    }),
  )

const StatusEndpoints = Type.Object(
  {
    health: StatusPath('Path of what /_health of the admin listener says: which servers are up.'),
    metrics: StatusPath('Path of what its /_metrics says.'),
  },
  {
    default: {},
    description:
      'Our own documents on this listener, for clients that are this machine or in admin.trusted, and that nobody spoke for but a trusted proxy; for others these paths go through the rules. Default: none; the short form has { health: /_health, metrics: /_metrics }.',
  },
)

/** `mayLack`: connections may come by a tls listener alone. */
const bindsOf = (mayLack?: true) =>
  Binds(
    'Address and port, such as "0.0.0.0:8080" or "[::]:8080", a Unix socket such as "unix:/run/sluice/web.sock", a range of ports such as "0.0.0.0:10000-10010" (up to 1,000), or a list of them; port 0 takes a free one. Clients of a Unix socket have the address "unix:" in logs, X-Forwarded-For, ranges and keys of limits.',
    { takesUnix: true, takesRange: true, ...(mayLack && { mayLack }) },
  )

const SHARED = {
  unix: UnixOptions,
  steer: SteerOptions,
  backend: Type.Optional(Name({ description: 'The backend of all its requests, when there are no rules.' })),
  trusted_proxies: Type.Array(Cidr({ description: 'A range of proxies.', takesUnix: true }), {
    default: [],
    description:
      'Proxies in front of us that are believed: who the client is (client_from), what it asked for (X-Forwarded-Proto, -Host and -Port), X-Request-Id. Of others nothing is believed, and all such fields are dropped.',
  }),
  client_from: Type.Optional(
    Words(['x_forwarded_for', 'forwarded', 'x_real_ip', 'proxy_protocol'], {
      description:
        'The one field in which trusted_proxies name the client: X-Forwarded-For, Forwarded (RFC 7239; scheme and host are read of it too) or X-Real-IP. The other two are dropped: proxies pass them on as clients send them. Where it cannot be read the client is unknown, and ip rules refuse it. proxy_protocol: the client is whom the header of the PROXY protocol names, and no field is believed; with one of the others beside a PROXY header, whom the header names is looked for in trusted_proxies. Default: proxy_protocol where that is set, else x_forwarded_for.',
    }),
  ),
  proxy_protocol: ProxyProtocol(
    'Its client is then the client everywhere: in rules, logs and what servers are told; a LOCAL or UNKNOWN header leaves it the other end of the socket.',
  ),
  forwarded: Words(['x-forwarded', 'forwarded', 'both'], {
    default: 'x-forwarded',
    description:
      'Which fields tell the servers about the client: X-Forwarded-For, -Host, -Proto and -Port, or Forwarded (RFC 7239).',
  }),
  underscore_fields: Words(['drop', 'keep'], {
    default: 'drop',
    description:
      'Header fields whose name has an underscore: many servers cannot tell them from those with a hyphen.',
  }),
  status_endpoints: StatusEndpoints,
  half_close: Words(['abort', 'answer'], {
    default: 'abort',
    description: "What a client's FIN before its answer is complete means.",
  }),
  timeouts: ListenerTimeouts,
  limits: ListenerLimits,
}

const ALSO = {
  address: 'bind',
  addr: 'bind',
  listen: 'bind',
  port: 'bind',
  default_backend: 'backend',
  trusted: 'trusted_proxies',
}

const LACKS = {
  host: 'it belongs to "match" of a rule',
  server_name: 'it is "host" in "match" of a rule',
  rules: 'rules stand at the top level, with match: { listener: NAME }',
}

export const HttpListenerOptions = Type.Object(
  {
    bind: bindsOf(),
    ...SHARED,
    protocol: Words(['http'], { default: 'http', description: 'What is spoken on it.' }),
    redirect_https: RedirectHttps,
  },
  {
    description: 'An open address and its protocol.',
    also: ALSO,
    lacks: {
      ...LACKS,
      tls: FOR_HTTPS,
      ssl: FOR_HTTPS,
      cert: FOR_HTTPS,
      certificate: FOR_HTTPS,
      certificates: 'it needs "protocol: https"',
      key: FOR_HTTPS,
      client_certificate: 'it needs "protocol: https"',
      hsts: 'it needs "protocol: https": in the clear browsers heed no such field (RFC 6797)',
      redirect: 'write redirect_https: true, or a rule with "redirect"',
      turn: 'it needs "protocol: https": in the clear a turn listener is open on an address of its own',
    },
  },
)

export const HttpsListenerOptions = Type.Object(
  {
    bind: bindsOf(true),
    ...SHARED,
    protocol: Words(['https'], { description: 'What is spoken on it: HTTP/1.1 in TLS.' }),
    certificates: OneOrMore(
      Name({ description: 'One of the certificates at the top level.' }),
      'Certificates, by name. A client gets the one that is for the name it asks for (SNI): exactly, else by a wildcard of one label; the first one where it asks for none, or for one that none is for.',
    ),
    tls: TlsOptions,
    client_certificate: Type.Optional(ClientCertificateOptions),
    timeouts: HttpsTimeouts,
    hsts: Hsts,
    alt_svc: AltSvc,
    turn: Type.Optional(
      Name({
        description:
          'A turn listener whose clients come here as well: TURN over TLS, on the port of this listener and with its certificates. They are told apart by what they offer (ALPN), else by the first byte that they send; then they are clients of that listener, with its credentials, quotas and limits. It needs no address for TCP or TLS of its own.',
      }),
    ),
  },
  {
    description: 'An open address where HTTP is spoken in TLS.',
    also: {
      ...ALSO,
      strict_transport_security: 'hsts',
      certificate: 'certificates',
      cert: 'certificates',
      ssl: 'tls',
      ...CLIENT_CERTIFICATE_ALSO,
    },
    lacks: {
      ...LACKS,
      key: 'certificates stand at the top level, by name: "certificates" names them',
      min_version: 'it belongs to "tls"',
      ciphers: 'it belongs to "tls"',
    },
  },
)
export type HttpListenerConfig = Static<typeof HttpListenerOptions> | Static<typeof HttpsListenerOptions>
