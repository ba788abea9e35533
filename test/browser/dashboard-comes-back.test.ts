// A change that nobody confirms, as when it has shut out who made it, or that traffic fares worse with: the
// gateway takes it back by itself, the file with it, and every page that is open shows that.
import { afterAll, expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { drawerOf, fileOf, reviewDraft, SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

/** Answers each request with a failure. */
const sick = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('sick', { status: 500 }) })
afterAll(() => sick.stop(true))

const test = dashboard({
  servers: ['one', 'two'],
  config: ({ one, two }) => `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  first: { servers: [{ url: "${one}", name: one }] }   # rack A
  second: { servers: [{ url: "${two}", name: two }] }
  sick: { servers: [{ url: "http://127.0.0.1:${sick.port}", name: sick }] }
rules:
  - { name: all, backend: first }
`,
  users: ['admin', 'viewer'],
})

const pending = (page: Page) => page.getByRole('status', { name: 'A change waits to be confirmed' })
const whoAnswers = async ({ gateway }: Scene): Promise<string> =>
  (await gateway.fetch('/', { keepalive: false })).text()

/** The rule leads to the other backend, if nobody keeps it within this time. */
async function applyFor(scene: Scene, seconds: number): Promise<void> {
  const { page, open } = scene
  // The page's shortest is half a minute; on its way to the gateway it becomes less.
  await page.route(/\/changesets\?.*confirm_within=/, (route) =>
    route.continue({
      url: route
        .request()
        .url()
        .replace(/confirm_within=\d+/, `confirm_within=${seconds}`),
    }),
  )
  await open('/rules?edit=all')
  await drawerOf(page, 'all').getByLabel('Backend').selectOption('second')
  await reviewDraft(page)
  await page.getByRole('switch', { name: /^Take back unless confirmed/ }).check()
  await page.getByRole('button', { name: /^Apply, then confirm/ }).click()
  await isApplied(page)
}

/** On a busy machine it may be taken back before anybody has seen that it ran. */
const isApplied = (page: Page): Promise<void> =>
  page.getByRole('heading', { level: 1, name: /^r\d+ (?:runs|was taken back)$/ }).waitFor()

test('not kept in time it is gone: what runs, the file and the pages are what they were', async (scene) => {
  const { page, another, signIn, open, gateway } = scene
  await signIn('admin')
  const onlooker = await another()
  await signIn('viewer', onlooker)
  await open('/rules', onlooker)
  const before = await fileOf(scene)
  await applyFor(scene, 5)
  expect((await gateway.event('applied'))['event']).toBe('applied')
  await waitFor(async () => (await fileOf(scene)) === before, { what: 'the file to be what it was' })
  await waitFor(async () => (await whoAnswers(scene)) === 'one', { what: 'requests to go where they went' })
  await page.getByRole('heading', { level: 1, name: /^r\d+ was taken back$/ }).waitFor()
  await page.getByText('and the file says so').waitFor()
  for (const one of [page, onlooker]) {
    await pending(one).waitFor({ state: 'detached' })
    await one.getByRole('link', { name: 'On disk the same' }).waitFor()
  }
  await onlooker.locator('[data-rule="all"]').getByRole('link', { name: 'first' }).waitFor()
  await open('/activity')
  await page
    .getByText(/taken back|not confirmed/i)
    .first()
    .waitFor()
})

test('what traffic fares worse with is taken back, with the figures that say so', async (scene) => {
  const { page, signIn, open, gateway } = scene
  await signIn('admin')
  const before = await fileOf(scene)
  // What is held against: as much as chance does not explain.
  for (let asked = 0; asked < 40; asked++) expect(await whoAnswers(scene)).toBe('one')
  await open('/rules?edit=all')
  await drawerOf(page, 'all').getByLabel('Backend').selectOption('sick')
  await reviewDraft(page)
  await page.getByRole('switch', { name: /^Take back if traffic fares worse/ }).check()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await isApplied(page)
  const isBack = async (): Promise<boolean> => (
    await whoAnswers(scene),
    gateway.last('watched') !== undefined
  )
  await waitFor(isBack, { what: 'the change to be judged' })
  await page.getByRole('heading', { level: 1, name: /^r\d+ was taken back$/ }).waitFor()
  await page
    .getByText(/^Taken back: 5xx rose from 0 % of \d+ to \S+ % of \d+ requests/)
    .first()
    .waitFor()
  expect(await fileOf(scene)).toBe(before)
  expect(await whoAnswers(scene)).toBe('one')
})

test('seen on another page it counts down, is kept there, and stays', async (scene) => {
  const { page, signIn, open } = scene
  await signIn('admin')
  const before = await fileOf(scene)
  await applyFor(scene, 120)
  await open('/backends')
  await pending(page)
    .getByText(/is taken back in/)
    .waitFor()
  expect(await whoAnswers(scene)).toBe('two')
  await page.getByRole('button', { name: /^Keep r\d+$/ }).click()
  await pending(page).waitFor({ state: 'detached' })
  expect(await whoAnswers(scene)).toBe('two')
  expect(await fileOf(scene)).toBe(before.replace('name: all, backend: first', 'name: all, backend: second'))
})
