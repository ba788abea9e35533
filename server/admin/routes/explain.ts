// What becomes of a request, and why: nothing is sent, nothing is changed.
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const BODY = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 16_384,
      description: 'With scheme and host; its port chooses the listener.',
    }),
    method: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        allowed: 'a method, such as GET',
        description: 'Default GET.',
      }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([Type.String({ maxLength: 65_536 }), Type.Array(Type.String({ maxLength: 65_536 }))]),
        { maxProperties: 200, description: 'Fields by name; several of one name as a list.' },
      ),
    ),
    client: Type.Optional(
      Type.String({ maxLength: 64, description: 'Address of the client, as the listener would know it.' }),
    ),
    listener: Type.Optional(Type.String({ maxLength: 64, description: 'In place of that of the port.' })),
    candidates: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1000, description: 'So many rules that came close; default 20.' }),
    ),
  },
  { additionalProperties: false },
)

const EXPLAINED = Type.Object({
  request: Type.Unknown({ description: 'As it was read.' }),
  listener: Type.Object({ name: Type.String(), why: Type.String() }),
  outcome: Type.String({
    description: 'refused, no_rule, own_document, redirect, respond or backend.',
  }),
  status: Type.Union([Type.Integer(), Type.Null()], { description: "Null: a server's." }),
  fault: Type.Union([Type.String(), Type.Null()]),
  detail: Type.Union([Type.String(), Type.Null()]),
  rule: Type.Unknown({ description: 'Name and place of the one that takes it; null: none.' }),
  trace: Type.Unknown({ description: 'Rules that came close, each with what does not hold.' }),
  middleware: Type.Array(Type.Unknown()),
  location: Type.Union([Type.String(), Type.Null()]),
  backend: Type.Unknown({ description: 'Its algorithm and servers, and why each gets no work.' }),
})

/** Each reads all rules of a listener: more of them at a time keep the supervisor from what else it does. */
const AT_ONCE_MAX = 4

export const explainRoutes = (facts: Pick<ControlFacts, 'traffic'>): readonly Route[] => [
  {
    method: 'POST',
    path: '/api/v1/explain',
    permission: 'view',
    tag: 'Traffic',
    summary: 'What becomes of a request, and why: the rule, its middleware, the backend and its servers',
    isReadOnly: true,
    body: BODY,
    answers: {
      200: { description: 'By what is served, with the states of now.', schema: EXPLAINED },
      409: { description: 'There is no config yet.' },
      422: { description: 'It can come in nowhere.' },
      429: { description: 'Others are explained just now.' },
    },
    answer: oneOfFew((asked) => answer(asked, facts)),
  },
]

function oneOfFew(make: (asked: Asked) => Promise<Response>): Route['answer'] {
  let open = 0
  return async (asked) => {
    if (open >= AT_ONCE_MAX)
      return problem('too_many', 'Others are explained just now.', { headers: { 'Retry-After': '1' } })
    open++
    try {
      return await make(asked)
    } finally {
      open--
    }
  }
}

async function answer({ body }: Asked, { traffic }: Pick<ControlFacts, 'traffic'>): Promise<Response> {
  const { url, method = 'GET', headers = {}, client, listener, candidates } = body as Static<typeof BODY>
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as const),
  )
  const address = client === undefined ? null : canonicalAddress(client)
  if (client !== undefined && address === null)
    return problem(
      'body_invalid',
      `The body does not fit: /client: ${JSON.stringify(client)} is no IP address.`,
      {
        errors: [{ pointer: '/client', code: 'invalid', message: 'allowed is an IP address' }],
      },
    )
  const asked = { url, method, headers: fields, client: address, listener: listener ?? null }
  const explained = await traffic.explain(asked, candidates)
  if (explained === null) return problem('not_now', 'The gateway has no config yet.')
  return 'problem' in explained ? problem('body_invalid', `${explained.problem}.`) : jsonAnswer(explained)
}
