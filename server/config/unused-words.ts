// Words of a backend that mean nothing to its servers: check refuses them where they are written, and
// `sluice config` does not show their defaults.
import type { CheckType, Family } from '../lib/server-url.ts'
import type { Path } from './tree.ts'

/** Of requests and answers, in backends whose servers are given bytes as they come. */
const OF_REQUESTS: readonly Path[] = [
  ['adaptive_limit'],
  ['answers'],
  ['dashboard'],
  ['dynamic_weights'],
  ['keep_alive'],
  ['timeouts', 'response'],
  ['circuit_breaker', 'counts', 'statuses'],
  ['timeouts', 'idle'],
  ['timeouts', 'stream'],
  ['timeouts', 'rate_min'],
  ['timeouts', 'total'],
  ['retry', 'statuses'],
  ['retry', 'timeout'],
  ['retry', 'retry_after_max'],
  ['retry', 'budget'],
  ['retry', 'hedge'],
  ['passive_health', 'statuses'],
]

/** By what its servers speak. */
export const UNUSED_BY_FAMILY: Readonly<Record<Family, readonly Path[]>> = {
  http: [],
  tcp: OF_REQUESTS,
  // Datagrams wait for nothing, neither for room nor for a connection.
  udp: [
    ...OF_REQUESTS,
    ['timeouts', 'connect'],
    ['retry', 'backoff'],
    ['retry', 'backoff_max'],
    ['retry', 'faults'],
    ['queue', 'size'],
    ['queue', 'timeout'],
    ['proxy_protocol'],
  ],
}

const OF_HTTP_CHECKS: readonly Path[] = [
  ['path'],
  ['method'],
  ['headers'],
  ['follow_redirects'],
  ['expect', 'status'],
  ['expect', 'body'],
  ['expect', 'body_regex'],
  ['expect', 'body_limit'],
]

/** In its health_check, by the type of that. Not data_limit, which was shown of checks of any type. */
export const UNUSED_BY_CHECK: Readonly<Record<CheckType, readonly Path[]>> = {
  http: [['send'], ['expect', 'data'], ['expect', 'data_regex']],
  tcp: OF_HTTP_CHECKS,
  udp: OF_HTTP_CHECKS,
}

/** By what "sticky" knows sessions. */
export const STICKY_WAYS = ['cookie', 'header', 'client_ip', 'learn'] as const

/** In "sticky" that sets no cookie. */
export const UNUSED_WITHOUT_COOKIE = [
  'ttl',
  'sliding',
  'secret',
  'secrets',
  'path',
  'domain',
  'secure',
  'http_only',
  'same_site',
  'full',
  'strip',
  'cache',
] as const

/** In "sticky" that goes by a cookie of the servers, whose attributes count. */
export const UNUSED_WITH_LEARN = [
  'ttl',
  'sliding',
  'path',
  'domain',
  'secure',
  'http_only',
  'same_site',
] as const
