// The palette: what there is and what can be done, by the keyboard alone.
import { expect } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { axeFindings } from '../support/axe.ts'
import { dashboard, settled, type View } from '../support/dashboard.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['api-1', 'api-2'],
  config: (urls) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'everything', backend: 'api' }],
    backends: {
      api: {
        servers: ['api-1', 'api-2'].map((name) => ({ name, url: urls[name] })),
        health_check: { path: '/', interval: '1s' },
      },
    },
  }),
  users: ['admin', 'viewer'],
})

const palette = (page: Page): Locator => page.getByRole('dialog', { name: 'Search or run' })
const rows = (page: Page): Promise<readonly string[]> =>
  palette(page)
    .getByRole('option')
    .evaluateAll((all) => all.map((row) => row.textContent ?? ''))
const current = (page: Page): Promise<string | null> =>
  palette(page).getByRole('option', { selected: true }).textContent()

async function openPalette(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await page.keyboard.press('Control+k')
  await palette(page).getByRole('combobox').waitFor()
}

test('what is typed before the code of the palette has come is in it', async ({ page, open, signIn }) => {
  await signIn('admin')
  let release = (): void => undefined
  const held = new Promise<void>((done) => (release = done))
  await page.route('**/assets/palette-*.js', async (route) => {
    await held
    await route.continue()
  })
  await open('/')
  await page.locator('main h1').waitFor()
  await page.keyboard.press('Control+k')
  // "t" and "n" are keys of pages, "g" and "s" lead to Settings: none of them is one now.
  await page.keyboard.type('gsa3')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('2')
  release()
  const input = palette(page).getByRole('combobox')
  await input.waitFor()
  await waitFor(async () => (await input.inputValue()) === 'gsa2', { what: 'what was typed' })
  expect(new URL(page.url()).pathname.endsWith('/_admin/')).toBe(true)
})

test('a server is found by a few letters, and Enter goes there', async ({ page, open, signIn, url }) => {
  await signIn('admin')
  await open('/')
  await openPalette(page)
  await page.keyboard.type('a2')
  await waitFor(async () => (await rows(page)).some((row) => row.startsWith('api-2')), { what: 'api-2' })
  expect(await current(page)).toContain('api-2')
  expect(await palette(page).locator('mark').allTextContents()).toEqual(['a', '2'])
  await page.keyboard.press('Enter')
  await palette(page).waitFor({ state: 'detached' })
  expect(page.url()).toBe(url('/backends/api/servers/api-2'))
})

test('an order stands before places, and leads to where it is asked about', async (scene) => {
  const { page, open, signIn, url } = scene
  await signIn('admin')
  await open('/')
  await openPalette(page)
  await page.keyboard.type('drain api')
  await waitFor(async () => (await rows(page)).length > 1, { what: 'servers to drain' })
  expect((await rows(page)).slice(0, 2).map((row) => row.slice(0, 12))).toEqual([
    'Drain api-1…',
    'Drain api-2…',
  ])
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await palette(page).waitFor({ state: 'detached' })
  // Nothing was ordered yet: it is asked about there, once.
  const asked = page.getByRole('dialog', { name: 'State of api-2' })
  await asked.waitFor()
  await waitFor(() => page.url() === url('/backends/api/servers/api-2'), { what: 'the order to be gone' })
  expect(await asked.isVisible()).toBe(true)
  await page.reload()
  await settled(page)
  expect(await asked.count()).toBe(0)
})

test('a check is run at once, and what it found is said', async ({ page, open, signIn }) => {
  await signIn('admin')
  await open('/')
  await openPalette(page)
  await page.keyboard.type('check api-1')
  await waitFor(async () => (await current(page))?.startsWith('Check api-1 now') === true, {
    what: 'the check',
  })
  await page.keyboard.press('Enter')
  await palette(page).getByText('api-1 passes its check').waitFor()
})

test('who may not is told which role it takes, and nothing is sent', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/')
  await openPalette(page)
  const sent: string[] = []
  page.on('request', (request) => void (request.method() !== 'GET' && sent.push(request.url())))
  await page.keyboard.type('reload')
  await waitFor(async () => (await current(page))?.includes('needs role operator') === true, {
    what: 'the role',
  })
  await page.keyboard.press('Enter')
  expect(await palette(page).isVisible()).toBe(true)
  expect(sent).toEqual([])
})

test('Escape empties it, closes it, and gives the focus back', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/')
  const opener = page.getByRole('button', { name: /Search or run/ })
  await opener.focus()
  await openPalette(page)
  await page.keyboard.type('nothing is called so')
  await palette(page).getByText('Nothing is called').waitFor()
  await page.keyboard.press('Escape')
  expect(await palette(page).getByRole('combobox').inputValue()).toBe('')
  await page.keyboard.press('Escape')
  await palette(page).waitFor({ state: 'detached' })
  expect(await page.evaluate('document.activeElement?.textContent')).toContain('Search or run')
})

const views: readonly View[] = [
  { theme: 'light', width: 1280, height: 800 },
  { theme: 'dark', width: 360, height: 740 },
]
for (const view of views) {
  test(`it is right for axe, ${view.theme} at ${view.width} px`, view, async ({ page, open, signIn }) => {
    await signIn('viewer')
    await open('/')
    await openPalette(page)
    await page.keyboard.type('api')
    await waitFor(async () => (await rows(page)).length > 2, { what: 'what is called api' })
    expect(await axeFindings(page)).toEqual([])
  })
}
