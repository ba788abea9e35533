// A server is taken out while people are connected to it: nobody is cut off, nobody new gets there, the page
// counts down to nothing, and neither a restart nor an edit of the config brings it back.
import { afterAll, expect } from 'bun:test'
import { dashboard, type Scene, settled } from '../support/dashboard.ts'
import { applyReviewed, drawerOf, fileOf, reviewDraft } from '../support/dashboard-steps.ts'
import { freePort } from '../support/kernel.ts'
import { waitFor } from '../support/wait.ts'

/** A server that says its name to whoever connects, and holds WebSockets. */
const startServer = (name: string) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response(name)),
    websocket: {
      open: (socket) => void socket.send(name),
      message: (socket, said) => void socket.send(said),
    },
  })
const servers = { one: startServer('one'), two: startServer('two') }
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop(true))))

const test = dashboard({
  // Always the same address: the page that is open finds the gateway again.
  config: () => `# kept
admin: { bind: 127.0.0.1:${freePort()} }
workers: 2
drain: 2s
listeners: { web: { bind: 127.0.0.1:0 } }
backends:
  api:
    servers:
      - { url: "http://127.0.0.1:${servers.one.port}", name: one }   # rack A
      - { url: "http://127.0.0.1:${servers.two.port}", name: two }   # rack B
rules:
  - { name: all, backend: api }
`,
  users: ['admin', 'operator'],
})

/** Somebody who is connected to a server, and stays. */
class Visitor {
  readonly server: string
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, server: string) {
    this.#socket = socket
    this.server = server
  }

  static async come({ gateway }: Scene): Promise<Visitor> {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port('web')}/live`)
    return new Visitor(socket, await nextOf(socket))
  }

  /** What comes back of what is said. */
  async says(words: string): Promise<string> {
    const answer = nextOf(this.#socket)
    this.#socket.send(words)
    return answer
  }

  leave(): void {
    this.#socket.close()
  }
}

function nextOf(socket: WebSocket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true })
  for (const end of ['close', 'error'] as const)
    socket.addEventListener(end, () => reject(new Error(`The WebSocket ended: ${end}.`)), { once: true })
  return promise
}

/** Three who are connected to server two, and those that came to the other meanwhile. */
async function visitorsOfTwo(scene: Scene): Promise<{ ofTwo: Visitor[]; others: Visitor[] }> {
  const [ofTwo, others]: [Visitor[], Visitor[]] = [[], []]
  while (ofTwo.length < 3) {
    const visitor = await Visitor.come(scene)
    ;(visitor.server === 'two' ? ofTwo : others).push(visitor)
  }
  return { ofTwo, others }
}

/** Who answers sixteen that come now. */
async function whoAnswers({ gateway }: Scene): Promise<string[]> {
  const names = new Set<string>()
  for (let asked = 0; asked < 16; asked++)
    names.add(await (await gateway.fetch('/', { listener: 'web', keepalive: false })).text())
  return [...names].toSorted()
}

test('those connected stay, those who come go elsewhere, and what is left falls to nothing', async (scene) => {
  const { page, open, signIn } = scene
  await signIn('operator')
  const { ofTwo, others } = await visitorsOfTwo(scene)
  await open('/backends/api/servers/two')
  const drawer = drawerOf(page, 'two')
  const inFlight = (count: number) =>
    drawer
      .locator('dt', { hasText: 'In flight' })
      .locator('xpath=following-sibling::dd[1]')
      .filter({ hasText: new RegExp(`^${count}(?!\\d)`) })
      .waitFor()
  await inFlight(3)

  await drawer.getByRole('button', { name: 'Drain', exact: true }).click()
  const form = drawerOf(page, 'State of two')
  await form.getByLabel('Reason').fill('kernel update')
  await form.getByRole('button', { name: 'Drain two' }).click()
  await drawer.getByText('It falls as they finish.').waitFor()
  expect(await whoAnswers(scene)).toEqual(['one'])
  expect(await Promise.all(ofTwo.map((visitor) => visitor.says('still there')))).toEqual(
    ofTwo.map(() => 'still there'),
  )
  // Nothing is pressed and nothing is loaded again: the page counts down by itself.
  for (const [gone, visitor] of ofTwo.entries()) {
    await inFlight(3 - gone)
    visitor.leave()
  }
  await inFlight(0)
  await drawer.getByText('Nothing is left: it can be stopped.').waitFor()
  for (const visitor of others) visitor.leave()
})

test('it stays out over a restart, which the open page survives, and over an edit of the config', async (scene) => {
  const { page, open, signIn, restart, watch } = scene
  // Nobody answers for a moment.
  watch.mean(/^failed: GET \S+: net::ERR_/, /^console error: .*net::ERR_/, /^50[234] GET /)
  await signIn('admin')
  await open('/backends/api/servers/two')
  const drawer = drawerOf(page, 'two')
  const ordered = drawer.getByText(/operator · no end · “kernel update”/)
  await ordered.waitFor()

  let streams = 0
  page.on('response', (response) => void (response.url().includes('/api/v1/events') && streams++))
  await restart()
  await waitFor(() => streams > 0, { what: 'the page to hear the gateway that was started again' })
  await ordered.waitFor()
  expect(await whoAnswers(scene)).toEqual(['one'])

  const before = await fileOf(scene)
  await drawer.getByLabel('Weight').fill('4')
  await drawer.getByText('was not set').waitFor()
  await reviewDraft(page)
  await applyReviewed(page)
  expect(await fileOf(scene)).toBe(before.replace('name: two }', 'name: two, weight: 4 }'))
  expect(await whoAnswers(scene)).toEqual(['one'])

  await open('/backends/api/servers/two')
  await ordered.waitFor()
  await drawer.getByRole('button', { name: 'Ready', exact: true }).click()
  await drawerOf(page, 'State of two').getByRole('button', { name: 'Make ready two' }).click()
  await ordered.waitFor({ state: 'detached' })
  await settled(page)
  expect(await whoAnswers(scene)).toEqual(['one', 'two'])
})
