// What is asked of the gateway as a whole: read the file anew, stop.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { changedAnswer } from '../changed.ts'
import { jsonAnswer } from '../problem.ts'
import type { Route } from '../route.ts'

export const gatewayRoutes = (facts: Pick<ControlFacts, 'reload' | 'stop'>): readonly Route[] => [
  {
    method: 'POST',
    path: '/api/v1/reload',
    permission: 'operate',
    tag: 'Gateway',
    summary: 'Apply the config file as it is now, and reopen the logs',
    answers: { 200: { description: 'It is served.' }, 422: { description: 'What stands against the file.' } },
    answer: async () => changedAnswer(await facts.reload(), 'file'),
  },
  {
    method: 'POST',
    path: '/api/v1/stop',
    permission: 'administer',
    tag: 'Gateway',
    summary: 'Stop in order, as SIGTERM does',
    answers: {
      202: {
        description: 'It begins; what is in flight may take so long at most.',
        schema: Type.Object({ process: Type.Unknown(), within_ms: Type.Number() }),
      },
    },
    answer: () => jsonAnswer(facts.stop(), 202),
  },
]
