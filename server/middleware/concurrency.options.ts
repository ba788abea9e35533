import { Type, type Static } from '@sinclair/typebox'
import { OneOrMore } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'
import { RequestKey } from './rate-limit.options.ts'

export const ConcurrencyOptions = Type.Object(
  {
    mode: ModeOption,
    max: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'So many requests of a key may be under way at once, tunnels (WebSockets) included.',
    }),
    key: OneOrMore(
      RequestKey,
      'What has a limit of its own: each client address, host, path, value of a header field or cookie; or the rule as a whole. Of a list, each combination. A request without the field or cookie, or with several that differ, counts for its client address.',
      ['client_ip'],
    ),
    ipv6_prefix: Type.Integer({
      default: 64,
      minimum: 16,
      maximum: 128,
      description:
        'IPv6 addresses that share so many bits count as one client: networks are given out whole.',
    }),
  },
  {
    description:
      'Lets so many requests of a key be under way at once, counted exactly over all workers; others get 429 with Retry-After. A request counts until its answer is over.',
    usual: { max: 10 },
    also: {
      limit: 'max',
      amount: 'max',
      connections: 'max',
      max_connections: 'max',
      by: 'key',
    },
  },
)
export type ConcurrencyConfig = Static<typeof ConcurrencyOptions>
