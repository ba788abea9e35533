// The whole of it without a mouse: a backend and a rule are added, reviewed and applied, traffic reaches
// them, and the text of before comes back from the history. No click, and no focus but by keys.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'
import { drawerOf, fileOf, goByKeys, hasFocus, isReviewed, runs, tabTo } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one'],
  config: `# kept
admin: { bind: 127.0.0.1:0 }
workers: 1
drain: 2s
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  away: { servers: [{ url: "http://127.0.0.1:9", name: gone }] }   # for later
rules:
  - { name: hello, match: { path: /hello }, respond: { body: hello } }
`,
})

test('a backend and a rule are added, applied and taken back by keys alone', async (scene) => {
  const { page, open, signIn, gateway, servers, watch } = scene
  watch.mean(/^422 POST .*dry_run=true$/)
  const { keyboard } = page
  await page.addInitScript(
    `addEventListener('pointerdown', () => { throw new Error('A mouse was used.') }, true)`,
  )
  await signIn('admin')
  await open('/')
  const before = await fileOf(scene)

  await goByKeys(page, 'b', 'Backends')
  await page.getByRole('row', { name: /away/ }).waitFor()
  await keyboard.press('n')
  const backend = drawerOf(page, 'New backend')
  await tabTo(page, backend.getByLabel('Name', { exact: true }))
  await keyboard.type('api')
  await tabTo(page, backend.getByLabel('Servers', { exact: true }))
  await keyboard.type(`127.0.0.1:${servers.get('one')?.port} name=one`)
  await tabTo(page, backend.getByRole('button', { name: 'Review api' }))
  await keyboard.press('Enter')
  await isReviewed(page)

  await goByKeys(page, 'r', 'Rules')
  await page.locator('[data-rule]').first().waitFor()
  await keyboard.press('n')
  const rule = drawerOf(page, 'New rule')
  await tabTo(page, rule.getByLabel('Name', { exact: true }))
  await keyboard.type('shop')
  const choice = rule.getByLabel('Backend', { exact: true })
  await tabTo(page, choice)
  // The first letters choose in a list, as everywhere.
  await keyboard.type('api')
  await waitFor(async () => (await choice.inputValue()) === 'api', { what: 'the backend to be chosen' })
  await tabTo(page, rule.getByRole('button', { name: 'Add to the draft' }))
  await keyboard.press('Enter')
  await drawerOf(page, 'shop').waitFor()
  await keyboard.press('Escape')
  await drawerOf(page, 'shop').waitFor({ state: 'detached' })

  await keyboard.press('Control+s')
  await page.getByRole('heading', { level: 1, name: /^Review 2 changes/ }).waitFor()
  await isReviewed(page)
  await tabTo(page, page.getByLabel('Message'))
  await keyboard.type('the shop opens')
  await keyboard.press('Control+Enter')
  await runs(page)
  await waitFor(async () => (await (await gateway.fetch('/cart')).text()) === 'one', {
    what: 'a request to reach the server',
  })
  const applied = await fileOf(scene)
  expect(applied).not.toBe(before)

  await goByKeys(page, 'f', 'Config')
  await tabTo(page, page.getByRole('link', { name: /^History/ }))
  await keyboard.press('Enter')
  const oldest = page.locator('tr[data-at]', { hasNotText: 'the shop opens' }).last()
  await oldest.waitFor()
  const isOn = (): Promise<boolean> => hasFocus(page, oldest)
  await waitFor(async () => (await isOn()) || (await keyboard.press('j'), await isOn()), {
    what: 'j to lead down to the text of before',
  })
  await keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: /^Restore r\d+…$/ }))
  await keyboard.press('Enter')
  await isReviewed(page)
  await keyboard.press('Control+Enter')
  await runs(page)
  expect(await fileOf(scene)).toBe(before)
  expect((await gateway.fetch('/cart')).status).toBe(404)
})
