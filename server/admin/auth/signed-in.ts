// What is answered to somebody who signs in, or gives their password anew.
import { Type } from '@sinclair/typebox'
import { IDLE_MS, type NewSignIn, STEP_UP_MS, type SignIn, WHOLE_MS } from '../../control/store/sign-ins.ts'
import type { Store } from '../../control/store/store.ts'
import { logEvent } from '../../telemetry/log.ts'
import { noteForAudit } from '../audit-notes.ts'
import { jsonAnswer, problem, problemOfRefusal } from '../problem.ts'
import type { Asked } from '../route.ts'
import type { Refusal } from './authenticator.ts'
import { cookieFor, cookieOf } from './cookies.ts'
import { csrfTokenOf } from './csrf.ts'
import { userPrincipal } from './gateway-authenticator.ts'
import { signIn } from './sign-in.ts'

export const Password = Type.String({ maxLength: 4096, description: 'At least 12 characters.' })
export const Code = Type.String({
  maxLength: 64,
  description: 'Of the authenticator app, or a recovery code.',
})

export const Me = Type.Object({
  kind: Type.String(),
  name: Type.String(),
  role: Type.String(),
  id: Type.String(),
  csrf_token: Type.Optional(Type.String({ description: 'For X-CSRF-Token of what changes something.' })),
  expires_at: Type.Optional(
    Type.Union([Type.String(), Type.Null()], { description: 'Of a token null: never.' }),
  ),
  idle_until: Type.Optional(Type.String()),
  stepped_up_until: Type.Optional(Type.String()),
  totp: Type.Optional(Type.Boolean()),
  has_password: Type.Optional(
    Type.Boolean({ description: 'false: of a user who came by a link and has set none yet.' }),
  ),
  scopes: Type.Optional(Type.Array(Type.String(), { description: 'Of a token; empty: all.' })),
  from: Type.Optional(
    Type.Array(Type.String(), { description: 'Of a token: from where it is taken; empty: all.' }),
  ),
})

/** What is answered, by status. */
export const SIGNED_IN = {
  200: { description: 'Who is signed in; the cookie is set.', schema: Me },
  401: { description: 'It failed; which part of it is not told.' },
  423: { description: 'Too many failures: Retry-After says how long to wait.' },
  429: { description: 'Too many attempts from this address.' },
}

/** What is told of a failure names nobody who is not known: people type passwords where names belong. */
export function refusedSignIn(
  { users }: Store,
  { request, who }: Asked,
  name: string,
  refusal: Refusal,
): Response {
  if (refusal.isRepeated === true) return problemOfRefusal(refusal)
  const user = users.find(name)?.name ?? null
  noteForAudit(request, { resource: user === null ? 'users' : `users/${user}`, message: refusal.code })
  // Half of a sign-in is none yet, and no failure.
  if (refusal.code !== 'code_needed')
    logEvent('warn', 'sign_in_failed', { user, from: who.from, why: refusal.code })
  return problemOfRefusal(refusal)
}

/** Signs somebody in; `more`: by what is not a password. */
export function signedInAnswer(
  store: Store,
  { request, who }: Asked,
  name: string,
  more: Pick<NewSignIn, 'most' | 'isUnproved'> & { readonly by?: string } = {},
): Response {
  const { by, ...bounds } = more
  const user = store.users.find(name)
  const agent = request.headers.get('user-agent') ?? ''
  const begun =
    user && signIn(store, user, { ...bounds, address: who.from, agent, before: cookieOf(request, store.key) })
  if (begun === null || begun.signIn === null)
    return problem('sign_in_failed', 'The user was removed meanwhile.')
  noteForAudit(request, {
    who: userPrincipal(begun.signIn, who.from),
    resource: `users/${begun.signIn.user}`,
  })
  const { user: called, role } = begun.signIn
  logEvent('info', 'signed_in', { user: called, from: who.from, ...(by !== undefined && { by, role }) })
  return jsonAnswer(meOf(store, begun.signIn), 200, {
    'Set-Cookie': cookieFor(request, store.key, begun.secret),
  })
}

const isoOf = (ms: number): string => new Date(ms).toISOString()

export const meOf = ({ key, secondFactors, users }: Store, found: SignIn): (typeof Me)['static'] => ({
  ...{ kind: 'user', name: found.user, role: found.role, id: found.id },
  csrf_token: csrfTokenOf(key, found.id),
  expires_at: isoOf(found.createdMs + WHOLE_MS),
  idle_until: isoOf(found.seenMs + IDLE_MS),
  stepped_up_until: isoOf(found.provedMs + STEP_UP_MS),
  totp: secondFactors.isOn(found.user),
  has_password: users.find(found.user)?.hasPassword ?? false,
})
