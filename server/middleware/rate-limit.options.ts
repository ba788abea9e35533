import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { formatDuration } from '../lib/durations.ts'
import { Cidr, Duration, OneOrMore, Words } from '../lib/kinds.ts'
import { ConditionOptions } from '../rules/match.options.ts'
import { ModeOption } from './mode.options.ts'
import { ALSO_KEY, keyOptions } from './request-key.options.ts'

/** What a request may cost. */
const COST_MAX = 1_000_000

export const RateLimitOptions = Type.Object(
  {
    mode: ModeOption,
    algorithm: Words(['token_bucket', 'sliding_window'], {
      default: 'token_bucket',
      description:
        'token_bucket: what is used comes back evenly, a burst at once; after a pause as many as burst and rate together may pass within `per`. sliding_window: never more than `requests` in any time of `per`, wherever it begins; each is forgotten between `per` and a seventh more after it.',
      said: {
        leaky_bucket: 'write token_bucket',
        gcra: 'write token_bucket',
        fixed_window: 'write sliding_window',
        sliding_log: 'write sliding_window',
      },
    }),
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
          'So many may come at once after a pause: the size of the bucket of tokens that fills at the rate above. Default: as many as `requests`. Of token_bucket alone.',
      }),
    ),
    cost: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: COST_MAX,
      description: 'A request counts for so many; 0: it is not counted.',
    }),
    costs: Type.Array(
      Type.Object(
        {
          match: ConditionOptions,
          cost: Type.Integer({ minimum: 0, maximum: COST_MAX, description: 'They count for so many.' }),
        },
        { description: 'Requests of another cost.' },
      ),
      {
        default: [],
        maxItems: 64,
        description:
          'Requests of other costs: the first whose `match` holds says what one counts for, else `cost`.',
      },
    ),
    ...keyOptions('a count'),
    statuses: OneOrMore(
      Type.Unsafe<string>({
        type: ['string', 'integer'],
        format: 'status-range',
        description: 'A status or a range: 401, "400-499", "4xx".',
      }),
      'Only requests that are answered so count, when their answer comes: [401, 403] limits logins that fail. Whoever has used all up is refused before. Left out: all count, as they come.',
      [],
      0,
    ),
    exempt: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
      default: [],
      description: 'Clients that pass uncounted, as trusted proxies say who they are.',
    }),
    status: Type.Integer({
      default: 429,
      minimum: 400,
      maximum: 599,
      description: 'Status of refusals.',
    }),
    headers: Words(['always', 'refused', 'never'], {
      default: 'refused',
      description:
        'Which answers say in RateLimit and RateLimit-Policy how much is left: those that refuse, or all. Caches keep fields with their answers.',
    }),
  },
  {
    description:
      'Lets so many requests pass in a time, counted exactly over all workers; others get 429 with Retry-After. What was counted outlives reloads, and a new rate goes on from what each key has used.',
    usual: { requests: 100, per: '1s' },
    also: {
      rate: 'requests',
      limit: 'requests',
      average: 'requests',
      period: 'per',
      window: 'per',
      interval: 'per',
      status_code: 'status',
      exclude: 'exempt',
      except: 'exempt',
      allowlist: 'exempt',
      whitelist: 'exempt',
      hits_addend: 'cost',
      count_statuses: 'statuses',
      on_status: 'statuses',
      ...ALSO_KEY,
    },
    lacks: { nodelay: 'nothing waits here: what is beyond the burst is refused' },
  },
)
export type RateLimitConfig = Static<typeof RateLimitOptions>

/** Beyond these nobody means what is written. */
const FULL_MS_MAX = 366 * 86_400_000
const PER_MS_MAX = 10_000
/** Slices of shorter windows would be too short for clocks that differ. */
const WINDOW_MS_MIN = 1000

export function checkRateLimit(config: RateLimitConfig, where: Where): void {
  const { algorithm, requests, per, burst = requests } = config
  if (algorithm === 'sliding_window') checkWindow(config, where)
  else checkBucket(requests, per, burst, where)
  const most = algorithm === 'sliding_window' ? requests : burst
  const costs = [{ path: ['cost'], cost: config.cost }].concat(
    config.costs.map(({ cost }, place) => ({ path: ['costs', String(place), 'cost'], cost })),
  )
  for (const { path, cost } of costs)
    if (cost > most)
      where.report(path[0] === 'costs' ? ['costs', Number(path[1]), 'cost'] : path, {
        code: 'conflict',
        found: `${cost}, which is more than may ever pass at once`,
        allowed: `at most ${most}: ${algorithm === 'sliding_window' ? 'requests' : 'the burst'}`,
      })
}

function checkWindow({ per, burst }: RateLimitConfig, where: Where): void {
  if (per < WINDOW_MS_MIN)
    where.report(['per'], {
      code: 'conflict',
      found: `a sliding window of ${formatDuration(per)}`,
      allowed: `at least ${formatDuration(WINDOW_MS_MIN)}`,
      hint: 'token_bucket takes shorter times',
    })
  if (burst !== undefined)
    where.report(['burst'], {
      code: 'conflict',
      found: 'burst beside algorithm: sliding_window',
      allowed: 'requests alone: a window has no burst, all of it may pass at once',
    })
}

function checkBucket(requests: number, per: number, burst: number, where: Where): void {
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
