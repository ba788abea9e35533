// What becomes of a request, and why: nothing is sent, nothing is changed.
import { type Static, Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { accountOf } from '../../control/store/principal.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { OPS } from '../resources/sent-operations.ts'
import type { WritingFacts } from '../resources/writing.ts'
import { draftOf } from './explained-draft.ts'
import type { Asked, Route } from '../route.ts'

/** For who may change the config. */
const DRAFT = {
  ops: Type.Optional({
    ...OPS,
    description: 'Operations as of a changeset: it is explained by their outcome as well.',
  }),
  text: Type.Optional(Type.String({ description: 'In place of them: a text of the config.' })),
}

const text = (description: string) => Type.Optional(Type.String({ maxLength: 1024, description }))

const TLS = Type.Object(
  {
    version: text('Such as TLSv1.3, the default.'),
    cipher: text('As OpenSSL calls it.'),
    client_certificate: Type.Optional(
      Type.Union([
        Type.Literal('present'),
        Type.Literal('absent'),
        Type.Object(
          {
            subject: text('Such as "CN=alice,O=Acme".'),
            issuer: text('In the same way.'),
            san: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 100 })),
            fingerprint: text('SHA-256 in hex.'),
          },
          { additionalProperties: false },
        ),
      ]),
    ),
  },
  { additionalProperties: false, description: 'Of a connection whose TLS ends at the listener.' },
)

const BODY = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 16_384,
      description:
        'With scheme and host; its port chooses the listener. tcp://, udp:// and tls://HOST:PORT stand for a connection or datagrams.',
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
    scheme: Type.Optional(
      Type.Union([Type.Literal('http'), Type.Literal('https')], {
        description: 'What the client speaks to a trusted proxy before us; default what the listener does.',
      }),
    ),
    tls: Type.Optional(TLS),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        maxProperties: 16,
        description: 'What good tokens say that come with it, by who has issued them (auth.jwt).',
      }),
    ),
    time: Type.Optional(
      Type.String({
        maxLength: 40,
        description: 'When it comes, such as 2026-03-01T08:30:00Z; default now.',
      }),
    ),
    server_name: Type.Optional(
      Type.String({
        maxLength: 253,
        description: 'That its TLS asks for (SNI); default the host of https:// and tls://.',
      }),
    ),
    alpn: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
        maxItems: 20,
        description: 'Protocols that its TLS offers; of https:// h2 and http/1.1.',
      }),
    ),
    ...DRAFT,
    candidates: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1000, description: 'So many rules that came close; default 20.' }),
    ),
  },
  { additionalProperties: false },
)

const nullable = Type.Union([Type.String(), Type.Null()])
const LISTENER = Type.Object({
  name: Type.String(),
  why: Type.String(),
  protocol: Type.Optional(Type.String()),
})

const CONNECTION = Type.Object(
  {
    connection: Type.Unknown({ description: 'As it was read: transport, port, client, server_name, alpn.' }),
    listener: LISTENER,
    gates: Type.Array(
      Type.Object({
        gate: Type.String({ description: 'proxy_protocol, tls, client_certificate, address or rate.' }),
        does: Type.String({ description: 'passes, refuses or depends.' }),
        why: Type.String(),
      }),
      { description: 'What stands before, in the order in which it is met.' },
    ),
    rule: Type.Unknown({ description: 'Of a tls listener; null: none.' }),
    handed_to: Type.Union([Type.String(), Type.Null()], { description: 'The listener that the rule names.' }),
    outcome: Type.String({ description: 'refused, no_rule, backend, requests or relay.' }),
    fault: nullable,
    detail: nullable,
    backend: Type.Unknown(),
  },
  { title: 'ExplainedConnection' },
)

const EXPLAINED = Type.Object(
  {
    kind: Type.String({ description: 'request or connection.' }),
    request: Type.Optional(Type.Unknown({ description: 'As it was read.' })),
    listener: LISTENER,
    outcome: Type.String({
      description:
        'refused, no_rule, own_document, redirect, respond, answered (by a step) or backend; of a connection as ExplainedConnection has it.',
    }),
    status: Type.Optional(Type.Union([Type.Integer(), Type.Null()], { description: "Null: a server's." })),
    fault: nullable,
    detail: nullable,
    rule: Type.Unknown({ description: 'Name and place of the one that takes it; null: none.' }),
    trace: Type.Optional(
      Type.Unknown({ description: 'Rules that came close, each with what does not hold.' }),
    ),
    share: Type.Optional(
      Type.Unknown({
        description:
          'Of a rule that takes only a part of what it matches: how many of a hundred, by what, and which rule takes the others.',
      }),
    ),
    split: Type.Optional(
      Type.Unknown({ description: 'Of a rule with several backends: its parts, the one chosen, and why.' }),
    ),
    mirror: Type.Optional(Type.Unknown({ description: 'Where copies of how many of a hundred go.' })),
    middleware: Type.Optional(Type.Array(Type.Unknown())),
    location: Type.Optional(nullable),
    headers: Type.Optional(
      Type.Unknown({
        description:
          "Fields of an answer of ours, or those that steps add to a server's: name and value of each.",
      }),
    ),
    sent: Type.Optional(
      Type.Unknown({
        description:
          'As a server gets it: method, target, host, fields that are set, names of those that are removed, all fields; null: none does.',
      }),
    ),
    backend: Type.Unknown({
      description:
        'Its algorithm and servers, why each gets no work, and when the request would be asked again.',
    }),
    connection: Type.Optional(
      Type.Union([CONNECTION, Type.Unknown()], {
        description:
          'Of a request that came by a listener which passes connections on: how; of a connection what was asked.',
      }),
    ),
    gates: Type.Optional(Type.Unknown({ description: 'Of a connection.' })),
    handed_to: Type.Optional(nullable),
    draft: Type.Optional(
      Type.Unknown({
        description:
          'The same by the draft; or a problem document, where it is no config or cannot be read so.',
      }),
    ),
  },
  { title: 'Explained' },
)

/** A text of a config, and a little more. */
const BODY_BYTES_MAX = 17 * 1024 * 1024

/** Each reads all rules of a listener: more of them at a time keep the supervisor from what else it does. */
const AT_ONCE_MAX = 4
/** Of one account, however many it asks for: another one finds a place. */
const OF_ONE_MAX = 3

type Facts = Pick<ControlFacts, 'traffic'> & WritingFacts

export const explainRoutes = (facts: Facts): readonly Route[] => [
  {
    method: 'POST',
    path: '/api/v1/explain',
    permission: 'view',
    tag: 'Traffic',
    summary: 'What becomes of a request, and why: the rule, its middleware, the backend and its servers',
    isReadOnly: true,
    body: BODY,
    bodyBytesMax: BODY_BYTES_MAX,
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
  /** By account, once for each. */
  const open: string[] = []
  return async (asked) => {
    const account = accountOf(asked.who)
    if (open.length >= AT_ONCE_MAX || open.filter((one) => one === account).length >= OF_ONE_MAX)
      return problem('too_many', 'Others are explained just now.', { headers: { 'Retry-After': '1' } })
    open.push(account)
    try {
      return await make(asked)
    } finally {
      open.splice(open.indexOf(account), 1)
    }
  }
}

async function answer(asked: Asked, facts: Facts): Promise<Response> {
  const { traffic } = facts
  const {
    url,
    method = 'GET',
    headers = {},
    client,
    listener,
    candidates,
    ...more
  } = asked.body as Static<typeof BODY>
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
  const { server_name: serverName, alpn, scheme, tls, claims, time } = more
  const atMs = time === undefined ? undefined : Date.parse(time)
  if (Number.isNaN(atMs))
    return problem('body_invalid', `The body does not fit: /time: ${JSON.stringify(time)} is no time.`, {
      errors: [{ pointer: '/time', code: 'invalid', message: 'allowed is a time as 2026-03-01T08:30:00Z' }],
    })
  const wanted = {
    ...{ url, method, headers: fields, client: address, listener: listener ?? null },
    ...(serverName !== undefined && { serverName }),
    ...(alpn !== undefined && { alpn }),
    ...{ scheme, tls, claims, atMs },
  }
  const hasDraft = more.ops !== undefined || more.text !== undefined
  const draft = hasDraft ? await draftOf(asked, more, facts) : null
  if (draft instanceof Response) return draft
  const explained = await traffic.explain(wanted, { candidatesMax: candidates })
  if (explained === null) return problem('not_now', 'The gateway has no config yet.')
  const isDraft = draft !== null && !('code' in draft)
  const byDraft = isDraft
    ? await traffic.explain(wanted, { candidatesMax: candidates, draft: draft.config })
    : draft
  // What comes in nowhere now may do so by the draft.
  if ('problem' in explained && byDraft === null) return problem('body_invalid', `${explained.problem}.`)
  return jsonAnswer({ ...explained, ...(byDraft !== null && { draft: byDraft }) })
}
