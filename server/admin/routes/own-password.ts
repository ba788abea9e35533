// What somebody who is signed in does with their password: gives it anew, or changes it.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { hashPassword, whyNoPassword } from '../../control/store/passwords.ts'
import type { Store } from '../../control/store/store.ts'
import { noteForAudit } from '../audit-notes.ts'
import { attemptsOf, placeOfSignIn } from '../auth/attempts.ts'
import { cookieFor } from '../auth/cookies.ts'
import { NOT_FRESH } from '../auth/refusals.ts'
import { prove } from '../auth/sign-in.ts'
import { Code, meOf, Password, refusedSignIn, SIGNED_IN } from '../auth/signed-in.ts'
import { withStore } from '../auth/with-store.ts'
import { whyNotFit } from '../not-fit.ts'
import { jsonAnswer, problem, problemOfRefusal } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const closed = { additionalProperties: false }
const StepUpBody = Type.Object({ password: Type.Optional(Password), code: Type.Optional(Code) }, closed)
const PasswordBody = Type.Object(
  {
    current: Type.Optional({ ...Password, description: 'Not needed by who has none yet.' }),
    password: Password,
  },
  closed,
)

export function ownPasswordRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const own = { method: 'POST', permission: 'view', tag: 'Access' } as const
  const inStore = (work: (store: Store, asked: Asked) => Promise<Response>): Route['answer'] => {
    return (asked) => withStore(facts, (store) => work(store, asked))
  }
  return [
    {
      ...{
        ...own,
        path: '/api/v1/auth/step-up',
        summary: 'Give the password or a code anew',
        body: StepUpBody,
      },
      answers: { ...SIGNED_IN, 409: { description: 'A token has no password.' } },
      answer: inStore((store, asked) => stepUp(facts, store, asked)),
    },
    {
      ...{ ...own, path: '/api/v1/auth/password', summary: 'Change the own password', body: PasswordBody },
      answers: {
        ...SIGNED_IN,
        409: { description: 'A token has no password.' },
        422: { description: 'It is too short.' },
      },
      answer: inStore((store, asked) => changePassword(facts, store, asked)),
    },
  ]
}

async function stepUp(facts: Pick<ControlFacts, 'store'>, store: Store, asked: Asked): Promise<Response> {
  const { password = null, code = null } = asked.body as (typeof StepUpBody)['static']
  const { who } = asked
  if (who.kind !== 'user') return noPassword()
  const user = store.users.find(who.name)
  if (user?.hasPassword === false && !user.hasTotp)
    return problem('conflict', 'You have no password yet.', { hint: 'set one first: Settings, Profile' })
  const proof = { name: who.name, password, code, place: placeOfSignIn(who.id), isAgain: true }
  const proved = await prove(store, attemptsOf(facts.store), proof)
  return 'detail' in proved ? refusedSignIn(store, asked, who.name, proved) : provedAnswer(store, asked)
}

async function changePassword(
  facts: Pick<ControlFacts, 'store'>,
  store: Store,
  asked: Asked,
): Promise<Response> {
  const { current = null, password } = asked.body as (typeof PasswordBody)['static']
  const { who } = asked
  if (who.kind !== 'user') return noPassword()
  const refused = whyNotFit({ password: whyNoPassword(password) })
  if (refused !== null) return refused
  const isFirst = store.users.find(who.name)?.hasPassword === false
  // A link may have been for less than the user's role: a password would give all of it.
  if (isFirst && store.users.find(who.name)?.role !== who.role)
    return problem('forbidden', `This sign-in is for ${who.role} alone: it sets no password.`)
  // Nor is it the way round a second factor.
  if (isFirst && asked.isStepUpDue === true && store.secondFactors.isOn(who.name))
    return problemOfRefusal(NOT_FRESH)
  if (isFirst) return setPassword(store, asked, password)
  const proof = {
    name: who.name,
    password: current ?? '',
    code: null,
    place: placeOfSignIn(who.id),
    isAgain: true,
  }
  const proved = await prove(store, attemptsOf(facts.store), proof)
  if ('detail' in proved) return refusedSignIn(store, asked, who.name, proved)
  return setPassword(store, asked, password)
}

async function setPassword(store: Store, asked: Asked, password: string): Promise<Response> {
  const { who, request } = asked
  store.users.setPassword(who.name, await hashPassword(password), who.id)
  noteForAudit(request, { resource: `users/${who.name}` })
  return provedAnswer(store, asked)
}

/** The same sign-in by another cookie. */
function provedAnswer(store: Store, { request, who }: Asked): Response {
  const secret = store.signIns.prove(who.id)
  const found = secret === null ? null : store.signIns.find(secret)
  if (secret === null || found === null) return problem('not_signed_in', 'The sign-in has ended meanwhile.')
  return jsonAnswer(meOf(store, found), 200, { 'Set-Cookie': cookieFor(request, store.key, secret) })
}

const noPassword = (): Response =>
  problem('conflict', 'Only users who are signed in have a password; tokens need no step-up.')
