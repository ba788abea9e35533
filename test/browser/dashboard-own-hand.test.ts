// A file in the hand of somebody with habits of their own, who goes on editing it: the dashboard changes the
// one line that was asked for, and shows what comes from outside, good or bad, by itself.
import { expect } from 'bun:test'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { applyReviewed, drawerOf, fileOf, reviewDraft } from '../support/dashboard-steps.ts'
import { writeInPlace } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const TEXT = [
  '# ─── edge-1 · héllo ─── do not touch after 17:00 ───',
  '---',
  '',
  "admin: {bind: '127.0.0.1:0',}   ",
  'workers:    1      # one is plenty',
  '"drain": 2s',
  '',
  'listeners:',
  '      web:              # six columns, as it grew',
  '            bind: "127.0.0.1:0"',
  '',
  '# ---- who serves ----',
  'backends:',
  '  "api": # quoted, nobody knows why',
  '    servers:',
  '    - url: http://127.0.0.1:9   # rack A, since 2019',
  '      name: one',
  '      # weight: 9   (was too much on 3 May: #417)',
  '      weight:   3   # ← "three", see above: keep it',
  '',
  '      max_connections: !!int "64"',
  '    -   {  url : "http://127.0.0.1:10" ,name: two,   weight: 3 , } # all in a row',
  '    - # the spare',
  '      url: http://127.0.0.1:11',
  "      name: 'spare-1'",
  '      backup: true',
  '    health_check: &check { interval: 1h, path: "/x#y" }',
  "  'static': {servers: [ {url: 'http://127.0.0.1:12'} ], health_check: *check}",
  '',
  'rules:',
  '- {name: robots, match: {path: /robots.txt}, respond: {body: "User-agent: *\\nDisallow: / # no\\n"}}',
  '- name: all',
  '  backend: api      # weight: 3',
  '# weight: 3',
  '...',
].join('\n')

const test = dashboard({ config: TEXT })

/** The draft of one server's weight, reviewed and applied. */
async function applyWeight({ page, open }: Scene, server: string, weight: number): Promise<void> {
  await open(`/backends/api/servers/${encodeURIComponent(server)}`)
  await drawerOf(page, server).getByLabel('Weight').fill(String(weight))
  await reviewDraft(page)
  await applyReviewed(page)
}

test('a weight that is edited changes its own characters, whatever stands around them', async (scene) => {
  const { signIn } = scene
  await signIn('admin')
  await applyWeight(scene, 'one', 12)
  const first = TEXT.replace('weight:   3   # ←', 'weight:   12   # ←')
  expect(await fileOf(scene)).toBe(first)
  await applyWeight(scene, 'two', 4)
  const second = first.replace('weight: 3 , }', 'weight: 4 , }')
  expect(await fileOf(scene)).toBe(second)
  await applyWeight(scene, 'spare-1', 2)
  const third = await fileOf(scene)
  // A field that was not there is a line more, and nothing else.
  expect(third.split('\n').filter((line) => !second.split('\n').includes(line))).toEqual(['      weight: 2'])
  expect(third.replace('      weight: 2\n', '')).toBe(second)
})

test('what an editor writes is on the page without loading it again, renamed over or in place', async (scene) => {
  const { page, signIn, open, gateway } = scene
  await signIn('admin')
  await gateway.apply(TEXT)
  await open('/backends/api/servers/one')
  const weight = drawerOf(page, 'one').getByLabel('Weight')
  await page.evaluate('globalThis.isTheSame = true')
  const has = (value: string): Promise<true> =>
    waitFor(async () => (await weight.inputValue()) === value, { what: `the page to have weight ${value}` })
  await has('3')
  await gateway.writeConfig(TEXT.replace('weight:   3', 'weight:   41'))
  await has('41')
  await writeInPlace(gateway, TEXT.replace('weight:   3', 'weight:   43'))
  await has('43')
  expect(await page.evaluate('globalThis.isTheSame')).toBe(true)
  expect(await page.getByRole('link', { name: /^Draft/ }).count()).toBe(0)
})

test('a file that is none is told on every page with its line, and no more once it is mended', async (scene) => {
  const { page, signIn, open, gateway } = scene
  await signIn('admin')
  await gateway.apply(TEXT)
  await open('/rules')
  const line = TEXT.slice(0, TEXT.indexOf('weight:   3')).split('\n').length
  const rejected = page.getByRole('link', { name: `On disk rejected, line ${line}` })
  await writeInPlace(gateway, TEXT.replace('weight:   3', 'weight:   many'))
  await rejected.click()
  await page.getByText(new RegExp(`^The file on disk was rejected, line ${line}, column`)).waitFor()
  const diff = page.getByRole('region', { name: 'Difference of what runs and the file' })
  expect(await diff.innerText()).toMatch(/weight: {3}3 {3}# ←[\s\S]*weight: {3}many {3}# ←/)
  await gateway.writeConfig(TEXT.replace('weight:   3', 'weight:   5'))
  await rejected.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'On disk the same' }).waitFor()
  await page.getByText(/^The file on disk was rejected/).waitFor({ state: 'detached' })
})
