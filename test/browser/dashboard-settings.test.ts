// Settings: one's own password and second factor, users, tokens, sign-ins, and the API's documents.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { codeOf } from '../../server/control/store/totp.ts'
import { Browser as ApiBrowser } from '../support/admin-world.ts'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type Scene, settled, type View } from '../support/dashboard.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
  users: ['admin', 'operator', 'viewer'],
})

const text = (page: Page): Promise<string> => page.locator('main').innerText()

/** Requests that change something, from now on. */
function changesOf(page: Page): string[] {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(`${request.method()} ${new URL(request.url()).pathname}`)
  })
  return sent
}

test('a user is added with a link, and sets a password by it', async (scene) => {
  const { page, open, another, url, signIn } = scene
  await signIn('admin')
  await open('/settings/users')
  await page.getByRole('button', { name: 'Add a user' }).click()
  await page.getByLabel('Name', { exact: true }).fill('dora')
  await page.getByRole('combobox', { name: /^Role/ }).selectOption('editor')
  await page.getByRole('button', { name: 'Add dora' }).click()
  const told = page.getByRole('dialog', { name: 'Add a user' }).locator('code').first()
  await told.waitFor()
  const link = (await told.textContent()) ?? ''
  expect(link).toStartWith(`${url('')}/#/link/`)
  const theirs = await another()
  await theirs.goto(link)
  await theirs.getByRole('navigation', { name: 'Main' }).first().waitFor()
  await theirs.goto(url('/settings'))
  await theirs.getByText('You have no password yet').waitFor()
  await theirs.getByLabel('New password').fill('a password of dora')
  await theirs.getByRole('button', { name: 'Set the password' }).click()
  await theirs.getByText('The new password holds').waitFor()
  const { status, body } = await new ApiBrowser(scene.gateway.admin).post('/api/v1/auth/sign-in', {
    ...{ name: 'dora', password: 'a password of dora' },
  })
  expect([status, body['role']]).toEqual([200, 'editor'])
})

test('a sign-in that is ended by two presses is ended by one request', async ({
  page,
  open,
  signIn,
  gateway,
}) => {
  await signIn('admin')
  await new ApiBrowser(gateway.admin).signIn('viewer')
  await open('/settings/sign-ins?filter=viewer')
  const end = page.getByRole('button', { name: /^End the sign-in of viewer from / })
  await end.waitFor()
  const sent = changesOf(page)
  await end.evaluate((button: { click(): void }) => {
    button.click()
    button.click()
  })
  await end.waitFor({ state: 'detached' })
  expect(sent.map((one) => one.replace(/[^/]+$/, ''))).toEqual(['DELETE /api/v1/sign-ins/'])
  expect(await text(page)).not.toContain('no sign-in')
})

test('a token is told once, is good at once, and no more once it is revoked', async (scene) => {
  const { page, open, signIn, gateway } = scene
  await signIn('admin')
  await open('/settings/tokens')
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByLabel('Name', { exact: true }).fill('pipeline')
  await page.getByRole('button', { name: 'Make the token' }).click()
  const drawer = page.getByRole('dialog', { name: 'pipeline' })
  await drawer.waitFor()
  const secret = (await drawer.getByText(/^slt_/).textContent()) ?? ''
  const asked = async (): Promise<number> => {
    const headers = { Authorization: `Bearer ${secret}` }
    return (await fetch(`${gateway.admin}/api/v1/status`, { headers })).status
  }
  expect(await asked()).toBe(200)
  await page.getByRole('button', { name: 'I have it' }).click()
  expect(await text(page)).not.toContain(secret)
  await page.getByRole('link', { name: 'pipeline' }).click()
  await page.getByRole('button', { name: 'Revoke pipeline…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke pipeline', exact: true }).click()
  await page.getByText('No token yet').waitFor()
  expect(await asked()).toBe(401)
})

test('an authenticator app is set up with its code, and recovery codes are told once', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('operator')
  await open('/settings')
  await page.getByRole('button', { name: 'Set up an app' }).click()
  const qr = page.getByRole('img', { name: /QR code/ })
  await qr.waitFor()
  const secret = (await page.getByText(/^([A-Z2-7]{4} ){3,}/).textContent()) ?? ''
  await page
    .getByLabel('Code', { exact: true })
    .fill(codeOf(bytesOf(secret), Math.floor(Date.now() / 30_000)))
  await page.getByRole('button', { name: 'Turn it on' }).click()
  const codes = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')
  await codes.first().waitFor()
  expect(await codes.count()).toBeGreaterThan(5)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('An authenticator app is asked for').waitFor()
  expect(await page.getByRole('list', { name: 'Recovery codes' }).count()).toBe(0)
})

test('a wrong current password is told beside the form, and the sign-in goes on', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/^401 POST .*\/auth\/password$/)
  await signIn('viewer')
  await open('/settings')
  await page.getByLabel('Current password').fill('not this one at all')
  await page.getByLabel('New password').fill('another one of viewer')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByRole('alert').waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('the last admin keeps the role, and cannot be removed', async ({ page, open, signIn }) => {
  await signIn('admin')
  await open('/settings/users?user=admin')
  const drawer = page.getByRole('dialog', { name: 'admin' })
  await drawer.getByText('the last admin stays one', { exact: true }).waitFor()
  expect(await drawer.getByRole('combobox', { name: /^Role/ }).isDisabled()).toBe(true)
})

test('another sign-in is ended from here, and is out at once', async (scene) => {
  const { page, open, signIn, another, url, watch } = scene
  await signIn('viewer')
  const other = await another()
  // Whatever the page that is out asks for before it knows so.
  watch.mean(/^401 GET /)
  await signIn('viewer', other)
  await other.goto(url('/'))
  await other.getByRole('navigation', { name: 'Main' }).first().waitFor()
  await open('/settings')
  await page.getByRole('button', { name: /^End the other/ }).click()
  await waitFor(async () => (await page.getByRole('button', { name: /^End/ }).count()) === 0, {
    what: 'the others to be gone',
  })
  const answer = await other.request.get(`${scene.gateway.admin}/api/v1/auth/me`)
  expect(answer.status()).toBe(401)
  await other.close()
})

test('viewers are told what is for admins, and nothing of it is asked for', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('viewer')
  const asked: string[] = []
  page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
  for (const part of ['users', 'tokens']) {
    await open(`/settings/${part}`)
    await page.getByText(/are for admins/).waitFor()
  }
  expect(asked.filter((path) => /\/(?:users|tokens)$/.test(path) && path.startsWith('/api'))).toEqual([])
})

test('the API is tried from its documents, changes dry', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/settings/api')
  await page.getByRole('searchbox').fill('change fields of a rule')
  await page.getByRole('link', { name: /^PATCH/ }).click()
  await page.getByText('rule is missing').waitFor()
  await page.getByRole('textbox', { name: /^rule/ }).fill('all')
  await page.getByRole('textbox', { name: /^Body/ }).fill('{"respond":{"body":"other"}}')
  await page.getByRole('button', { name: 'Try it dry' }).click()
  await page.getByText('"dry_run": true').waitFor()
  expect(await (await scene.gateway.fetch('/')).text()).toBe('hi')
})

test('looking at every part of it changes nothing', async ({ page, open, signIn }) => {
  await signIn('admin')
  const sent = changesOf(page)
  for (const part of PARTS) await open(`/settings/${part}`)
  expect(sent).toEqual([])
})

const PARTS = [
  'profile',
  'users?user=viewer',
  'tokens?new=1',
  'sign-ins',
  'access',
  'appearance',
  'diagnostics',
  'api',
]
const views: readonly View[] = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
]
for (const view of views) {
  test(`all parts are right for axe, light and dark, at ${view.width} px`, view, async (scene: Scene) => {
    const { page, open, signIn } = scene
    await signIn('admin')
    const found: Record<string, readonly string[]> = {}
    for (const part of [...PARTS, 'api?op=get_api_v1_overview']) {
      await open(`/settings/${part}`)
      await settled(page)
      const wider = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      const findings = await axeInBothThemes(page)
      if (wider !== 0 || findings.length > 0) found[part] = [`${String(wider)} px too wide`, ...findings]
    }
    expect(found).toEqual({})
  })
}

/** RFC 4648 §6: five bits a letter. */
function bytesOf(base32: string): Uint8Array {
  const bits = [...base32.replaceAll(' ', '')].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
