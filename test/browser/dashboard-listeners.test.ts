// From a gateway with nothing in it to its first answer, by the dashboard alone; and what the page of
// listeners does with addresses that are taken, with fields, and for who may not.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, settled } from '../support/dashboard.ts'
import { fileOf, runs, sentBy, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const bare = dashboard({
  servers: ['first'],
  config: `# mine
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
rules: [{ name: hello, match: { path: /hello }, respond: { body: hello } }]
`,
})

const test = dashboard({
  servers: ['one'],
  config: ({ one }) => `# kept
${SMALL}
listeners:
  web:
    bind: 127.0.0.1:0   # the way in
    limits: { connections: 64 }
  inner: { bind: 127.0.0.1:0 }
backends:
  api: { servers: [{ url: "${one}", name: one }] }
rules:
  - { name: all, backend: api }
`,
  users: ['admin', 'viewer'],
})

const drawer = (page: Page, name: string) => page.getByRole('dialog', { name })

/** A port that nobody has just now. */
function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = server
  server.stop(true)
  return port
}

/** Reviews what is drafted, and applies it. */
async function applyDraft(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: /Draft/ }).getByRole('link', { name: /Draft/ }).click()
  await page.getByRole('region', { name: /Difference of/ }).waitFor()
  await settled(page)
  await page.keyboard.press('Control+Enter')
  await runs(page)
}

bare('a new gateway shows three steps to the first answer of a server', async (scene) => {
  const { page, open, signIn, gateway, servers, watch } = scene
  // Forms are tried while they are written: half of a rule is none.
  watch.mean(/^422 POST .*dry_run=true$/)
  await signIn('admin')
  await open('/')
  const steps = page.getByRole('region', { name: 'Three steps to the first request' })
  await steps.getByText(/^curl http:/).waitFor()
  await steps.getByRole('link', { name: 'Add a backend' }).click()
  const backend = drawer(page, 'New backend')
  await backend.getByLabel('Name', { exact: true }).fill('api')
  await backend.getByLabel('Servers', { exact: true }).fill(`127.0.0.1:${servers.get('first')?.port}`)
  await backend.getByRole('button', { name: 'Review api' }).click()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click()
  await steps.getByText('in the draft').waitFor()
  await applyDraft(page)

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click()
  await steps.getByRole('link', { name: 'Lead requests to it' }).click()
  const rule = drawer(page, 'New rule')
  await rule.getByLabel('Name', { exact: true }).fill('all')
  await rule.getByLabel('Backend', { exact: true }).selectOption('api')
  await rule.getByRole('button', { name: 'Add to the draft' }).click()
  await drawer(page, 'all').waitFor()
  await applyDraft(page)
  expect((await gateway.fetch('/hello')).status).toBe(200)
  expect(await (await gateway.fetch('/')).text()).toContain('first')
  expect(await fileOf(scene)).toContain('# mine')
  await open('/')
  await page.getByRole('heading', { level: 1, name: 'Backend api is up' }).waitFor()
  await steps.waitFor({ state: 'detached' })
})

test('an address is tried before it is applied, and whoever has it is named', async (scene) => {
  const { page, open, signIn, watch } = scene
  await using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('mine') })
  await signIn('admin')
  await open('/listeners')
  await page.getByRole('button', { name: 'Listener', exact: true }).click()
  const form = drawer(page, 'New listener')
  await form.getByLabel('Name', { exact: true }).fill('more')
  watch.mean(/^422 POST .*dry_run=true$/)
  await form.getByLabel('Address').fill(`http://localhost:${taken.port}/`)
  await form
    .getByText(/has this port/)
    .first()
    .waitFor()
  expect(await form.getByLabel('Address').getAttribute('aria-invalid')).toBe('true')
  const port = freePort()
  await form.getByLabel('Address').fill(`localhost:${port}`)
  await form.getByText(`Written as 127.0.0.1:${port}.`).waitFor()
  await form.getByText('It can be applied').waitFor()
  await form.getByRole('button', { name: 'Add to the draft' }).click()
  await drawer(page, 'more').getByText('not running yet').waitFor()
  await applyDraft(page)
  // What opens an address may shut somebody out: it asks to be kept.
  await page.getByRole('button', { name: /^Keep r\d+$/ }).click()
  await page.getByRole('button', { name: /^Keep r\d+$/ }).waitFor({ state: 'detached' })
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('one')
  expect(await fileOf(scene)).toContain('# the way in')
})

test('touching nothing sends nothing, and leaves no draft', async ({ page, open, signIn }) => {
  await signIn('admin')
  const sent = sentBy(page)
  await open('/listeners/web')
  const form = drawer(page, 'web')
  await form.getByText('All other settings').click()
  for (const field of await form.locator('input, select').all()) {
    await field.focus()
    await field.blur()
  }
  await form.getByRole('button', { name: 'Close' }).press('Escape')
  await form.waitFor({ state: 'detached' })
  await page.waitForURL(/\/listeners$/)
  expect(sent).toEqual([])
  expect(await page.evaluate(() => sessionStorage.getItem('sluice.draft'))).toBeNull()
})

test('one field that is changed is one field in the draft, and set back it is none', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/^422 POST .*dry_run=true$/)
  await signIn('admin')
  await open('/listeners')
  await page.getByRole('link', { name: 'web', exact: true }).click()
  const form = drawer(page, 'web')
  await form.getByText('All other settings').click()
  const connections = form.getByLabel(/^Connections/)
  await connections.fill('128')
  await form.getByText('was 64').waitFor()
  await page.getByRole('navigation', { name: /Draft/ }).getByText('1 change').waitFor()
  await form.getByText('It can be applied').waitFor()
  const draft = await page.evaluate(() => sessionStorage.getItem('sluice.draft') ?? '')
  expect(JSON.parse(draft).changes).toMatchObject([
    { op: 'update', resource: 'listeners/web', patch: { limits: { connections: 128 } } },
  ])

  // What the gateway would refuse is said where it stands.
  await connections.fill('0')
  await form
    .getByText(/Found 0, allowed a whole number/)
    .first()
    .waitFor()
  expect(await connections.getAttribute('aria-invalid')).toBe('true')
  await connections.fill('64')
  await form.getByText('was 64').waitFor({ state: 'detached' })
  await waitFor(() => page.evaluate(() => sessionStorage.getItem('sluice.draft') === null), {
    what: 'the draft to be none',
  })
})

test('removing one says what that means, and waits in the draft', async ({ page, open, signIn }) => {
  await signIn('admin')
  const sent = sentBy(page)
  await open('/listeners/inner')
  await drawer(page, 'inner').getByRole('button', { name: 'Remove…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove listener inner' })
  await dialog.getByText(/closes once the draft is applied; new clients are refused/).waitFor()
  await dialog.getByText('It can be applied').waitFor()
  await dialog.getByRole('button', { name: 'Remove inner' }).click()
  await drawer(page, 'inner').getByText('The draft removes it').waitFor()
  await page.getByRole('table').getByText('removed in the draft').waitFor()
  await drawer(page, 'inner').getByRole('button', { name: 'Keep the listener' }).click()
  await page.getByRole('table').getByText('removed in the draft').waitFor({ state: 'detached' })
  expect(sent).toEqual([])
})

test('by keyboard alone: to the list, through it, into one and out again', async ({ page, open, signIn }) => {
  await signIn('admin')
  await open('/')
  const title = page.getByRole('heading', { level: 1, name: 'Listeners' })
  // The second key has a second to come: on a busy machine that may be too short.
  const goThere = async (): Promise<boolean> => {
    await page.keyboard.press('g')
    await page.keyboard.press('l')
    return title.isVisible()
  }
  await waitFor(goThere, { what: 'the list of listeners', everyMs: 1500 })
  await page.getByRole('row', { name: /inner/ }).waitFor()
  const isOn = (name: string) => page.locator('tr:focus', { hasText: name }).waitFor()
  await page.keyboard.press('j')
  await isOn('web')
  await page.keyboard.press('j')
  await isOn('inner')
  await page.keyboard.press('Enter')
  await drawer(page, 'inner').waitFor()
  await page.keyboard.press('Escape')
  await drawer(page, 'inner').waitFor({ state: 'detached' })
})

test('a key that comes in the moment in which the list is drawn is heeded, and what it reached stays', async ({
  page,
  open,
  signIn,
}) => {
  await signIn('admin')
  // Before the frame is drawn: nobody can be quicker.
  await page.addInitScript(`
    const watch = new MutationObserver(() => {
      if (document.querySelector('tr[data-at]') === null) return
      watch.disconnect()
      const key = new KeyboardEvent('keydown', { key: 'j', bubbles: true, cancelable: true })
      document.activeElement.dispatchEvent(key)
    })
    watch.observe(document, { childList: true, subtree: true })`)
  await open('/listeners')
  await page.locator('tr:focus', { hasText: 'web' }).waitFor()
  await page.keyboard.press('j')
  await page.locator('tr:focus', { hasText: 'inner' }).waitFor()
})

test('a viewer sees all of it and is told which role changes it', async ({ page, open, signIn }) => {
  await signIn('viewer')
  await open('/listeners/web')
  const form = drawer(page, 'web')
  await form.getByText('the role editor is needed').waitFor()
  expect(await form.getByLabel('Protocol').isDisabled()).toBe(true)
  await form.getByText('needs role editor').waitFor()
  await form.getByText('What takes effect').click()
  await form.getByText('limits.connections').waitFor()
})

for (const width of [360, 1280])
  test(`axe finds nothing, light and dark, at ${width} px`, { width }, async ({ page, open, signIn }) => {
    await signIn('admin')
    for (const path of ['/listeners', '/listeners/web', '/listeners?new=1']) {
      await open(path)
      await page.getByRole('heading', { level: 1, name: 'Listeners' }).waitFor()
      if (path.includes('web')) await drawer(page, 'web').getByText('All other settings').click()
      expect([path, await axeInBothThemes(page)]).toEqual([path, []])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
  })
