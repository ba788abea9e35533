import { Type, type Static } from '@sinclair/typebox'
import { Duration, Size, Words } from '../lib/kinds.ts'

/** Nothing is looked at without a number. */
const SAY_WHAT = 'say what is too much: { loop_lag: 250ms, descriptors: 0.9 }'

export const OverloadOptions = Type.Object(
  {
    mode: Words(['enforce', 'shadow', 'off'], {
      default: 'enforce',
      description:
        'enforce: refuses with 503. shadow: decides, counts (lb_overload_shed_total), says so in the access log ("shadow"), and lets pass. off: looks at nothing.',
    }),
    loop_lag: Type.Optional(
      Duration({
        least: '10ms',
        most: '60s',
        description:
          'A worker whose turns are late by so much has more to do than it can. Left out: that is not looked at.',
      }),
    ),
    memory: Type.Optional(
      Size({
        least: '16MiB',
        description:
          'Resident memory of a worker that is too much: 5 % are refused there, `most` from a quarter above it, as what a process has taken of memory it hardly gives back. Left out: that is not looked at.',
      }),
    ),
    descriptors: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 1,
        description:
          'Share of the descriptors that a worker may have (limit of open files) that is too much. Left out: that is not looked at; in any case no clients are accepted for a while before the last ones are gone.',
      }),
    ),
    most: Type.Number({
      default: 0.95,
      minimum: 0.05,
      maximum: 1,
      description: 'The largest share of new requests that is refused.',
    }),
  },
  {
    default: {},
    said: { true: SAY_WHAT, yes: SAY_WHAT, on: SAY_WHAT },
    description:
      'When a worker is overloaded it refuses a growing share of new requests with 503 overloaded and Retry-After, those of rules with the lowest priority first, until it is back below 80 % of what is too much. Status endpoints, the admin listener and health checks are not touched.',
    also: {
      lag: 'loop_lag',
      event_loop_lag: 'loop_lag',
      max_share: 'most',
      rss: 'memory',
      files: 'descriptors',
    },
  },
)
export type OverloadConfig = Static<typeof OverloadOptions>
