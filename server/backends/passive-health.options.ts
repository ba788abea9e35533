import { Type, type Static } from '@sinclair/typebox'
import { Duration, OrWord, Words } from '../lib/kinds.ts'

const SuccessRate = Type.Object(
  {
    min_servers: Type.Integer({
      default: 5,
      minimum: 2,
      maximum: 20_000,
      description: 'So many servers with enough attempts are needed to compare with.',
    }),
    min_requests: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000_000,
      description: 'A server with fewer attempts within the window is not compared.',
    }),
    deviation: Type.Number({
      default: 1.9,
      minimum: 0.1,
      maximum: 10,
      description:
        'Out goes who succeeds less often than the mean of all less so many standard deviations, and failed as often as "failures" says (5 times where that is 0).',
    }),
  },
  { description: 'A server is taken out that fails more often than its peers do.' },
)

export const PassiveHealthOptions = Type.Object(
  {
    mode: Words(['enforce', 'shadow', 'off'], {
      default: 'enforce',
      description:
        'enforce: a server that is taken out gets no work. shadow: decides, counts, tells, and leaves it in. off: is not there.',
      said: {
        'dry-run': 'write shadow',
        dry_run: 'write shadow',
        monitor: 'write shadow',
        on: 'write enforce',
      },
    }),
    failures: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 1_000_000,
      description:
        'So many failures within the window take a server out: attempts that it did not answer whole, and answers with one of the statuses. 0: however many.',
    }),
    window: Duration({
      default: '30s',
      least: '1s',
      most: '1h',
      description: 'Attempts of this time back are looked at; they leave it in ten steps.',
    }),
    faults_in_a_row: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 100_000,
      description: 'So many failures with nothing good between them take it out, too. 0: however many.',
    }),
    statuses: Type.Unsafe<string[]>({
      type: 'array',
      items: {
        type: ['string', 'integer'],
        format: 'status-range',
        description: 'A status or a range: 503, "500-599", "5xx".',
      },
      default: ['502-504'],
      description:
        'Statuses of answers that are failures: those of a server that is itself in the way to another. []: none is. By success_rate all from 500 on are.',
    }),
    success_rate: OrWord(false, SuccessRate, {
      default: {},
      description: 'Comparison with the other servers, ten times in each window; false: none.',
    }),
    cooldown: Duration({
      default: '30s',
      least: '100ms',
      most: '24h',
      description: 'How long it stays out the first time; the second time twice as long, then three times.',
    }),
    cooldown_max: Duration({
      default: '5m',
      least: '100ms',
      most: '24h',
      description:
        'The longest that it stays out. Once it was in use for as long, the next time is a first time.',
    }),
    max_out: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description:
        'Never more than this share of the servers of the backend is out by passive health and breakers together; one always may be, unless it is 0. The last that is in use stays.',
    }),
  },
  {
    said: { true: 'write {}', yes: 'write {}', on: 'write {}' },
    description:
      'What requests met takes a server out for a while, and brings it back by time. All workers count together. Left out: requests alone take nobody out.',
    also: {
      max_fails: 'failures',
      max_failures: 'failures',
      failed_attempts: 'failures',
      max_failed_attempts: 'failures',
      fail_timeout: 'cooldown',
      fail_duration: 'window',
      failure_window: 'window',
      interval: 'window',
      consecutive_5xx: 'faults_in_a_row',
      consecutive_errors: 'faults_in_a_row',
      consecutive_gateway_failure: 'faults_in_a_row',
      error_limit: 'faults_in_a_row',
      unhealthy_status: 'statuses',
      base_ejection_time: 'cooldown',
      timeout: 'cooldown',
      max_ejection_time: 'cooldown_max',
      max_ejection_percent: 'max_out',
    },
    lacks: { enabled: 'leave "passive_health" out, or write mode: off' },
  },
)
export type PassiveHealthConfig = Static<typeof PassiveHealthOptions>
