// The text of the config in the browser: typed, checked at its lines, helped with, reviewed and applied.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard } from '../support/dashboard.ts'
import { runs, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const TEXT = `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers: [{ url: "http://127.0.0.1:9" }]
rules:
  - { name: all, backend: api }   # last
`
const test = dashboard({ config: TEXT, users: ['admin', 'viewer'] })

const editorOf = (page: Page) => page.getByRole('textbox', { name: /^Text of / })
const draftOf = (page: Page): Promise<string | null> =>
  page.evaluate(`JSON.parse(sessionStorage.getItem('sluice.draft') ?? 'null')?.text ?? null`)

/** Puts the cursor at the end of a line, as a person does by clicking there. */
async function clickBehind(page: Page, line: string): Promise<void> {
  await editorOf(page).locator('.cm-line', { hasText: line }).click()
  await page.keyboard.press('End')
}

test('what is typed is the draft, is checked, reviewed and applied as it stands', async (scene) => {
  const { page, open, signIn, gateway } = scene
  await signIn('admin')
  await open('/config')
  await page.getByText('Valid', { exact: true }).waitFor()
  await clickBehind(page, 'drain: 2s')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('x')
  await page.getByRole('button', { name: /Line 4 .*drain/s }).waitFor()
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('3s')
  await page.getByText('Valid', { exact: true }).waitFor()
  await page.keyboard.press('Control+s')
  await page.getByText('drain 2s 3s').waitFor()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await runs(page)
  expect(await Bun.file(gateway.configFile).text()).toBe(TEXT.replace('drain: 2s', 'drain: 3s'))
})

test('touching nothing drafts nothing, and neither does typing what was taken away again', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/config')
  await clickBehind(page, '# kept')
  expect(await draftOf(page)).toBeNull()
  await page.keyboard.type('!')
  await waitFor(async () => (await draftOf(page))?.startsWith('# kept!\n'), { what: 'the draft' })
  await page.keyboard.press('Backspace')
  await waitFor(async () => (await draftOf(page)) === null, { what: 'no draft' })
})

test('the cursor is helped with keys and values of its place, and with names of the file', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/config')
  await clickBehind(page, 'servers: [')
  await page.keyboard.press('Enter')
  await page.keyboard.type('algor')
  await page.getByRole('option', { name: /^algorithm/ }).click()
  await page.keyboard.press('Control+Space')
  await page
    .getByRole('option', { name: /^least_/ })
    .first()
    .waitFor()
  await page.keyboard.press('Escape')
  await clickBehind(page, 'name: all')
  await page.keyboard.press('Enter')
  await page.keyboard.type('- { name: x, backend: ')
  await page.keyboard.press('Control+Space')
  await page.getByRole('option', { name: /^api/ }).waitFor()
})

test('an address with a line opens the text there', async ({ page, open, signIn }) => {
  await signIn('admin')
  await open('/config?line=8')
  await page.locator('.cm-marked', { hasText: 'servers:' }).waitFor()
})

test('a viewer reads what it says, without its text', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/config')
  await editorOf(page).getByText('"servers"').waitFor()
  await clickBehind(page, '"servers"')
  await page.keyboard.type('x')
  expect(await draftOf(page)).toBeNull()
  expect(await editorOf(page).innerText()).not.toContain('# kept')
  await page.getByText('needs role editor').first().waitFor()
})

test('an earlier text is compared in words and lines, and comes back through a review', async (scene) => {
  const { page, open, signIn, gateway } = scene
  await signIn('admin')
  const before = await Bun.file(gateway.configFile).text()
  await gateway.apply(before.replace('workers: 1', 'workers: 2'))
  await open('/config/history')
  await page
    .getByRole('row', { name: /running/ })
    .getByText('+1')
    .waitFor()
  await page
    .getByRole('row', { name: /running/ })
    .getByText('file edit')
    .click()
  await page.getByText('Workers 1 → 2.').waitFor()
  const diff = page.getByRole('region', { name: /^Difference of r\d+ and r\d+$/ })
  expect(await diff.innerText()).toContain('workers: 2')
  await page.getByRole('button', { name: 'Side by side' }).click()
  expect(await diff.getByRole('columnheader').count()).toBe(2)
  const rows = page.locator('tr[data-at]')
  await rows.nth(0).press('j')
  await rows.and(page.locator(':focus')).filter({ hasNotText: 'running' }).press('Enter')
  await page.getByRole('button', { name: /^Restore r\d+…$/ }).click()
  await page.getByText('workers 2 1').waitFor()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await runs(page)
  expect(await Bun.file(gateway.configFile).text()).toBe(before)
  await open('/config/history')
  await page.getByRole('row', { name: /running.*r\d+ again/ }).waitFor()
})

test('what takes effect is found by words, and told from what was written', async ({
  page,
  open,
  signIn,
}) => {
  await signIn('viewer')
  await open('/config/effective?filter=api+algorithm')
  await page.getByRole('row', { name: /backends\.api\.algorithm round_robin default/ }).waitFor()
  await page.getByRole('searchbox').fill('backends url')
  await page.getByRole('row', { name: /servers\[0\]\.url .* file/ }).waitFor()
  await page.getByRole('button', { name: 'Defaults' }).click()
  await page.getByText('No setting has “backends url”').waitFor()
})
