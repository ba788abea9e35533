// From a draft to what runs: reviewed, applied, undone, taken back in part, and refused.
import { expect } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { dashboard, type Scene, settled } from '../support/dashboard.ts'
import { fileOf, runs, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one', 'two'],
  config: ({ one, two }) => `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "${one}", name: one, weight: 3 }   # rack A
      - { url: "${two}", name: two }
rules:
  - { name: all, backend: api }
`,
  users: ['admin', 'viewer'],
})

const NEW = { name: 'new', match: { host: 'new.example' }, respond: { status: 204 } }

interface Read {
  readonly etag: string
  readonly configured: Record<string, unknown>
}

/** As a form would leave it: the weight of server `one` is to be another. */
async function draftWeight(page: Page, weight: number, more: readonly object[] = []): Promise<void> {
  const server = (await json(page, '/api/v1/backends/api/servers/one')) as Read
  const status = (await json(page, '/api/v1/config/status')) as { running: { revision: number } }
  const change = { op: 'update', resource: 'backends/api/servers/one', etag: server.etag }
  const changes = [{ ...change, base: server.configured, patch: { weight } }, ...more]
  const draft = { kind: 'changes', baseRevision: status.running.revision, changes }
  await page.evaluate((text) => sessionStorage.setItem('sluice.draft', text), JSON.stringify(draft))
}

const json = (page: Page, path: string): Promise<unknown> =>
  page.evaluate(async (to) => (await fetch(to)).json() as Promise<unknown>, path)

async function review(scene: Scene, weight: number, more: readonly object[] = []): Promise<void> {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/review')
  await draftWeight(page, weight, more)
  await open('/review')
}

test('a weight is reviewed, applied as one changed line, and undone', async (scene) => {
  const { page } = scene
  await review(scene, 7)
  await page.getByText('Server one of backend api: weight 3 7').waitFor()
  const diff = await page.getByRole('region', { name: /Difference of/ }).innerText()
  expect(diff).toContain('weight: 7 }   # rack A')
  const before = await fileOf(scene)
  await page.getByLabel('Message').fill('one takes more')
  await page.keyboard.press('Control+Enter')
  await runs(page)
  expect(await fileOf(scene)).toBe(before.replace('weight: 3 }', 'weight: 7 }'))
  await page.getByRole('button', { name: 'Undo' }).click()
  await waitFor(async () => (await fileOf(scene)) === before, { what: 'the file to be as it was' })
  await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' })
})

test('looking at a review and going away sends nothing', async (scene) => {
  const { page, open } = scene
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET' && !request.url().includes('dry_run=true'))
      sent.push(`${request.method()} ${request.url()}`)
  })
  await review(scene, 8)
  await page.getByRole('region', { name: /Difference of/ }).waitFor()
  await open('/')
  expect(sent).toEqual([])
})

test('one change of several is reverted, and all of it is discarded', async (scene) => {
  const { page } = scene
  const more = [{ op: 'create', resource: 'rules/new', value: NEW, position: { index: 0 } }]
  await review(scene, 9, more)
  await page.getByRole('heading', { name: /^Review 2 changes/ }).waitFor()
  await page.getByRole('button', { name: 'Revert rule new' }).click()
  await page.getByRole('heading', { name: /^Review 1 change / }).waitFor()
  await page.getByRole('button', { name: 'Discard draft…' }).click()
  await page.getByRole('button', { name: 'Discard 1 change' }).click()
  await page.getByRole('heading', { name: 'Nothing is drafted' }).waitFor()
  expect(await page.evaluate(() => sessionStorage.getItem('sluice.draft'))).toBeNull()
})

test('what cannot be is refused at its change, and cannot be applied', async (scene) => {
  const { page, watch } = scene
  watch.mean(/422/)
  await review(scene, -1)
  await page.getByRole('alert').waitFor()
  expect(await page.getByRole('list', { name: 'Changes' }).innerText()).toContain('Weight: found -1')
  expect(await page.getByRole('button', { name: /^Apply/ }).count()).toBe(0)
})

test('what a file that cannot be written would become is foretold whole, with the patch to make it so', async (scene) => {
  const { page, gateway } = scene
  // Of root, as tests run in containers, no file is read-only: nothing can be written beside this one.
  const inTheWay = join(gateway.folder, '.sluice.yaml.sluice-new')
  mkdirSync(inTheWay)
  await review(scene, 7)
  const apply = page.getByRole('region', { name: 'Apply' })
  const patch = apply.getByText('@@ -')
  await patch.waitFor()
  rmSync(inTheWay, { recursive: true })
  expect(await patch.innerText()).toMatch(/\n\+.*weight: 7/)
  expect(await patch.innerText()).toContain(`+++ ${gateway.configFile}`)
  expect(await apply.innerText()).toContain(`Cannot write ${gateway.configFile}: `)
  expect(await page.getByRole('list', { name: 'Changes' }).innerText()).toContain('weight 3 7')
  expect(await page.getByText('No listener reopens').count()).toBe(1)
  expect(await page.getByRole('button', { name: /^Apply/ }).count()).toBe(0)
})

test('a change that comes back by itself waits on every page, and is kept', async (scene) => {
  const { page, open } = scene
  await review(scene, 5)
  await page.getByRole('switch', { name: /Take back unless confirmed/ }).check()
  await page.getByRole('button', { name: /^Apply, then confirm/ }).click()
  await runs(page)
  await open('/')
  await page.getByRole('button', { name: /^Keep r\d+$/ }).click()
  await page.getByRole('button', { name: /^Keep r\d+$/ }).waitFor({ state: 'detached' })
  await settled(page)
  expect(await fileOf(scene)).toContain('weight: 5 }')
})

test('the time to confirm is that of the gateway, whatever a clock of a browser says', async (scene) => {
  const { page, open } = scene
  await page.addInitScript(() => {
    const real = Date.now.bind(Date)
    Date.now = () => real() + 3 * 3_600_000
  })
  await review(scene, 4)
  await page.getByRole('switch', { name: /Take back unless confirmed/ }).check()
  await page.getByRole('button', { name: /^Apply, then confirm/ }).click()
  await runs(page)
  await open('/backends/api/servers/one')
  await page.getByText(/taken back in.*1:\d\d/).waitFor()
  await page.getByRole('button', { name: 'Take back', exact: true }).click()
  await page.getByRole('button', { name: 'Take back', exact: true }).waitFor({ state: 'detached' })
})

test('a change that is watched tells how it goes', async (scene) => {
  const { page } = scene
  await review(scene, 6)
  await page.getByRole('switch', { name: /traffic fares worse/ }).check()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await page.getByText('Server one of backend api: weight 5 → 6.').waitFor()
  await page.getByText('Held against that for 1 min').waitFor()
  await page.getByRole('row', { name: 'Servers usable 2 of 2 –' }).waitFor()
})
