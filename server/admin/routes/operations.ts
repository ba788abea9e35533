// What goes on for longer than a request: watched changes, rollouts.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Route } from '../route.ts'

export const OPERATION = Type.Object(
  {
    id: Type.String(),
    kind: Type.String({ description: 'change.watch or rollout.' }),
    state: Type.String({ description: 'running, paused, done, failed or aborted.' }),
    started: Type.String(),
    ended: Type.Union([Type.String(), Type.Null()]),
    steps: Type.Array(Type.Object({ time: Type.String(), what: Type.String() })),
    facts: Type.Unknown({ description: 'What it works on, and what came of it.' }),
  },
  { title: 'Operation' },
)

export function operationRoutes({ tasks }: Pick<ControlFacts, 'tasks'>): readonly Route[] {
  const { operations } = tasks
  const view = { method: 'GET', permission: 'view', tag: 'Operations' } as const
  return [
    {
      ...view,
      path: '/api/v1/operations',
      summary: 'What goes on for longer than a request, the newest first',
      answers: {
        200: {
          description:
            'Those of this run of the gateway, up to a hundred, and those that the end of the run before cut.',
          schema: Type.Object({ operations: Type.Array(OPERATION) }),
        },
      },
      answer: () => jsonAnswer({ operations: operations.list() }),
    },
    {
      ...view,
      path: '/api/v1/operations/{operation}',
      summary: 'One of them, with its steps',
      answers: {
        200: { description: 'How it is.', schema: OPERATION },
        404: { description: 'It is not known: it is too old, or the gateway was started since.' },
      },
      answer: (asked) => {
        const id = param(asked, 'operation')
        const hint = 'operations end with the gateway; GET /api/v1/config/revisions tells what was served'
        const one = operations.get(id)
        return one === null
          ? problem('not_found', `There is no operation ${id} in this run of the gateway.`, { hint })
          : jsonAnswer(one)
      },
    },
  ]
}
