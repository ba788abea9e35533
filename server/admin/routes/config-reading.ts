// The config for who reads it: its text, what it means, whether it is what is served, and whether another
// text would be.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { CONFIG_STATUS, configStatus, FINDING, TEXT_BYTES_MAX, textOnDisk } from '../config-status.ts'
import { accountOf } from '../../control/store/principal.ts'
import { hashFor } from '../../control/store/tag-key.ts'
import { configView, otherFormat } from '../config-views.ts'
import { noteOf } from '../made-by.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { notLookedAt } from '../refused-text.ts'
import type { Asked, Route } from '../route.ts'
import { TEXT_TYPES, textOf } from './config.ts'

type ReadingFacts = Pick<ControlFacts, 'gateway' | 'health' | 'apply'>

const VIEWS = Type.Object(
  {
    view: Type.Optional(
      Type.Union([Type.Literal('running'), Type.Literal('disk'), Type.Literal('effective')], {
        description: 'What is served as it was written, what stands in the file, or what takes effect.',
      }),
    ),
  },
  { additionalProperties: false },
)

const VALIDATED = Type.Object({
  valid: Type.Boolean(),
  hash: Type.Optional(Type.String({ description: 'Of the text.' })),
  errors: Type.Array(FINDING),
  warnings: Type.Array(Type.String()),
})

export function configReadingRoutes(facts: ReadingFacts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'Config' } as const
  return [
    {
      ...view,
      path: '/api/v1/config',
      summary: 'The config: its exact text for editors, as JSON with secrets hidden for others',
      query: VIEWS,
      answers: {
        200: {
          description:
            'In the form that Accept prefers; ETag is the hash of the text, for editors its SHA-256.',
          schema: Type.Unknown(),
        },
        304: { description: 'It is still the one of If-None-Match.' },
        406: { description: 'There is no such form.' },
        409: { description: 'The file cannot be read.' },
      },
      answer: (asked) => viewAnswer(asked, facts),
    },
    {
      ...view,
      path: '/api/v1/config/status',
      summary: 'Whether the file, what is served and what waits to be confirmed agree',
      answers: { 200: { description: 'What is where.', schema: CONFIG_STATUS } },
      answer: ({ who }) => jsonAnswer(configStatus(facts, who)),
    },
    {
      ...view,
      path: '/api/v1/config/schema',
      summary: 'The JSON Schema of config files, for editors',
      answers: {
        200: { description: 'Draft-07.', schema: Type.Object({}), type: 'application/schema+json' },
      },
      answer: async () => {
        const { configSchema } = await import('../../config/schema-json.ts')
        const headers = { 'Content-Type': 'application/schema+json' }
        return new Response(`${JSON.stringify(configSchema())}\n`, { headers })
      },
    },
    {
      ...view,
      method: 'POST',
      path: '/api/v1/config/validate',
      permission: 'edit',
      isReadOnly: true,
      summary: 'What stands against a text, as "sluice check" and an apply would find; nothing is changed',
      bodyTypes: TEXT_TYPES,
      bodyBytesMax: TEXT_BYTES_MAX,
      answers: { 200: { description: 'Whether it could be served.', schema: VALIDATED } },
      answer: (asked) => validateAnswer(asked, facts),
    },
  ]
}

function viewAnswer(asked: Asked, { gateway }: ReadingFacts): Response {
  const { file } = gateway
  const view = asked.query.get('view') ?? 'running'
  const served = gateway.served()?.edition ?? null
  const found = view === 'disk' ? textOnDisk(file) : served
  if (found === null)
    return view === 'disk'
      ? problem('conflict', `${file} cannot be read.`)
      : problem('not_now', 'Nothing is served yet.')
  const effective = view === 'effective' ? (served?.config ?? null) : null
  const { text, hash } = found
  const tag = served === null ? null : hashFor(asked.who, { hash, config: served.config })
  return configView(asked, { file, text, hash, tag, effective })
}

async function validateAnswer(asked: Asked, { apply, gateway }: ReadingFacts): Promise<Response> {
  const { body, request } = asked
  const text = textOf(body)
  if (text === null) return problem('body_malformed', 'The text is no UTF-8.')
  const other = otherFormat(request.headers.get('content-type'), gateway.file)
  if (other !== null) return other
  const { changed, warnings } = await apply({
    ...{ text, by: null, account: accountOf(asked.who), isDryRun: true, confirmWithinMs: null },
    ...{ note: noteOf(asked), signal: request.signal },
    // Whatever stands in the file.
    expected: '',
  })
  if (changed.is === 'sound')
    return jsonAnswer({ valid: true, hash: changed.edition.hash, errors: [], warnings })
  if (changed.is !== 'rejected') return problem('not_now', 'The gateway starts or stops.')
  const unseen = notLookedAt(changed.problems)
  if (unseen !== null) return unseen
  const errors = changed.problems.map(({ text: _, ...item }) => item)
  return jsonAnswer({ valid: false, errors, warnings })
}
