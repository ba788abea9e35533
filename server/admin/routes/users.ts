// Users: for admins. None is without one.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { hashPassword, whyNoPassword } from '../../control/store/passwords.ts'
import { isRole, ROLES } from '../../control/store/principal.ts'
import type { Store } from '../../control/store/store.ts'
import { type User, whyNoUserName } from '../../control/store/users.ts'
import { noteForAudit } from '../audit-notes.ts'
import { withStore } from '../auth/with-store.ts'
import { whyNotFit } from '../not-fit.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Asked, type Route } from '../route.ts'

const PATH = '/api/v1/users'
export const RoleWord = Type.String({ description: `One of ${ROLES.join(', ')}.` })
const Password = Type.String({ maxLength: 4096, description: 'At least 12 characters.' })
const closed = { additionalProperties: false }
const NewUser = Type.Object(
  {
    ...{ name: Type.String(), role: RoleWord },
    password: Type.Optional({
      ...Password,
      description: 'At least 12 characters; left out: they sign in by a link, and set one then.',
    }),
  },
  closed,
)
const UserPatch = Type.Object(
  {
    role: Type.Optional(RoleWord),
    password: Type.Optional(
      Type.Union([Password, Type.Null()], {
        description: 'null takes it away: they sign in by a link, and set another one then.',
      }),
    ),
  },
  closed,
)

const UserShape = Type.Object(
  {
    name: Type.String(),
    role: Type.String(),
    totp: Type.Boolean(),
    created_at: Type.String(),
    created_by: Type.String(),
    has_password: Type.Boolean({ description: 'false: none was set yet.' }),
    password_set_at: Type.String(),
    last_sign_in_at: Type.Union([Type.String(), Type.Null()]),
    locked_until: Type.Union([Type.String(), Type.Null()], {
      description: 'Where too many sign-ins have failed: from some address or other.',
    }),
  },
  { title: 'User' },
)

export function userRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const admin = { permission: 'administer', tag: 'Access' } as const
  const one = `${PATH}/{user}`
  const inStore = (work: (store: Store, asked: Asked) => Response | Promise<Response>): Route['answer'] => {
    return (asked) => withStore(facts, (store) => work(store, asked))
  }
  const none = { 404: { description: 'There is no such user.' } }
  const last = {
    409: { description: 'The last admin is not removed, made less, or left without a password.' },
  }
  return [
    {
      ...{ ...admin, method: 'GET', path: PATH, summary: 'Users' },
      answers: { 200: { description: 'By name.', schema: Type.Object({ items: Type.Array(UserShape) }) } },
      answer: inStore((store) =>
        jsonAnswer({ items: store.users.list().map((user) => shownUser(user, store)) }),
      ),
    },
    {
      ...{ ...admin, method: 'POST', path: PATH, summary: 'Add a user', body: NewUser, needsStepUp: true },
      answers: {
        201: { description: 'The user.', schema: UserShape },
        409: { description: 'There is one of this name.' },
        422: { description: 'What does not fit.' },
      },
      answer: inStore(add),
    },
    {
      ...{ ...admin, method: 'GET', path: one, summary: 'A user' },
      answers: { 200: { description: 'The user.', schema: UserShape }, ...none },
      answer: inStore((store, asked) => {
        const user = store.users.find(param(asked, 'user'))
        return user === null ? unknown(asked) : jsonAnswer(shownUser(user, store))
      }),
    },
    {
      ...{ ...admin, method: 'PATCH', path: one, body: UserPatch, needsStepUp: true },
      summary: "Change a user's role or password, which ends their sign-ins",
      answers: { 200: { description: 'The user.', schema: UserShape }, ...none, ...last },
      answer: inStore(change),
    },
    {
      ...{ ...admin, method: 'DELETE', path: one, summary: 'Remove a user', needsStepUp: true },
      answers: { 200: { description: 'Tokens that they made, which go on.' }, ...none, ...last },
      answer: inStore(remove),
    },
    {
      ...{ ...admin, method: 'DELETE', path: `${one}/totp`, needsStepUp: true },
      summary: "Remove a user's second factor, for who has lost it",
      answers: { 204: { description: 'It is off.' }, 404: { description: 'There is none.' } },
      answer: inStore(({ secondFactors }, asked) =>
        secondFactors.remove(param(asked, 'user'))
          ? new Response(null, { status: 204 })
          : problem('not_found', `${param(asked, 'user')} has no second factor.`),
      ),
    },
    {
      // Whoever guesses at a password or a code would forgive themselves.
      ...{ ...admin, method: 'POST', path: `${one}/unlock`, needsStepUp: true },
      summary: 'Forget the failed sign-ins of a user',
      answers: { 200: { description: 'From how many addresses there were some.' } },
      answer: inStore(({ failures }, asked) =>
        jsonAnswer({ addresses: failures.unlock(param(asked, 'user')) }),
      ),
    },
  ]
}

async function add(store: Store, { body, who, request }: Asked): Promise<Response> {
  const { name, role, password } = body as (typeof NewUser)['static']
  const refused = whyNotFit({
    name: whyNoUserName(name),
    role: whyNoRole(role),
    password: password === undefined ? null : whyNoPassword(password),
  })
  if (refused !== null || !isRole(role)) return refused ?? problem('internal', 'no role')
  const hash = password === undefined ? '' : await hashPassword(password)
  if (!store.users.add({ name, role, hash, by: who.name }))
    return problem('conflict', `There is a user ${name} already.`)
  noteForAudit(request, { resource: `users/${name}`, after: { name, role } })
  const user = store.users.find(name)
  return user === null
    ? problem('not_found', `${name} was removed.`)
    : jsonAnswer(shownUser(user, store), 201)
}

async function change(store: Store, asked: Asked): Promise<Response> {
  const { role, password } = asked.body as (typeof UserPatch)['static']
  const { users } = store
  const before = users.find(param(asked, 'user'))
  if (before === null) return unknown(asked)
  const refused = whyNotFit({
    role: role === undefined ? null : whyNoRole(role),
    password: typeof password === 'string' ? whyNoPassword(password) : null,
  })
  if (refused !== null) return refused
  if (role !== undefined && isRole(role) && users.setRole(before.name, role) === 'last_admin')
    return lastAdmin(asked)
  if (password === null && users.takePassword(before.name) === 'last_admin') return lastPassword(asked)
  if (typeof password === 'string') users.setPassword(before.name, await hashPassword(password))
  const after = users.find(before.name)
  if (after === null) return unknown(asked)
  noteForAudit(asked.request, {
    before: { role: before.role },
    after: { role: after.role },
    ...(password !== undefined && {
      message: `the password was ${password === null ? 'taken away' : 'set'}`,
    }),
  })
  return jsonAnswer(shownUser(after, store))
}

function remove({ users, tokens }: Store, asked: Asked): Response {
  const before = users.find(param(asked, 'user'))
  const outcome = before === null ? 'unknown' : users.remove(before.name)
  if (before === null || outcome === 'unknown') return unknown(asked)
  if (outcome === 'last_admin') return lastAdmin(asked)
  noteForAudit(asked.request, { before: { name: before.name, role: before.role } })
  const theirs = tokens.list().filter(({ createdBy }) => createdBy === before.name)
  return jsonAnswer({ tokens: theirs.map(({ id, name, role }) => ({ id, name, role })) })
}

export const whyNoRole = (role: string): string | null =>
  isRole(role) ? null : `a role is one of ${ROLES.join(', ')}`

const unknown = (asked: Asked): Response => problem('not_found', `There is no user ${param(asked, 'user')}.`)

const lastAdmin = (asked: Asked): Response =>
  problem('conflict', `${param(asked, 'user')} is the last admin: nobody could add users any more.`, {
    hint: 'make somebody else an admin first',
  })

const lastPassword = (asked: Asked): Response =>
  problem(
    'conflict',
    `${param(asked, 'user')} is the last admin with a password: nobody could make links any more.`,
    { hint: 'set the password of another admin first, or give this one another password' },
  )

const isoOf = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms))

export const shownUser = (user: User, { failures }: Store): (typeof UserShape)['static'] => ({
  name: user.name,
  role: user.role,
  totp: user.hasTotp,
  created_at: isoOf(user.createdMs),
  created_by: user.createdBy,
  has_password: user.hasPassword,
  password_set_at: isoOf(user.passwordMs),
  last_sign_in_at: isoOrNull(user.lastSignInMs),
  locked_until: isoOrNull(failures.lockedUntilMs(user.name)),
})
