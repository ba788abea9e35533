// Handing over to another program: begun here, and how the latest one went.
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { calledOf } from '../../control/store/principal.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Route } from '../route.ts'

type Facts = Pick<ControlFacts, 'upgrade'>

/** Seconds and more for a large config on a slow disk; a bound in any case. */
const MS = { minimum: 100, maximum: 600_000 }

const BODY = Type.Object(
  {
    program: Type.Optional(
      Type.String({
        minLength: 1,
        pattern: '^/',
        description:
          'The executable that takes over, by its whole name; left out: the one that runs, as its file is now. Only by the control socket.',
      }),
    ),
    step_ms: Type.Optional(
      Type.Integer({ ...MS, description: 'How long each step of its start may take; default 30000.' }),
    ),
    probation_ms: Type.Optional(
      Type.Integer({
        ...MS,
        description: 'How long it is watched once it serves, with a way back; default 5000.',
      }),
    ),
  },
  { additionalProperties: false },
)

const FACTS = Type.Object({
  state: Type.Union(['none', 'running', 'failed', 'done'].map((state) => Type.Literal(state))),
  program: Type.Optional(Type.String()),
  pid: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  version: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  since: Type.Optional(Type.String({ format: 'date-time' })),
  why: Type.Optional(Type.String({ description: 'Why it failed: this gateway goes on as it was.' })),
  from: Type.Optional(Type.Integer({ description: 'This gateway took over from that process.' })),
  process: Type.Integer({ description: 'Who answers.' }),
})

export const upgradeRoutes = ({ upgrade }: Facts): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/v1/upgrade',
    permission: 'view',
    tag: 'Gateway',
    summary: 'How the latest upgrade went, or goes',
    answers: { 200: { description: 'As of now.', schema: FACTS } },
    answer: () => jsonAnswer({ ...upgrade.facts, process: process.pid }),
  },
  {
    method: 'POST',
    path: '/api/v1/upgrade',
    permission: 'administer',
    tag: 'Gateway',
    summary: 'Hand over to another program, which takes all sockets and serves in this one’s place',
    body: BODY,
    needsStepUp: true,
    answers: {
      202: {
        description: 'It begins, and has ended one way or the other in this time.',
        schema: Type.Object({ process: Type.Unknown(), within_ms: Type.Number() }),
      },
      403: { description: 'A program is named by the control socket only.' },
      409: { description: 'Not now: another one is under way, or something else stands against it.' },
    },
    answer: ({ body, who }) => {
      const { program, step_ms: stepMs, probation_ms: probationMs } = (body ?? {}) as Static<typeof BODY>
      // Whoever may change the config from afar is not to run programs of this machine.
      if (program !== undefined && who.kind !== 'local')
        return problem(
          'forbidden',
          'A program is named on the machine of the gateway only: `sluice upgrade PATH`.',
        )
      const begun = upgrade.begin({ program: program ?? null, stepMs, probationMs, by: calledOf(who) })
      return typeof begun === 'string' ? problem('conflict', begun) : jsonAnswer(begun, 202)
    },
  },
]
