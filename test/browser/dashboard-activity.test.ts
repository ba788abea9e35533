// What happens, in the dashboard: events, and the audit; and what is opened of them, and of requests, for who
// cannot see it well.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { Browser as ApiBrowser } from '../support/admin-world.ts'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type View } from '../support/dashboard.ts'
import type { Gateway } from '../support/gateway.ts'

const test = dashboard({
  servers: ['apple', 'banana'],
  users: ['admin', 'viewer'],
  config: ({ apple, banana }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'fruit' }],
    backends: {
      fruit: {
        servers: [
          { name: 'apple', url: apple },
          { name: 'banana', url: banana },
        ],
      },
    },
  }),
})

const send = (gateway: Gateway, path: string): Promise<Response> => {
  const listeners = gateway.last('serving')?.['listeners'] as Record<string, string> | undefined
  return fetch(`http://${listeners?.['web']}${path}`, { headers: { Connection: 'close' } })
}

const rowsOf = (page: Page) => page.locator('tbody tr[data-at]')
const rowOf = (page: Page, text: string) => rowsOf(page).filter({ hasText: text })

test('events come by themselves, are chosen by topic, and have an address each', async ({
  page,
  gateway,
  open,
  signIn,
  url,
}) => {
  await signIn('admin')
  await open('/activity')
  await page.getByText('The gateway began to serve r1').waitFor()
  const api = new ApiBrowser(gateway.admin)
  await api.signIn('admin')
  await api.ask({
    ...{ method: 'PUT', path: '/api/v1/backends/fruit/servers/banana/state' },
    body: { admin: 'drain', reason: 'new disk' },
  })
  await page.getByRole('link', { name: 'admin drains banana' }).waitFor()
  await page.getByRole('button', { name: 'server', exact: true }).click()
  await page.getByText('The gateway began to serve r1').waitFor({ state: 'detached' })
  // By keyboard alone.
  await page.getByRole('heading', { name: 'Activity' }).focus()
  await page.getByRole('link', { name: 'banana has nothing in flight any more' }).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('dialog')
  await drawer.getByText('new disk', { exact: true }).waitFor()
  expect(page.url()).toMatch(/\/activity\/events\/\d+\?topics=server$/)
  expect(await drawer.getByRole('link', { name: 'To banana' }).getAttribute('href')).toBe(
    new URL(url('/backends/fruit/servers/banana')).pathname,
  )
  await page.reload()
  await drawer.getByText('new disk', { exact: true }).waitFor()
  await open('/activity/events/1')
  await page.getByText('This event is not kept any more').waitFor()
})

test('the audit says who changed what, and to others why they do not see it', async (scene) => {
  const { page, gateway, open, signIn, another } = scene
  await signIn('admin')
  const api = new ApiBrowser(gateway.admin)
  await api.signIn('admin')
  const changed = await api.ask({
    ...{ method: 'PATCH', path: '/api/v1/backends/fruit/servers/apple' },
    headers: { 'Content-Type': 'application/merge-patch+json', 'If-Match': '*' },
    body: { weight: 4 },
  })
  expect(changed.status).toBe(200)
  await open('/activity/audit?resource=backends')
  await rowOf(page, 'Server changed').first().click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText('"weight": 4').waitFor()
  await drawer.getByRole('link', { name: 'r2' }).waitFor()
  const others = await another()
  await signIn('viewer', others)
  await open('/activity/audit', others)
  await others.getByText('The audit is for admins').waitFor()
  await send(gateway, '/seen')
  await open('/activity/requests', others)
  await rowOf(others, '/seen').first().click()
  await others.getByText('needs role operator').waitFor()
})

test('looking at all of it changes nothing', async ({ page, gateway, open, signIn }) => {
  await signIn('admin')
  await send(gateway, '/looked-at')
  const sent: string[] = []
  page.on('request', (request) => void (request.method() === 'GET' || sent.push(request.url())))
  await open('/activity')
  await page.getByRole('link', { name: 'The gateway began to serve' }).click()
  await page.getByRole('dialog').waitFor()
  await page.getByRole('link', { name: 'Audit' }).click()
  await rowsOf(page).first().click()
  await page.getByRole('dialog').waitFor()
  await page.getByRole('link', { name: 'Requests' }).click()
  await rowOf(page, '/looked-at').first().click()
  await page.getByRole('dialog').waitFor()
  expect(sent).toEqual([])
})

const views: readonly View[] = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
]
for (const view of views) {
  test(`what is opened is right for axe, light and dark, at ${view.width} px`, view, async (scene) => {
    const { page, gateway, open, signIn } = scene
    await signIn('admin')
    await send(gateway, '/axe')
    const found: Record<string, unknown> = {}
    for (const path of ['/activity/requests?path=/axe', '/activity/audit', '/activity']) {
      await open(path)
      await page.locator('tbody tr[data-at], main li').first().click()
      await page.getByRole('dialog').waitFor()
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      const findings = await axeInBothThemes(page)
      const isWide = (await page.evaluate(wide)) !== 0
      if (isWide || findings.length > 0) found[path] = [isWide, ...findings]
    }
    expect(found).toEqual({})
  })
}
