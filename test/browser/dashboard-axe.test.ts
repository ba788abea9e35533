// Every page of the dashboard for who cannot see it, or not well: axe finds nothing, on small screens and
// wide ones, light and dark; and nothing is wider than the screen.
import { expect } from 'bun:test'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type View } from '../support/dashboard.ts'

const test = dashboard({
  servers: ['apple', 'banana'],
  config: ({ apple, banana }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'fruit' }],
    backends: { fruit: { servers: [{ url: apple }, { url: banana }] } },
  }),
})

const PAGES = [
  '/',
  '/activity',
  '/activity/audit',
  '/activity/requests',
  '/config',
  '/config/history',
  '/config/effective',
  '/review',
  '/rules',
  '/nowhere/at/all',
]

const views: readonly View[] = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
]
for (const view of views) {
  test(`all pages are right for axe, light and dark, at ${view.width} px`, view, async (scene) => {
    const { page, open, signIn } = scene
    await signIn('admin')
    const found: Record<string, readonly string[]> = {}
    for (const path of PAGES) {
      await open(path)
      await page.locator('main h1').waitFor()
      const wider = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      const findings = await axeInBothThemes(page)
      if (wider !== 0 || findings.length > 0) found[path] = [`${String(wider)} px too wide`, ...findings]
    }
    expect(found).toEqual({})
  })
}
