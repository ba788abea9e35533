// What was counted of late, without anything set up for it: by gateway, listener, rule, backend and server.
import { type TOptional, type TSchema, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { COLUMNS, type Column } from '../../control/history/columns.ts'
import { nameOf } from '../../control/history/now.ts'
import type { SeriesColumns } from '../../control/history/query.ts'
import { formatDuration, parseDuration } from '../../lib/durations.ts'
import { inSlices, type Steps } from '../../lib/slices.ts'
import { FIGURE_KINDS, type FigureKind } from '../../tables/figures.ts'
import { jsonAnswer, jsonText, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const WINDOW_MAX_MS = 90 * 86_400_000
const WINDOW = '15m'

type FigureFacts = Pick<ControlFacts, 'live'>

const NUMBERS = Type.Array(Type.Union([Type.Number(), Type.Null()]))
const Time = Type.String({ format: 'date-time' })
const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** Whose figures they are: none of the gateway, `name`, or of a server its backend and its own name. */
const NAMES = {
  name: Type.Optional(Type.String()),
  backend: Type.Optional(Type.String()),
  server: Type.Optional(Type.String()),
}

const STATS = Type.Object(
  {
    by: Type.String(),
    window: Type.String(),
    step_s: Type.Number(),
    resolution_s: Type.Number({ description: 'As finely as it is kept.' }),
    from: Time,
    to: Time,
    last_s: Type.Number({ description: 'How much of the last step is over.' }),
    since: OrNull(Time),
    complete_since: OrNull(Time),
    series: Type.Array(
      Type.Object({
        ...NAMES,
        ...Object.fromEntries(COLUMNS.map((column) => [column, Type.Optional(NUMBERS)])),
      } as typeof NAMES & Record<Column, TOptional<typeof NUMBERS>>),
      { description: 'A column that was zero throughout is left out.' },
    ),
    left_out: Type.Integer(),
  },
  { title: 'Stats' },
)

const A_SECOND = Type.Number()
const RATES = Type.Object(
  {
    ...NAMES,
    ...{ requests_per_s: A_SECOND, client_errors_per_s: A_SECOND, server_errors_per_s: A_SECOND },
    ...{ aborted_per_s: A_SECOND, connections_per_s: A_SECOND, faults_per_s: A_SECOND },
    ...{ bytes_in_per_s: A_SECOND, bytes_out_per_s: A_SECOND },
    active: Type.Number({ description: 'The most at a time.' }),
    p50_ms: OrNull(Type.Number()),
    p95_ms: OrNull(Type.Number()),
    p99_ms: OrNull(Type.Number()),
  },
  { title: 'Rates' },
)

const NOW = Type.Object(
  {
    time: Time,
    over_s: Type.Number(),
    gateway: Type.Partial(RATES, {
      title: 'GatewayRates',
      description: 'Empty before anything was counted.',
    }),
    ...{ listeners: Type.Array(RATES), rules: Type.Array(RATES) },
    ...{ backends: Type.Array(RATES), servers: Type.Array(RATES) },
  },
  { title: 'StatsNow' },
)

export function figureRoutes({ live }: FigureFacts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'Watching' } as const
  return [
    {
      ...view,
      path: '/api/v1/stats',
      summary: 'What was counted in a time until now, in steps',
      query: Type.Object(
        {
          window: Type.Optional(
            Type.String({ description: `Such as 15m, which is the default; at most 90d.` }),
          ),
          step: Type.Optional(
            Type.String({
              description:
                'Such as 5s. Default: as fine as it is kept: 1s for 5m, 10s for 2h, 60s for a day, 10m beyond.',
            }),
          ),
          by: Type.Optional(
            Type.String({ description: `Of whom: ${FIGURE_KINDS.join(', ')}. Default: backend.` }),
          ),
          name: Type.Optional(Type.String({ description: 'Only of this one; of a server BACKEND/SERVER.' })),
        },
        { additionalProperties: false },
      ),
      answers: {
        200: {
          description:
            'Columns for each series, the busiest first; one that was zero throughout is left out. `null`: nothing is known of that time (of latencies: there was no request). `last_s`: how much of the last step is over.',
          schema: STATS,
        },
        400: { description: 'A duration or a word is not understood.' },
      },
      answer: (asked) => answer(asked, live),
    },
    {
      ...view,
      path: '/api/v1/stats/now',
      summary: 'How busy everything is, per second, over the last ten seconds',
      answers: {
        200: {
          description: 'Of the gateway, and of each listener, rule, backend and server that was busy.',
          schema: NOW,
        },
      },
      answer: async () => jsonAnswer(await live.now()),
    },
  ]
}

async function answer({ query }: Asked, live: FigureFacts['live']): Promise<Response> {
  const by = query.get('by') ?? 'backend'
  const kind = FIGURE_KINDS.find((one) => one === by)
  if (kind === undefined) return odd('by', `"${by}" is none of ${FIGURE_KINDS.join(', ')}`)
  const windowMs = durationOf(query.get('window') ?? WINDOW)
  if (windowMs === null) return odd('window', OF_DURATIONS)
  const step = query.get('step')
  const stepMs = step === null ? null : durationOf(step)
  if (step !== null && stepMs === null) return odd('step', OF_DURATIONS)
  const { series, left_out, ...times } = await live.figures({
    kind,
    name: kind === 'gateway' ? '' : query.get('name'),
    windowS: Math.ceil(windowMs / 1000),
    stepS: stepMs === null ? null : Math.ceil(stepMs / 1000),
  })
  const about = { by: kind, window: formatDuration(windowMs), ...times, left_out }
  return jsonText(await inSlices(documentSteps(about, kind, series)))
}

/** Millions of numbers are written in more than one turn of the loop. */
function* documentSteps(about: object, kind: FigureKind, series: readonly SeriesColumns[]): Steps<string> {
  const texts: string[] = []
  for (const { name, columns } of series) {
    texts.push(JSON.stringify({ ...named(kind, name), ...columns }))
    yield
  }
  return `${JSON.stringify(about).slice(0, -1)},"series":[${texts.join()}]}\n`
}

const named = (kind: FigureKind, name: string): object => (kind === 'gateway' ? {} : nameOf(kind, name))

/** Null: it is none, or none that may be asked for. */
function durationOf(text: string): number | null {
  const ms = parseDuration(text, WINDOW_MAX_MS)
  return ms === null || ms < 1000 ? null : ms
}

const OF_DURATIONS = 'a duration from 1s to 90d is wanted, such as 15m'

const odd = (parameter: string, message: string): Response =>
  problem('query_invalid', `${parameter}: ${message}.`, { errors: [{ parameter, message }] })
