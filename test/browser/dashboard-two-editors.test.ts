// Two people, each in a browser of their own, change the config at the same time: what does not concern both
// goes together without a question, and where both want something else the second one decides.
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { applyReviewed, drawerOf, fileOf, reviewDraft, runs, SMALL } from '../support/dashboard-steps.ts'

const test = dashboard({
  config: `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "http://127.0.0.1:9", name: one, weight: 3 }   # rack A
      - { url: "http://127.0.0.1:10", name: two, weight: 2 }   # rack B
rules:
  - { name: all, backend: api }
`,
  users: ['admin', 'editor'],
})

/** Both look at the same state of the same server, or of two. */
async function bothOpen(scene: Scene, mine: string, theirs: string): Promise<[Page, Page]> {
  const { page, another, signIn, open } = scene
  const other = await another()
  await signIn('admin')
  await signIn('editor', other)
  await open(`/backends/api/servers/${mine}`)
  await open(`/backends/api/servers/${theirs}`, other)
  return [page, other]
}

async function draftWeight(page: Page, server: string, weight: number): Promise<void> {
  await drawerOf(page, server).getByLabel('Weight').fill(String(weight))
  await page.getByRole('link', { name: 'Draft 1 change' }).waitFor()
}

async function applyDraft(page: Page): Promise<void> {
  await reviewDraft(page)
  await applyReviewed(page)
}

test('weights of two servers: the draft of the second moves on, and the file has both', async (scene) => {
  const [first, second] = await bothOpen(scene, 'one', 'two')
  // The draft was made from another text: the answer says so, and the page moves it on.
  scene.watch.mean(/^412 /)
  const before = await fileOf(scene)
  await draftWeight(first, 'one', 7)
  await draftWeight(second, 'two', 5)
  await applyDraft(first)
  // The second is told at once, and what they typed stays.
  await second.getByText(/^to r\d+: rebase$/).waitFor()
  expect(await drawerOf(second, 'two').getByLabel('Weight').inputValue()).toBe('5')
  await second.getByRole('link', { name: /^Draft 1 change/ }).click()
  await second.getByText(/^Your draft stands on r\d+ now$/).waitFor()
  await second.getByText('Server two of backend api: weight 2 5').waitFor()
  await applyReviewed(second)
  expect(await fileOf(scene)).toBe(before.replace('weight: 3', 'weight: 7').replace('weight: 2', 'weight: 5'))
})

test('the weight of one server: the second is asked, with what it was and what each of them wants', async (scene) => {
  const [first, second] = await bothOpen(scene, 'one', 'one')
  scene.watch.mean(/^412 /)
  const before = await fileOf(scene)
  const was = /name: one, weight: (\d+)/.exec(before)?.[1] ?? ''
  await draftWeight(first, 'one', 21)
  await draftWeight(second, 'one', 34)
  await applyDraft(first)
  await second.getByText(/^to r\d+: rebase$/).waitFor()
  await second.getByRole('link', { name: /^Draft 1 change/ }).click()
  const choice = second.getByRole('group', { name: 'weight' })
  await second.getByText(`was ${was}`).waitFor()
  await choice.getByRole('radio', { name: /21$/ }).waitFor()
  const rebase = second.getByRole('button', { name: /^Rebase onto/ })
  expect(await rebase.getAttribute('aria-disabled')).toBe('true')
  expect(await fileOf(scene)).toBe(before.replace(`one, weight: ${was}`, 'one, weight: 21'))
  await choice.getByRole('radio', { name: 'yours 34' }).check()
  await rebase.click()
  await second.getByText('Server one of backend api: weight 21 34').waitFor()
  await applyReviewed(second)
  await runs(second)
  expect(await fileOf(scene)).toBe(before.replace(`one, weight: ${was}`, 'one, weight: 34'))
})

test('who gives way keeps what the other one wrote, and has no draft left', async (scene) => {
  const [first, second] = await bothOpen(scene, 'two', 'two')
  scene.watch.mean(/^412 /)
  await draftWeight(first, 'two', 55)
  await draftWeight(second, 'two', 89)
  await applyDraft(first)
  const after = await fileOf(scene)
  await second.getByText(/^to r\d+: rebase$/).waitFor()
  await second.getByRole('link', { name: /^Draft 1 change/ }).click()
  await second.getByRole('group', { name: 'weight' }).getByRole('radio', { name: /55$/ }).check()
  await second.getByRole('button', { name: /^Rebase onto/ }).click()
  await second.getByRole('heading', { name: 'Nothing is drafted' }).waitFor()
  expect(await fileOf(scene)).toBe(after)
})
