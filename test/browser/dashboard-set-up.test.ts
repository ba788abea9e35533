// The first visit to a new gateway: nobody may sign in yet, and who has the token of its log makes the first
// user.
import { expect } from 'bun:test'
import { axeInBothThemes } from '../support/axe.ts'
import { dashboard } from '../support/dashboard.ts'
import { PASSWORD } from '../support/store-world.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
  users: [],
})

const MAKE = 'Make the first user'

test('the set-up is right for axe, light and dark', { width: 320, height: 640 }, async ({ page, open }) => {
  await open('/')
  await page.getByRole('heading', { level: 1, name: MAKE }).waitFor()
  expect(await axeInBothThemes(page)).toEqual([])
})

test('the token of the log makes the first user, and never another', async (scene) => {
  const { page, open, watch, gateway, another } = scene
  watch.mean(/^(401|422) POST .*\/auth\/setup$/)
  await open('/')
  await page.getByRole('heading', { level: 1, name: MAKE }).waitFor()
  const submit = page.getByRole('button', { name: 'Make the user and sign in' })

  await page.getByLabel('Set-up token').fill('not-this-one')
  await page.getByLabel('Name', { exact: true }).fill('anna')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await submit.click()
  await page.getByRole('alert').waitFor()

  const { token } = await gateway.event('setup_needed')
  await page.getByLabel('Set-up token').fill(` ${String(token)}\n`)
  await page.getByLabel('Password', { exact: true }).fill('short')
  await submit.click()
  await page
    .getByText(/at least 12|12 characters/)
    .first()
    .waitFor()
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('anna')

  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await submit.click()
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  expect((await gateway.event('user_added'))['user']).toBe('anna')

  const stranger = await another()
  await open('/', stranger)
  await stranger.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
})
