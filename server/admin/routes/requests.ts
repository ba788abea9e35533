// The requests that were served: the last ones, those to come, and one of them sent once more.
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { FILTER_WORDS, type RequestFilter } from '../../telemetry/request-filter.ts'
import { Places } from '../places.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { type Asked, param, type Route } from '../route.ts'
import { REPLAYED, SERVED } from './request-schemas.ts'
import { FOLLOWERS_MAX, followAnswer } from './requests-live.ts'

const LIMIT_MAX = 1000
const LIMIT_USUAL = 100
const Word = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description }))

const QUERY = Type.Object(
  {
    listener: Word('Of this listener.'),
    rule: Word('That this rule took.'),
    backend: Word('Of this backend.'),
    server: Word('That this server answered, or was the last to fail.'),
    status: Type.Optional(
      Type.String({
        pattern: '^[1-5](?:[0-9]{2}|xx)$',
        allowed: 'a status such as 503, or 5xx for its class',
        description: 'Such as 503, or 5xx for its class.',
      }),
    ),
    client: Word('Of this address.'),
    user: Word('Of whom a step of the rule knows by this name.'),
    method: Word('Such as GET.'),
    host: Word('Without port.'),
    path: Word('How the path begins.'),
    min_ms: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,9}(?:\\.[0-9]{1,3})?$',
        allowed: 'a number of milliseconds',
        description: 'That took so long or longer.',
      }),
    ),
    fault: Word('With this fault; * for any.'),
    retried: Type.Optional(Type.Literal('true', { description: 'That took more than one attempt.' })),
    limit: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,4}$', description: `Of a list; at most ${LIMIT_MAX}.` }),
    ),
    follow: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('')], {
        description: 'Those to come, as server-sent events; also by Accept.',
      }),
    ),
  },
  { additionalProperties: false },
)

const REPLAY = Type.Object(
  {
    server: Type.String({ minLength: 1, maxLength: 2048, description: 'Of its backend: where to.' }),
    against: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'Default: the server that had it.' }),
    ),
    credentials: Type.Optional(
      Type.Union([Type.Literal('send'), Type.Literal('leave_out')], {
        description: 'What becomes of fields such as Authorization and Cookie; needed where it has some.',
      }),
    ),
  },
  { additionalProperties: false },
)

const FOUND = Type.Object({
  requests: Type.Array(SERVED, { description: 'The newest first.' }),
  left_out: Type.Integer({ description: 'That are kept and asked for as well.' }),
  silent: Type.Array(Type.Integer(), { description: 'Workers (process ids) that did not answer.' }),
})

const STREAM = 'text/event-stream'

export function requestRoutes(facts: Pick<ControlFacts, 'traffic'>): readonly Route[] {
  const places = new Places(FOLLOWERS_MAX)
  return [
    {
      method: 'GET',
      path: '/api/v1/requests',
      permission: 'view',
      tag: 'Traffic',
      summary: 'The last requests that were served, or those to come as server-sent events',
      query: QUERY,
      answers: {
        200: {
          description:
            'A list; or events: `request` for each, `left_out` with how many more there was no room for, `gap` where the reader was away too long.',
          schema: FOUND,
        },
        429: { description: 'As many of the same user or token follow as one may have.' },
        503: { description: 'Too many follow already.' },
      },
      answer: (asked) => listAnswer(asked, facts, places),
    },
    {
      method: 'GET',
      path: '/api/v1/requests/{id}',
      permission: 'view',
      tag: 'Traffic',
      summary: 'One request that was served, as long as it is kept',
      answers: {
        200: { description: 'The request.', schema: SERVED },
        404: { description: 'It is not kept any more.' },
      },
      answer: async (asked) => {
        const found = await facts.traffic.request(param(asked, 'id'))
        return found === null ? gone() : jsonAnswer(found)
      },
    },
    {
      method: 'POST',
      path: '/api/v1/requests/{id}/replay',
      permission: 'operate',
      tag: 'Traffic',
      summary:
        'Send a request once more, to a server of your choice and the one that had it; compare the answers',
      body: REPLAY,
      answers: {
        200: { description: 'Both answers, and what differs.', schema: REPLAYED },
        404: { description: 'It is not kept any more.' },
        409: { description: 'It is not sent once more: the detail says why.' },
        429: { description: 'Others are under way.' },
      },
      answer: (asked) => replayAnswer(asked, facts),
    },
  ]
}

async function listAnswer(
  asked: Asked,
  { traffic }: Pick<ControlFacts, 'traffic'>,
  places: Places,
): Promise<Response> {
  const { query, request } = asked
  const isLive = query.has('follow') || request.headers.get('accept')?.includes(STREAM) === true
  if (isLive) return followAnswer(asked, { tail: traffic.follow(filterOf(query)), places })
  const limit = Math.min(Number(query.get('limit') ?? LIMIT_USUAL), LIMIT_MAX)
  return jsonAnswer(await traffic.requests(filterOf(query), limit), 200, { Vary: 'Accept' })
}

function filterOf(query: URLSearchParams): RequestFilter {
  const words = FILTER_WORDS.flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  const minMs = query.get('min_ms')
  return {
    ...Object.fromEntries(words),
    ...(minMs !== null && { min_ms: Number(minMs) }),
    ...(query.has('retried') && { retried: true as const }),
  }
}

const gone = (): Response =>
  problem('not_found', 'This request is not kept any more.', {
    hint: 'logs.inspector says how many are kept',
  })

async function replayAnswer(asked: Asked, { traffic }: Pick<ControlFacts, 'traffic'>): Promise<Response> {
  const { server, against = null, credentials } = asked.body as Static<typeof REPLAY>
  const sendsSecrets = credentials === undefined ? null : credentials === 'send'
  const replayed = await traffic.replay({ id: param(asked, 'id'), server, against, sendsSecrets })
  if (replayed.is === 'gone') return gone()
  if (replayed.is === 'busy')
    return problem('too_many', 'Others are sent once more just now.', { headers: { 'Retry-After': '5' } })
  if (replayed.is === 'refused') return problem('conflict', `${replayed.why}.`)
  return jsonAnswer({ request: replayed.request, ...replayed.compared })
}
