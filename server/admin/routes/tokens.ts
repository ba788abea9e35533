// Tokens of programs, and JWTs that come from them.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { isAtLeast, isRole } from '../../control/store/principal.ts'
import type { Store } from '../../control/store/store.ts'
import { whyNoScope } from '../../control/store/scopes.ts'
import { expiryOf, type Token } from '../../control/store/tokens.ts'
import { parseRange } from '../../lib/ranges.ts'
import { noteForAudit } from '../audit-notes.ts'
import { withStore } from '../auth/with-store.ts'
import { whyNotFit } from '../not-fit.ts'
import { LINE } from '../plain-text.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Asked, type Route } from '../route.ts'
import { RoleWord, whyNoRole } from './users.ts'

const PATH = '/api/v1/tokens'
const closed = { additionalProperties: false }
const NewToken = Type.Object(
  {
    role: RoleWord,
    name: Type.Optional(
      Type.String({
        ...{ maxLength: 100, pattern: LINE, allowed: 'a line of at most 100 characters' },
        description: 'What it is for.',
      }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.String(), {
        ...{ minItems: 1, maxItems: 50, allowed: 'one at least; left out: all' },
        description: 'Resources, as backends/api/*; left out: all.',
      }),
    ),
    ranges: Type.Optional(
      Type.Array(Type.String(), {
        ...{ minItems: 1, maxItems: 50, allowed: 'one at least; left out: all' },
        description: 'Addresses that it is taken from; left out: all.',
      }),
    ),
    expires: Type.Optional(
      Type.String({ description: 'As 90d, 12h, 30m or never; default 90d, at most ten years.' }),
    ),
  },
  closed,
)
const JwtBody = Type.Object(
  {
    role: Type.Optional(RoleWord),
    seconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 3600, description: 'Default 900.' })),
  },
  closed,
)
const OrNull = Type.Union([Type.String(), Type.Null()])
const TokenShape = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    role: Type.String(),
    scopes: Type.Array(Type.String()),
    ranges: Type.Array(Type.String()),
    created_at: Type.String(),
    created_by: Type.String(),
    expires_at: OrNull,
    last_used_at: OrNull,
    last_used_from: OrNull,
  },
  { title: 'Token' },
)
const Told = Type.Intersect([
  TokenShape,
  Type.Object({ token: Type.String({ description: 'Told this once.' }) }),
])

export function tokenRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const admin = { permission: 'administer', tag: 'Access' } as const
  const one = `${PATH}/{token}`
  const inStore = (work: (store: Store, asked: Asked) => Response | Promise<Response>): Route['answer'] => {
    return (asked) => withStore(facts, (store) => work(store, asked))
  }
  const none = { 404: { description: 'There is no such token.' } }
  return [
    {
      ...{ ...admin, method: 'GET', path: PATH, summary: 'Tokens' },
      answers: {
        200: { description: 'The newest first.', schema: Type.Object({ items: Type.Array(TokenShape) }) },
      },
      answer: inStore(({ tokens }) => jsonAnswer({ items: tokens.list().map(shownToken) })),
    },
    {
      ...{ ...admin, method: 'POST', path: PATH, summary: 'Make a token', body: NewToken, needsStepUp: true },
      answers: {
        201: { description: 'The token.', schema: Told },
        422: { description: 'What does not fit.' },
      },
      answer: inStore(add),
    },
    {
      ...{ ...admin, method: 'GET', path: one, summary: 'A token' },
      answers: { 200: { description: 'What it is for.', schema: TokenShape }, ...none },
      answer: inStore(({ tokens }, asked) => {
        const token = tokens.get(param(asked, 'token'))
        return token === null ? unknown(asked) : jsonAnswer(shownToken(token))
      }),
    },
    {
      ...{ ...admin, method: 'DELETE', path: one, summary: 'Revoke a token, at once' },
      answers: { 204: { description: 'It is good no more.' }, ...none },
      answer: inStore(({ tokens }, asked) => {
        const token = tokens.get(param(asked, 'token'))
        if (token === null || !tokens.remove(token.id)) return unknown(asked)
        noteForAudit(asked.request, { before: shownToken(token) })
        return new Response(null, { status: 204 })
      }),
    },
    {
      ...{ method: 'POST', path: '/api/v1/auth/jwt', permission: 'view', tag: 'Access', body: JwtBody },
      // Whoever shows it is asked for no password any more.
      ...{ needsStepUp: true, summary: 'A short-lived token for a job, of the own role or less' },
      answers: {
        201: { description: 'A JWT for Authorization: Bearer.' },
        403: { description: 'It would be more than the own role.' },
        409: { description: 'A JWT makes no other.' },
      },
      answer: inStore(makeJwt),
    },
  ]
}

function add({ tokens }: Store, { body, who, request }: Asked): Response {
  const { role, name = '', scopes = [], ranges = [], expires = null } = body as (typeof NewToken)['static']
  const expiresMs = expiryOf(expires, Date.now())
  const refused = whyNotFit({
    role: whyNoRole(role),
    scopes: scopes.map(whyNoScope).find((why) => why !== null) ?? null,
    ranges: ranges.every((range) => parseRange(range) !== null)
      ? null
      : 'a range is as 10.0.0.0/8 or 192.0.2.7',
    expires: expiresMs === undefined ? 'it lasts as 90d, 12h, 30m or never say, ten years at most' : null,
  })
  if (refused !== null || !isRole(role) || expiresMs === undefined) return refused ?? unfit()
  const made = tokens.add({ role, name: name || 'token', scopes, ranges, createdBy: who.name, expiresMs })
  if (made === null) return problem('conflict', 'There are too many tokens: revoke those that nobody needs.')
  const shown = shownToken(made.token)
  noteForAudit(request, { resource: `tokens/${made.token.id}`, after: shown })
  return jsonAnswer({ ...shown, token: made.text }, 201)
}

const unfit = (): Response => problem('body_invalid', 'The body does not fit.')

async function makeJwt(store: Store, { body, who, request }: Asked): Promise<Response> {
  const { role = who.role, seconds } = (body ?? {}) as (typeof JwtBody)['static']
  // It would last as long as somebody asks for the next one in time.
  if (who.kind === 'jwt') return problem('conflict', 'A JWT makes no other: ask with what it came from.')
  const refused = whyNotFit({ role: whyNoRole(role) })
  if (refused !== null || !isRole(role)) return refused ?? unfit()
  if (!isAtLeast(who.role, role))
    return problem('forbidden', `${who.name} is ${who.role}, and gives no more than that.`)
  const { JWT_S_DEFAULT, signJwt } = await import('../auth/own-jwt.ts')
  const lastsS = seconds ?? JWT_S_DEFAULT
  const nowMs = Date.now()
  const token = await signJwt(store, { who, role, lastsS, nowMs })
  const expires_at = new Date((Math.floor(nowMs / 1000) + lastsS) * 1000).toISOString()
  noteForAudit(request, { resource: `auth/jwt`, after: { role, expires_at } })
  return jsonAnswer({ token, role, expires_at }, 201)
}

const unknown = (asked: Asked): Response =>
  problem('not_found', `There is no token ${param(asked, 'token')}.`)

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

export const shownToken = (token: Token): (typeof TokenShape)['static'] => ({
  ...{
    id: token.id,
    name: token.name,
    role: token.role,
    scopes: [...token.scopes],
    ranges: [...token.ranges],
  },
  created_at: new Date(token.createdMs).toISOString(),
  created_by: token.createdBy,
  expires_at: isoOf(token.expiresMs),
  last_used_at: isoOf(token.usedMs),
  last_used_from: token.usedFrom,
})
