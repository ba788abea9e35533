// How requests that were served are told, and events and entries of the audit.
import { Type } from '@sinclair/typebox'
import { TOPICS } from '../../tables/events.ts'

const Time = Type.String({ format: 'date-time' })
const text = (description?: string) =>
  Type.Union([Type.String(), Type.Null()], description === undefined ? {} : { description })
const ms = (description: string) => Type.Union([Type.Number(), Type.Null()], { description })
const FIELDS = Type.Array(Type.Tuple([Type.String(), Type.String()]))

const ATTEMPT = Type.Object(
  {
    server: Type.String(),
    chosen: Type.String({
      description:
        'The algorithm that chose it; `sticky`: its session did; `retry`: the one before it had failed; `hedge`: that let wait for long.',
    }),
    reason: text(
      'Why it was made: the code of the fault that the one before came to, `status_` and the status of its answer, or `hedge`; null: it is the first.',
    ),
    phase: text(
      'What it was doing when it failed, or was given up as another was answered first (without a fault); null: it was answered.',
    ),
    fault: text(),
    status: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Of its answer; null: none came, or it broke off.',
    }),
    at_ms: Type.Number({ description: 'When it began, from the begin of the request on.' }),
    connect_ms: ms('Until a connection was there, 0 for one that was kept; null: none was.'),
    ms: Type.Number({ description: 'To the first byte of its answer, or until it was lost.' }),
  },
  { title: 'Attempt' },
)

export const SERVED = Type.Object(
  {
    id: Type.String({ description: 'By which it is found again, as long as it is kept.' }),
    worker: Type.Integer({ description: 'Process id.' }),
    time: Type.String({ format: 'date-time', description: 'When it ended.' }),
    request_id: text(),
    listener: Type.String(),
    client: text('Its address.'),
    user: text('Who a step of its rule knows it to be: basic_auth, api_key, jwt and others.'),
    scheme: Type.Union([Type.Literal('http'), Type.Literal('https')]),
    method: Type.String(),
    host: Type.String(),
    path: Type.String({ description: 'Path and query as they came, without what is secret.' }),
    protocol: Type.String(),
    headers: Type.Array(Type.Tuple([Type.String(), Type.String()]), { description: 'As they came.' }),
    headers_cut: Type.Boolean({ description: 'There were more than are kept.' }),
    hidden_headers: Type.Array(Type.String(), { description: 'Whose value, or a part of it, is hidden.' }),
    rule: text(),
    backend: text(),
    server: text('That answered, or was the last to fail.'),
    attempts: Type.Array(ATTEMPT),
    status: Type.Union([Type.Integer(), Type.Null()], { description: 'null: no answer began.' }),
    bytes_in: Type.Number(),
    bytes_out: Type.Number(),
    queue_ms: Type.Number({ description: 'That it waited for a server with room.' }),
    connect_ms: ms('Of all attempts; null: there was none.'),
    first_byte_ms: ms('From its begin to the first byte of the answer; null: none came.'),
    total_ms: Type.Number(),
    fault: text('Why it failed, by code.'),
    fault_text: text('The same as a sentence.'),
    detail: text('Why, in more words.'),
    cache: text('What the cache of its rule did: hit, collapsed, stale, revalidated, miss or bypass.'),
    shadow: text('Steps in shadow that would have refused it, with commas.'),
  },
  { title: 'ServedRequest' },
)

const ANSWERED = Type.Object(
  {
    server: Type.String(),
    status: Type.Union([Type.Integer(), Type.Null()], { description: 'null: there was no answer.' }),
    headers: FIELDS,
    bytes: Type.Number(),
    sha256: text('Of the body, as far as it was read.'),
    cut: Type.Boolean({ description: 'There is more of the body than was read.' }),
    ms: Type.Number(),
    failure: text('Why there was no answer.'),
  },
  { title: 'ReplayAnswer' },
)

export const REPLAYED = Type.Object(
  {
    request: SERVED,
    answers: Type.Array(ANSWERED, { description: 'Of the server that had it, and of the one named.' }),
    same: Type.Object({
      ...{ status: Type.Boolean(), headers: Type.Boolean(), size: Type.Boolean(), body: Type.Boolean() },
    }),
    headers_that_differ: Type.Array(Type.String()),
  },
  { title: 'RequestReplay' },
)

export const EVENT = Type.Object(
  {
    id: Type.Number(),
    time: Time,
    level: Type.Union([Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')]),
    topic: Type.Union(TOPICS.map((topic) => Type.Literal(topic))),
    name: Type.String({ description: 'health.unhealthy' }),
    event: Type.String({ description: 'What the log calls it.' }),
  },
  { title: 'ToldEvent', additionalProperties: Type.Unknown({ description: 'As in the log.' }) },
)

export const AUDITED = Type.Object(
  {
    id: Type.Integer(),
    time: Time,
    who: Type.Union(
      [
        Type.Object({
          kind: Type.String({ description: 'user, token, local, file …' }),
          ...{ name: Type.String(), role: Type.String(), id: Type.String() },
        }),
        Type.Null(),
      ],
      { description: 'null: nobody who is known.' },
    ),
    from: Type.String({ description: 'An address, `unix` or `local`.' }),
    action: Type.String({ description: 'backends.servers.update' }),
    resource: Type.String({ description: 'backends/api/servers/api-3' }),
    before: Type.Unknown(),
    after: Type.Unknown(),
    result: Type.Union([Type.Literal('done'), Type.Literal('refused')]),
    request_id: Type.String(),
    message: text(),
  },
  { title: 'AuditEntry' },
)
