// How near workers are to more than they can do, and what they refused for that.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer } from '../problem.ts'
import type { Route } from '../route.ts'

const byCause = (description: string) =>
  Type.Object(
    {
      loop_lag: Type.Optional(Type.Number()),
      memory: Type.Optional(Type.Number()),
      descriptors: Type.Optional(Type.Number()),
    },
    { description },
  )

const OVERLOAD = Type.Object(
  {
    mode: Type.String({ description: 'enforce, shadow, or off: nothing is looked at.' }),
    limits: byCause(
      'What is too much, of those that are looked at: loop_lag in ms, memory in bytes, descriptors as a share of the limit of open files.',
    ),
    most: Type.Number({ description: 'The largest share of new requests that is refused.' }),
    workers: Type.Array(
      Type.Object({
        process: Type.String(),
        share: Type.Number({ description: 'Of new requests, which it refuses, or would in shadow mode.' }),
        levels: byCause('How near it came in the last second: 1 is too much.'),
      }),
    ),
    shed: Type.Array(
      Type.Object({
        priority: Type.Integer({ description: 'Of the rule.' }),
        cause: Type.String({ description: 'What was too much.' }),
        decision: Type.String({ description: 'refused or shadow.' }),
        requests: Type.Integer(),
      }),
      { description: 'Since the start of the gateway, the highest priorities first.' },
    ),
  },
  { title: 'Overload' },
)

export const overloadRoutes = (facts: Pick<ControlFacts, 'overload'>): readonly Route[] => [
  {
    ...{ method: 'GET', path: '/api/v1/overload', permission: 'view', tag: 'Gateway' },
    summary: 'How near workers are to more than they can do, and what they refused for that',
    answers: { 200: { description: 'As of the last second.', schema: OVERLOAD } },
    answer: () => jsonAnswer(facts.overload()),
  },
]
