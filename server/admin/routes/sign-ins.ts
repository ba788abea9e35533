// Sign-ins of browsers: everybody sees and ends their own, admins those of all.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { isAtLeast, type Principal } from '../../control/store/principal.ts'
import type { SignIn } from '../../control/store/sign-ins.ts'
import { withStore } from '../auth/with-store.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Route } from '../route.ts'

const PATH = '/api/v1/sign-ins'
const SignInShape = Type.Object({
  id: Type.String(),
  user: Type.String(),
  role: Type.String(),
  created_at: Type.String(),
  last_seen_at: Type.String(),
  from: Type.String(),
  agent: Type.String(),
  is_own: Type.Boolean(),
})

export const signInRoutes = (facts: Pick<ControlFacts, 'store'>): readonly Route[] => [
  {
    ...{ method: 'GET', path: PATH, permission: 'view', tag: 'Access', summary: 'Sign-ins of browsers' },
    query: Type.Object({ user: Type.Optional(Type.String()) }, { additionalProperties: false }),
    answers: {
      200: { description: 'Those used last first.', schema: Type.Object({ items: Type.Array(SignInShape) }) },
    },
    answer: ({ who, query }) =>
      withStore(facts, ({ signIns }) => {
        const user = ofAll(who) ? query.get('user') : who.name
        return jsonAnswer({ items: hasOwn(who) ? signIns.list(user).map((one) => shown(one, who)) : [] })
      }),
  },
  {
    ...{ method: 'DELETE', path: `${PATH}/{sign_in}`, permission: 'view', tag: 'Access' },
    summary: 'End a sign-in, at once',
    answers: { 204: { description: 'It has ended.' }, 404: { description: 'There is none of this id.' } },
    answer: (asked) =>
      withStore(facts, ({ signIns }) => {
        const { who } = asked
        const isEnded = hasOwn(who) && signIns.end(param(asked, 'sign_in'), ofAll(who) ? null : who.name)
        return isEnded
          ? new Response(null, { status: 204 })
          : problem('not_found', `There is no sign-in ${param(asked, 'sign_in')}.`)
      }),
  },
]

const ofAll = ({ role }: Principal): boolean => isAtLeast(role, 'admin')

/** A token of a lesser role may be called as a user is. */
const hasOwn = (who: Principal): boolean => who.kind === 'user' || ofAll(who)

const shown = (one: SignIn, who: Principal): (typeof SignInShape)['static'] => ({
  ...{ id: one.id, user: one.user, role: one.role, from: one.address, agent: one.agent },
  created_at: new Date(one.createdMs).toISOString(),
  last_seen_at: new Date(one.seenMs).toISOString(),
  is_own: who.kind === 'user' && who.id === one.id,
})
