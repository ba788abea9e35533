// One-time links, as who gets one opens it.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { codeOf } from '../../server/control/store/totp.ts'
import { Browser } from '../support/admin-world.ts'
import { dashboard, type Scene, settled } from '../support/dashboard.ts'
import { PASSWORD } from '../support/store-world.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
  users: ['admin', 'viewer'],
})

const REFUSED = /401 POST \S+\/auth\/link$/

async function linkFor({ gateway }: Scene, user: string, more: object = {}): Promise<string> {
  const admin = new Browser(gateway.admin)
  await admin.signIn('admin')
  const { body } = await admin.post('/api/v1/auth/links', { user, ...more })
  return `${gateway.admin}${String(body['path'])}`
}

/** Who the page says is signed in, by asking as it does. */
const whoIn = (page: Page): Promise<unknown> =>
  page.evaluate(`fetch('/api/v1/auth/me').then((a) => a.json()).then(({ name, role }) => [name, role])`)
const heading = (page: Page): Promise<string | null> => page.locator('h1').first().textContent()

test('signs in without a question, and leaves no trace in the address', async (scene) => {
  const { page, url } = scene
  await page.goto(await linkFor(scene, 'admin', { role: 'operator' }))
  await settled(page)
  await waitFor(async () => (await page.locator('nav').count()) > 0, { what: 'the frame of the dashboard' })
  expect(page.url()).toBe(url('/'))
  expect(await whoIn(page)).toEqual(['admin', 'operator'])
  await page.reload()
  await settled(page)
  expect(await whoIn(page)).toEqual(['admin', 'operator'])
})

test('signs in as well where it is pasted into a page that is open', async (scene) => {
  const { page, open, url } = scene
  await open('/')
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await page.goto(await linkFor(scene, 'viewer'))
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  expect(page.url()).toBe(url('/'))
})

test('that was used says so, and leads to the sign-in by name', async (scene) => {
  const { page, another, watch } = scene
  watch.mean(REFUSED)
  const link = await linkFor(scene, 'viewer')
  const first = await another()
  await first.goto(link)
  await waitFor(async () => (await first.locator('nav').count()) > 0, { what: 'the first one to be in' })
  await page.goto(link)
  await page.getByRole('alert').waitFor()
  expect(await page.getByRole('alert').textContent()).toContain('each is good once')
  await page.getByRole('button', { name: 'Sign in by name' }).click()
  await page.getByLabel('Name').fill('viewer')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await waitFor(async () => (await page.locator('nav').count()) > 0, { what: 'the frame of the dashboard' })
})

test('makes nobody another one without asking', async (scene) => {
  const { page, open, signIn, watch } = scene
  // Asked by the page and by the test while the one sign-in ends and the other begins.
  watch.mean(/^401 GET /)
  await signIn('viewer')
  await open('/')
  const link = await linkFor(scene, 'admin')
  // In the same page, as by a click in a mail that is open in it: only what is behind # changes.
  await page.goto(link)
  await page.getByText('You are signed in as viewer.').waitFor()
  expect(await heading(page)).toBe('Sign in by a link')
  await page.getByRole('button', { name: 'Stay viewer' }).click()
  expect(await whoIn(page)).toEqual(['viewer', 'viewer'])
  await page.goto(link)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await waitFor(async () => String(await whoIn(page)) === 'admin,admin', { what: 'the admin to be in' })
})

test('leads whoever has no password yet to where one is set', async (scene) => {
  const { page, gateway, url } = scene
  const admin = new Browser(gateway.admin)
  await admin.signIn('admin')
  await admin.post('/api/v1/users', { name: 'bob', role: 'viewer' })
  await page.goto(await linkFor(scene, 'bob'))
  await page.getByText('You have no password yet').waitFor()
  expect(page.url()).toBe(url('/settings'))
})

test('asks for the code of a second factor', async (scene) => {
  const { page, gateway, watch } = scene
  watch.mean(REFUSED)
  const viewer = new Browser(gateway.admin)
  await viewer.signIn('viewer')
  const { body } = await viewer.post('/api/v1/auth/totp')
  const secret = fromBase32(String(body['secret']))
  const now = (): number => Math.floor(Date.now() / 30_000)
  const step = now()
  expect((await viewer.post('/api/v1/auth/totp/confirm', { code: codeOf(secret, step) })).status).toBe(200)
  await page.goto(await linkFor(scene, 'viewer'))
  await page.getByLabel('Code').fill(codeOf(secret, Math.max(step + 1, now())))
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await waitFor(async () => (await page.locator('nav').count()) > 0, { what: 'the frame of the dashboard' })
  expect(await whoIn(page)).toEqual(['viewer', 'viewer'])
})

/** RFC 4648 §6. */
function fromBase32(text: string): Uint8Array {
  const bits = [...text.replaceAll(/[\s=-]/g, '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
