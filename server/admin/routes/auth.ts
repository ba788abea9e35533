// Signing in and out, and the first user.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { hashPassword, whyNoPassword } from '../../control/store/passwords.ts'
import type { Store } from '../../control/store/store.ts'
import { whyNoUserName } from '../../control/store/users.ts'
import { logEvent } from '../../telemetry/log.ts'
import { noteForAudit } from '../audit-notes.ts'
import { attemptsOf, placeOf } from '../auth/attempts.ts'
import { cookieOf, noCookie } from '../auth/cookies.ts'
import { isUnseen, seenOnItsWay, tooMany } from '../auth/refusals.ts'
import { prove } from '../auth/sign-in.ts'
import { Code, Me, meOf, Password, refusedSignIn, SIGNED_IN, signedInAnswer } from '../auth/signed-in.ts'
import { withStore } from '../auth/with-store.ts'
import { whyNotFit } from '../not-fit.ts'
import { jsonAnswer, problem, problemOfRefusal } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const Name = Type.String({ maxLength: 200 })
const closed = { additionalProperties: false }
/** The longest password with each character escaped fits; strangers may send thousands at a time. */
const OPEN_BYTES_MAX = 32 * 1024

const SignInBody = Type.Object({ name: Name, password: Password, code: Type.Optional(Code) }, closed)
const SETUP = Type.Object({ needed: Type.Boolean(), signed_in: Type.Boolean() })
const SetupBody = Type.Object(
  { token: Type.String({ maxLength: 200 }), name: Name, password: Password },
  closed,
)

export function authRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const tag = 'Access'
  const inStore = (work: (store: Store, asked: Asked) => Response | Promise<Response>): Route['answer'] => {
    return (asked) => withStore(facts, (store) => work(store, asked))
  }
  const open = { method: 'POST', permission: 'open', tag, bodyBytesMax: OPEN_BYTES_MAX } as const
  const own = { method: 'POST', permission: 'view', tag } as const
  return [
    {
      ...{ ...open, method: 'GET', path: '/api/v1/auth/setup' },
      summary: 'Whether there is a user yet, and whether who asks is signed in as one',
      answers: {
        200: { description: 'Whether one is to be made; whether the cookie is of a sign-in.', schema: SETUP },
      },
      answer: inStore((store, { request }) => {
        const cookie = cookieOf(request, store.key)
        const isSignedIn = cookie !== null && store.signIns.find(cookie) !== null
        return jsonAnswer({ needed: store.users.count() === 0, signed_in: isSignedIn })
      }),
    },
    {
      ...{
        ...open,
        path: '/api/v1/auth/setup',
        summary: 'Make the first user, who is an admin',
        body: SetupBody,
      },
      answers: {
        ...SIGNED_IN,
        409: { description: 'There are users.' },
        422: { description: 'What does not fit.' },
      },
      answer: inStore((store, asked) => setUp(facts, store, asked)),
    },
    {
      ...{ ...open, path: '/api/v1/auth/sign-in', summary: 'Sign in', body: SignInBody, answers: SIGNED_IN },
      answer: inStore((store, asked) => begin(facts, store, asked)),
    },
    {
      ...{ ...own, path: '/api/v1/auth/sign-out', summary: 'End the sign-in that asks' },
      answers: { 204: { description: 'It has ended.' } },
      answer: inStore(({ signIns, key }, { who, request }) => {
        if (who.kind === 'user') signIns.end(who.id)
        return new Response(null, { status: 204, headers: { 'Set-Cookie': noCookie(request, key) } })
      }),
    },
    {
      ...{ ...own, method: 'GET', path: '/api/v1/auth/me', summary: 'Who asks' },
      answers: { 200: { description: 'With the CSRF token of a sign-in.', schema: Me } },
      answer: inStore((store, { who, request }) => {
        const { kind, name, role, id } = who
        const found = kind === 'user' ? store.signIns.find(cookieOf(request, store.key) ?? '') : null
        if (found !== null) return jsonAnswer(meOf(store, found))
        return jsonAnswer({ kind, name, role, id, ...(kind === 'token' && boundsOf(store, id)) })
      }),
    },
  ]
}

/** What a token is good for, so that a program sees its end come. */
function boundsOf({ tokens }: Store, id: string): object {
  const token = tokens.get(id)
  if (token === null) return {}
  const { scopes, ranges, expiresMs } = token
  return { scopes, from: ranges, expires_at: expiresMs === null ? null : new Date(expiresMs).toISOString() }
}

async function setUp(facts: Pick<ControlFacts, 'store'>, store: Store, asked: Asked): Promise<Response> {
  const { token, name, password } = asked.body as (typeof SetupBody)['static']
  const { request, who } = asked
  if (!isUnseen(request, who.from)) return problemOfRefusal(seenOnItsWay)
  if (store.users.count() > 0) return problem('conflict', 'There are users already: sign in.')
  const { waitMs } = attemptsOf(facts.store).count(placeOf(who.from), false)
  if (waitMs > 0) return problemOfRefusal(tooMany(waitMs))
  noteForAudit(request, { message: 'set-up' })
  if (!store.setupToken.isOne(token)) {
    const hint = '"sluice admin setup-token" prints it on the machine of the gateway'
    return problem('sign_in_failed', 'That is not the set-up token.', { hint })
  }
  const refused = whyNotFit({ name: whyNoUserName(name), password: whyNoPassword(password) })
  if (refused !== null) return refused
  const hash = await hashPassword(password)
  if (!store.users.addFirst({ name, role: 'admin', hash, by: 'set-up' }))
    return problem('conflict', 'There are users already: sign in.')
  store.setupToken.remove()
  logEvent('info', 'user_added', { user: name, role: 'admin', by: 'set-up', from: who.from })
  return signedInAnswer(store, asked, name)
}

async function begin(facts: Pick<ControlFacts, 'store'>, store: Store, asked: Asked): Promise<Response> {
  const { name, password, code = null } = asked.body as (typeof SignInBody)['static']
  const { request, who } = asked
  if (!isUnseen(request, who.from)) return problemOfRefusal(seenOnItsWay)
  const place = placeOf(who.from)
  const proved = await prove(store, attemptsOf(facts.store), { name, password, code, place })
  if ('detail' in proved) return refusedSignIn(store, asked, name, proved)
  return signedInAnswer(store, asked, proved.name)
}
