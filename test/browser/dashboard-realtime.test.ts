// Realtime in the dashboard: the relay tried from the browser, credentials, peers, an allocation ended, and
// what is said where there is no TURN listener.
import { expect } from 'bun:test'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard } from '../support/dashboard.ts'
import { SMALL } from '../support/dashboard-steps.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: `# kept
${SMALL}
listeners:
  web: { bind: 127.0.0.1:0 }
  turn:
    bind: 127.0.0.1:0
    protocol: turn
    realm: example.org
    auth: { users: { alice: wonderland }, secrets: [a-secret-of-the-test] }
    relay: { bind: [127.0.0.1] }
rules:
  - { name: all, respond: { status: 204 } }
`,
  users: ['admin', 'viewer'],
})

test('two connections of the browser talk through the relay by UDP and TCP', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/realtime')
  await page
    .getByText(/^Listener turn relays for nobody now, at 127\.0\.0\.1, port \d+ \(UDP, TCP\)\.$/)
    .waitFor()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Works', { exact: true }).waitFor()
  for (const way of ['UDP', 'TCP']) {
    const step = page.getByRole('listitem').filter({ hasText: `TURN by ${way}` })
    expect(await step.innerText()).toMatch(
      /talked through it: 127\.0\.0\.1:\d+ ⇄ 127\.0\.0\.1:\d+; a message takes/,
    )
  }
  await page.getByText(/^\d+ of 200$/).waitFor()
  // No password of the config is anywhere on the page.
  expect(await page.content()).not.toContain('wonderland')
})

test('credentials are made for whom they are asked, and nothing before they are', async (scene) => {
  const { page, open, signIn } = scene
  const sent: string[] = []
  page.on('request', (request) => request.method() !== 'GET' && sent.push(new URL(request.url()).pathname))
  await signIn('admin')
  await open('/realtime')
  expect(sent).toEqual([])
  await page.getByLabel('User').fill('bruno')
  await page.getByRole('button', { name: 'Make them' }).click()
  await page.getByText(/^\d+:bruno$/).waitFor()
  await page.getByText('As JavaScript, and as a command').click()
  await page.getByText(/new RTCPeerConnection\(/).waitFor()
  expect(sent).toEqual(['/api/v1/turn/credentials'])
})

test('a peer is looked up, with why it is refused', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('viewer')
  await open('/realtime')
  await page.getByLabel('Peer', { exact: true }).fill('192.168.4.20')
  await page.keyboard.press('Enter')
  await page.getByText(/192\.168\.4\.20 is private/).waitFor()
  // What a viewer may not, says so.
  expect(await page.getByRole('button', { name: 'Run', exact: true }).getAttribute('aria-disabled')).toBe(
    'true',
  )
})

test('an allocation is shown with its client, and ended', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/realtime')
  const made = (await page.evaluate(`(async () => {
    const { csrf_token } = await (await fetch('/api/v1/auth/me')).json()
    const answer = await fetch('/api/v1/turn/credentials', { method: 'POST', body: JSON.stringify({ name: 'dana' }),
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token } })
    const { iceServers } = await answer.json()
    window.kept = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' })
    window.kept.createDataChannel('x')
    await window.kept.setLocalDescription(await window.kept.createOffer())
    return iceServers.length
  })()`)) as number
  expect(made).toBe(2)
  const row = page.getByRole('row').filter({ hasText: 'dana' }).first()
  await row.waitFor()
  const before = await page.getByRole('row').filter({ hasText: 'dana' }).count()
  await row.getByRole('button', { name: /^End the allocation of dana/ }).click()
  await page.getByText('It has reached nobody yet.').waitFor()
  await page.getByRole('button', { name: 'End that of dana' }).click()
  await page.getByRole('button', { name: 'End that of dana' }).waitFor({ state: 'detached' })
  await waitFor(async () => (await page.getByRole('row').filter({ hasText: 'dana' }).count()) < before, {
    what: 'the allocation to be gone',
  })
})

for (const width of [360, 1280])
  test(`the page is right for axe, light and dark, at ${width} px`, { width, height: 800 }, async (scene) => {
    const { page, open, signIn } = scene
    await signIn('admin')
    await open('/realtime?new=1')
    await page.locator('main h1').waitFor()
    await page.getByRole('dialog', { name: 'New TURN listener' }).waitFor()
    expect(await axeInBothThemes(page)).toEqual([])
  })
