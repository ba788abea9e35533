// The config that the README begins with is in the short form, which has no words for certificates.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'
import { makePair } from '../support/pki.ts'

const test = dashboard({
  config: `# kept
listen: "127.0.0.1:0"
backends:
  - url: http://127.0.0.1:9
admin: { bind: 127.0.0.1:0 }
workers: 1
`,
})

test('a certificate is uploaded to a file in the short form, which is written in the long one first', async (scene) => {
  const { page, open, signIn, gateway, watch } = scene
  watch.mean(/409/)
  await signIn('admin')
  await open('/certificates?add=upload')
  const pair = makePair(['shop.example'])
  await page.getByLabel('Certificate, chain and key as PEM').fill(`${pair.key}\n${pair.cert}`)
  await page.getByText('The key fits').waitFor()
  await page.getByRole('button', { name: 'Use from now on' }).click()
  await page.getByRole('button', { name: 'Write the long form' }).click()
  await page.getByRole('dialog', { name: 'shop.example' }).waitFor()
  const text = await Bun.file(gateway.configFile).text()
  expect(text).toStartWith('# kept\n')
  expect(text).toContain('shop-example:')
})
