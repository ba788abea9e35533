// Coming to the dashboard: signing in by its page, staying so, and going.
import { expect } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { codeOf } from '../../server/control/store/totp.ts'
import { Browser as ApiBrowser } from '../support/admin-world.ts'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, settled, type View } from '../support/dashboard.ts'
import { PASSWORD } from '../support/store-world.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
  users: ['admin', 'operator', 'viewer'],
})

const frame = (page: Page): Locator => page.getByRole('navigation', { name: 'Main' }).first()
const heading = (page: Page): Locator => page.getByRole('heading', { level: 1, name: 'Sign in' })
const name = (page: Page): Locator => page.getByLabel('Name', { exact: true })
const password = (page: Page): Locator => page.getByLabel('Password', { exact: true })
const account = (page: Page): Locator => page.getByRole('button', { name: /account/ })

async function fill(page: Page, who: string, secret = PASSWORD): Promise<void> {
  await name(page).fill(who)
  await password(page).fill(secret)
  await password(page).press('Enter')
}

test('by keyboard alone, and then the page is the one that was asked for', async ({ page, open, url }) => {
  await open('/settings?tab=tokens')
  await heading(page).waitFor()
  await page.keyboard.type('viewer')
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await frame(page).waitFor()
  expect(page.url()).toBe(url('/settings?tab=tokens'))
  expect(await account(page).getAttribute('aria-label')).toContain('viewer')
})

test('by plain HTTP from another machine, it warns before a password is typed', async (scene) => {
  const { page, gateway, watch } = scene
  // What browsers say of headers that only a trustworthy origin may send.
  watch.mean(/Cross-Origin-Opener-Policy/)
  await page.route('http://gateway.example/**', async (route) => {
    const url = route.request().url().replace('http://gateway.example', gateway.admin)
    await route.fulfill({ response: await route.fetch({ url, headers: {} }) })
  })
  await page.goto('http://gateway.example/_admin/')
  await page.getByText('Type no password here yet').waitFor()
  expect(await page.locator('form').innerText()).toContain('ssh -L 80:localhost:80 gateway.example')
})

test('a wrong password is told, and the name stays', async ({ page, open, watch }) => {
  watch.mean(/^401 POST .*\/auth\/sign-in$/)
  await open('/')
  await fill(page, 'viewer', 'not this one at all')
  const alert = page.getByRole('alert')
  await alert.waitFor()
  expect(await alert.textContent()).not.toContain('undefined')
  expect(await name(page).inputValue()).toBe('viewer')
  await fill(page, 'viewer')
  await frame(page).waitFor()
})

test('who has failed too often is told how long to wait', async ({ page, open, watch }) => {
  watch.mean(/^4(01|23) POST .*\/auth\/sign-in$/)
  await open('/')
  const answered: number[] = []
  while (!answered.includes(423) && answered.length < 10) {
    const answer = page.waitForResponse('**/api/v1/auth/sign-in')
    await fill(page, 'locked', `wrong password ${answered.length}`)
    answered.push((await answer).status())
  }
  expect(answered).toEqual([401, 401, 401, 401, 401, 423])
  const alert = page.getByRole('alert')
  await alert.filter({ hasText: /\d+ ?s/ }).waitFor()
  await alert.getByText('sluice admin unlock locked').waitFor()
  await alert.filter({ hasText: 'You can try again' }).waitFor()
})

test('while one has to wait nothing is sent, and the wait is counted down', async ({ page, open, watch }) => {
  watch.mean(/^423 POST .*\/auth\/sign-in$/)
  const sent: string[] = []
  await page.route('**/api/v1/auth/sign-in', async (route) => {
    sent.push(route.request().method())
    await route.fulfill({
      status: 423,
      headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '90' },
      body: JSON.stringify({ code: 'locked_out', title: 'Locked out', status: 423, detail: 'Too many.' }),
    })
  })
  await open('/')
  await fill(page, 'somebody')
  await page.getByText(/in 1:\d\d/).waitFor()
  const seen = new Set<string | null>()
  await waitFor(async () => seen.add(await page.getByText(/in 1:\d\d/).textContent()).size > 1, {
    what: 'the count to go down',
  })
  await password(page).press('Enter')
  expect(sent).toEqual(['POST'])
  // Another name is not held up.
  await name(page).fill('another')
  await password(page).press('Enter')
  await waitFor(() => sent.length === 2, { what: 'the other name to be sent' })
})

test('what is typed can be seen, and Caps Lock is told of', async ({ page, open }) => {
  await open('/')
  await password(page).fill('a secret')
  expect(await password(page).getAttribute('type')).toBe('password')
  await page.getByRole('button', { name: 'Show what is typed' }).click()
  expect(await password(page).getAttribute('type')).toBe('text')
  await page.evaluate(`document.querySelector('input[autocomplete="current-password"]').dispatchEvent(
    new KeyboardEvent('keydown', { key: 'A', modifierCapsLock: true, bubbles: true }))`)
  await page.getByText('Caps Lock is on.').waitFor()
})

test('a gateway that does not answer is said, and asked again', async ({ page, open, watch }) => {
  watch.mean(/^failed: GET .*\/auth\/setup/, /^401 GET .*\/auth\/me$/)
  await page.route('**/api/v1/auth/setup', (route) => route.abort('connectionrefused'))
  await open('/')
  await page.getByText('The gateway does not answer').waitFor()
  await page.unroute('**/api/v1/auth/setup')
  await page.getByRole('button', { name: 'Try again' }).click()
  await name(page).waitFor()
})

test('who comes by plain HTTP from elsewhere is told of TLS and of a tunnel', async (scene) => {
  const { page, open, watch } = scene
  watch.mean(/^403 POST .*\/auth\/sign-in$/)
  await page.route('**/api/v1/auth/sign-in', (route) =>
    route.fulfill({
      status: 403,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({ code: 'tls_needed', title: 'x', status: 403, detail: 'By TLS only.' }),
    }),
  )
  await open('/')
  await fill(page, 'viewer')
  await page.getByText('Not without TLS').waitFor()
  await page.getByText(/^ssh -L \d+:localhost:\d+ 127\.0\.0\.1$/).waitFor()
})

test('a second factor is asked for where there is one', async ({ page, open, watch, gateway }) => {
  watch.mean(/^401 POST .*\/auth\/sign-in$/)
  const recovery = await withSecondFactor(gateway.admin, 'operator')
  await open('/')
  await fill(page, 'operator')
  const code = page.getByLabel('Code', { exact: true })
  await code.waitFor()
  expect(await password(page).inputValue()).toBe(PASSWORD)
  await code.fill(recovery)
  await code.press('Enter')
  await frame(page).waitFor()
})

test('a reload keeps one signed in, and signing out ends it', async ({ page, open, signIn, watch }) => {
  // What the page still asked for as it was left.
  watch.mean(/^401 GET /)
  await signIn('admin')
  await open('/')
  await page.reload()
  await frame(page).waitFor()
  await account(page).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page).waitFor()
  await page.reload()
  await heading(page).waitFor()
  expect((await page.context().cookies()).filter(({ value }) => value !== '')).toEqual([])
})

test('a sign-in that ends is begun anew over the page, and what was entered below it stays', async (scene) => {
  const { page, open, signIn, gateway, watch } = scene
  watch.mean(/^401 /)
  await signIn('viewer')
  await open('/rules?new=1')
  const drafted = page.getByRole('textbox', { name: 'Name', exact: true })
  await drafted.fill('not-sent-yet')
  const admin = new ApiBrowser(gateway.admin)
  await admin.signIn('admin')
  const { body } = await admin.ask({ path: '/api/v1/sign-ins?user=viewer' })
  for (const { id } of body['items'] as readonly { readonly id: string }[])
    await admin.ask({ method: 'DELETE', path: `/api/v1/sign-ins/${id}` })
  const dialog = page.getByRole('dialog', { name: 'Your sign-in has ended' })
  await password(page).fill(PASSWORD)
  await password(page).press('Enter')
  await dialog.waitFor({ state: 'detached' })
  expect(await drafted.inputValue()).toBe('not-sent-yet')
})

test('where the gateway does not answer the page says so, and comes once it does', async ({
  page,
  open,
  watch,
  signIn,
}) => {
  watch.mean(/auth\/me/)
  await signIn('viewer')
  await page.route('**/api/v1/auth/me', (route) => route.abort())
  await open('/')
  await page.getByText('The gateway does not answer').waitFor()
  await page.unroute('**/api/v1/auth/me')
  await page.getByRole('button', { name: 'Ask again' }).click()
  await frame(page).waitFor()
})

test('a page whose code does not come, and one that breaks, leave the way to the others', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/assets\/listeners|ERR_FAILED|Cannot read properties/)
  await signIn('viewer')
  await page.route('**/assets/listeners-*.js', (route) => route.abort())
  await open('/listeners')
  await page.getByRole('heading', { level: 1, name: 'This page could not be loaded' }).waitFor()
  await page.route('**/api/v1/backends?*', (route) => route.fulfill({ json: { items: [null], total: 1 } }))
  await frame(page)
    .getByRole('link', { name: /^Backends/ })
    .click()
  await page.getByText('This page cannot be shown').waitFor()
  await frame(page)
    .getByRole('link', { name: /^Config/ })
    .click()
  await page.getByRole('heading', { level: 1, name: 'Config' }).waitFor()
})

test('a part whose code does not come says so, and comes when it is tried again', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/assets\/|ERR_FAILED/)
  await signIn('admin')
  const without = async (chunk: string): Promise<() => Promise<void>> => {
    await page.route(chunk, (route) => route.abort())
    return () => page.unroute(chunk)
  }
  const withPalette = await without('**/assets/palette-*.js')
  await open('/settings/appearance')
  await page.getByRole('button', { name: /^Search or run/ }).click()
  const missing = page.getByRole('dialog', { name: 'The search could not be loaded' })
  await missing.waitFor()
  await withPalette()
  await missing.getByRole('button', { name: 'Try again' }).press('Space')
  await page.getByRole('dialog', { name: 'Search or run' }).waitFor()
  await page.keyboard.press('Escape')

  const withDocs = await without('**/assets/api-docs-*.js')
  await open('/settings/api')
  await page.getByText('The API documents could not be loaded').waitFor()
  await withDocs()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('The API documents could not be loaded').waitFor({ state: 'detached' })
  await settled(page)

  // So is uqr called by the bundler.
  const withCodes = await without('**/assets/dist-*.js')
  await open('/settings/profile')
  await page.getByRole('button', { name: /^Set up/ }).click()
  await page.getByText('The code to scan could not be loaded').waitFor()
  await withCodes()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('img', { name: /^QR code/ }).waitFor()
})

const views: readonly View[] = [
  { width: 320, height: 640 },
  { width: 1280, height: 800 },
]
for (const view of views) {
  test(`the sign-in is right for axe, light and dark, at ${view.width} px`, view, async ({ page, open }) => {
    await open('/')
    await settled(page)
    await heading(page).waitFor()
    expect(await axeInBothThemes(page)).toEqual([])
    expect(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBe(0)
  })
}

/** Turns it on, and gives a code that is good once. */
async function withSecondFactor(admin: string, user: string): Promise<string> {
  const browser = new ApiBrowser(admin)
  await browser.signIn(user)
  const { body } = await browser.post('/api/v1/auth/totp')
  const code = codeOf(bytesOf(String(body['secret'])), Math.floor(Date.now() / 30_000))
  const { body: confirmed } = await browser.post('/api/v1/auth/totp/confirm', { code })
  return String((confirmed['recovery_codes'] as readonly string[])[0])
}

/** RFC 4648 §6: five bits a letter. */
function bytesOf(base32: string): Uint8Array {
  const bits = [...base32].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
