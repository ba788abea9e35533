// One browser for several people, and several tabs for one: what is of somebody goes with them.
import { expect } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { dashboard } from '../support/dashboard.ts'
import { PASSWORD } from '../support/store-world.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
  users: ['admin', 'viewer'],
})

const heading = (page: Page): Locator => page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })
const accountOf = (page: Page, who: string): Locator =>
  page.getByRole('button', { name: `account of ${who}` })
/** What is asked for somebody who is gone, or may less. */
const refused = /^40[13] \w+ .*\/api\/v1\//

/** Fills a form that is not sent. */
async function begun(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByLabel('Name', { exact: true }).fill('of the first one')
  expect(await valuesOf(page)).toContain('of the first one')
}

const valuesOf = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('input')].map(({ value }) => value)`)

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /account/ }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page).waitFor()
}

async function fill(page: Page, who: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).last().fill(who)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.keyboard.press('Enter')
}

test('who signs out in one tab is gone from all of them', async ({ page, open, signIn, watch }) => {
  watch.mean(refused)
  await signIn('admin')
  await open('/settings/tokens')
  await begun(page)
  const other = await page.context().newPage()
  await open('/', other)
  await signOut(other)
  await heading(page).waitFor()
  expect(await valuesOf(page)).not.toContain('of the first one')
  // Whoever signs in now has done so in all of them, too.
  await fill(other, 'viewer')
  await accountOf(page, 'viewer').waitFor()
})

test('somebody else begins with nothing of the page before', async ({ page, open, signIn, watch }) => {
  watch.mean(refused)
  await signIn('admin')
  await open('/settings/tokens')
  await begun(page)
  await page.context().clearCookies()
  // What the page asks by itself may have been refused already, and the dialog be there.
  await page.getByRole('button', { name: 'Make the token' }).dispatchEvent('click')
  await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor()
  await fill(page, 'viewer')
  await accountOf(page, 'viewer').waitFor()
  await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor({ state: 'detached' })
  expect(await valuesOf(page)).not.toContain('of the first one')
})

test('an address that cannot be read leads to a page that says so', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/backends/%E0%A4%A')
  await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor()
  await page.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: /Rules/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Rules' }).waitFor()
})
