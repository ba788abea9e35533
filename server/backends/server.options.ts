import { Type, type Static } from '@sinclair/typebox'
import { Name, ServerUrl } from '../lib/kinds.ts'

/** Of a backend, never of one of its servers. */
const POLICIES = [
  'algorithm',
  'hash',
  'sticky',
  'tls',
  'health_check',
  'circuit_breaker',
  'passive_health',
  'slow_start',
  'dynamic_weights',
  'timeouts',
  'retry',
  'queue',
  'keep_alive',
  'answers',
  'dashboard',
]

export const ServerOptions = Type.Object(
  {
    url: ServerUrl({
      description:
        'Where it is: "http://host:port" or "https://host:port" (TLS) for http listeners, "tcp://host:port" or "tls://host:port" for tcp ones; at a Unix socket "http://unix:/run/app.sock" or "tcp://unix:/run/app.sock", by TLS "https://unix:…" or "tls://unix:…". All servers of a backend are of one kind.',
    }),
    name: Type.Optional(Name({ description: 'Its name in logs and metrics; its URL when left out.' })),
    weight: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 1000,
      description: 'Its share; 0 gets no new requests.',
    }),
    max_connections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'Most exchanges and tunnels (WebSockets) in flight at once, over all workers; more wait in the queue of the backend. Left out: as many as clients have.',
      }),
    ),
    group: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description:
          'Its priority group. Those of group 1 are used first; once fewer of them are up than "failover_below" of the backend says, the next group carries what they do not, and all when none is up. Left out: 1.',
      }),
    ),
    backup: Type.Boolean({
      default: false,
      description:
        'Used only while no other server of any group is usable, and for the last try of a request that others have failed.',
    }),
  },
  {
    description: 'One address in a backend.',
    also: {
      address: 'url',
      addr: 'url',
      host: 'url',
      hostname: 'url',
      ip: 'url',
      uri: 'url',
      target: 'url',
      server: 'url',
      endpoint: 'url',
      id: 'name',
      max_conns: 'max_connections',
      maxconn: 'max_connections',
      priority: 'group',
      tier: 'group',
    },
    lacks: {
      port: 'it stands behind the host, after ":", as in url: "http://HOST:PORT"',
      check: 'servers are checked by the "health_check" beside their list',
      ...Object.fromEntries(
        POLICIES.map((key) => [key, 'it holds for all servers: write it beside their list']),
      ),
      down: 'weight: 0 keeps a server out',
      disabled: 'weight: 0 keeps a server out',
      ssl: 'write "https://" in its url, and "tls" beside the list of servers',
      max_fails: 'see "failures" of the passive_health of its backend, or "fall" of its health_check',
      fail_timeout: 'see "cooldown" of the passive_health of its backend, or "interval" of its health_check',
      observe: 'requests take servers out by "passive_health" beside their list',
      error_limit: 'see "faults_in_a_row" of the passive_health of its backend',
      slowstart: 'write "slow_start" beside the list of servers, as in slow_start: { over: 30s }',
    },
  },
)
export type ServerConfig = Static<typeof ServerOptions>
