// A gateway that does not answer any more: what is shown says of when it is, for as long as that lasts.
import { expect } from 'bun:test'
import { dashboard } from '../support/dashboard.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
})

test('how old it is goes on being told while it is asked for again and again', async (scene) => {
  const { page, open, signIn, watch } = scene
  watch.mean(/events\?/)
  await signIn('admin')
  await page.route(EVENTS, (route) => route.abort())
  await open('/settings/appearance')
  const old = page.getByText(/^Last update \d+ s ago, reconnecting/)
  const again = (): Promise<unknown> =>
    page.waitForEvent('requestfailed', (request) => request.url().includes('/api/v1/events?'))
  await old.waitFor()
  const first = ageOf(await old.innerText())
  await again()
  // A try that has just begun is no word of the gateway: nothing is not what stands there next.
  const shown = `Number(/update (\\d+) s/.exec(document.body.innerText)?.[1] ?? 0)`
  const next = await page.waitForFunction(`${shown} === ${first} ? '' : String(${shown})`)
  expect(Number(await next.jsonValue())).toBeGreaterThan(first)
})

const EVENTS = '**/api/v1/events?*'

const ageOf = (text: string): number => Number(/update (\d+) s/.exec(text)?.[1])
