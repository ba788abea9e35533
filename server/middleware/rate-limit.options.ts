import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { formatDuration } from '../lib/durations.ts'
import { Duration, OneOrMore, Words } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

/** What requests are told apart by: rate-key.ts reads it. */
export const RequestKey = Type.String({
  pattern: "^(?:client_ip|host|path|rule|(?:header|cookie) [A-Za-z0-9!#$%&'*+.^_`|~-]{1,128})$",
  allowed: 'client_ip, host, path, rule, "header NAME" or "cookie NAME"',
  description: 'client_ip, host, path, rule, "header NAME" or "cookie NAME".',
})

export const RateLimitOptions = Type.Object(
  {
    mode: ModeOption,
    requests: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'So many requests may be made in the time of `per`, again and again.',
    }),
    per: Duration({ default: '1s', least: '1ms', most: '24d', description: 'The time for `requests`.' }),
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description:
          'So many may come at once after a pause: the size of the bucket of tokens that fills at the rate above. Default: as many as `requests`.',
      }),
    ),
    key: OneOrMore(
      RequestKey,
      'What has a bucket of its own: each client address, host, path, value of a header field or cookie; or the rule as a whole. Of a list, each combination. A request without the field or cookie, or with several that differ, counts for its client address.',
      ['client_ip'],
    ),
    ipv6_prefix: Type.Integer({
      default: 64,
      minimum: 16,
      maximum: 128,
      description:
        'IPv6 addresses that share so many bits count as one client: networks are given out whole.',
    }),
    headers: Words(['always', 'refused', 'never'], {
      default: 'refused',
      description:
        'Which answers say in RateLimit and RateLimit-Policy how much is left: those that refuse, or all. Caches keep fields with their answers.',
    }),
  },
  {
    description:
      'Lets so many requests pass in a time, counted exactly over all workers; others get 429 with Retry-After. What was counted outlives reloads.',
    usual: { requests: 100, per: '1s' },
    also: {
      rate: 'requests',
      limit: 'requests',
      average: 'requests',
      period: 'per',
      window: 'per',
      by: 'key',
    },
  },
)
export type RateLimitConfig = Static<typeof RateLimitOptions>

/** Beyond these nobody means what is written. */
const FULL_MS_MAX = 366 * 86_400_000
const PER_MS_MAX = 10_000

export function checkRateLimit({ requests, per, burst = requests }: RateLimitConfig, where: Where): void {
  if (requests / per > PER_MS_MAX)
    where.report(['requests'], {
      code: 'conflict',
      found: `${requests} in ${formatDuration(per)}`,
      allowed: `at most ${PER_MS_MAX} in a millisecond`,
    })
  const fullMs = (burst * per) / requests
  if (fullMs <= FULL_MS_MAX) return
  where.report(['burst'], {
    code: 'conflict',
    found: `a bucket of ${burst} that needs more than a year to fill`,
    allowed: `at most a year: at ${requests} per ${formatDuration(per)} a burst of ${Math.floor((FULL_MS_MAX * requests) / per)}`,
  })
}
