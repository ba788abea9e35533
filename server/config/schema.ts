// The one schema of the config file: the types, the defaults and their prose, config/schema.json. It holds
// only what works.
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { AdminOptions } from '../admin/admin.options.ts'
import { BackendOptions } from '../backends/backend.options.ts'
import { CacheMemoryOptions } from '../cache/cache-memory.options.ts'
import { GeoOptions } from '../geo/geo.options.ts'
import { TestsOptions } from '../control/explain/tests.options.ts'
import { NO_OTHER_HTTP } from '../http/listener.options.ts'
import { OverloadOptions } from '../http/overload.options.ts'
import { Duration, FilePath, MapBy, MapOf, OrWord, Size, ValueOrMap } from '../lib/kinds.ts'
import { ResolverOptions } from '../lib/resolver.options.ts'
import { AuthOptions } from '../middleware/auth.options.ts'
import { PluginsOptions } from '../plugins/plugins.options.ts'
import { RuleOptions } from '../rules/rule.options.ts'
import { SocketsOptions } from '../sockets/sockets.options.ts'
import { LogsOptions } from '../telemetry/logs.options.ts'
import { CertificateOptions } from '../tls/certificate.options.ts'
import { PROTOCOLS } from './listener-protocols.ts'

type Rows = Readonly<Record<string, { readonly options: TSchema }>>
const optionsOf = <R extends Rows>(rows: R): R[keyof R]['options'][] =>
  Object.values(rows).map(({ options }) => options)

/** What a listener may hold depends on its protocol. */
export const ListenerOptions = MapBy('protocol', optionsOf(PROTOCOLS), {
  description: 'An open address and its protocol.',
  said: {
    ssl: 'write https: TLS ends here',
    h2: NO_OTHER_HTTP,
    http2: NO_OTHER_HTTP,
    http3: NO_OTHER_HTTP,
    grpc: NO_OTHER_HTTP,
    ws: 'write http: WebSockets come by it',
    websocket: 'write http: WebSockets come by it',
    stun: 'write turn: it answers STUN as well',
    turns: 'write turn, and add "tls" beside it',
  },
})

export const ConfigOptions = Type.Object(
  {
    listeners: MapOf('name', ListenerOptions, 'Open addresses, by name.'),
    certificates: MapOf('name', CertificateOptions, 'Certificates of listeners, by name.'),
    rules: Type.Array(RuleOptions, {
      default: [],
      maxItems: 100_000,
      description: 'Rules, in order: the first match wins, none matches gives 404.',
    }),
    tests: TestsOptions,
    backends: MapOf('name', BackendOptions, 'Groups of servers, by name.'),
    auth: AuthOptions,
    workers: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 256,
        description: 'Processes that move bytes. Default: one a core. 0: everything in one process.',
      }),
    ),
    sockets: SocketsOptions,
    data: FilePath({
      default: './data',
      allowed: 'a path',
      description: 'Folder of what is kept; relative to the config file. A change needs a restart.',
    }),
    drain: ValueOrMap(
      Duration({ description: 'How long a stop waits for exchanges in flight.' }),
      Type.Object(
        {
          finish: Duration({
            default: '30s',
            description: 'How long a stop waits for exchanges in flight, once nothing new is taken.',
          }),
          accept: Duration({
            default: '0s',
            description:
              'How long a stop still takes connections before that, while health says that it drains: time for balancers in front to notice.',
          }),
        },
        { description: 'The steps of a stop.' },
      ),
      { default: '30s', description: 'How a stop goes on; a time alone is that of `finish`.' },
    ),
    limits: Type.Object(
      {
        buffers: Size({
          default: '256MiB',
          least: '1MiB',
          description:
            'Bytes that each worker may hold for whoever is slow: answers that clients do not take, requests sent ahead, bodies for servers. At the limit clients are not read until enough of it has gone; answers and requests under way go on.',
        }),
        compress: Size({
          default: '64MiB',
          least: '2MiB',
          description:
            'Memory that each worker may use for encoders of compress: 0.4 (gzip), 0.7 (zstd) or 1.3 MiB (br) for each answer under way. Beyond it answers go as they came, which is told.',
        }),
        concurrency: Size({
          default: '2MiB',
          least: '64KiB',
          most: '1GiB',
          description:
            'Memory in which all workers together keep what concurrency, tarpit, and max_connections of rules, have under way, once one is written: 8 bytes, and 4 for each worker that there may be, for each key that has something. What finds no room passes, which is told. A change needs a restart.',
        }),
        rate_limits: Size({
          default: '8MiB',
          least: '64KiB',
          most: '1GiB',
          description:
            'Memory in which all workers together keep what rate_limit, bandwidth_limit by a key, and limits.rate of tcp, tls and udp listeners, have counted, once one is written: 12 bytes for each key whose bucket is not full; so much again for sliding windows, once one is written: 40 bytes for each key of which something counts. When it is full, the key that would be free again soonest makes room, which is told; of sliding windows the one that was asked for longest ago. A change needs a restart.',
        }),
        subrequests: Type.Integer({
          default: 1000,
          minimum: 1,
          maximum: 1_000_000,
          description:
            'Requests of its own (of mirror and the like) that each worker may have under way at backends. Beyond it none is begun, which is told.',
        }),
      },
      { default: {}, description: 'Limits of the gateway as a whole.' },
    ),
    cache: CacheMemoryOptions,
    overload: OverloadOptions,
    plugins: PluginsOptions,
    geo: Type.Optional(GeoOptions),
    admin: OrWord(false, AdminOptions, {
      default: {},
      description: 'The admin listener; false turns it off.',
    }),
    metrics: Type.Object(
      {
        prefix: Type.String({
          default: 'lb',
          pattern: '^[a-zA-Z][a-zA-Z0-9_]{0,31}$',
          allowed: 'a letter, then at most 31 letters, digits and "_"',
          description: 'First word of every metric.',
        }),
      },
      { default: {}, description: 'Metrics.' },
    ),
    resolver: ResolverOptions,
    logs: LogsOptions,
  },
  { description: 'Config of Sluice.' },
)

/** Checked words: every default filled in, durations in ms, sizes in bytes, "one or more" always a list. */
export type Config = Static<typeof ConfigOptions>
