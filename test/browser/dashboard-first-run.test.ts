// From a new gateway to its first visitors, by the dashboard alone: the first user, a backend, an address of
// its own, the rule between them, and the requests that then come, seen as they pass.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'
import { applyReviewed, drawerOf, fileOf, reviewDraft, SMALL } from '../support/dashboard-steps.ts'
import { freePort } from '../support/kernel.ts'
import { PASSWORD } from '../support/store-world.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one', 'two'],
  config: `# mine
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }   # nothing leads anywhere yet
rules: [{ name: hello, match: { path: /hello }, respond: { body: hello } }]
`,
  users: [],
})

test('set-up, a backend, a listener, a rule, and real requests that are seen', async (scene) => {
  const { page, open, gateway, servers, watch } = scene
  // Forms are tried while they are written: half of a rule is none.
  watch.mean(/^422 POST .*dry_run=true$/)
  const main = page.getByRole('navigation', { name: 'Main' })
  const goTo = (place: string) => main.getByRole('link', { name: place }).first().click()

  await open('/')
  await page.getByLabel('Set-up token').fill(String((await gateway.event('setup_needed'))['token']))
  await page.getByLabel('Name', { exact: true }).fill('anna')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the user and sign in' }).click()

  await goTo('Backends')
  await page.getByRole('button', { name: 'Backend', exact: true }).click()
  const backend = drawerOf(page, 'New backend')
  await backend.getByLabel('Name', { exact: true }).fill('shop')
  const addresses = ['one', 'two'].map((name) => `127.0.0.1:${servers.get(name)?.port} name=${name}`)
  await backend.getByLabel('Servers', { exact: true }).fill(addresses.join('\n'))
  await backend.getByRole('button', { name: 'Review shop' }).click()

  await goTo('Listeners')
  await page.getByRole('button', { name: 'Listener', exact: true }).click()
  const listener = drawerOf(page, 'New listener')
  const port = freePort()
  await listener.getByLabel('Name', { exact: true }).fill('front')
  await listener.getByLabel('Address').fill(`127.0.0.1:${port}`)
  await listener.getByText('It can be applied').waitFor()
  await listener.getByRole('button', { name: 'Add to the draft' }).click()
  await drawerOf(page, 'front').waitFor()

  await goTo('Rules')
  await page.getByRole('button', { name: 'Rule', exact: true }).click()
  const rule = drawerOf(page, 'New rule')
  await rule.getByLabel('Name', { exact: true }).fill('to-shop')
  await rule.getByLabel('Backend', { exact: true }).selectOption('shop')
  await rule.getByRole('button', { name: 'Add to the draft' }).click()
  await drawerOf(page, 'to-shop').waitFor()
  await page.getByRole('link', { name: 'Draft 3 changes' }).waitFor()
  expect(await fileOf(scene)).not.toContain('shop')

  await reviewDraft(page)
  await applyReviewed(page)
  expect(await fileOf(scene)).toContain('# mine')
  expect(await fileOf(scene)).toContain('# nothing leads anywhere yet')

  const visit = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { keepalive: false })).text()
  const names = new Set<string>()
  await waitFor(async () => (names.add(await visit('/')), names.has('one') && names.has('two')), {
    what: 'both servers to have answered',
  })
  expect(await visit('/hello')).toBe('hello')
  await open('/')
  await page.getByRole('heading', { level: 1, name: 'Backend shop is up' }).waitFor()
  await goTo('Activity')
  await page
    .getByRole('link', { name: /^(Live )?[Rr]equests/ })
    .first()
    .click()
  await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor()
  // Those of before are kept or not; one that comes now is seen as it passes.
  const row = page.getByRole('row').filter({ hasText: '/cart?of=anna' })
  await waitFor(async () => (await visit('/cart?of=anna'), (await row.count()) > 0), {
    what: 'a request to be seen',
    everyMs: 250,
  })
  expect(await row.first().innerText()).toContain('shop')
})
