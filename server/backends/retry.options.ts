import { Type, type Static } from '@sinclair/typebox'
import { Duration, OneOrMore, Words } from '../lib/kinds.ts'
import { SERVER_FAULTS } from './server-fault.options.ts'

/** `default`: those that are repeated unless others are named, DEFAULT_FAULTS of retry-policy.ts. */
export const RETRY_FAULTS = ['default', ...SERVER_FAULTS] as const

const BudgetOptions = Type.Object(
  {
    ratio: Type.Number({
      default: 0.2,
      minimum: 0,
      maximum: 1,
      description: 'Most of them, as a share of the exchanges in flight at the servers of the backend.',
    }),
    least: Type.Integer({
      default: 3,
      minimum: 0,
      maximum: 100_000,
      description: 'So many may always be.',
    }),
  },
  {
    default: {},
    description:
      'How many further attempts of a backend may wait to be made, or for the head of their answer, at once, over all workers: retries must not multiply the load of servers that have too much of it. One costs of it where a server still has, or has answered, the attempt before: not where nothing had reached one, nor, once a request, where it ended the connection (server_closed, server_reset). Without a place in it, what failed is not tried again: the fault, or the answer, stands, and the log says so.',
    said: {
      false: 'write { ratio: 1, least: 100000 }',
      off: 'write { ratio: 1, least: 100000 }',
      none: 'write { ratio: 1, least: 100000 }',
    },
    also: { percent: 'ratio', min: 'least', minimum: 'least', min_retries: 'least' },
  },
)

const HedgeOptions = Type.Object(
  {
    quantile: Type.Number({
      default: 0.95,
      minimum: 0.5,
      maximum: 0.999,
      description:
        "Of the times to the first byte of the backend's answers, as this worker has measured them in the last minute: who waits longer is asked for at another server as well. Nothing is, until 20 are known.",
    }),
    after: Duration({
      default: '10ms',
      least: '1ms',
      description: 'The least wait, however quick answers are.',
    }),
    most: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 3,
      description: 'Most such attempts of one request; each after the same wait again.',
    }),
  },
  {
    description:
      'Another attempt while the first still waits: the answer that begins first is used, the other attempt is given up. Of idempotent requests only, without a body or with one of at most 64 KiB that is here as a whole; never of upgrades. Each counts as an attempt, and costs of the budget.',
    also: { percentile: 'quantile', delay: 'after', max: 'most' },
  },
)

const off = 'write { attempts: 1 }'

export const RetryOptions = Type.Object(
  {
    attempts: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 10,
      description: 'All tries together, the first included; each on another server where there is one.',
    }),
    backoff: Duration({
      default: '25ms',
      description: 'Largest wait before the second try; doubles with each, with full jitter.',
    }),
    backoff_max: Duration({ default: '5s', description: 'The wait never grows beyond this.' }),
    statuses: OneOrMore(
      Type.Unsafe<string>({
        type: ['string', 'integer'],
        format: 'status-range',
        description: 'A status or a range: 503, "502-504", "5xx".',
      }),
      'Answers of servers, from 400 on, in whose place another attempt is made where the method is idempotent: as if none had come. Where no attempt is left, or none gives another answer, the client gets the last one.',
      [],
      0,
    ),
    faults: OneOrMore(
      Words(RETRY_FAULTS, { description: 'The code of a fault, or default.' }),
      'Faults after which another attempt is made: where no byte of the request had reached the server, or the method is idempotent and nothing of an answer has gone to the client. default stands for those of names, connections and TLS, server_closed and attempt_timeout.',
      ['default'],
      0,
    ),
    timeout: Type.Optional(
      Duration({
        least: '1ms',
        description:
          "How long one attempt may take to the head of its answer, connecting included; what a client takes to send its request is not counted. Then another is made where that may be, else 504 attempt_timeout. A rule's timeouts.attempt goes before it. Left out: timeouts alone say.",
      }),
    ),
    retry_after_max: Duration({
      default: '5s',
      description:
        'Retry-After of an answer among `statuses` is waited for where no other server is left to ask, if it is no longer than this: else the client gets that answer.',
    }),
    budget: BudgetOptions,
    hedge: Type.Optional(HedgeOptions),
  },
  {
    default: {},
    said: { false: off, no: off, off, none: off },
    description:
      'Failed attempts that may be repeated: not sent at all, or idempotent with nothing answered, and bodies of at most 64 KiB. A server whose certificate is refused is not tried again.',
    also: {
      max_attempts: 'attempts',
      tries: 'attempts',
      on: 'faults',
      codes: 'statuses',
      status: 'statuses',
      retry_on: 'statuses',
      initial_delay: 'backoff',
      max_delay: 'backoff_max',
      per_try_timeout: 'timeout',
      attempt_timeout: 'timeout',
    },
    lacks: {
      methods: 'idempotent methods alone are repeated once they were sent (RFC 9110 §9.2.2)',
      jitter: 'there is always full jitter',
    },
    older: {
      max_retries: {
        for: 'attempts',
        plus: 1,
        value: Type.Integer({
          minimum: 0,
          maximum: 9,
          description: 'Another spelling of attempts, without the first: max_retries: 3 is attempts: 4.',
        }),
      },
      backoff_ms: {
        for: 'backoff',
        unit: 'ms',
        value: Type.Integer({
          minimum: 0,
          maximum: 86_400_000,
          description: 'Another spelling of backoff, in milliseconds: backoff_ms: 100 is backoff: 100ms.',
        }),
      },
    },
  },
)
export type RetryConfig = Static<typeof RetryOptions>
