// What the gateway says of itself: a verdict, problems with what to do about them, and the last hour of each
// backend and server.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { KEPT, LETTERS, MINUTE_MS } from '../../control/overview/timelines.ts'
import { formatDuration, parseDuration } from '../../lib/durations.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const WINDOW_MAX_MS = KEPT * MINUTE_MS

const words = <T extends string>(...all: readonly T[]) => Type.Union(all.map((one) => Type.Literal(one)))
const Time = Type.String({ format: 'date-time' })

const ACTION = Type.Object({
  kind: words(
    ...([
      'check',
      'open',
      'open_line',
      'restore',
      'confirm',
      'roll_back',
      'retry',
      'requests',
      'ready',
    ] as const),
  ),
  label: Type.String({ description: 'What stands on a button for it.' }),
  role: words(...(['viewer', 'operator', 'editor', 'admin'] as const)),
  backend: Type.Optional(Type.String()),
  servers: Type.Optional(Type.Array(Type.String(), { description: 'Of `backend`; at most 20.' })),
  certificate: Type.Optional(Type.String()),
  revision: Type.Optional(Type.Integer()),
  file: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
})

const PROBLEM = Type.Object({
  id: Type.String({ description: 'The same as long as the problem goes on.' }),
  state: Type.String({
    description:
      'In one word: down, degraded, failing, rejected, unreadable, differs, reverted, unconfirmed, expired, expiring, failed, stand_in, not_yet_valid, not_open, not_serving, silent, limits, not_kept, ending, injected; later versions have others.',
  }),
  severity: Type.Union([Type.Literal('down'), Type.Literal('warn'), Type.Literal('note')], {
    description:
      'down: something is not served, or not as the file says; warn: it is not as well as it could be, or will not be; note: good to know.',
  }),
  since: Type.Union([Time, Type.Null()], { description: 'null: that is not known.' }),
  title: Type.String({ description: 'What: a sentence without its full stop.' }),
  cause: Type.String({ description: 'Why: sentences.' }),
  remedy: Type.Union([Type.String(), Type.Null()], { description: 'What to do: sentences; null: nothing.' }),
  about: Type.Object({
    kind: words(
      ...(['backend', 'server', 'certificate', 'config', 'listener', 'worker', 'turn', 'store'] as const),
    ),
    name: Type.String(),
    backend: Type.Optional(Type.String({ description: 'Of a server.' })),
    line: Type.Optional(Type.Integer({ description: 'Of a config file.' })),
    column: Type.Optional(Type.Integer()),
  }),
  actions: Type.Array(ACTION),
})

const COUNT = Type.Integer({ minimum: 0 })

const OVERVIEW = Type.Object(
  {
    time: Time,
    verdict: Type.Object({
      state: words(...(['up', 'degraded', 'down', 'idle'] as const)),
      sentence: Type.String({ description: 'Without its full stop.' }),
      detail: Type.String({ description: 'More sentences; may be empty.' }),
    }),
    problems: Type.Array(PROBLEM, { description: 'The worst first; at most 100.' }),
    left_out: Type.Integer({ minimum: 0, description: 'Problems beyond those.' }),
    counts: Type.Object({
      ...{ listeners: COUNT, listeners_down: COUNT, rules: COUNT },
      ...{ backends: COUNT, backends_down: COUNT, backends_degraded: COUNT },
      ...{ servers: COUNT, servers_up: COUNT },
      ...{ certificates: COUNT, certificates_expiring: COUNT, problems: COUNT },
    }),
  },
  { title: 'Overview' },
)

const ROW = {
  backend: Type.String(),
  cells: Type.String({ description: 'A letter for each minute, the oldest first.' }),
}

const TIMELINES = Type.Object(
  {
    window: Type.String(),
    step_s: Type.Literal(60),
    from: Type.String({ format: 'date-time', description: 'Where the first minute begins.' }),
    last_s: Type.Integer({ description: 'How much of the last minute is over.' }),
    letters: Type.Record(Type.String(), Type.String(), {
      description: Object.entries(LETTERS)
        .map(([letter, word]) => `${letter} ${word}`)
        .join(', '),
    }),
    backends: Type.Array(Type.Object(ROW)),
    servers: Type.Array(Type.Object({ ...ROW, server: Type.String() })),
    left_out: Type.Integer({ description: 'Servers beyond those that are told.' }),
  },
  { title: 'Timelines' },
)

export function overviewRoutes({ told }: Pick<ControlFacts, 'told'>): readonly Route[] {
  const view = { method: 'GET', permission: 'view' } as const
  const overview = {
    ...view,
    answers: {
      200: { description: 'As of the last second, and of what happened since.', schema: OVERVIEW },
    },
    answer: () => jsonAnswer(told.overview()),
  }
  return [
    {
      ...overview,
      path: '/_overview',
      isForTrusted: true,
      tag: 'Monitoring',
      summary: 'How the gateway is in one sentence, and what is wrong: what, why, what to do',
    },
    {
      ...overview,
      path: '/api/v1/overview',
      tag: 'Watching',
      summary: 'How the gateway is in one sentence, and what is wrong: what, why, what to do',
    },
    {
      ...view,
      path: '/api/v1/timelines',
      tag: 'Watching',
      summary: 'How backends and servers were, minute by minute, in the last hour',
      query: Type.Object(
        {
          window: Type.Optional(Type.String({ description: 'From 1m to 1h, which is the default.' })),
          backend: Type.Optional(Type.String({ description: 'Only of this one, and all of its servers.' })),
        },
        { additionalProperties: false },
      ),
      answers: {
        200: {
          description:
            'Of a thousand servers: those that were not well first, then the busiest. What was before the start of the gateway is unknown.',
          schema: TIMELINES,
        },
        400: { description: 'The duration is not understood.' },
      },
      answer: (asked) => timelines(asked, told),
    },
  ]
}

function timelines({ query }: Asked, told: ControlFacts['told']): Response {
  const text = query.get('window') ?? '1h'
  const ms = parseDuration(text, WINDOW_MAX_MS)
  if (ms === null || ms < MINUTE_MS) {
    const message = `"${text}" is none: a duration from 1m to 1h is wanted, such as 15m`
    return problem('query_invalid', `window: ${message}.`, { errors: [{ parameter: 'window', message }] })
  }
  const minutes = Math.ceil(ms / MINUTE_MS)
  return jsonAnswer({
    window: formatDuration(minutes * MINUTE_MS),
    ...told.timelines(minutes, query.get('backend')),
  })
}
