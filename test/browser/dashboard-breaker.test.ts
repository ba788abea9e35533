// A server begins to fail: its breaker opens, the page says why and when it is tried again, the overview
// says so as well, and once the server is well a person resets the breaker.
import { afterAll, expect } from 'bun:test'
import { dashboard, type Scene } from '../support/dashboard.ts'

let isWell = true
const flaky = Bun.serve({
  ...{ hostname: '127.0.0.1', port: 0 },
  fetch: () => new Response('flaky', { status: isWell ? 200 : 500 }),
})
afterAll(() => flaky.stop(true))

const test = dashboard({
  servers: ['steady'],
  config: ({ steady }) => ({
    listeners: { web: { bind: '127.0.0.1:0' } },
    backends: {
      api: {
        servers: [
          { url: steady, name: 'steady' },
          { url: `http://127.0.0.1:${flaky.port}`, name: 'flaky' },
        ],
        circuit_breaker: { failures: 3, open_for: '10m', open_for_max: '10m' },
        retry: { statuses: [500] },
        sticky: true,
      },
    },
    rules: [{ name: 'all', backend: 'api' }],
    overload: { memory: '8GiB', mode: 'shadow' },
  }),
  users: ['admin', 'operator'],
})

const breakerOf = ({ page }: Scene, server: string) =>
  page.getByRole('table', { name: 'Breakers of api' }).getByRole('row', { name: server })

test('a breaker that opens is seen with its reason, and reset', async (scene) => {
  const { page, open, signIn, gateway } = scene
  const ask = async (): Promise<number> => {
    const answer = await gateway.fetch('/', { listener: 'web', keepalive: false })
    await answer.arrayBuffer()
    return answer.status
  }
  await signIn('operator')
  await open('/backends/api')
  await breakerOf(scene, 'flaky').getByText('Unused').waitFor()

  isWell = false
  const row = breakerOf(scene, 'flaky')
  // Clients notice nothing: another server is asked in its place.
  for (let asked = 0; asked < 8; asked++) expect(await ask()).toBe(200)
  await row.getByText('Open', { exact: true }).waitFor()
  await row.getByText(/opened .* after 3 failed in a row · tries again in/).waitFor()
  await page.getByText('1 of 2 servers takes new requests: flaky has its breaker open.').waitFor()
  await page.getByRole('table', { name: 'Servers of api' }).getByText('Breaker open').waitFor()

  // Beside a drawer the panel may be as narrow: its head takes two lines, and no word is broken.
  const head = page.getByRole('heading', { name: 'Breaker', exact: true }).first()
  const line = (await head.boundingBox())?.height
  await head.evaluate((one) => (one.parentElement!.style.width = '300px'))
  expect((await head.boundingBox())?.height).toBe(line!)

  await open('/')
  await page.getByText('The breaker of flaky of backend api is open').click()
  await page.getByRole('button', { name: 'Reset the breaker: flaky' }).first().waitFor()

  isWell = true
  await open('/backends/api')
  await page.getByRole('button', { name: 'Reset the breaker: flaky' }).click()
  const dialog = page.getByRole('dialog', { name: 'Breaker of flaky' })
  await dialog.getByLabel('Reason').fill('mended')
  await dialog.getByRole('button', { name: 'Reset flaky' }).click()
  for (let asked = 0; asked < 8; asked++) expect(await ask()).toBe(200)
  await row.getByText('Closed', { exact: true }).waitFor()
  await page.getByText('Both servers take requests.').waitFor()

  await open('/backends/api?tab=retries')
  await page.getByText('3 status 500').waitFor()
  await open('/backends/api?tab=balancing')
  await page.getByRole('heading', { name: 'Requests by their session' }).waitFor()
  await open('/activity')
  await page.getByText('leaves the breaker of flaky to itself').first().waitFor()
})

test('one that a person holds open is told as that, and is no fault of its backend', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('operator')
  await open('/backends/api')
  await page.getByRole('button', { name: 'Breaker by hand: steady' }).click()
  const dialog = page.getByRole('dialog', { name: 'Breaker of steady' })
  await dialog.getByLabel('Reason').fill('disk swap')
  await dialog.getByLabel('Until').selectOption('1h')
  await dialog.getByRole('button', { name: 'Hold open steady' }).click()
  const row = breakerOf(scene, 'steady')
  await row.getByText('Held open', { exact: true }).waitFor()
  await row.getByText(/^held open by operator until .*: “disk swap”$/).waitFor()
  await page.getByText('1 of 2 servers takes new requests: steady is held open.').waitFor()
  const listed = page.getByRole('table', { name: 'Servers of api' }).getByRole('row', { name: /steady/ })
  await listed.getByText(/^Breaker held open: operator · until/).waitFor()
  await open('/backends')
  await page.getByText('1 held open').waitFor()
  await page.getByRole('row', { name: /api/ }).getByText('Up', { exact: true }).waitFor()
  await open('/backends/api')
  await page.getByRole('button', { name: 'Reset the breaker: steady' }).click()
  await dialog.getByRole('button', { name: 'Reset steady' }).click()
  await row.getByText('Held open', { exact: true }).waitFor({ state: 'detached' })
})

test('how near workers are to too much stands beside the listeners', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('operator')
  await open('/listeners')
  const workers = page.getByRole('table', { name: 'Workers' })
  await workers
    .getByText(/^[0-9.]+ MiB of 8 GiB$/)
    .first()
    .waitFor()
  await workers.getByText('Takes all').first().waitFor()
  await page.getByText(/Would have been, in shadow mode: none/).waitFor()
})
