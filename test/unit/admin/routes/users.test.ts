// Users without a password: they come by a link, and set one.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type AdminWorld, adminWorld, type Answered, type Browser } from '../../../support/admin-world.ts'
import { PASSWORD } from '../../../support/store-world.ts'

let world: AdminWorld
let admin: Browser
beforeEach(async () => {
  world = adminWorld()
  admin = await world.signedIn('admin', 'anna')
})
afterEach(() => world.close())

async function byLink(user: string, role?: string): Promise<Browser> {
  const { body } = await admin.post('/api/v1/auth/links', { user, ...(role !== undefined && { role }) })
  const browser = world.browser()
  const { status } = await browser.post('/api/v1/auth/link', { token: body['token'] })
  expect(status).toBe(200)
  return browser
}
const setFirst = (browser: Browser, password = 'a password of theirs'): Promise<Answered> =>
  browser.post('/api/v1/auth/password', { password })
const userOf = async (name: string) => (await admin.ask({ path: `/api/v1/users/${name}` })).body

test('who was added without a password signs in by a link, and sets one', async () => {
  const { status, body } = await admin.post('/api/v1/users', { name: 'bob', role: 'editor' })
  expect([status, body['has_password']]).toEqual([201, false])
  for (const password of ['', '\0', PASSWORD])
    expect((await world.browser().post('/api/v1/auth/sign-in', { name: 'bob', password })).status).toBe(401)
  const bob = await byLink('bob')
  expect((await bob.ask({ path: '/api/v1/auth/me' })).body['has_password']).toBe(false)
  expect((await setFirst(bob, 'short')).status).toBe(422)
  expect((await setFirst(bob)).status).toBe(200)
  expect((await userOf('bob'))['has_password']).toBe(true)
  // From then on the one of now is needed.
  expect((await setFirst(bob, 'another one of theirs')).status).toBe(401)
  const again = { name: 'bob', password: 'a password of theirs' }
  expect((await world.browser().post('/api/v1/auth/sign-in', again)).status).toBe(200)
})

test('a link for less than the role sets no password, which would give all of it', async () => {
  await admin.post('/api/v1/users', { name: 'bob', role: 'editor' })
  expect((await setFirst(await byLink('bob', 'viewer'))).status).toBe(403)
  expect((await userOf('bob'))['has_password']).toBe(false)
})

test('a password that is taken away ends sign-ins by it', async () => {
  const bob = await world.signedIn('viewer', 'bob')
  const taken = await admin.ask({ method: 'PATCH', path: '/api/v1/users/bob', body: { password: null } })
  expect([taken.status, taken.body['has_password']]).toEqual([200, false])
  expect((await bob.ask({ path: '/api/v1/auth/me' })).status).toBe(401)
  expect(
    (await world.browser().post('/api/v1/auth/sign-in', { name: 'bob', password: PASSWORD })).status,
  ).toBe(401)
})

test('what wants the password once more tells who has none to set one', async () => {
  await admin.post('/api/v1/users', { name: 'carl', role: 'admin' })
  const carl = await byLink('carl')
  const { status, body } = await carl.post('/api/v1/auth/step-up', { password: 'x' })
  expect([status, body['detail']]).toEqual([409, 'You have no password yet.'])
})

test('who is locked out is told to admins, with until when', async () => {
  await admin.post('/api/v1/users', { name: 'dora', role: 'viewer', password: PASSWORD })
  expect((await userOf('dora'))['locked_until']).toBeNull()
  for (let count = 0; count < 6; count++)
    await world.browser().post('/api/v1/auth/sign-in', { name: 'dora', password: 'wrong' })
  expect(Date.parse(String((await userOf('dora'))['locked_until']))).toBeGreaterThan(world.clock.nowMs)
  await admin.post('/api/v1/users/dora/unlock')
  expect((await userOf('dora'))['locked_until']).toBeNull()
})
