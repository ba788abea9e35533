import { Type, type Static } from '@sinclair/typebox'
import { Duration, Words } from '../lib/kinds.ts'
import { AdaptiveLimitOptions } from './adaptive-limit.options.ts'
import { ALGORITHMS, HashOptions, PluginAlgorithmOptions } from './algorithm.options.ts'
import { CircuitBreakerOptions } from './circuit-breaker.options.ts'
import { DynamicWeightsOptions } from './dynamic-weights.options.ts'
import { ServerTlsOptions } from '../tls/server-tls.options.ts'
import { HealthChecks } from './health-check.options.ts'
import { RetryOptions } from './retry.options.ts'
import { PassiveHealthOptions } from './passive-health.options.ts'
import { ServerOptions } from './server.options.ts'
import { SlowStartOptions } from './slow-start.options.ts'
import { StickyOptions } from './sticky.options.ts'
import { BackendTimeouts } from './timeouts.options.ts'

/** What to say of a map that somebody turns off in a word. */
const off = (hint: string): Record<string, string> => ({ false: hint, no: hint, off: hint, none: hint })

export const BackendOptions = Type.Object(
  {
    algorithm: Words(ALGORITHMS, {
      default: 'round_robin',
      description: 'How a server is picked. round_robin honours weights.',
    }),
    hash: Type.Optional(HashOptions),
    plugin: Type.Optional(PluginAlgorithmOptions),
    sticky: StickyOptions,
    servers: Type.Array(ServerOptions, {
      minItems: 1,
      maxItems: 20000,
      description: 'The servers, in order.',
    }),
    tls: Type.Optional(ServerTlsOptions),
    health_check: Type.Optional(HealthChecks),
    circuit_breaker: Type.Optional(CircuitBreakerOptions),
    passive_health: Type.Optional(PassiveHealthOptions),
    panic_threshold: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description:
        'When fewer than this share of the servers is up, all are used but those that a breaker or passive health has out, which count for nothing in this; with several groups only when those that are up cannot carry it all. 0: never.',
    }),
    failover_below: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'Where servers have groups: a group carries all while at least this share of its weight is up, and less by as much as is missing of that; the next group carries the rest. 0: all while any is up. Left out: 0.7.',
      }),
    ),
    slow_start: Type.Optional(SlowStartOptions),
    dynamic_weights: Type.Optional(DynamicWeightsOptions),
    retry: RetryOptions,
    max_connections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description:
          'Most exchanges, tunnels (WebSockets), connections and flows that all servers together carry at once, over all workers, beside what each server may; more wait in the queue. Left out: no limit.',
      }),
    ),
    adaptive_limit: Type.Optional(AdaptiveLimitOptions),
    queue: Type.Object(
      {
        size: Type.Integer({
          default: 1024,
          minimum: 0,
          maximum: 1_000_000,
          description: 'Most requests of each worker that wait for a server with room.',
        }),
        timeout: Duration({ default: '5s', description: 'Longest wait; then 503.' }),
      },
      {
        default: {},
        said: off('write { size: 0 }'),
        description:
          'Where requests wait while every server, or the backend, is at max_connections: those of rules with a higher priority first, else first come, first served. Where it is full, the last one of the lowest priority makes room for a higher one.',
      },
    ),
    timeouts: BackendTimeouts,
    proxy_protocol: Type.Optional(
      Words(['v1', 'v2'], {
        description:
          'Each connection to a server begins with a header of the PROXY protocol in this version, before TLS, which says who the client is. Servers must expect it. One to an http server then serves this client alone, and ends with the connection of that. Health checks say that they are our own (LOCAL; in v1 UNKNOWN).',
      }),
    ),
    answers: Words(['exact', 'strict', 'lenient'], {
      default: 'strict',
      description:
        'How answers are read whose form is not quite right. strict: as RFC 9112 asks, a blank before a colon is taken off. exact: that is a 502 too. lenient: lines of a head may end in LF alone, and an equal Content-Length may be repeated. Whatever is accepted goes on in canonical form.',
    }),
    dashboard: Type.Boolean({
      default: false,
      description:
        'The servers are the admin listener of a Sluice, this one or another, and its dashboard is used through them. Cookies by which browsers are signed in to one go to such servers alone: out of requests to all others they are taken. Set by admins.',
    }),
    keep_alive: Type.Object(
      {
        idle: Duration({
          default: '4s',
          description:
            "How long an idle connection is kept until the server's own Keep-Alive field says otherwise (then up to 60s). 0s: not at all.",
        }),
        connections: Type.Integer({
          default: 1024,
          minimum: 0,
          maximum: 100_000,
          description:
            'Most idle connections to each server and worker; for a quarter of a second up to twice as many. They give way where descriptors run short. 0: none.',
        }),
      },
      { default: {}, said: off('write { connections: 0 }'), description: 'Idle connections to the servers.' },
    ),
  },
  {
    description: 'A named group of servers with an algorithm and policies.',
    also: {
      balance: 'algorithm',
      lb_policy: 'algorithm',
      targets: 'servers',
      endpoints: 'servers',
      keepalive: 'keep_alive',
      retries: 'retry',
      healthcheck: 'health_check',
      health: 'health_check',
      check: 'health_check',
      circuitbreaker: 'circuit_breaker',
      breaker: 'circuit_breaker',
      outlier_detection: 'passive_health',
      passive: 'passive_health',
      passive_check: 'passive_health',
      passive_health_check: 'passive_health',
      slowstart: 'slow_start',
      warmup: 'slow_start',
      warm_up: 'slow_start',
      adaptive_weights: 'dynamic_weights',
      auto_weights: 'dynamic_weights',
      overprovisioning_factor: 'failover_below',
      ssl: 'tls',
      maxconn: 'max_connections',
      max_conns: 'max_connections',
      send_proxy: 'proxy_protocol',
      sticky_session: 'sticky',
      sticky_sessions: 'sticky',
      session_affinity: 'sticky',
      persistence: 'sticky',
    },
  },
)
export type BackendConfig = Static<typeof BackendOptions>
