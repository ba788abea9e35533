// The pages of backends for who cannot see them, or not well: on small screens and wide ones, light and dark,
// with what opens in them.
import { expect } from 'bun:test'
import { axeFindings, axeInBothThemes } from '../support/axe.ts'
import { dashboard, settled } from '../support/dashboard.ts'

const test = dashboard({
  servers: ['one', 'two'],
  config: ({ one, two }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    backends: {
      api: {
        servers: [
          { url: one, name: 'one', weight: 3 },
          { url: two, name: 'two', max_connections: 9 },
        ],
        health_check: { interval: '1s' },
        ...{ circuit_breaker: { slow: {} }, passive_health: {}, sticky: true, max_connections: 50 },
      },
      'a-backend-whose-name-is-rather-long-and-has-no-end': { servers: [{ url: 'http://127.0.0.1:9' }] },
    },
    rules: [{ name: 'all', backend: 'api' }],
  }),
})

const PLACES = [
  '/backends',
  '/backends?new=1',
  '/backends/api',
  '/backends/api/servers/one',
  '/backends/api?tab=health',
  '/backends/api?tab=balancing',
  '/backends/api?tab=guards',
  '/backends/api?tab=retries',
  '/backends/api?tab=rollouts',
  '/backends/api?tab=yaml',
]

for (const width of [360, 1280])
  test(`axe finds nothing at ${width} px, light and dark`, { width }, async (scene) => {
    await scene.signIn('admin')
    for (const path of PLACES) {
      await scene.open(path)
      await scene.page.getByRole('heading', { level: 1 }).waitFor()
      await settled(scene.page)
      expect({ path, found: await axeInBothThemes(scene.page) }).toEqual({ path, found: [] })
      const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
      expect({ path, isWide: await scene.page.evaluate(isWide) }).toEqual({ path, isWide: false })
    }
  })

test('what opens for an order has a name, and its fields have theirs', async ({ page, open, signIn }) => {
  await signIn('admin')
  await open('/backends/api')
  await page.getByRole('button', { name: 'Drain: two' }).click()
  await page.getByRole('dialog', { name: 'State of two' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Breaker by hand: two' }).click()
  await page.getByRole('dialog', { name: 'Breaker of two' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Drain: two' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'State of two' }).waitFor({ state: 'detached' })
  const focused = `document.activeElement?.getAttribute('aria-label')`
  expect(await page.evaluate(focused)).toBe('Drain: two')
})
