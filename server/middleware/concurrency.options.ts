import { Type, type Static } from '@sinclair/typebox'
import { ModeOption } from './mode.options.ts'
import { ALSO_KEY, keyOptions } from './request-key.options.ts'

export const ConcurrencyOptions = Type.Object(
  {
    mode: ModeOption,
    max: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'So many requests of a key may be under way at once, tunnels (WebSockets) included.',
    }),
    ...keyOptions('a limit'),
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
      ...ALSO_KEY,
    },
  },
)
export type ConcurrencyConfig = Static<typeof ConcurrencyOptions>
