import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { ask, servedRevision } from '../../../../web/data/api.ts'
import { forgetHeld, HeldEntry } from '../../../../web/data/held.ts'
import { findMe, me, signIn, signOut } from '../../../../web/data/session.ts'
import { want, wanted } from '../../../../web/data/wanted.ts'

interface Asked {
  readonly route: string
  readonly csrf: string | null
}
type Answers = (asked: Asked) => Response | Promise<Response>

const asked: Asked[] = []
let answers: Answers = () => new Response(null, { status: 500 })
let given: ReturnType<typeof spyOn> | null = null

beforeEach(() => {
  asked.length = 0
  ;[me.value, wanted.value] = [undefined, null]
  given = spyOn(globalThis, 'fetch').mockImplementation((async (
    url: string,
    { method, headers }: RequestInit,
  ) => {
    const path = String(url).replace(/^.*\/api\/v1/, '')
    const one = { route: `${method} ${path}`, csrf: (headers as Headers).get('X-CSRF-Token') }
    asked.push(one)
    return answers(one)
  }) as unknown as typeof fetch)
})
afterEach(() => given?.mockRestore())

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' },
  })
const user = (name: string, csrf: string): object => ({
  ...{ kind: 'user', name, role: 'editor', id: 'i', csrf_token: csrf },
})
const NOBODY = json({ code: 'sign_in_needed', title: 'Nobody is signed in', status: 401 }, 401)

test('who was signed in stays named once that has ended, so that what they entered stays', async () => {
  answers = () => json(user('mira', 'one'))
  await findMe()
  answers = () => NOBODY.clone()
  expect((await findMe()).ok).toBe(false)
  expect(me.value?.name).toBe('mira')
})

test('while the gateway starts it serves no revision, which nothing can be made from', async () => {
  const telling = (revision: string) => (): Response =>
    new Response('{}', {
      headers: { 'Content-Type': 'application/json', 'Sluice-Config-Revision': revision },
    })
  for (const [told, known] of [
    ['7', 7],
    ['0', 7],
    ['8', 8],
  ] as const) {
    answers = telling(told)
    await ask('GET /api/v1/config/status', {})
    expect(servedRevision.value).toBe(known)
  }
})

test('a sign-in that does not end is not told to have ended', async () => {
  answers = () => json(user('mira', 'one'))
  await findMe()
  answers = () => Promise.reject(new Error('connection refused'))
  expect((await signOut())?.code).toBe('unreachable')
  expect(me.value?.name).toBe('mira')
  answers = () => new Response(null, { status: 204 })
  expect(await signOut()).toBeNull()
  expect(me.value).toBeNull()
})

test('whoever signs in by another door is not asked to once more', async () => {
  const done = want('sign-in')
  answers = () => json(user('mira', 'one'))
  await signIn({ name: 'mira', password: 'x' })
  expect(await done).toBe(true)
  expect(wanted.value).toBeNull()
})

test('who said "not now" is not asked again by what was on its way, but by what they do next', async () => {
  answers = () => NOBODY.clone()
  const first = ask('GET /api/v1/config/status', {})
  const late = Promise.withResolvers<Response>()
  answers = () => late.promise
  const second = ask('GET /api/v1/backends', {})
  while (wanted.value === null) await Promise.resolve()
  wanted.peek()?.settle(false)
  expect((await first).ok).toBe(false)
  late.resolve(NOBODY.clone())
  expect((await second).ok).toBe(false)
  expect(wanted.peek()).toBeNull()
  answers = () => NOBODY.clone()
  const next = ask('POST /api/v1/reload', {})
  while (wanted.peek() === null) await Promise.resolve()
  wanted.peek()?.settle(false)
  expect((await next).ok).toBe(false)
})

test('what one was asked to sign in anew for is not done in the name of somebody else', async () => {
  answers = () => json(user('mira', 'one'))
  await findMe()
  answers = ({ route }) =>
    route.endsWith('/sign-in') ? json(user('otto', 'two')) : asked.length > 3 ? json({}) : NOBODY.clone()
  const answer = ask('POST /api/v1/reload', {})
  while (wanted.value === null) await Promise.resolve()
  await signIn({ name: 'otto', password: 'x' })
  expect((await answer).ok).toBe(false)
  expect(asked.filter(({ route }) => route === 'POST /reload')).toHaveLength(1)
  expect(me.value?.name).toBe('otto')
  expect(wanted.peek() === null).toBe(true)
})

test('where another tab has signed in anew, a change goes on with the token of now', async () => {
  answers = () => json(user('mira', 'one'))
  await findMe()
  const stale = json({ code: 'csrf_missing', title: 'x', status: 403 }, 403)
  answers = ({ route, csrf }) =>
    route.endsWith('/auth/me') ? json(user('mira', 'two')) : csrf === 'two' ? json({}) : stale.clone()
  expect((await ask('POST /api/v1/reload', {})).ok).toBe(true)
  expect(asked.map(({ csrf }) => csrf)).toEqual([null, 'one', null, 'two'])
})

test('where another tab has signed in as somebody else, nothing is changed in their name', async () => {
  answers = () => json(user('mira', 'one'))
  await findMe()
  answers = ({ route }) =>
    route.endsWith('/auth/me')
      ? json(user('otto', 'two'))
      : json({ code: 'csrf_missing', title: 'x', status: 403 }, 403)
  const answer = await ask('POST /api/v1/reload', {})
  expect(!answer.ok && answer.problem.code).toBe('csrf_missing')
  expect(asked.filter(({ route }) => route === 'POST /reload')).toHaveLength(1)
  expect(me.value?.name).toBe('otto')
})

test.each([
  ['the page of a proxy', new Response('<h1>Sign in</h1>', { headers: { 'Content-Type': 'text/html' } })],
  ['cut off', new Response('{"a":', { headers: { 'Content-Type': 'application/json' } })],
])('what is no document is a problem: %s', async (_, response) => {
  answers = () => response
  const answer = await ask('GET /api/v1/status', {})
  expect(!answer.ok && answer.problem.code).toBe('no_document')
})

test('what is asked for in whatever form it comes is taken so', async () => {
  answers = () => new Response('a_total 1\n', { headers: { 'Content-Type': 'text/plain' } })
  expect(await ask('GET /api/v1/status', {}, { accept: '*/*' })).toMatchObject({ value: 'a_total 1\n' })
  answers = () => json({ pid: 1 })
  expect(await ask('GET /api/v1/status', {}, { accept: '*/*' })).toMatchObject({ value: { pid: 1 } })
  expect(await ask('GET /api/v1/status', {}, { accept: 'text/plain' })).toMatchObject({ value: '{"pid":1}' })
})

test('what is asked anew while an answer of before is under way is asked again behind it', async () => {
  const [first, second] = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()]
  const waiting = [first, second]
  answers = () => waiting.shift()?.promise ?? NOBODY.clone()
  // Timers of browsers, by the name that pages call them by.
  Object.assign(globalThis, { window: globalThis })
  const entry = new HeldEntry('/x', () => ask('GET /api/v1/status', {}))
  const reading = entry.refresh()
  void entry.refresh()
  first.resolve(json({ pid: 1 }))
  await reading
  expect(entry.held.value.value).toEqual({ pid: 1 })
  second.resolve(json({ pid: 2 }))
  const { promise, resolve } = Promise.withResolvers<void>()
  entry.held.subscribe(({ value }) => (value as { pid: number }).pid === 2 && resolve())
  await promise
  forgetHeld()
})
