// Certificates in the dashboard: looked at, uploaded and served at once, refused with what is wrong, made,
// asked for, removed; and for who may only look.
import { expect } from 'bun:test'
import { connect } from 'node:tls'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard, type Scene } from '../support/dashboard.ts'
import { fileOf, sentBy, SMALL } from '../support/dashboard-steps.ts'
import { makePair } from '../support/pki.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: `# kept
${SMALL}
certificates:
  first: { self_signed: { names: [first.example] } }   # ours
listeners:
  secure: { bind: 127.0.0.1:0, protocol: https, certificates: [first] }
rules:
  - { name: all, respond: { status: 204 } }
`,
  users: ['admin', 'viewer'],
})

/** Whom a client finds that asks for a name. */
function servedFor({ gateway }: Scene, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = gateway.port('secure')
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('a certificate is pasted with its key, served at once, and undone', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/certificates')
  const before = await fileOf(scene)
  await page.getByRole('button', { name: 'Upload' }).click()
  const pair = makePair(['shop.example', 'www.shop.example'])
  const field = page.getByLabel('Certificate, chain and key as PEM')
  await field.fill(`${pair.key}\n${pair.cert}`)
  await page.getByText('The key fits').waitFor()
  expect(await field.inputValue()).not.toContain(pair.key.split('\n')[1]!)
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('shop-example')
  await page.getByRole('button', { name: 'Use from now on' }).click()
  await page.getByRole('dialog', { name: 'shop.example' }).waitFor()
  expect(await servedFor(scene, 'www.shop.example')).toBe('shop.example')
  expect(await servedFor(scene, 'first.example')).toBe('first.example')
  const text = await fileOf(scene)
  expect(text).toContain('certificates: [first, shop-example]')
  expect(text).toContain('# ours')
  expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(
    'PRIVATE',
  )
  await page.getByRole('button', { name: 'Undo' }).click()
  await waitFor(async () => (await fileOf(scene)) === before, { what: 'the file to be as it was' })
})

test('a key of another certificate is told before anything is sent, and looking sends nothing', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  const sent = sentBy(page)
  await open('/certificates?add=upload')
  const [one, other] = [makePair(['one.example']), makePair(['other.example'])]
  const files = [
    { name: 'one.pem', mimeType: 'text/plain', buffer: Buffer.from(one.cert) },
    { name: 'other.key', mimeType: 'text/plain', buffer: Buffer.from(other.key) },
  ]
  await page.getByLabel('Files of the certificate, its chain and its key').setInputFiles(files)
  await page.getByText('The key is of another certificate.').waitFor()
  await page.getByText('needs the right key; nothing is changed until then').waitFor()
  expect(await page.getByRole('button', { name: 'Use from now on' }).getAttribute('aria-disabled')).toBe(
    'true',
  )
  const pfx = { name: 'a.pfx', mimeType: 'application/x-pkcs12', buffer: Buffer.from([0x30, 0x82, 1, 1]) }
  await page.getByLabel('Files of the certificate, its chain and its key').setInputFiles([pfx])
  await page.getByText('openssl pkcs12 -in a.pfx -nodes -out pair.pem').waitFor()
  await page.keyboard.press('Escape')
  await open('/certificates/first')
  await page.getByText('Nobody else has signed it.').waitFor()
  expect(sent).toEqual([])
})

test('one by ACME goes through the draft, with what speaks against its names', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  const sent = sentBy(page)
  await open('/certificates?add=acme')
  await page
    .getByLabel('Add name')
    .or(page.getByPlaceholder('shop.example.com'))
    .first()
    .fill('*.shop.example.com')
  await page.keyboard.press('Enter')
  await page.getByText('*.shop.example.com needs dns-01').waitFor()
  await page.getByLabel('name 1').fill('shop.example.com')
  await page.getByRole('button', { name: 'Review it' }).click()
  await page.getByText('No CA gives one without.').waitFor()
  await page.getByRole('switch', { name: /terms of service/ }).check()
  await page.getByRole('button', { name: 'Review it' }).click()
  await page.getByRole('heading', { name: /^Review 2 changes/ }).waitFor()
  expect(sent.filter((one) => !one.endsWith('/changesets'))).toEqual([])
  await open('/certificates')
  await page.getByText('not running yet').waitFor()
  // Taken out again with its name in the listener: nothing of it is left.
  await page.getByRole('link', { name: 'shop.example.com' }).click()
  await page.getByRole('button', { name: 'Take out of the draft' }).click()
  await page.getByText('not running yet').waitFor({ state: 'detached' })
  await page.waitForFunction(() => sessionStorage.getItem('sluice.draft') === null)
})

test('one in use is not taken from a listener that would have none left', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('admin')
  await open('/certificates/first')
  await page.getByRole('button', { name: 'Remove' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove first.example?' })
  await dialog.getByText(/In use by secure: clients that ask for first\.example/).waitFor()
  await dialog.getByText('Listener secure would have none left').waitFor()
  await dialog.getByRole('button', { name: 'Review the removal' }).click({ force: true })
  expect(await page.evaluate(() => sessionStorage.getItem('sluice.draft'))).toBeNull()
})

test('a viewer sees all of it and cannot change it', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('viewer')
  await open('/certificates/first')
  await page.getByText('needs role editor').first().waitFor()
  for (const name of ['Upload', 'Issue by ACME', 'Remove'])
    expect(await page.getByRole('button', { name }).getAttribute('aria-disabled')).toBe('true')
})

for (const width of [360, 1280])
  test(
    `the pages are right for axe, light and dark, at ${width} px`,
    { width, height: 800 },
    async (scene) => {
      const { page, open, signIn } = scene
      await signIn('admin')
      const found: Record<string, readonly string[]> = {}
      for (const path of [
        '/certificates',
        '/certificates/first',
        '/certificates?add=upload',
        '/certificates?add=acme',
      ]) {
        await open(path)
        await page.locator('main h1').waitFor()
        const findings = await axeInBothThemes(page)
        if (findings.length > 0) found[path] = findings
      }
      expect(found).toEqual({})
    },
  )
