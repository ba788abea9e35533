// Requests as they end, in the dashboard: filtered, held still while one reads, opened and sent once more;
// and many tabs of it at once.
import { expect } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { BrowserContext, Page, Request } from 'playwright-core'
import { dashboard } from '../support/dashboard.ts'
import type { Gateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['apple', 'banana'],
  config: ({ apple, banana }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [
      { name: 'pears', match: { path: '/pears/*' }, backend: 'pears' },
      { name: 'gone', match: { path: '/gone' }, respond: { status: 410 } },
      { name: 'all', backend: 'fruit' },
    ],
    backends: {
      fruit: {
        servers: [
          { name: 'apple', url: apple },
          { name: 'banana', url: banana },
        ],
      },
      // One of them is not there, and the first to be asked.
      pears: {
        algorithm: 'first_available',
        retry: { attempts: 2 },
        servers: [
          { name: 'nobody', url: 'http://127.0.0.1:9' },
          { name: 'apple', url: apple },
        ],
      },
    },
  }),
})

const send = (gateway: Gateway, path: string, headers: Record<string, string> = {}): Promise<Response> => {
  const listeners = gateway.last('serving')?.['listeners'] as Record<string, string> | undefined
  return fetch(`http://${listeners?.['web']}${path}`, { headers: { Connection: 'close', ...headers } })
}

const rowsOf = (page: Page) => page.locator('tbody tr[data-at]')
const rowOf = (page: Page, text: string) => rowsOf(page).filter({ hasText: text })

test('requests are shown as they end, by a filter that stands in the address', async ({
  page,
  gateway,
  open,
  signIn,
  url,
}) => {
  await signIn('admin')
  await send(gateway, '/early')
  await open('/activity/requests')
  await rowOf(page, '/early').waitFor()
  await send(gateway, '/later')
  await rowOf(page, '/later').waitFor()
  expect(await rowsOf(page).first().textContent()).toContain('/later')
  // A word of the filter is a chip, and goes to the gateway.
  await page.keyboard.press('/')
  await page.keyboard.type('status:410')
  await page.keyboard.press('Enter')
  await page.getByText('No request that is kept passes this filter').waitFor()
  await send(gateway, '/other')
  await send(gateway, '/gone')
  await rowOf(page, '/gone').waitFor()
  expect(await rowsOf(page).count()).toBe(1)
  expect(page.url()).toBe(url('/activity/requests?status=410'))
  await page.reload()
  await rowOf(page, '/gone').waitFor()
  // What is shown is taken away as a file.
  await page.getByRole('button', { name: 'Export NDJSON or CSV' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'CSV, 1' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/^requests-[-\dT]+\.csv$/)
  expect(readFileSync(await file.path(), 'utf8')).toMatch(
    /^time,id,.+\r\n.+,GET,127\.0\.0\.1,\/gone,gone,.+\r\n$/,
  )
  await page.getByRole('button', { name: 'Remove status 410' }).click()
  await rowOf(page, '/other').waitFor()
  await page.getByRole('combobox').fill('status:9xx')
  await page.keyboard.press('Enter')
  await page.getByText('status cannot be “9xx”').waitFor()
})

test('what is read stands still, and what comes meanwhile is counted and let in afterwards', async ({
  page,
  gateway,
  open,
  signIn,
}) => {
  await signIn('admin')
  await send(gateway, '/read-this')
  await open('/activity/requests')
  await rowOf(page, '/read-this').first().hover()
  for (const n of [1, 2, 3]) await send(gateway, `/while-reading/${n}`)
  await page.getByRole('button', { name: 'Paused · 3 new' }).waitFor()
  expect(await rowOf(page, '/while-reading').count()).toBe(0)
  await page.getByRole('heading', { name: 'Activity' }).hover()
  await rowOf(page, '/while-reading/3').waitFor()
  // By a key it stays so wherever the pointer is.
  await page.keyboard.press('Space')
  await send(gateway, '/after-space')
  await page.getByRole('button', { name: 'Paused · 1 new' }).waitFor()
  await page.getByRole('button', { name: 'Paused' }).click()
  await rowOf(page, '/after-space').waitFor()
})

test('one that is opened says where its time went and why, and is sent once more to compare answers', async ({
  page,
  gateway,
  open,
  signIn,
  url,
}) => {
  await signIn('admin')
  await send(gateway, '/pears/1?token=query-secret', { Authorization: 'Bearer head-secret' })
  await open('/activity/requests?backend=pears')
  // By keyboard alone.
  await rowOf(page, '/pears/1').waitFor()
  await page.keyboard.press('j')
  await waitFor(async () => page.evaluate("document.activeElement.tagName === 'TR'"), { what: 'a row' })
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('dialog')
  await drawer.getByText('Where ').first().waitFor()
  for (const name of ['Try 1 · nobody', 'Connect', 'Try 2 · apple'])
    await drawer.getByText(name, { exact: true }).first().waitFor()
  await drawer.getByText('the one before it was lost (connect_refused)').waitFor()
  await drawer.getByRole('button', { name: 'View as table' }).click()
  await drawer.getByRole('rowheader', { name: 'Try 1 · nobody connect refused' }).waitFor()
  expect(await drawer.textContent()).not.toMatch(/(?:query|head)-secret/)
  expect(page.url()).toMatch(/\/activity\/requests\/\d+-\d+\?backend=pears$/)
  await drawer.getByRole('button', { name: 'Replay…' }).click()
  const dialog = page.locator('dialog[open]')
  await dialog.getByText('It came with Authorization').waitFor()
  await dialog.getByLabel('Server').selectOption('nobody')
  await dialog.getByRole('button', { name: 'Send to nobody and apple' }).click()
  await dialog.getByText('They differ in status, ').waitFor()
  await dialog.getByRole('row', { name: /^Status 200 none$/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  expect(page.url()).toBe(url('/activity/requests?backend=pears'))
})

test('a request that is not kept says so', async ({ page, open, signIn, watch }) => {
  watch.mean(/^404 GET \S+\/requests\/1-1$/)
  await signIn('admin')
  await open('/activity/requests/1-1')
  await page.getByText('This request is not kept any more').waitFor()
})

/** Streams that are open in a context, by their kind. */
function openStreams(context: BrowserContext): () => { readonly events: number; readonly tails: number } {
  const open = new Set<Request>()
  const isStream = (request: Request): boolean => request.headers()['accept'] === 'text/event-stream'
  context.on('request', (request) => void (isStream(request) && open.add(request)))
  for (const end of ['requestfinished', 'requestfailed'] as const)
    context.on(end as 'requestfinished', (request) => void open.delete(request))
  const countOf = (path: string): number => [...open].filter((one) => one.url().includes(path)).length
  return () => ({ events: countOf('/api/v1/events'), tails: countOf('/api/v1/requests') })
}

test('eight tabs share one stream of events and one of requests, and none of them starves', async (scene) => {
  const { page, gateway, open, signIn } = scene
  await signIn('admin')
  const context = page.context()
  const streams = openStreams(context)
  const tabs = [page]
  while (tabs.length < 8) tabs.push(await context.newPage())
  for (const tab of tabs) await open('/activity/requests', tab)
  await waitFor(() => streams().events === 1 && streams().tails === 1, { what: 'one stream of each kind' })
  await send(gateway, '/for-all')
  for (const tab of tabs) await rowOf(tab, '/for-all').waitFor()
  // The one that had the stream goes: another takes it.
  await tabs.pop()?.close()
  await waitFor(() => streams().events === 1 && streams().tails === 1, {
    what: 'another to take the streams',
  })
  await send(gateway, '/for-the-rest')
  for (const tab of tabs) await rowOf(tab, '/for-the-rest').waitFor()
})
