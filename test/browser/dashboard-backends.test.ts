// Backends and their servers: found, looked at, taken out and back, edited as a draft, and rolled out.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard, type Scene, settled } from '../support/dashboard.ts'
import { sentBy, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one', 'two', 'three', 'next'],
  config: ({ one, two, three }) => `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "${one}", name: one, weight: 3 }   # rack A
      - { url: "${two}", name: two }
    health_check: { interval: 200ms, interval_down: 200ms, rise: 1, fall: 1 }
  sick:
    servers:
      - { url: "http://127.0.0.1:9", name: gone }
    health_check: { interval: 200ms, interval_down: 200ms, fall: 1 }
  alone:
    servers:
      - { url: "${three}", name: three }
rules:
  - { name: sick, match: { path: /sick }, backend: sick }
  - { name: alone, match: { path: /alone }, backend: alone }
  - { name: all, backend: api }
`,
  users: ['admin', 'operator', 'viewer'],
})

/** What was sent that changes something, from now on. */
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

async function see(scene: Scene, path: string, as: 'admin' | 'operator' | 'viewer' = 'admin'): Promise<Page> {
  await scene.signIn(as)
  await open(scene, path)
  return scene.page
}

/** The page's own code comes after what all pages have. */
async function open({ page, open: go }: Scene, path: string): Promise<void> {
  await go(path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await settled(page)
}

test('the list says which backend is down and why, and is filtered and opened by keyboard', async (scene) => {
  const page = await see(scene, '/backends')
  await page.getByText('1 of 3 backends has no server up').waitFor()
  expect(await row(page, 'sick').innerText()).toContain('gone: ')
  await page.keyboard.press('/')
  await page.keyboard.type('is:down')
  await waitFor(async () => (await page.getByRole('row').count()) === 2, { what: 'one row below the head' })
  expect(page.url()).toContain('filter=is%3Adown')
  await page.keyboard.press('Tab')
  await row(page, 'sick').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'sick' }).waitFor()
  await page.getByText('No server takes new requests: gone fails its check.').waitFor()
})

test('a server is drained with a reason once its consequence was told, and comes back', async (scene) => {
  const page = await see(scene, '/backends/api', 'operator')
  await page.getByRole('button', { name: 'Drain: two' }).click()
  const form = page.getByRole('dialog', { name: 'State of two' })
  await form.getByText(/^Leaves 1 of 2\./).waitFor()
  await form.getByLabel('Reason').fill('kernel update')
  await form.getByLabel('Until').selectOption('1h')
  await form.getByRole('button', { name: 'Drain two' }).click()
  await row(page, 'two')
    .getByText(/operator · until (?:\d+ \w+ )?\d\d:\d\d · “kernel update”/)
    .waitFor()
  await page.getByText('1 of 2 servers takes new requests: two drains.').waitFor()
  await page.getByRole('button', { name: 'Make ready: two' }).click()
  await page.getByRole('button', { name: 'Make ready two' }).click()
  await page.getByText('Both servers take requests.').waitFor()
})

test('the last server of a backend is not taken out before its name was typed', async (scene) => {
  const page = await see(scene, '/backends/alone')
  const sent = sentBy(page)
  await page.getByRole('button', { name: 'Drain: three' }).click()
  const form = page.getByRole('dialog', { name: 'State of three' })
  await form.getByText('Leaves none of 1. Every request to alone would be answered 503.').waitFor()
  await form.getByRole('button', { name: 'Drain three' }).click({ force: true })
  expect(sent).toEqual([])
  await form.getByLabel('Type alone').fill('alone')
  await form.getByRole('button', { name: 'Drain three' }).click()
  // The gateway says it as well; the order is given all the same.
  await form.getByRole('button', { name: 'Close' }).click()
  await page.getByText('No server takes new requests: three drains.').waitFor()
  await page.getByRole('button', { name: 'Make ready: three' }).click()
  await page.getByRole('button', { name: 'Make ready three' }).click()
  await row(page, 'three').getByText('Ready').first().waitFor()
})

test('several are selected and taken out at once', async (scene) => {
  const page = await see(scene, '/backends/api?filter=two')
  await page.getByLabel('Select all that are shown').check()
  await page.getByText('1 selected').waitFor()
  await page.getByLabel('Filter').fill('')
  await page.getByLabel('Select all servers').check()
  await page.getByRole('button', { name: 'Drain or more' }).click()
  const form = page.getByRole('dialog', { name: 'State of 2 servers' })
  await form.getByRole('button', { name: 'Weight' }).click()
  await form.getByLabel('Weight').fill('5')
  await form.getByRole('button', { name: 'Set weight of 2 servers' }).click()
  for (const name of ['one', 'two']) await row(page, name).getByText('now 5').waitFor()
  expect(await page.getByText('selected').count()).toBe(0)
  for (const name of ['one', 'two'])
    await page.evaluate(async (server) => {
      const me = (await (await fetch('/api/v1/auth/me')).json()) as { csrf_token: string }
      await fetch(`/api/v1/backends/api/servers/${server}/state`, {
        method: 'DELETE',
        headers: { 'X-CSRF-Token': me.csrf_token },
      })
    }, name)
})

test('what is typed into a form outlasts a reload, and goes when it is given up', async (scene) => {
  const page = await see(scene, '/backends?new=1')
  const drawer = page.getByRole('dialog', { name: 'New backend' })
  await drawer.getByLabel('Name').fill('half-done')
  await drawer.getByLabel('Servers').fill('http://192.0.2.1:8080')
  await page.reload()
  await settled(page)
  expect(await drawer.getByLabel('Name').inputValue()).toBe('half-done')
  expect(await drawer.getByLabel('Servers').inputValue()).toBe('http://192.0.2.1:8080')
  await drawer.getByRole('button', { name: 'Cancel' }).click()
  await scene.open('/backends?new=1')
  expect(await drawer.getByLabel('Name').inputValue()).toBe('')
})

test('a weight goes into the draft with what it was, leaves it when it is set back, and nothing is sent', async (scene) => {
  const page = await see(scene, '/backends/api/servers/one')
  const sent = sentBy(page)
  const drawer = page.getByRole('dialog', { name: 'one' })
  await drawer.getByLabel('Weight').fill('7')
  await drawer.getByText('was 3').waitFor()
  await page.getByRole('link', { name: /Draft 1 change/ }).waitFor()
  await page.reload()
  await settled(page)
  expect(await drawer.getByLabel('Weight').inputValue()).toBe('7')
  await drawer.getByLabel('Weight').fill('3')
  await drawer.getByText('was 3').waitFor({ state: 'detached' })
  expect(await page.getByRole('link', { name: /Draft/ }).count()).toBe(0)
  expect(sent).toEqual([])
})

test('a check is run now, and tells what was answered', async (scene) => {
  const page = await see(scene, '/backends/api/servers/one')
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByText(/Passed in .* ms, status 200/).waitFor()
  await page.getByRole('button', { name: 'Check all now' }).click()
  await page.getByText('All 2 passed').waitFor()
})

test("the health check's fields come from the schema, and one that is changed is all that is drafted", async (scene) => {
  const page = await see(scene, '/backends/api?tab=health')
  await page.getByLabel('Timeout').fill('1s')
  await page.getByText('was not set').waitFor()
  const draft = (await page.evaluate(`sessionStorage.getItem('sluice.draft')`)) as string
  expect(JSON.parse(draft).changes).toMatchObject([
    { resource: 'backends/api', patch: { health_check: { timeout: '1s' } } },
  ])
  // What is no time is judged where it stands, long before the review.
  scene.watch.mean(/422 POST/)
  await page.getByLabel('Timeout').fill('zwei')
  await page.getByText('The gateway would refuse health_check.timeout.').waitFor()
  await page.getByText(/^Found "zwei", allowed a duration/).waitFor()
  await page.getByLabel('Timeout').fill('2s')
  await page.getByText(/^Found "zwei"/).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Take out' }).click()
  await page.getByText('are in the draft').waitFor({ state: 'detached' })
})

test('a backend is added from pasted lines, and stands in the review', async (scene) => {
  const page = await see(scene, '/backends?new=1')
  const drawer = page.getByRole('dialog', { name: 'New backend' })
  await drawer.getByRole('button', { name: /^Review/ }).click()
  await drawer.getByText('At least one server is needed.').waitFor()
  await drawer.getByLabel('Name').fill('shop')
  await drawer.getByLabel('Servers').fill('server 127.0.0.1:7001 weight=2;\n127.0.0.1:7002\nnonsense')
  await drawer.getByText('Line 3:').waitFor()
  await drawer.getByLabel('Servers').fill('server 127.0.0.1:7001 weight=2;\n127.0.0.1:7002')
  await drawer.getByRole('button', { name: 'Review shop' }).click()
  await page.getByRole('heading', { level: 1, name: /Review/ }).waitFor()
  await page.getByText('url: "http://127.0.0.1:7002"').waitFor()
  await open(scene, '/backends')
  await row(page, 'shop').getByText('not running yet').waitFor()
})

test('a backend that only the draft has is mended where its review leads', async (scene) => {
  const page = await see(scene, '/backends?new=1')
  const drawer = page.getByRole('dialog', { name: 'New backend' })
  await drawer.getByLabel('Name').fill('shop')
  await drawer.getByLabel('Servers').fill('127.0.0.1:7001')
  await drawer.getByRole('button', { name: 'Review shop' }).click()
  await page.getByText('url: "http://127.0.0.1:7001"').waitFor()
  await page
    .getByRole('link', { name: 'Edit' })
    .or(page.getByRole('button', { name: 'Edit' }))
    .click()
  const fields = page.getByLabel('Fields of the backend, as JSON')
  const text = await fields.inputValue()
  await fields.fill(text.replace('7001', '7004').slice(0, -1))
  await page.getByText('It is no JSON yet').waitFor()
  await fields.fill(text.replace('"shop"', '"other"'))
  await page.getByText('Its name stays shop').waitFor()
  // What the gateway would refuse is told here as well.
  scene.watch.mean(/422 POST/)
  await fields.fill(text.replace('7001', '70010'))
  await page.getByText(/^servers\.0\.url: .*ports go from 1 to 65535\.$/).waitFor()
  await fields.fill(text.replace('7001', '7004'))
  await page.getByRole('link', { name: 'Review', exact: true }).click()
  await page.getByText('url: "http://127.0.0.1:7004"').waitFor()
})

test('servers come and go with the draft, and nothing of it is sent', async (scene) => {
  const page = await see(scene, '/backends/api?new=server')
  const sent = sentBy(page)
  const adding = page.getByRole('dialog', { name: 'Add servers to api' })
  await adding.getByLabel('Servers').fill('127.0.0.1:7003 weight=2 name=late')
  await adding.getByRole('button', { name: 'Add 1 server to the draft' }).click()
  await row(page, 'late').getByText('not running yet').waitFor()
  await page.getByRole('link', { name: 'two', exact: true }).click()
  const drawer = page.getByRole('dialog', { name: 'two' })
  await drawer.getByText(/^Goes into the draft\. Leaves 1 of 2\./).waitFor()
  await drawer.getByRole('button', { name: 'Remove two' }).click()
  await drawer.getByText('two goes with the draft').waitFor()
  await page.getByRole('link', { name: /Draft 2 changes/ }).waitFor()
  await drawer.getByRole('button', { name: 'Keep it' }).click()
  await page.getByRole('link', { name: /Draft 1 change/ }).waitFor()
  expect(sent).toEqual([])
})

test('a weight of the run time is written to the file, as one changed line', async (scene) => {
  const page = await see(scene, '/backends/api/servers/two')
  const file = (): Promise<string> => Bun.file(scene.gateway.configFile).text()
  const before = await file()
  const drawer = page.getByRole('dialog', { name: 'two' })
  await drawer.getByRole('button', { name: 'Weight' }).click()
  const form = page.getByRole('dialog', { name: 'State of two' })
  await form.getByLabel('Weight').fill('4')
  await form.getByText('two would take 57 % of requests; now 25 %.').waitFor()
  await form.getByRole('button', { name: 'Set weight of two' }).click()
  await row(page, 'two').getByText('now 4').waitFor()
  expect(await file()).toBe(before)
  await drawer.getByRole('button', { name: 'Write 4 to the file' }).click()
  const after = before.replace('name: two }', 'name: two, weight: 4 }')
  await waitFor(async () => (await file()) === after, { what: 'one line of the file to be another' })
  await row(page, 'two').getByText('now 4').waitFor({ state: 'detached' })
  expect(await drawer.getByLabel('Weight').inputValue()).toBe('4')
})

test('a rollout replaces a server, and its steps are told', async (scene) => {
  const page = await see(scene, '/backends/alone?new=rollout')
  const next = `http://127.0.0.1:${scene.servers.get('next')?.port}`
  const drawer = page.getByRole('dialog', { name: 'Roll out alone' })
  await drawer.getByLabel('Servers that are to be there').fill(`${next} name=next`)
  await drawer.getByText('1 new, 1 old goes · 1 batch').waitFor()
  await drawer.getByRole('button', { name: 'Start the rollout' }).click()
  await page.getByText('batch 1 of 1: next added').waitFor()
  await page.getByText('batch 1 of 1: three removed').waitFor()
  await page.getByText('1 of 1 batch').waitFor()
  await page.getByText('Done', { exact: true }).waitFor()
  await page.getByRole('link', { name: /^Servers/ }).click()
  await row(page, 'next').waitFor()
})

test('a viewer sees all of it, is told the role that each thing needs, and sends nothing', async (scene) => {
  const page = await see(scene, '/backends/api/servers/one', 'viewer')
  const sent = sentBy(page)
  const drain = page.getByRole('button', { name: 'Drain: two' })
  expect(await drain.getAttribute('aria-disabled')).toBe('true')
  await drain.click({ force: true })
  await page.getByText('needs role operator').first().waitFor()
  expect(await page.getByLabel('Weight').isDisabled()).toBe(true)
  await open(scene, '/backends/api?tab=health')
  expect(await page.getByLabel(/^Interval ?default/).isDisabled()).toBe(true)
  expect(sent).toEqual([])
})
