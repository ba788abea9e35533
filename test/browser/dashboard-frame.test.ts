// The frame around each page: where one can go by keyboard and on small screens, and what is read out.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one'],
  config: ({ one }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'api' }],
    backends: {
      api: { servers: [{ name: 'one', url: one }], health_check: { path: '/', interval: '200ms' } },
    },
  }),
})

test('the first key leads past the rail, and letters to pages, whose title has the focus', async (scene) => {
  const { page, open, signIn, url } = scene
  await signIn('admin')
  await open('/settings/appearance')
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement?.textContent')).toBe('To the page')
  await page.keyboard.press('Enter')
  expect(await page.evaluate('document.activeElement?.id')).toBe('page')
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await waitFor(() => page.url() === url('/'), { what: 'the overview' })
  await waitFor(async () => (await page.evaluate('document.activeElement?.tagName')) === 'H1', {
    what: 'the title to have the focus',
  })
})

test(
  'on small screens all pages are behind one button, and Escape closes them',
  {
    ...{ width: 320, height: 640 },
  },
  async ({ page, open, signIn }) => {
    await signIn('admin')
    await open('/settings/appearance')
    const more = page.getByRole('button', { name: 'More' })
    const all = page.getByRole('navigation', { name: 'All pages' })
    await more.click()
    expect(await all.getByRole('link').count()).toBeGreaterThan(8)
    await page.keyboard.press('Escape')
    await all.waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement?.textContent')).toContain('More')
    await more.click()
    await all.getByRole('link', { name: 'Overview' }).click()
    await all.waitFor({ state: 'detached' })
  },
)

test('that the gateway fares otherwise is read out once it is so', async (scene) => {
  const { page, open, signIn, servers } = scene
  await signIn('admin')
  await open('/settings/appearance')
  const said = page.locator('p[aria-live="polite"]')
  expect(await said.textContent()).toBe('')
  await servers.get('one')?.[Symbol.asyncDispose]()
  await said.filter({ hasText: 'no server up' }).waitFor()
})
