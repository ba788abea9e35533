import { expect, test } from 'bun:test'
import { Places } from '../../../server/admin/places.ts'

const user = (name: string, id = 'sign-in') => ({ kind: 'user', name, id }) as const
const codeOf = async (taken: (() => void) | Response): Promise<unknown> =>
  taken instanceof Response ? ((await taken.json()) as { code: string; detail: string }) : 'taken'

test('one account has a quarter of the places, however many sign-ins and JWTs it has', async () => {
  const places = new Places(16)
  const anna = [
    user('anna', 'a'),
    user('Anna', 'b'),
    { kind: 'jwt', name: 'anna', id: 'j1', source: 'user:anna' } as const,
    { kind: 'jwt', name: 'anna', id: 'j2', source: 'user:anna' } as const,
  ]
  const given = anna.map((who) => places.take(who))
  expect(await Promise.all(given.map(codeOf))).toEqual(['taken', 'taken', 'taken', 'taken'])
  expect(await codeOf(places.take(user('anna', 'c')))).toMatchObject({
    status: 429,
    code: 'too_many_own_watchers',
    detail: 'anna has 4 of the 16 places, which is the most for one account.',
  })
  expect(await codeOf(places.take(user('bob')))).toBe('taken')
  // A token of the same name is another one.
  expect(await codeOf(places.take({ kind: 'token', name: 'anna', id: 't' }))).toBe('taken')
  // What is given back twice is there once.
  for (const one of [given[0], given[0]]) if (typeof one === 'function') one()
  expect(await codeOf(places.take(user('anna')))).toBe('taken')
  expect(await codeOf(places.take(user('anna')))).toMatchObject({ code: 'too_many_own_watchers' })
})

test('who comes when all are taken is told that it is not they', async () => {
  const places = new Places(4)
  for (const name of ['a', 'b', 'c', 'd']) expect(await codeOf(places.take(user(name)))).toBe('taken')
  expect(await codeOf(places.take(user('e')))).toMatchObject({ status: 503, code: 'too_many_watchers' })
})
