// The way to the gateway is gone while somebody is at work: the page says how old it is, keeps what was
// entered, and once there is a way again it has what it missed, without being loaded anew.
import { expect } from 'bun:test'
import { Browser as ApiBrowser } from '../support/admin-world.ts'
import { dashboard, settled } from '../support/dashboard.ts'
import { drawerOf, fileOf, SMALL } from '../support/dashboard-steps.ts'
import { freePort } from '../support/kernel.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  servers: ['one', 'two'],
  config: ({ one, two }) => `# kept
${SMALL}
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "${one}", name: one, weight: 3 }
      - { url: "${two}", name: two }
rules:
  - { name: all, backend: api }
`,
})

/** A way to the gateway that can be cut: what is under way on it ends, and nobody answers. */
class Way {
  readonly url: string
  readonly #admin: string
  readonly #port = freePort()
  #server: Bun.Server<undefined> | null = null
  /** `Last-Event-ID` of each stream of events that was begun. */
  readonly resumed: (string | null)[] = []

  constructor(admin: string) {
    this.#admin = admin
    this.url = `http://127.0.0.1:${this.#port}`
    this.open()
  }

  open(): void {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: this.#port,
      idleTimeout: 0,
      fetch: async ({ url, method, headers, body, signal }) => {
        const { pathname, search } = new URL(url)
        if (pathname === '/api/v1/events') this.resumed.push(headers.get('last-event-id'))
        const sent = { method, headers, signal, redirect: 'manual', decompress: false } as const
        return fetch(`${this.#admin}${pathname}${search}`, { ...sent, ...(body !== null && { body }) })
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop(true)
  }

  cut(): Promise<void> {
    return this[Symbol.asyncDispose]()
  }
}

test('without a way to the gateway the age is told, and with it what was missed comes', async (scene) => {
  const { page, signIn, gateway, watch } = scene
  // It tries what is edited on what it last heard of, as it may before it hears of the new file.
  watch.mean(/net::ERR_/, /^412 POST .*\/changesets\?dry_run=true$/)
  await using way = new Way(gateway.admin)
  await signIn('admin')
  await page.goto(`${way.url}/_admin/backends/api/servers/one`)
  await settled(page)
  await page.evaluate('globalThis.isTheSame = true')
  const drawer = drawerOf(page, 'one')
  await drawer.getByLabel('Weight').fill('7')
  await drawer.getByText('was 3').waitFor()
  await waitFor(() => way.resumed.length > 0, { what: 'the page to listen' })
  await way.cut()
  const aged = page.getByText(/^Last update .* ago, reconnecting\./)
  await aged.waitFor()
  await drawer.getByLabel('Max. connections').fill('64')

  const api = new ApiBrowser(gateway.admin)
  await api.signIn('admin')
  const body = { admin: 'drain', reason: 'new disk' }
  const path = '/api/v1/backends/api/servers/two/state'
  expect((await api.ask({ method: 'PUT', path, body })).status).toBe(200)
  await gateway.apply((await fileOf(scene)).replace('# kept', '# kept, and more'))
  expect(await aged.count()).toBe(1)

  const before = way.resumed.length
  way.open()
  await aged.waitFor({ state: 'detached' })
  await page.getByRole('row').filter({ hasText: 'new disk' }).waitFor()
  await page.getByRole('link', { name: /^Running r2/ }).waitFor()
  // It went on behind the last event that it had.
  expect(way.resumed[before] ?? '').toMatch(/^\S+$/)
  expect(await drawer.getByLabel('Weight').inputValue()).toBe('7')
  expect(await drawer.getByLabel('Max. connections').inputValue()).toBe('64')
  expect(await page.evaluate('globalThis.isTheSame')).toBe(true)
})
