// The config that the README begins with is in the short form: what it has no words for is a way on, no wall.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'

const test = dashboard({
  servers: ['one'],
  config: ({ one }) => `# kept
listen: "127.0.0.1:0"
backends:
  - url: ${one}
admin: { bind: 127.0.0.1:0 }
workers: 1
`,
})

test('a backend is added to a file in the short form, which is written in the long one first', async (scene) => {
  const { page, open, signIn, gateway, watch } = scene
  // The draft moves on to the text in the long form.
  watch.mean(/409/)
  watch.mean(/412/)
  await signIn('admin')
  await open('/backends?new=1')
  await page.getByLabel('Name', { exact: true }).fill('more')
  await page.getByLabel('Servers').fill('127.0.0.1:9\n')
  await page.getByRole('button', { name: 'Review more' }).click()
  const difference = page.getByRole('region', { name: 'The file in the long form' }).last()
  expect(await difference.innerText()).toContain('listeners:')
  await page.getByRole('button', { name: 'Write the long form' }).click()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await page.getByRole('heading', { level: 1, name: /^r3 runs$/ }).waitFor()
  const text = await Bun.file(gateway.configFile).text()
  expect(text).toStartWith('# kept\n')
  expect(text).toContain('more:')
})
