// More than one answer of the API holds: lists are read to their end, and what is on a later page is found.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'

const COUNT = 1050
/** Far less than there are; more than a screen has. */
const DRAWN_MAX = 80

const counted = <T>(make: (n: number) => T): readonly T[] => Array.from({ length: COUNT }, (_, n) => make(n))
const server = (n: number) => ({
  name: `s${n}`,
  url: `http://127.0.0.${2 + (n % 200)}:${9000 + Math.floor(n / 200)}`,
})

const test = dashboard({
  config: {
    admin: { bind: '127.0.0.1:0' },
    workers: 1,
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [{ name: 'all', backend: 'big' }],
    backends: {
      big: { servers: counted(server) },
      ...Object.fromEntries(counted((n) => [`b${n}`, { servers: [server(n)] }])),
    },
  },
})

test('of a thousand backends and more each is listed and found', async ({ page, signIn, open }) => {
  await signIn('admin')
  await open('/backends')
  await page
    .getByText(`All ${(COUNT + 1).toLocaleString('en')} backends have all of their servers.`)
    .waitFor()
  expect(await page.locator('tbody tr').count()).toBeLessThan(DRAWN_MAX)
  await page.getByRole('searchbox').fill(`b${COUNT - 1}`)
  await page.getByRole('cell', { name: `b${COUNT - 1}` }).waitFor()
})

test('an address leads to a server of the second page, which is ordered about as any', async (scene) => {
  const { page, signIn, open } = scene
  const asked: string[] = []
  page.on('request', (request) => void asked.push(new URL(request.url()).search))
  await signIn('admin')
  await open(`/backends/big/servers/s${COUNT - 1}`)
  await page.getByRole('heading', { name: `s${COUNT - 1}` }).waitFor()
  expect(asked.some((query) => query.includes('cursor='))).toBe(true)
  await open('/backends/big/servers/s99999')
  await page.getByText('big has no server “s99999”').waitFor()
})

test('of the settings of a large config those in view are drawn, and each is found', async (scene) => {
  const { page, signIn, open } = scene
  await signIn('admin')
  await open('/config/effective')
  await page.getByText(/^\d\d,\d{3} settings$/).waitFor()
  expect(await page.locator('tbody tr').count()).toBeLessThan(DRAWN_MAX)
  await page.getByRole('searchbox').fill(`backends.b${COUNT - 1}.servers weight`)
  await page.getByText(/^1 of \d\d,\d{3}$/).waitFor()
  await page.getByRole('cell', { name: `backends.b${COUNT - 1}.servers[0].weight` }).waitFor()
})
