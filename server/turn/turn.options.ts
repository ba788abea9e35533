import { Type, type Static } from '@sinclair/typebox'
import { ProxyProtocol } from '../accept/proxy-protocol.options.ts'
import {
  Bind,
  Cidr,
  Duration,
  FilePath,
  IpAddress,
  MapOf,
  OrWord,
  PortRange,
  Secret,
  Size,
  Words,
} from '../lib/kinds.ts'
import { HandshakeTimeout } from '../tls/handshake-timeout.options.ts'

const AuthOptions = Type.Object(
  {
    users: MapOf(
      'user-name',
      Secret({ minLength: 1, description: 'A password.' }),
      'Users that stay, with their passwords.',
      { secret: true },
    ),
    secrets: Type.Array(Secret({ minLength: 1, description: 'A secret.' }), {
      default: [],
      secret: true,
      maxItems: 16,
      description:
        'Secrets of time-limited credentials: the user name is "EXPIRY:USER", "USER:EXPIRY" or "EXPIRY" (Unix seconds), the password base64(HMAC-SHA1(secret, user name)). Each of them is good, so that they can be rotated.',
    }),
    strict_expiry: Type.Boolean({
      default: false,
      description:
        'Whether time-limited credentials must still be good at each request; else only where an allocation begins.',
    }),
    nonce_ttl: Duration({
      default: '1h',
      least: '1s',
      most: '1d',
      description: 'A nonce is good this long; then the client is given another one (438).',
    }),
    nonce_secret: Type.Optional(
      Secret({
        minLength: 16,
        description: 'What nonces are made with; the same on all machines of a group. Default: by chance.',
      }),
    ),
  },
  { description: 'Who may use it.' },
)

const RelayOptions = Type.Object(
  {
    bind: Type.Array(IpAddress({ description: 'An address.' }), {
      default: [],
      maxItems: 2,
      description:
        'Addresses of this machine that allocations are made on, at most one of each family; empty: that of "bind" where it names one, else those that its routes prefer.',
    }),
    advertise: Type.Array(IpAddress({ description: 'An address.' }), {
      default: [],
      maxItems: 2,
      description: 'The same as the outside sees them, where an address translator stands between.',
    }),
    ports: PortRange({ default: '49152-65535', description: 'Ports of allocations.' }),
    tcp: Type.Boolean({ default: false, description: 'TCP to peers (RFC 6062).' }),
    lifetime: Duration({
      default: '10m',
      least: '1m',
      most: '1h',
      description: 'An allocation lives this long unless the client asks for more.',
    }),
    lifetime_max: Duration({
      default: '1h',
      least: '1m',
      most: '1d',
      description: 'What a client can ask for at most.',
    }),
    mobility: Type.Boolean({
      default: false,
      description: 'Clients may keep their allocation when their address changes (RFC 8016).',
    }),
    strict_channels: Type.Boolean({
      default: false,
      description: 'Only channels 0x4000 to 0x4FFF (RFC 8656); else up to 0x7FFF (RFC 5766).',
    }),
  },
  { default: {}, description: 'Allocations.' },
)

const PeersOptions = Type.Object(
  {
    allow: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description: 'Ranges of peers that are reached although they are private or special.',
    }),
    deny: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description:
        'Ranges of peers that are never reached; goes before "allow". Public addresses of this machine are reached like others: name them here where what else listens on them trusts this machine. Clients that meet on relayed addresses are cut off by that too, unless allocations are made on another address.',
    }),
  },
  {
    default: {},
    description: 'Whom clients may reach. Public addresses, and each other, unless said otherwise.',
  },
)

const most = (value: number, description: string, maximum = 1_000_000) =>
  Type.Integer({ default: value, minimum: 1, maximum, description })

const QuotaOptions = Type.Object(
  {
    user: most(10, 'Most allocations of a user; beyond it 486.'),
    address: most(100, 'Most allocations of a client address; beyond it 486.'),
    realm: most(4000, 'Most allocations of the realm, on all listeners that share it; beyond it 486.'),
    total: most(4000, 'Most allocations of the listener; beyond it 508.'),
    permissions: most(256, 'Most permissions of an allocation; beyond it 508.', 65_536),
    channels: most(256, 'Most channels of an allocation; beyond it 508.', 16_384),
    connections: most(16, 'Most TCP connections to peers of an allocation; beyond it 508.', 1024),
    bandwidth: Type.Optional(
      Size({
        least: '1KiB',
        description: 'Most bytes a second of an allocation, each way; what is beyond is dropped.',
      }),
    ),
  },
  { default: {}, description: 'How much is relayed for whom.' },
)

const AlternateOptions = Type.Object(
  {
    servers: Type.Array(Bind({ description: 'Address and port.', port: 3478 }), {
      minItems: 1,
      maxItems: 64,
      description: 'Where clients are sent, in turn.',
    }),
    when: Words(['always', 'full'], {
      default: 'always',
      description: 'Always, or when this one is full or drains.',
    }),
  },
  { description: 'Other servers that clients are sent to instead (300 Try Alternate).' },
)

const TlsOptions = Type.Object(
  {
    bind: Bind({ description: 'Address and port of TURN over TLS.', port: 5349 }),
    cert: FilePath({ description: 'File of the certificate chain (PEM).' }),
    key: FilePath({ secret: true, description: 'File of its key (PEM).' }),
  },
  { description: 'TURN over TLS, beside UDP and TCP.' },
)

export const TurnListenerOptions = Type.Object(
  {
    bind: Bind({ description: 'Address and port, for UDP and TCP.', port: 3478 }),
    protocol: Words(['turn'], { description: 'What is spoken on it.' }),
    transports: Type.Array(Words(['udp', 'tcp'], { description: 'A transport.' }), {
      default: ['udp', 'tcp'],
      minItems: 1,
      uniqueItems: true,
      description: 'What "bind" is opened for.',
    }),
    realm: Type.String({
      pattern: '^[^\\x00-\\x1f\\x7f"\\\\]{1,127}$',
      allowed: '1 to 127 characters without quotes',
      description: 'The realm of its credentials, such as its domain.',
    }),
    auth: OrWord('none', AuthOptions, {
      secret: true,
      whenMissing: 'write auth: none to let everybody, or name users or secrets in it',
      description: 'Who may use it; "none" lets everybody.',
    }),
    relay: OrWord(false, RelayOptions, {
      default: {},
      description: 'Allocations; false: only STUN, and all requests but Binding are answered with 400.',
    }),
    peers: PeersOptions,
    quotas: QuotaOptions,
    alternate: Type.Optional(AlternateOptions),
    discovery: Type.Optional(
      Bind({
        description:
          'A second address and port, for behaviour discovery (RFC 5780): both addresses are opened on both ports. "bind" must name an address then.',
        port: 3478,
      }),
    ),
    software: Type.String({
      default: '',
      pattern: '^[^\\x00-\\x1f\\x7f]{0,127}$',
      allowed: 'one line of at most 127 characters',
      description: 'What answers call this server (SOFTWARE); empty: nothing.',
    }),
    tls: Type.Optional(TlsOptions),
    proxy_protocol: ProxyProtocol(
      'Over TCP and TLS only; its client is then the client everywhere, in quotas as well.',
    ),
    limits: Type.Object(
      {
        connections: most(
          16384,
          'Most open client connections of each worker; further ones are closed at once.',
        ),
        unauthenticated: most(
          200,
          'Most answers a second over UDP, other than to Binding, to an address that has not shown credentials: these are up to four times as large as what asked for them. Further requests are dropped.',
        ),
        binding: most(
          5000,
          'Most answers a second over UDP to Binding requests of an address that has not shown credentials: they are hardly larger than what asked for them, and whole offices share an address. Further requests are dropped.',
        ),
      },
      { default: {}, description: 'How much strangers may ask.' },
    ),
    timeouts: Type.Object(
      {
        idle: Duration({
          default: '60s',
          least: '1s',
          description: 'A client connection without an allocation may be silent this long.',
        }),
        handshake: HandshakeTimeout,
      },
      { default: {}, description: 'How long clients may take.' },
    ),
  },
  {
    description: 'STUN and TURN: clients allocate addresses here, and reach peers through them.',
    also: { address: 'bind', addr: 'bind', listen: 'bind', port: 'bind' },
  },
)
export type TurnListenerConfig = Static<typeof TurnListenerOptions>
export type TurnAuthConfig = Exclude<TurnListenerConfig['auth'], 'none'>
export type TurnRelayConfig = Exclude<TurnListenerConfig['relay'], false>
