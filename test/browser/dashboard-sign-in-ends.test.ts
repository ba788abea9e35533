// Somebody's sign-in is ended by an admin while they are in the middle of something: what they entered stays,
// they sign in over it, and what they were doing goes on, once.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { drawerOf, fileOf, reviewDraft, runs, SMALL } from '../support/dashboard-steps.ts'
import { PASSWORD } from '../support/store-world.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "http://127.0.0.1:9", name: one, weight: 3 }   # rack A
      - { url: "http://127.0.0.1:10", name: two }
rules:
  - { name: all, backend: api }
`,
  users: ['admin', 'editor', 'viewer'],
})

/** Another admin, at another desk, ends all sign-ins of the editor by the page. */
async function endSignIns({ another, signIn, open }: Scene): Promise<void> {
  const admin = await another()
  await signIn('admin', admin)
  await open('/settings/sign-ins?filter=editor', admin)
  const end = admin.getByRole('button', { name: /^End the sign-in of editor from / })
  await end.first().waitFor()
  for (let left = await end.count(); left > 0; left--) {
    await end.first().click()
    await waitFor(async () => (await end.count()) < left, { what: 'the sign-in to be gone from the list' })
  }
  await admin.close()
}

const asked = (page: Page) => drawerOf(page, 'Your sign-in has ended')

async function signInOverIt(page: Page): Promise<void> {
  await asked(page).getByLabel('Password').fill(PASSWORD)
  await asked(page).getByRole('button', { name: 'Sign in again' }).click()
  await asked(page).waitFor({ state: 'detached' })
}

const posts = (page: Page, path: string): string[] => {
  const all: string[] = []
  page.on('response', (response) => {
    const url = new URL(response.url())
    if (response.request().method() === 'POST' && url.pathname === path && !url.search.includes('dry_run'))
      all.push(String(response.status()))
  })
  return all
}

test('a field that is half typed and a draft stay, and are applied after signing in over them', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/^401 /)
  await signIn('editor')
  await open('/backends/api/servers/one')
  const drawer = drawerOf(page, 'one')
  await drawer.getByLabel('Weight').fill('7')
  await drawer.getByText('was 3').waitFor()
  await endSignIns(scene)
  // The page hears of it by itself: its stream of events ends with the sign-in.
  await asked(page).waitFor()
  await asked(page).getByText('What you entered stays as it is below.').waitFor()
  expect(await asked(page).getByLabel('Name').inputValue()).toBe('editor')
  expect(await drawer.getByLabel('Weight').inputValue()).toBe('7')
  await signInOverIt(page)
  expect(await drawer.getByLabel('Weight').inputValue()).toBe('7')
  const before = await fileOf(scene)
  await reviewDraft(page)
  await page.keyboard.press('Control+Enter')
  await runs(page)
  expect(await fileOf(scene)).toBe(before.replace('weight: 3', 'weight: 7'))
})

test('who signs in elsewhere or loads the page again finds the draft as well', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/^401 /)
  await signIn('editor')
  await open('/backends/api/servers/two')
  await drawerOf(page, 'two').getByLabel('Weight').fill('5')
  await drawerOf(page, 'two').getByText('was not set').waitFor()
  await endSignIns(scene)
  await asked(page).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  await page.getByLabel('Name').fill('editor')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await drawerOf(page, 'two').waitFor()
  expect(await drawerOf(page, 'two').getByLabel('Weight').inputValue()).toBe('5')
  await page.getByRole('link', { name: 'Draft 1 change' }).waitFor()
})

test('an apply that finds the sign-in ended goes on after it, with its message, and only once', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/^401 /)
  await signIn('editor')
  await open('/backends/api/servers/two')
  await drawerOf(page, 'two').getByLabel('Weight').fill('6')
  await reviewDraft(page)
  await page.getByLabel('Message').fill('two takes more')
  await endSignIns(scene)
  await asked(page).waitFor()
  // Not now, they say: the page stays, and asks when it needs to know.
  await page.keyboard.press('Escape')
  await asked(page).waitFor({ state: 'detached' })
  expect(await page.getByLabel('Message').inputValue()).toBe('two takes more')
  const sent = posts(page, '/api/v1/changesets')
  const before = await fileOf(scene)
  await page.getByRole('button', { name: /^Apply/ }).click()
  await asked(page).waitFor()
  expect(await fileOf(scene)).toBe(before)
  await signInOverIt(page)
  await runs(page)
  expect(sent).toEqual(['401', '200'])
  expect(await fileOf(scene)).toBe(before.replace('name: two }', 'name: two, weight: 6 }'))
  await open('/config/history')
  await page
    .getByRole('row', { name: /running/ })
    .getByText('two takes more')
    .waitFor()
  await isNotAsked(page)
})

/** What was settled is settled. */
const isNotAsked = async (page: Page): Promise<void> => expect(await asked(page).count()).toBe(0)
