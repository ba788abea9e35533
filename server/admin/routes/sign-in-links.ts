// One-time links by which a user signs in: an admin makes one, and whoever opens it is that user, once.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { isAtLeast, isRole } from '../../control/store/principal.ts'
import { linkLasts, linkPath, type SignInLink, WHY_NO_LASTS } from '../../control/store/sign-in-links.ts'
import type { Store } from '../../control/store/store.ts'
import { logEvent } from '../../telemetry/log.ts'
import { noteForAudit } from '../audit-notes.ts'
import { attemptsOf, placeOf } from '../auth/attempts.ts'
import type { Refusal } from '../auth/authenticator.ts'
import { isUnseen, seenOnItsWay, tooMany } from '../auth/refusals.ts'
import { CODE_NEEDED, FAILED, lockedOut } from '../auth/sign-in.ts'
import { Code, refusedSignIn, SIGNED_IN, signedInAnswer } from '../auth/signed-in.ts'
import { withStore } from '../auth/with-store.ts'
import { whyNotFit } from '../not-fit.ts'
import { jsonAnswer, problem, problemOfRefusal } from '../problem.ts'
import type { Asked, Route } from '../route.ts'
import { RoleWord, whyNoRole } from './users.ts'

const closed = { additionalProperties: false }
const OPEN_BYTES_MAX = 4096
const NewLink = Type.Object(
  {
    user: Type.String({ maxLength: 200 }),
    role: Type.Optional(RoleWord),
    lasts: Type.Optional(Type.String({ description: 'As 15m or 2h; default 15m, at most 24h.' })),
  },
  closed,
)
const LinkShape = Type.Object({
  user: Type.String(),
  role: Type.String({ description: 'That the sign-in has at most.' }),
  expires_at: Type.String(),
  token: Type.String({ description: 'Told this once.' }),
  path: Type.String({ description: 'What is opened in a browser, behind the address of this gateway.' }),
})
const LinkBody = Type.Object({ token: Type.String({ maxLength: 200 }), code: Type.Optional(Code) }, closed)

export function signInLinkRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const tag = 'Access'
  return [
    {
      ...{ method: 'POST', path: '/api/v1/auth/links', permission: 'administer', tag, body: NewLink },
      ...{ needsStepUp: true, summary: 'Make a one-time link by which a user signs in' },
      answers: {
        201: { description: 'The link.', schema: LinkShape },
        404: { description: 'There is no such user.' },
        409: { description: 'There are too many that are still good.' },
        422: { description: 'What does not fit.' },
      },
      answer: (asked) => withStore(facts, (store) => makeLink(store, asked)),
    },
    {
      ...{ method: 'POST', path: '/api/v1/auth/link', permission: 'open', tag, body: LinkBody },
      ...{ bodyBytesMax: OPEN_BYTES_MAX, summary: 'Sign in by a one-time link', answers: SIGNED_IN },
      answer: (asked) => withStore(facts, (store) => openLink(facts, store, asked)),
    },
  ]
}

function makeLink(store: Store, { body, who, request }: Asked): Response {
  const { user: name, role, lasts = null } = body as (typeof NewLink)['static']
  const user = store.users.find(name)
  if (user === null) return problem('not_found', `There is no user ${name}.`)
  const most = role ?? user.role
  const lastsMs = linkLasts(lasts)
  const isMore = isRole(most) && !isAtLeast(user.role, most)
  const refused = whyNotFit({
    role: isMore ? `${user.name} is ${user.role}, and a link gives no more than that` : whyNoRole(most),
    lasts: lastsMs === null ? WHY_NO_LASTS : null,
  })
  if (refused !== null || !isRole(most) || lastsMs === null)
    return refused ?? problem('body_invalid', 'The body does not fit.')
  const made = store.signInLinks.add(user.name, { most: role === undefined ? null : most, lastsMs })
  if (made === null) return problem('conflict', 'There are too many links: wait until some have ended.')
  const shown = { user: user.name, role: most, expires_at: new Date(made.expiresMs).toISOString() }
  noteForAudit(request, { resource: `users/${user.name}`, after: shown })
  logEvent('info', 'sign_in_link_made', { ...shown, by: who.name, from: who.from })
  return jsonAnswer({ ...shown, token: made.token, path: linkPath(made.token) }, 201)
}

/** The same for one that never was, one that was used, and one that has ended. */
const NO_LINK: Refusal = {
  code: 'sign_in_failed',
  detail: 'This link is not good: each is good once, and for a while only.',
  hint: '"sluice admin link NAME" makes another one',
}

function openLink(facts: Pick<ControlFacts, 'store'>, store: Store, asked: Asked): Response {
  const { token, code = null } = asked.body as (typeof LinkBody)['static']
  const { request, who } = asked
  // 1. Not where others can read it on its way.
  if (!isUnseen(request, who.from)) return problemOfRefusal(seenOnItsWay)
  // 2. A place has so many attempts a minute, as with passwords.
  const { waitMs, isRepeated } = attemptsOf(facts.store).count(placeOf(who.from), false)
  if (waitMs > 0) return refusedSignIn(store, asked, '', tooMany(waitMs, isRepeated))
  // 3. Whose it is.
  const link = store.signInLinks.find(token)
  if (link === null) return refusedSignIn(store, asked, '', NO_LINK)
  // 4. A second factor is asked for all the same; the link stays good until its code was right.
  const refused = whyNoCode(store, link, code, who.from)
  if (refused !== null) return refusedSignIn(store, asked, link.user, refused)
  // 5. Once: of those who come with it at the same time one gets it.
  if (store.signInLinks.take(token) === null) return refusedSignIn(store, asked, link.user, NO_LINK)
  noteForAudit(request, { message: 'by a link' })
  // A link is no password: what asks for a fresh one asks for it, but where a code was shown.
  const isUnproved = !store.secondFactors.isOn(link.user)
  return signedInAnswer(store, asked, link.user, { most: link.most, isUnproved, by: 'link' })
}

/** What stands against the code of a user who has a second factor; null: nothing, or they have none. */
function whyNoCode(store: Store, { user }: SignInLink, code: string | null, from: string): Refusal | null {
  if (!store.secondFactors.isOn(user)) return null
  if (code === null) return CODE_NEEDED
  const place = placeOf(from)
  const wait = store.failures.begin(user, place)
  if (wait.ms > 0) return lockedOut(wait)
  if (!store.secondFactors.take(user, code)) return FAILED
  store.failures.succeeded(user, place)
  return null
}
