// Five thousand rules: read by pages, drawn where one looks, found and moved.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard } from '../support/dashboard.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 5000
/** Far less than there are; more than a screen has. */
const DRAWN_MAX = 80

const rules = Array.from({ length: COUNT }, (_, n) => ({
  name: `r${n}`,
  match: { host: `h${Math.floor(n / 10)}.example.com`, path: `/p${n}/*` },
  respond: { status: 204 },
}))

const test = dashboard({
  config: { admin: { bind: '127.0.0.1:0' }, workers: 1, listeners: { web: { bind: '127.0.0.1:0' } }, rules },
})

const names = (page: Page): Promise<readonly string[]> =>
  page.locator('[data-rule]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-rule') ?? ''))

test('of thousands of rules those in view are drawn, and each is reached, found and moved', async (scene) => {
  const { page, signIn, open } = scene
  await signIn('admin')
  await open('/rules')
  await page
    .getByRole('status')
    .filter({ hasText: /^5,000 rules$/ })
    .waitFor()
  expect((await names(page)).length).toBeLessThan(DRAWN_MAX)
  await page.keyboard.press('j')
  await page.keyboard.press('End')
  await waitFor(async () => (await names(page)).includes('r4999'), { what: 'the last rule' })
  await waitFor(async () => (await page.locator('[data-rule]:focus').getAttribute('data-rule')) === 'r4999', {
    what: 'the last rule to have the focus',
  })
  expect((await names(page)).length).toBeLessThan(DRAWN_MAX)
  await page.keyboard.press('/')
  await page.keyboard.type('host:h499. -p4990')
  await page.getByText('9 of 5,000 rules').waitFor()
  expect(await names(page)).toEqual([
    'r4991',
    'r4992',
    'r4993',
    'r4994',
    'r4995',
    'r4996',
    'r4997',
    'r4998',
    'r4999',
  ])
  // What is hidden between two that are shown stays where it is.
  await page.getByRole('button', { name: 'More for r4999' }).click()
  await page.getByRole('menuitem', { name: /Move to/ }).click()
  await page.getByLabel('To').selectOption('first')
  await page.getByRole('dialog').getByRole('button', { name: 'Move r4999' }).click()
  await page.getByRole('searchbox').fill('')
  await waitFor(async () => (await names(page))[0] === 'r4999', { what: 'the moved rule at the top' })
  const draft = await page.evaluate(() => sessionStorage.getItem('sluice.draft'))
  expect(JSON.parse(draft ?? '{}')).toMatchObject({ changes: [{ op: 'move', resource: 'rules/r4999' }] })
})
