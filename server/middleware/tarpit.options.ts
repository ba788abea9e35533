import { Type, type Static } from '@sinclair/typebox'
import { Duration, OneOrMore, Words } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

export const TarpitOptions = Type.Object(
  {
    mode: ModeOption,
    delay: Duration({
      default: '10s',
      least: '1ms',
      most: '10m',
      description:
        'So long a client waits for its answer. timeouts.step does not cut it, timeouts.total does.',
    }),
    when: Words(['refused', 'always'], {
      default: 'refused',
      description:
        'refused: answers of the gateway, no server asked, whose status is among `statuses`, of steps behind this one or of respond. always: each request that comes here, before it goes on.',
      said: { denied: 'write refused', all: 'write always', error: 'write refused' },
    }),
    statuses: OneOrMore(
      Type.Unsafe<string>({
        type: ['string', 'integer'],
        format: 'status-range',
        description: 'A status or a range: 403, "400-499", "4xx".',
      }),
      'Statuses of the answers that are held with when: refused.',
      ['400-499'],
    ),
    max: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 100_000,
      description:
        'So many are held at once, over all workers. Beyond it a refusal goes out at once; with always the request is refused: 503.',
    }),
  },
  {
    description:
      'Holds back answers, so that who guesses or scans gets few of them. Whoever is held takes no place at a server and in no queue, and is let go when its client goes.',
    usual: { delay: '10s' },
    also: {
      time: 'delay',
      timeout: 'delay',
      duration: 'delay',
      limit: 'max',
      status: 'statuses',
      on: 'when',
    },
  },
)
export type TarpitConfig = Static<typeof TarpitOptions>
