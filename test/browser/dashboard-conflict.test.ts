// Two who change the config at once, and a file that is none: nobody's change is lost, and nobody is asked
// without need.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { fileOf, runs, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const TEXT = `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    algorithm: random
    servers:
      - { url: "http://127.0.0.1:9", name: one, weight: 3 }   # rack A
rules:
  - { name: all, backend: api }
`
const test = dashboard({ config: TEXT })

const SERVER = 'backends/api/servers/one'
const json = (page: Page, path: string): Promise<unknown> =>
  page.evaluate(async (to) => (await fetch(to)).json() as Promise<unknown>, path)

/** From the text at the top of the file; with a draft that gives server `one` the weight 7. */
async function drafted(scene: Scene): Promise<void> {
  const { page, open, signIn, gateway } = scene
  if ((await fileOf(scene)) !== TEXT) await gateway.apply(TEXT)
  await signIn('admin')
  await open('/review')
  const server = (await json(page, `/api/v1/${SERVER}`)) as { etag: string; configured: unknown }
  const status = (await json(page, '/api/v1/config/status')) as { running: { revision: number } }
  const change = { op: 'update', resource: SERVER, etag: server.etag, base: server.configured }
  const draft = {
    ...{ kind: 'changes', baseRevision: status.running.revision },
    changes: [{ ...change, patch: { weight: 7 } }],
  }
  await page.evaluate((text) => sessionStorage.setItem('sluice.draft', text), JSON.stringify(draft))
}

const apply = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: /^Apply/ }).click()
  await runs(page)
}

test('what somebody else changed elsewhere moves the draft without a question', async (scene) => {
  const { page, open, gateway, watch } = scene
  watch.mean(/412/)
  await drafted(scene)
  await gateway.apply(TEXT.replace('random', 'round_robin'))
  await open('/review')
  await page.getByText(/^Your draft stands on r\d+ now$/).waitFor()
  await page.getByText('Server one of backend api: weight 3 7').waitFor()
  await apply(page)
  expect(await fileOf(scene)).toBe(TEXT.replace('random', 'round_robin').replace('weight: 3', 'weight: 7'))
})

test('a field that both changed is asked for, with what it was and what each wants', async (scene) => {
  const { page, open, gateway, watch } = scene
  watch.mean(/412/)
  await drafted(scene)
  await gateway.apply(TEXT.replace('weight: 3', 'weight: 5'))
  await open('/review')
  const choice = page.getByRole('group', { name: 'weight' })
  await page.getByText('was 3').waitFor()
  const rebase = page.getByRole('button', { name: /^Rebase onto/ })
  expect(await rebase.getAttribute('aria-disabled')).toBe('true')
  await choice.getByRole('radio', { name: 'yours 7' }).check()
  await rebase.click()
  await page.getByText('Server one of backend api: weight 5 7').waitFor()
  await apply(page)
  expect(await fileOf(scene)).toBe(TEXT.replace('weight: 3', 'weight: 7'))
})

test('two texts are put together, and lines of both are asked for', async (scene) => {
  const { page, open, gateway, watch } = scene
  watch.mean(/412/)
  await drafted(scene)
  const status = (await json(page, '/api/v1/config/status')) as {
    disk: { hash: string }
    running: { revision: number }
  }
  const text = TEXT.replace('drain: 2s', 'drain: 3s').replace('weight: 3', 'weight: 7')
  const made = { base: TEXT, baseHash: status.disk.hash, baseRevision: status.running.revision }
  const draft = JSON.stringify({ kind: 'text', ...made, text })
  await page.evaluate((all) => sessionStorage.setItem('sluice.draft', all), draft)
  await gateway.apply(TEXT.replace('# kept', '# kept, and more').replace('drain: 2s', 'drain: 4s'))
  await open('/review')
  await page.getByRole('group', { name: 'Line 4' }).getByRole('radio', { name: 'the file drain: 4s' }).check()
  await page.getByRole('button', { name: 'Rebase onto the file' }).click()
  await page.getByText('Server one of backend api: weight 3 7').waitFor()
  await apply(page)
  expect(await fileOf(scene)).toBe(
    TEXT.replace('# kept', '# kept, and more')
      .replace('drain: 2s', 'drain: 4s')
      .replace('weight: 3', 'weight: 7'),
  )
})

test('a rejected file is told with its line, beside what runs, and is put back', async (scene) => {
  const { page, open, gateway } = scene
  await drafted(scene)
  await page.evaluate(`sessionStorage.clear()`)
  const before = await fileOf(scene)
  await Bun.write(gateway.configFile, before.replace('weight: 3', 'weight: heavy'))
  await open('/config')
  await page.getByText(/^The file on disk was rejected, line 10, column \d+$/).waitFor()
  expect(
    await page.getByRole('region', { name: 'Difference of what runs and the file' }).innerText(),
  ).toContain('weight: heavy')
  await page.getByRole('link', { name: 'Open at line 10' }).click()
  await page.locator('.cm-marked', { hasText: 'heavy' }).waitFor()
  await page.getByRole('button', { name: /^Restore r\d+ to disk…$/ }).click()
  await page.getByRole('button', { name: /^Restore r\d+$/ }).click()
  await waitFor(async () => (await fileOf(scene)) === before, { what: 'the file to be what runs' })
  await page.getByText(/^The file on disk was rejected/).waitFor({ state: 'detached' })
})

test('with a rejected file, a draft asks which text it is made from', async (scene) => {
  const { page, open, gateway, watch } = scene
  watch.mean(/412/)
  await drafted(scene)
  const before = await fileOf(scene)
  await Bun.write(gateway.configFile, before.replace('drain: 2s', 'drain: soon'))
  await waitFor(
    async () =>
      ((await json(page, '/api/v1/config/status')) as { disk: { state: string } }).disk.state === 'rejected',
    { what: 'the file to be rejected' },
  )
  await open('/review')
  await page.getByText(/^The file on disk was rejected: which text/).waitFor()
  await page.getByRole('button', { name: 'What runs', exact: true }).click()
  await page.getByText('Server one of backend api: weight 3 7').waitFor()
  await apply(page)
  expect(await fileOf(scene)).toBe(before.replace('weight: 3', 'weight: 7'))
})
