import { Type, type Static } from '@sinclair/typebox'
import { Duration, Words } from '../lib/kinds.ts'

export const AdaptiveLimitOptions = Type.Object(
  {
    mode: Words(['enforce', 'shadow', 'off'], {
      default: 'enforce',
      description:
        'enforce: more wait in the queue. shadow: the limit is found and told, those beyond it are counted (lb_adaptive_limit_shadow_total), and pass. off: is not there.',
    }),
    least: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'The lowest limit; so many wait for answers, too, while it is measured how long those take at rest.',
    }),
    most: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'The highest limit.',
    }),
    window: Duration({
      default: '1s',
      least: '100ms',
      most: '60s',
      description: 'How often the limit is found anew, by the answers since the last time.',
    }),
    quantile: Type.Number({
      default: 0.5,
      minimum: 0.1,
      maximum: 0.99,
      description: 'Which latency of those is compared: 0.5 is the median.',
    }),
    headroom: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 5,
      description:
        'So much longer than at rest answers may take, as a share of that, before the limit falls.',
    }),
    measure_every: Duration({
      default: '60s',
      least: '1s',
      most: '1d',
      description:
        'How often it is measured anew how long they take at rest: for a window or two the limit is `least`; for more where answers take longer than a window.',
    }),
  },
  {
    description:
      'A limit of how many requests wait for answers of all servers together, found by itself: it falls when answers take longer than at rest, and rises again while they do not. Counted over all workers; of http servers. Tunnels, and answers that have begun, take none of its places.',
    also: { min: 'least', max: 'most', interval: 'window', percentile: 'quantile' },
  },
)
export type AdaptiveLimitConfig = Static<typeof AdaptiveLimitOptions>
