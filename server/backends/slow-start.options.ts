import { Type, type Static } from '@sinclair/typebox'
import { Duration } from '../lib/kinds.ts'

export const SlowStartOptions = Type.Object(
  {
    over: Duration({
      default: '30s',
      least: '1s',
      most: '1h',
      description: 'So long after it came up a server has its whole weight.',
    }),
    aggression: Type.Number({
      default: 1,
      minimum: 0.1,
      maximum: 10,
      description:
        'How the share grows: (time / over) ^ (1 / aggression). 1: evenly. More: faster at first; less: slower at first.',
    }),
    least: Type.Number({
      default: 0.1,
      minimum: 0.01,
      maximum: 1,
      description: 'The share of its weight that it has at first.',
    }),
  },
  {
    said: { true: 'write {}', yes: 'write {}', on: 'write {}' },
    description:
      'A server that comes up gets only a part of its weight at first, which grows in twenty steps: one that was down or in maintenance, whose breaker has closed, or that is new in a backend which is served already. Not when the gateway starts. Left out: its whole weight at once.',
    also: {
      duration: 'over',
      time: 'over',
      window: 'over',
      slow_start_window: 'over',
      min_weight_percent: 'least',
      minimum: 'least',
    },
  },
)
export type SlowStartConfig = Static<typeof SlowStartOptions>
