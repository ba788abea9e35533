// The overview as somebody sees it who is called at night: what is the matter, and what its buttons do.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one'],
  config: ({ one }) => `
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api: { servers: [{ url: "${one}", name: one }] }
  shop:
    servers: [{ url: "http://127.0.0.1:9", name: shop-1 }]
    health_check: { path: /, interval: 1s, rise: 1, fall: 1 }
rules:
  - { name: shop, match: { path: /shop }, backend: shop }
  - { name: all, backend: api }
`,
  users: ['admin', 'viewer'],
})

const verdict = (page: Page) =>
  page.getByRole('heading', { level: 1, name: '1 of 2 backends has no server up' })

const problemOf = (page: Page) =>
  page.getByRole('article').filter({ has: page.getByText('Backend shop has no server up') })

/** So many requests by the listener, and their statuses. */
const request = ({ gateway }: Scene, path: string, times: number): Promise<number[]> =>
  Promise.all(Array.from({ length: times }, async () => (await gateway.fetch(path)).status))

test('the verdict, the problem and the rail say what is down, and a check says why', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/')
  await verdict(page).waitFor()
  expect(await page.title()).toContain('1 of 2 backends has no server up')
  await problemOf(page).getByRole('button', { name: 'Check now' }).click()
  await problemOf(page)
    .getByRole('status')
    .getByText(/shop-1 fails: .*refused/)
    .waitFor()
  const rail = page.getByRole('complementary').getByRole('link', { name: /Backends/ })
  expect((await rail.innerText()).replaceAll(/\s+/g, ' ')).toContain('1 down')
  await problemOf(page).getByRole('link', { name: 'Open backend' }).click()
  await page.waitForURL(/\/_admin\/backends\/shop$/)
})

test('traffic is seen as it comes, as a chart and as numbers', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/?window=5m')
  const figures = page.getByRole('region', { name: 'Traffic, last 5 minutes' })
  expect((await request(scene, '/', 20)).every((status) => status === 200)).toBe(true)
  await figures
    .getByText(/peak [\d.]+ at/)
    .first()
    .waitFor()
  await figures.getByRole('button', { name: 'Requests' }).press('Enter')
  await page.waitForURL(/figure=requests/)
  const chart = page.getByRole('figure', { name: 'Requests, last 5 minutes' })
  await chart.locator('canvas').waitFor()
  await chart.getByRole('button', { name: 'Table' }).click()
  const most = async (): Promise<number> =>
    Math.max(0, ...(await chart.locator('td').allInnerTexts()).map(Number).filter((n) => !Number.isNaN(n)))
  await waitFor(async () => (await most()) > 0, { what: 'the table to have the requests' })
  await page.getByRole('button', { name: 'Close the chart' }).click()
  await chart.waitFor({ state: 'detached' })
  // The way that was chosen can be handed on.
  await page.getByRole('button', { name: '1 h', exact: true }).click()
  await page.waitForURL(/window=1h/)
})

test('while paused nothing moves, and what is new waits', async (scene) => {
  const { page, open, signIn, gateway } = scene
  await signIn('admin')
  await open('/')
  const events = page.getByRole('region', { name: /Last events/ })
  await events.getByRole('listitem').first().waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  const before = await events.getByRole('list').innerText()
  await page.evaluate(async () => {
    const me = (await (await fetch('/api/v1/auth/me')).json()) as { csrf_token: string }
    await fetch('/api/v1/backends/api/servers/one/state', {
      method: 'PUT',
      headers: { 'X-CSRF-Token': me.csrf_token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ admin: 'drain', reason: 'kernel update' }),
    })
  })
  await gateway.event('server_ordered')
  await events.getByText(/new ones? while paused/).waitFor()
  expect(await events.getByRole('list').innerText()).toBe(before)
  await page.getByRole('button', { name: /^Paused at/ }).click()
  await events.getByText(/drains one/).waitFor()
})

test('a file that is rejected is restored from its problem', async ({ page, open, signIn, gateway }) => {
  await signIn('admin')
  await open('/')
  const before = await Bun.file(gateway.configFile).text()
  await Bun.write(gateway.configFile, before.replace('interval: 1s', 'intervall: 1s'))
  const rejected = page
    .getByRole('article')
    .filter({ has: page.getByText('The file on disk is not running') })
  await rejected.getByText(/Did you mean "interval"/).waitFor()
  expect(await rejected.getByRole('link', { name: /^Open line/ }).getAttribute('href')).toMatch(
    /config\?line=\d+$/,
  )
  await rejected.getByRole('button', { name: /^Restore r\d+…$/ }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Restore r\d+$/ })
    .click()
  await rejected.waitFor({ state: 'detached' })
  expect(await Bun.file(gateway.configFile).text()).toBe(before)
})

test('a viewer sees everything, and is told which role acts', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/')
  await problemOf(page).getByText('needs role operator').waitFor()
  const sent: string[] = []
  page.on('request', (one) => one.method() !== 'GET' && sent.push(one.url()))
  await problemOf(page)
    .getByRole('button', { name: /Check now/ })
    .press('Enter')
  await page.getByRole('button', { name: 'Pause' }).press('Enter')
  await page.getByRole('button', { name: /^Paused at/ }).waitFor()
  expect(sent).toEqual([])
})

for (const width of [360, 1280])
  test(`axe finds nothing, light and dark, at ${width} px`, { width }, async ({ page, open, signIn }) => {
    await signIn('admin')
    await open('/?figure=latency')
    await page
      .getByRole('figure', { name: /Latency/ })
      .locator('canvas')
      .waitFor()
    await problemOf(page).waitFor()
    expect(await axeInBothThemes(page)).toEqual([])
  })
