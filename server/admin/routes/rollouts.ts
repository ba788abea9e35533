// Staged rollouts: servers of a backend are replaced batch by batch.
import { calledOf } from '../../control/store/principal.ts'
import { type Static, Type } from '@sinclair/typebox'
import { nameOf, type RolloutPlan } from '../../control/change/rollout.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { type Asked, param, type Route } from '../route.ts'
import { OPERATION } from './operations.ts'

const NEW_SERVER = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  },
  { additionalProperties: false },
)

const BODY = Type.Object(
  {
    new_servers: Type.Array(Type.Union([NEW_SERVER, Type.String({ minLength: 1, maxLength: 2048 })]), {
      minItems: 1,
      maxItems: 1000,
      description: 'The servers that are to be there in the end: maps as in the config, or URLs.',
    }),
    batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 1.' })),
    interval: Type.Optional(
      Type.Number({ minimum: 0, maximum: 3600, description: 'Seconds between two batches; default 10.' }),
    ),
    gate: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 600,
        description: 'Seconds in which new servers are up; default 30.',
      }),
    ),
    on_failure: Type.Optional(
      Type.Union([Type.Literal('roll_back'), Type.Literal('pause')], { description: 'Default roll_back.' }),
    ),
  },
  { additionalProperties: false },
)

const BEGUN = Type.Object({
  operation: Type.String(),
  added: Type.Array(NEW_SERVER),
  removed: Type.Array(Type.String()),
})

const WISHES = { pause: 'pause', resume: 'go', abort: 'abort', rollback: 'roll_back' } as const

type Facts = Pick<ControlFacts, 'tasks' | 'changes'>

export function rolloutRoutes(facts: Facts): readonly Route[] {
  const path = '/api/v1/backends/{backend}/rollouts'
  const edit = { permission: 'edit', tag: 'Rollouts' } as const
  const answers = {
    202: { description: 'It will.', schema: Type.Object({ operation: Type.String() }) },
    404: { description: 'There is no such rollout.' },
    409: { description: 'It does not run, or does so already.' },
  }
  const verb = (name: keyof typeof WISHES): Route => ({
    ...edit,
    method: 'POST',
    path: `${path}/{rollout}/${name}`,
    summary: SUMMARIES[name],
    answers,
    answer: (asked) => wishAnswer(asked, facts, name),
  })
  return [
    {
      ...edit,
      method: 'POST',
      path,
      summary: 'Replace the servers of a backend, batch by batch',
      body: BODY,
      answers: {
        202: { description: 'It began: GET /api/v1/operations/ID tells how it goes.', schema: BEGUN },
        404: { description: 'There is no such backend.' },
        409: { description: 'One of this backend runs, or nothing is to be done.' },
      },
      answer: (asked) => beginAnswer(asked, facts),
    },
    {
      ...edit,
      method: 'GET',
      permission: 'view',
      path,
      summary: 'Rollouts of a backend, the newest first',
      answers: {
        200: {
          description: 'Those of this run of the gateway, and what the one before left.',
          schema: Type.Object({ rollouts: Type.Array(OPERATION) }),
        },
      },
      answer: (asked) => jsonAnswer({ rollouts: facts.tasks.rollouts.list(param(asked, 'backend')) }),
    },
    {
      ...edit,
      method: 'GET',
      permission: 'view',
      path: `${path}/{rollout}`,
      summary: 'A rollout, with its steps',
      answers: {
        200: { description: 'How it is.', schema: OPERATION },
        404: { description: 'There is no such rollout.' },
      },
      answer: (asked) => {
        const one = find(asked, facts)
        return one === null ? none(asked) : jsonAnswer(one)
      },
    },
    {
      ...edit,
      method: 'DELETE',
      path: `${path}/{rollout}`,
      summary: SUMMARIES.rollback,
      answers,
      answer: (asked) => wishAnswer(asked, facts, 'rollback'),
    },
    ...(['pause', 'resume', 'abort', 'rollback'] as const).map(verb),
  ]
}

const SUMMARIES = {
  pause: 'Have a rollout wait before its next step',
  resume: 'Have a rollout go on',
  abort: 'End a rollout; what was done stays',
  rollback: 'End a rollout, and serve what was before it',
}

const find = (asked: Asked, { tasks }: Facts) =>
  tasks.rollouts.list(param(asked, 'backend')).find(({ id }) => id === param(asked, 'rollout')) ?? null

const none = (asked: Asked): Response =>
  problem('not_found', `Backend ${param(asked, 'backend')} has no rollout ${param(asked, 'rollout')}.`)

function beginAnswer(asked: Asked, { tasks, changes }: Facts): Response {
  const backend = param(asked, 'backend')
  const servers = Object.entries(changes.served?.edition.config.backends ?? {}).find(
    ([name]) => name === backend,
  )?.[1].servers
  if (servers === undefined) return problem('not_found', `There is no backend ${backend}.`)
  const body = asked.body as Static<typeof BODY>
  const wanted = body.new_servers.map((one) => (typeof one === 'string' ? { url: one } : one))
  const present = new Set(servers.map(nameOf))
  const kept = new Set(wanted.map(nameOf))
  const plan: RolloutPlan = {
    backend,
    added: wanted.filter((one) => !present.has(nameOf(one))),
    removed: [...present].filter((name) => !kept.has(name)),
    batchSize: body.batch_size ?? 1,
    intervalMs: (body.interval ?? 10) * 1000,
    gateMs: (body.gate ?? 30) * 1000,
    pausesOnFailure: body.on_failure === 'pause',
  }
  if (plan.added.length === 0)
    return problem('conflict', 'None of these servers is new: nothing is to be rolled out.')
  const operation = tasks.rollouts.begin(plan, calledOf(asked.who))
  if (operation === null) return problem('conflict', `A rollout of ${backend} runs already.`)
  return jsonAnswer({ operation, added: plan.added, removed: plan.removed }, 202)
}

function wishAnswer(asked: Asked, facts: Facts, name: keyof typeof WISHES): Response {
  const one = find(asked, facts)
  if (one === null) return none(asked)
  return facts.tasks.rollouts.wish(one.id, WISHES[name])
    ? jsonAnswer({ operation: one.id }, 202)
    : problem('conflict', `The rollout is ${one.state}: it cannot be told to ${name}.`)
}
