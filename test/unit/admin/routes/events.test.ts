import { afterEach, expect, test } from 'bun:test'
import { type Admin, startAdmin } from '../../../../server/admin/admin.ts'
import { eventRoutes } from '../../../../server/admin/routes/events.ts'
import { Shell } from '../../../../server/admin/shell.ts'
import { EventHub } from '../../../../server/control/events/hub.ts'
import { controlFacts } from '../../../support/control-facts.ts'
import { rawClient } from '../../../support/client.ts'
import { waitFor } from '../../../support/wait.ts'
import { EventReader } from '../../../support/event-reader.ts'

const opened: { stop(): void }[] = []
const readers: EventReader[] = []
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
  for (const one of opened.splice(0)) one.stop()
})

interface Scene {
  readonly hub: EventHub
  readonly url: string
  readonly beat: () => void
  readonly port: number
}

/** The route behind its shell on a port; whoever asks is a viewer. The beats are the test's. */
function scene(): Scene {
  let act = (): void => {}
  const every = (_: number, given: () => void): (() => void) => {
    act = given
    return () => (act = (): void => {})
  }
  const hub = new EventHub({ nowMs: Date.now, every })
  const facts = controlFacts({ revision: () => 7 })
  const live = { ...facts.live, events: hub }
  const shell = new Shell({
    routes: eventRoutes({ ...facts, live }),
    facts,
    authenticator: {
      whoAsks: ({ headers }, from) => {
        const name = headers.get('x-name') ?? 'v'
        const who = { kind: 'user', name, role: 'viewer', from, id: 'x' } as const
        const [whyNoChange, whyNoStepUp] = [(): null => null, (): null => null]
        return Promise.resolve({ who, whyNoChange, whyNoStepUp, isStillGood: () => true })
      },
    },
  })
  const admin = startAdmin({ bind: '127.0.0.1:0', shell }) as Admin
  opened.push(admin)
  return { hub, url: `http://${admin.address}/api/v1/events`, beat: () => act(), port: admin.port }
}

async function watch(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const reader = await EventReader.open(url, { headers })
  readers.push(reader)
  await waitFor(() => reader.names.includes('hello'))
  return reader
}

const server = (hub: EventHub, name: string): void =>
  hub.hear('warn', 'server_down', { backend: 'a', server: name, reason: 'x' })

test('a stream begins with what runs, then tells what happens, each event with its id', async () => {
  const { hub, url } = scene()
  server(hub, 'before')
  const reader = await watch(url)
  expect(reader.events[0]!.data).toMatchObject({ revision: 7, version: '0.0.0', last_id: hub.lastId })
  expect(reader.events[0]!.data['topics']).not.toContain('figures')
  server(hub, 'b')
  await waitFor(() => reader.events.length === 2)
  expect(reader.events[1]).toMatchObject({
    name: 'health.unhealthy',
    data: { server: 'b', event: 'server_down' },
  })
  expect(reader.lastId).toBe(String(hub.lastId))
})

test('who comes back with its last id finds what it missed, in order, and nothing twice', async () => {
  const { hub, url } = scene()
  const first = await watch(url)
  server(hub, 's1')
  await waitFor(() => first.events.length === 2)
  first.close()
  await waitFor(() => hub.watchers === 0)
  server(hub, 's2')
  server(hub, 's3')
  const again = await watch(url, { 'Last-Event-ID': first.lastId! })
  server(hub, 's4')
  await waitFor(() => again.events.length === 4)
  expect(again.events.slice(1).map(({ data }) => data['server'])).toEqual(['s2', 's3', 's4'])
  expect(again.names).not.toContain('reset')
})

test('an id that is no longer kept, or of another run, is answered by reset, and goes on from now', async () => {
  const { hub, url } = scene()
  for (let i = 0; i < 1500; i++) server(hub, `s${i}`)
  for (const id of ['17', 'abc', String(hub.lastId + 5)]) {
    const reader = await watch(url, { 'Last-Event-ID': id })
    await waitFor(() => reader.events.length === 2)
    expect(reader.names).toEqual(['hello', 'reset'])
    expect(reader.lastId).toBe(String(hub.lastId))
  }
})

test('a thousand missed events come at once, and do not count as being slow', async () => {
  const { hub, url } = scene()
  for (let i = 0; i < 1000; i++) server(hub, `s${i}`)
  const reader = await watch(`${url}?after=0`)
  await waitFor(() => reader.events.length === 1001)
  expect(reader.ended).toBeNull()
})

test('only topics that are asked for come; a word that is none is refused', async () => {
  const { hub, url } = scene()
  const reader = await watch(`${url}?topics=config,figures`)
  server(hub, 'x')
  hub.hear('info', 'applied', { revision: 8 })
  hub.figures('{"gateway":[1]}')
  await waitFor(() => reader.events.length === 3)
  expect(reader.names).toEqual(['hello', 'config.applied', 'figures'])
  expect(reader.events[2]!.id).toBeNull()
  expect(reader.events[0]!.data['figures_columns']).toContain('p95_ms')
  const odd = await fetch(`${url}?topics=config,weather`)
  expect(odd.status).toBe(400)
  expect(await odd.json()).toMatchObject({ code: 'query_invalid', errors: [{ parameter: 'topics' }] })
})

test('who signs in is told to admins only', async () => {
  const { hub, url } = scene()
  hub.hear('warn', 'sign_in_failed', { user: 'ann', from: '192.0.2.1' })
  server(hub, 'x')
  const list = (await (await fetch(url)).json()) as { events: { name: string }[] }
  expect(list.events.map(({ name }) => name)).toEqual(['health.unhealthy'])
  const reader = await watch(`${url}?after=0`)
  await waitFor(() => reader.events.length === 2)
  expect(reader.names).toEqual(['hello', 'health.unhealthy'])
  expect(reader.events[0]?.data).toMatchObject({ build: '0.0.0+test' })
  const refused = await fetch(`${url}?topics=health,auth`)
  expect([refused.status, await refused.json()]).toMatchObject([403, { required_role: 'admin' }])
})

test('without a word for streams it is a list, which goes on where it ended', async () => {
  const { hub, url } = scene()
  for (let i = 0; i < 250; i++) server(hub, `s${i}`)
  interface List {
    readonly events: { readonly id: number; readonly server: string }[]
    readonly last_id: number
    readonly reset: boolean
  }
  const list = async (query: string): Promise<List> => (await (await fetch(`${url}${query}`)).json()) as List
  const newest = await list('')
  expect(newest.events.length).toBe(100)
  expect(newest.events.at(-1)!.server).toBe('s249')
  const seen: string[] = []
  let after = 0
  for (
    let page = await list('?after=0&limit=90');
    page.events.length > 0;
    page = await list(`?after=${after}&limit=90`)
  ) {
    seen.push(...page.events.map((one) => one.server))
    after = page.last_id
  }
  expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => `s${i}`))
  expect(await list(`?after=${after}`)).toEqual({ events: [], last_id: hub.lastId, reset: false })
  expect((await list('?after=3')).reset).toBe(true)
  expect((await list('?limit=0')).events).toEqual([])
})

test('a stream is not cut off for being quiet: no timeout, and a heartbeat every five seconds', async () => {
  const { url, beat } = scene()
  const reader = await watch(url)
  beat()
  for (let i = 1; i <= 12; i++) {
    beat()
    await waitFor(() => reader.comments === i)
  }
  expect(reader.ended).toBeNull()
})

test('a reader that takes nothing is cut off, while two hundred others miss nothing', async () => {
  const { hub, url, port } = scene()
  const slow = await rawClient(port)
  slow.send('GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n')
  await waitFor(() => hub.watchers === 1)
  slow.pause()
  const others = await Promise.all(Array.from({ length: 200 }, () => watch(`${url}?topics=config`)))
  const big = 'x'.repeat(15_000)
  let sent = 0
  await waitFor(
    async () => {
      for (let i = 0; i < 20; i++) hub.hear('warn', 'server_down', { server: `${sent++}`, reason: big })
      await Promise.resolve()
      return hub.watchers === 200
    },
    { everyMs: 1 },
  )
  hub.hear('info', 'applied', { revision: 9 })
  await waitFor(() => others.every((one) => one.names.includes('config.applied')))
  slow.resume()
  await slow.closed()
}, 30_000)

test('one viewer cannot take all streams, and gets places back that it gives up', async () => {
  const { hub, url } = scene()
  const own: EventReader[] = []
  for (let i = 0; i < 250; i++) own.push(await watch(`${url}?topics=config`))
  const headers = { Accept: 'text/event-stream' }
  const refused = await fetch(url, { headers })
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'too_many_own_watchers' }])
  await watch(url, { 'X-Name': 'other' })
  own[0]!.close()
  await waitFor(() => hub.watchers === 250)
  await watch(url)
  expect((await fetch(url, { headers })).status).toBe(429)
  // The gateway ends them all: none of the places stays taken.
  hub.close()
  await waitFor(() => readers.every(({ ended }) => ended !== null))
  await watch(url)
}, 30_000)

test('when the gateway stops, readers hear the end of the stream', async () => {
  const { hub, url } = scene()
  const reader = await watch(url)
  hub.close()
  await waitFor(() => reader.ended !== null)
  expect(reader.ended).toBe('end')
})

test('HEAD tells the type, and watches nothing', async () => {
  const { hub, url } = scene()
  const answer = await fetch(url, { method: 'HEAD', headers: { Accept: 'text/event-stream' } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  expect(hub.watchers).toBe(0)
})
