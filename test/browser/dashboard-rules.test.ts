// Rules: read, moved, edited, added, and asked which of them takes a request.
import { expect } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type Scene, settled } from '../support/dashboard.ts'
import { fileOf, runs, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one', 'two'],
  config: ({ one, two }) => `# kept
${SMALL}
listeners:
  web: { bind: 127.0.0.1:0 }
  inner: { bind: 127.0.0.1:0 }
backends:
  first: { servers: [{ url: "${one}", name: one }] }
  second: { servers: [{ url: "${two}", name: two }] }
  away: { servers: [{ url: "http://127.0.0.1:9", name: gone }], health_check: { path: /, interval: 1s, fall: 1 } }
rules:
  - { name: hello, match: { path: /hello }, respond: { body: hi } }        # by hand
  - { name: canary, match: { path: /api/*, header: { X-Canary: "true" } }, backend: second }
  - { name: api, match: { path: /api/* }, middleware: [{ compress: {} }], backend: first }
  - { name: inside, match: { listener: inner }, respond: { status: 204 } }
  - { name: broken, match: { path: /broken }, backend: away }
  - { name: all, backend: first }
  - { name: late, match: { path: /late }, redirect: { to: /new } }
`,
  users: ['admin', 'viewer'],
})

const row = (page: Page, name: string): Locator => page.locator(`[data-rule="${name}"]`)
const order = (page: Page): Promise<readonly string[]> =>
  page.locator('[data-rule]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-rule') ?? ''))
const hasOrder = (page: Page, wanted: readonly string[]): Promise<true> =>
  waitFor(async () => (await order(page)).join() === wanted.join(), { what: `the order ${wanted.join()}` })
const draftOf = (page: Page): Promise<string | null> =>
  page.evaluate(() => sessionStorage.getItem('sluice.draft'))

async function openRules({ page, signIn, open }: Scene, path = '/rules'): Promise<void> {
  await signIn('admin')
  await open(path)
  // Keys of a page are there with what it shows.
  await page.locator('[data-rule]').first().waitFor({ state: 'attached' })
}

test('the list says in which order rules are asked, where each leads and what is never reached', async (scene) => {
  const { page, gateway } = scene
  await gateway.fetch('/hello', { listener: 'web' })
  await openRules(scene)
  await hasOrder(page, ['hello', 'canary', 'api', 'broken', 'all', 'late'])
  expect(await row(page, 'canary').innerText()).toContain('X-Canary: true')
  expect(await row(page, 'late').innerText()).toContain('shadowed by 5')
  await page.getByText('Rule 6 is never reached.').waitFor()
  await row(page, 'broken').getByText('no server up').waitFor()
  await waitFor(async () => /\n1 \/min|\n1\b/.test(await row(page, 'hello').innerText()), {
    what: 'the hit of a minute ago',
  })
  await page.getByRole('button', { name: 'inner' }).click()
  await hasOrder(page, ['hello', 'canary', 'api', 'inside', 'broken', 'all', 'late'])
  expect(page.url()).toContain('listener=inner')
})

test('looking at rules, opening each and going away drafts nothing and sends nothing', async (scene) => {
  const { page } = scene
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(`${request.method()} ${request.url()}`)
  })
  await openRules(scene)
  for (const name of ['hello', 'canary', 'api', 'late']) {
    await row(page, name).getByRole('link', { name, exact: true }).click()
    await page.getByRole('dialog', { name, exact: true }).getByLabel('Name', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
  }
  expect(await draftOf(page)).toBeNull()
  expect(sent).toEqual([])
})

test('a rule is moved by keyboard alone, several times, and the way back leaves no draft', async (scene) => {
  const { page } = scene
  await openRules(scene)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Alt+ArrowUp')
  await hasOrder(page, ['hello', 'api', 'canary', 'broken', 'all', 'late'])
  await page.keyboard.press('Alt+ArrowUp')
  await hasOrder(page, ['api', 'hello', 'canary', 'broken', 'all', 'late'])
  await page.getByText('api is now 1 of 6, in the draft').waitFor()
  // One rule was moved, however often.
  await page.getByRole('link', { name: 'Draft 1 change' }).waitFor()
  await page.keyboard.press('Alt+ArrowDown')
  await page.keyboard.press('Alt+ArrowDown')
  await hasOrder(page, ['hello', 'canary', 'api', 'broken', 'all', 'late'])
  expect(await draftOf(page)).toBeNull()
})

test('a rule is dragged to its place, and named a place in a dialog', async (scene) => {
  const { page } = scene
  await openRules(scene)
  await page.getByRole('button', { name: 'Move late' }).hover()
  await page.mouse.down()
  const target = await row(page, 'hello').boundingBox()
  if (target === null) throw new Error('The first row is not there.')
  await page.mouse.move(target.x + 20, target.y + 30, { steps: 5 })
  await page.mouse.move(target.x + 20, target.y + 4, { steps: 3 })
  await page.mouse.up()
  await hasOrder(page, ['late', 'hello', 'canary', 'api', 'broken', 'all'])
  // What the draft mends is not complained of any more.
  expect(await row(page, 'late').innerText()).not.toContain('shadowed')
  await page.getByRole('button', { name: 'More for all' }).click()
  await page.getByRole('menuitem', { name: /Move to/ }).click()
  await page.getByRole('textbox', { name: 'Rule' }).fill('canary')
  await page.getByRole('dialog').getByRole('button', { name: 'Move all' }).click()
  await hasOrder(page, ['late', 'hello', 'all', 'canary', 'api', 'broken'])
  const draft = JSON.parse((await draftOf(page)) ?? '{}') as { changes: readonly { op: string }[] }
  expect(draft.changes.map(({ op }) => op)).toEqual(['move', 'move'])
})

test('a field that is changed says what it was, and what cannot be stands at its field', async (scene) => {
  const { page, watch } = scene
  watch.mean(/422 POST \S+dry_run/)
  await openRules(scene, '/rules?edit=api')
  const drawer = page.getByRole('dialog', { name: 'api', exact: true })
  await drawer.getByLabel('path 1').fill('api')
  await drawer.getByText('was /api/*').waitFor()
  await drawer.getByText(/begin/i).waitFor()
  await drawer.getByLabel('path 1').fill('/api/*')
  await waitFor(async () => (await draftOf(page)) === null, { what: 'the draft to be gone' })
  await drawer.getByLabel('Backend').selectOption('second')
  await drawer.getByText('was first').waitFor()
  expect(await row(page, 'api').innerText()).toContain('draft: backend')
  await drawer.getByRole('button', { name: 'Take back' }).click()
  expect(await draftOf(page)).toBeNull()
})

test('a curl command becomes a rule that takes real requests, as one line of the file', async (scene) => {
  const { page, gateway } = scene
  await openRules(scene)
  await page.keyboard.press('n')
  const drawer = page.getByRole('dialog', { name: 'New rule' })
  await drawer.getByLabel('Paste').fill(`curl -X POST 'http://shop.example/cart' -H 'X-Shop: yes' -d x=1`)
  expect(await drawer.getByLabel('Name', { exact: true }).inputValue()).toBe('shop-cart')
  expect(await drawer.getByLabel('host 1').inputValue()).toBe('shop.example')
  await drawer.getByLabel('Backend').selectOption('second')
  await drawer.getByRole('button', { name: 'Add to the draft' }).click()
  // Before what takes everything: behind that it would never be asked.
  await hasOrder(page, ['hello', 'canary', 'api', 'broken', 'shop-cart', 'all', 'late'])
  const before = await fileOf(scene)
  await page.getByRole('link', { name: /^Review/ }).click()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await runs(page)
  const headers = { Host: 'shop.example', 'X-Shop': 'yes' }
  const answer = await gateway.fetch('/cart', { listener: 'web', method: 'POST', headers, body: 'x=1' })
  expect(await answer.text()).toContain('two')
  const after = (await fileOf(scene)).split('\n')
  expect(before.split('\n').every((line) => after.includes(line))).toBe(true)
})

test('the tester tells which rule takes a request and why others do not, and its link asks the same', async (scene) => {
  const { page } = scene
  await openRules(scene)
  await page.keyboard.press('t')
  const drawer = page.getByRole('dialog', { name: 'Test a request' })
  await drawer.getByLabel(/^URL/).fill('http://any.example/api/orders')
  await page.keyboard.press('Enter')
  await drawer.getByText('X-Canary is absent').waitFor()
  expect(await drawer.innerText()).toMatch(/Rule 3\s+api\s+first\s+one/)
  expect(await row(page, 'api').getAttribute('aria-current')).toBe('true')
  await page.reload()
  await drawer.getByText('X-Canary is absent').waitFor()
  await drawer.getByRole('button', { name: 'Header' }).click()
  await drawer.getByLabel('Header 1', { exact: true }).fill('X-Canary: true')
  await page.keyboard.press('Enter')
  await drawer.getByText(/Rule 2/).waitFor()
  expect(page.url()).toContain('X-Canary')
})

test('the tester tells beside it what the draft would do, also while that changes', async (scene) => {
  const { page, open } = scene
  await openRules(scene, '/rules?edit=api')
  await page.getByLabel('Backend').selectOption('second')
  await open('/rules?test=http%3A%2F%2Fany.example%2Fapi%2Fx')
  await page.getByText('In the draft: rule api → second').waitFor()
  await page.getByRole('button', { name: 'The draft' }).click()
  await waitFor(
    async () =>
      /Rule 3\s+api\s+second/.test(await page.getByRole('dialog', { name: 'Test a request' }).innerText()),
    { what: 'what the draft would do' },
  )
})

test('who may only look sees all of it, and that it takes another role', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('viewer')
  await open('/rules?edit=api')
  await page.getByText('Changing rules needs role editor.').waitFor()
  expect(await page.getByLabel('Backend').isDisabled()).toBe(true)
  expect(await page.getByRole('button', { name: 'Move api' }).count()).toBe(0)
  await open('/rules?test=http%3A%2F%2Fany.example%2Fapi%2Fx')
  await page.getByText('X-Canary is absent').waitFor()
})

for (const width of [360, 1280])
  test(
    `axe finds nothing on a rule, a new one and the tester: light and dark, ${width} px`,
    { width },
    async (scene) => {
      const { page, open } = scene
      await openRules(scene)
      for (const path of ['/rules?edit=api', '/rules?new', '/rules?test=http%3A%2F%2Fa.example%2Fapi%2Fx']) {
        await open(path)
        await row(page, 'api').waitFor({ state: 'attached' })
        await settled(page)
        expect(await axeInBothThemes(page)).toEqual([])
      }
    },
  )
