import { Type, type Static } from '@sinclair/typebox'
import { Duration, OneOrMore, Words } from '../lib/kinds.ts'
import { SERVER_FAULTS, ServerFault } from './server-fault.options.ts'

/** Above this share, or all of them where it is 1. */
const Share = (value: number, description: string) =>
  Type.Number({ default: value, minimum: 0.01, maximum: 1, description })

export const CircuitBreakerOptions = Type.Object(
  {
    mode: Words(['enforce', 'shadow', 'off'], {
      default: 'enforce',
      description:
        'enforce: a server whose breaker is open gets no work. shadow: decides, counts (lb_circuit_shadow_attempts_total), tells, and lets pass. off: is not there.',
      said: {
        'dry-run': 'write shadow',
        dry_run: 'write shadow',
        monitor: 'write shadow',
        on: 'write enforce',
      },
    }),
    failure_ratio: Share(
      0.5,
      'Opens when more than this share of the attempts within the window failed; 1: when all did.',
    ),
    min_requests: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Attempts within the window below which a share says nothing.',
    }),
    window: Duration({
      default: '60s',
      least: '1s',
      most: '1h',
      description: 'Attempts of this time back are looked at; they leave it in ten steps.',
    }),
    failures: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description:
          'Opens also after so many failures in a row, however few there were. Left out: only by shares.',
      }),
    ),
    slow: Type.Optional(
      Type.Object(
        {
          over: Duration({
            default: '2s',
            least: '1ms',
            description:
              'An answer is slow whose first byte took longer, counted from the end of its request.',
          }),
          ratio: Share(0.5, 'More than this share of slow attempts opens; 1: when all were.'),
        },
        {
          description:
            'Opens also when too many answers are slow. Then a slow one does not close it either. Left out: however long they take.',
        },
      ),
    ),
    counts: Type.Object(
      {
        statuses: Type.Unsafe<string[]>({
          type: 'array',
          items: {
            type: ['string', 'integer'],
            format: 'status-range',
            description: 'A status or a range: 503, "500-599", "5xx".',
          },
          default: ['500-599'],
          description: 'Statuses of answers that are failures. []: none is.',
        }),
        faults: OneOrMore(ServerFault, 'Faults that are failures.', SERVER_FAULTS),
      },
      {
        default: {},
        description:
          'What is a failure of a server. Never what is not its own: our limits, a full queue, a client that left.',
      },
    ),
    open_for: Duration({
      default: '30s',
      least: '100ms',
      most: '24h',
      description: 'How long it stays open the first time; twice as long each time that it opens again.',
    }),
    open_for_max: Duration({
      default: '5m',
      least: '100ms',
      most: '24h',
      description:
        'The longest that it stays open. Once it was closed for as long, the next time is a first time.',
    }),
    half_open_requests: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1000,
      description: 'After that it is half-open: so many attempts at once are let through, over all workers.',
    }),
    half_open_successes: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1000,
      description: 'So many that went well close it; one that failed opens it again.',
    }),
    max_out: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description:
        'Never more than this share of the servers of the backend is out by breakers and passive health together; one always may be, unless it is 0.',
    }),
  },
  {
    said: { true: 'write {}', yes: 'write {}', on: 'write {}' },
    description:
      'A breaker for each server: opens when too many of its attempts fail, so that it gets no work for a while, and closes when a few went well. All workers count together. Left out: none.',
    also: {
      threshold: 'failure_ratio',
      ratio: 'failure_ratio',
      failure_rate: 'failure_ratio',
      interval: 'window',
      failure_threshold: 'failures',
      consecutive_failures: 'failures',
      success_threshold: 'half_open_successes',
      timeout: 'open_for',
      half_open_timeout: 'open_for',
      cooldown: 'open_for',
      max_half_open: 'half_open_requests',
      maxhalfopen: 'half_open_requests',
      max_ejection_percent: 'max_out',
      check_period: 'window',
      fallback_duration: 'open_for',
    },
    lacks: {
      enabled: 'leave "circuit_breaker" out, or write mode: off',
      expression:
        'there are none here: write failure_ratio for NetworkErrorRatio and ResponseCodeRatio, slow: { over, ratio } for LatencyAtQuantileMS, and counts for what fails',
    },
  },
)
export type CircuitBreakerConfig = Static<typeof CircuitBreakerOptions>
