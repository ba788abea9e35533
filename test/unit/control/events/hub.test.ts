import { expect, test } from 'bun:test'
import { EventHub } from '../../../../server/control/events/hub.ts'
import { Watcher } from '../../../../server/control/events/watcher.ts'
import { TOPICS, type Topic } from '../../../../server/tables/events.ts'

const ALL: ReadonlySet<Topic> = new Set(TOPICS)
const START_MS = 1_700_000_000_000

/** A hub whose beats the test gives. */
function scene(): { readonly hub: EventHub; beat(): void; readonly beating: () => boolean } {
  let act: (() => void) | null = null
  const every = (_: number, beat: () => void): (() => void) => {
    act = beat
    return () => void (act = null)
  }
  return {
    hub: new EventHub({ nowMs: () => START_MS, every }),
    beat: () => act?.(),
    beating: () => act !== null,
  }
}

/** A reader that takes what is sent at once, unless it is told not to. */
function reader(
  hub: EventHub,
  topics = ALL,
): { watcher: Watcher; got: string[]; read(): void; isCut(): boolean } {
  const got: string[] = []
  const seen = { isCut: false }
  const watcher = new Watcher(topics, {
    send: (frame) => got.push(new TextDecoder().decode(frame)),
    end: () => got.push('end'),
    cut: () => void (seen.isCut = true),
  })
  hub.add(watcher)
  return { watcher, got, read: () => watcher.ready(), isCut: () => seen.isCut }
}

test('an event of the log is told under its topic and name, with the fields of the log', () => {
  const { hub } = scene()
  hub.hear('warn', 'server_down', { backend: 'api', server: 'http://a', reason: 'status 500', id: 'x' })
  const [event] = hub.latest(ALL, 10)
  expect(JSON.parse(event!.text)).toEqual({
    id: START_MS * 1000 + 1,
    time: '2023-11-14T22:13:20.000Z',
    level: 'warn',
    topic: 'health',
    name: 'health.unhealthy',
    event: 'server_down',
    backend: 'api',
    server: 'http://a',
    reason: 'status 500',
  })
})

test('what has no row in the table is not told: neither diagnostics nor what only the operator may know', () => {
  const { hub } = scene()
  hub.hear('info', 'setup_token', { token: 'secret' })
  hub.hear('debug', 'exchange', { path: '/' })
  hub.hear('info', 'constructor', {})
  expect(hub.latest(ALL, 10)).toEqual([])
})

test('a certificate that replaces one is renewed, not issued', () => {
  const { hub } = scene()
  hub.hear('info', 'certificate_obtained', { certificate: 'a', renewal: false })
  hub.hear('info', 'certificate_obtained', { certificate: 'a', renewal: true })
  const names = hub.latest(ALL, 2).map(({ text }) => (JSON.parse(text) as { name: string }).name)
  expect(names).toEqual(['certificate.issued', 'certificate.renewed'])
})

test('who comes back with its last id finds what came since, and only its topics', () => {
  const { hub } = scene()
  hub.hear('info', 'applied', { revision: 1 })
  const seen = hub.lastId
  hub.hear('info', 'applied', { revision: 2 })
  hub.hear('info', 'server_up', { server: 'a' })
  const { events, isReset } = hub.after(seen, new Set<Topic>(['config']))
  expect(isReset).toBe(false)
  expect(events.map(({ text }) => (JSON.parse(text) as { revision: number }).revision)).toEqual([2])
  expect(hub.after(hub.lastId, ALL)).toEqual({ events: [], isReset: false })
})

test('a last id that is no longer kept, or of another run, is a reset; 0 is all that is kept', () => {
  const { hub } = scene()
  const first = hub.lastId
  for (let i = 0; i < 1000; i++) hub.hear('info', 'applied', { revision: i })
  expect(hub.after(first, ALL).isReset).toBe(false)
  hub.hear('info', 'applied', { revision: 1000 })
  expect(hub.after(first, ALL).isReset).toBe(true)
  expect(hub.after(first + 1, ALL)).toMatchObject({ isReset: false, events: { length: 1000 } })
  expect(hub.after(hub.lastId + 1, ALL).isReset).toBe(true)
  expect(hub.after(17, ALL).isReset).toBe(true)
  for (let i = 0; i < 5000; i++) hub.hear('info', 'applied', { revision: i })
  expect(hub.after(0, ALL)).toMatchObject({ isReset: false, events: { length: 1000 } })
})

test('an event with more than fits leaves out its lists, and says so', () => {
  const { hub } = scene()
  const problems = Array.from({ length: 10_000 }, (_, i) => ({ path: `rules[${i}]`, message: 'no' }))
  hub.hear('error', 'rejected', { file: 'a.yaml', running: 7, problems })
  const [event] = hub.latest(ALL, 1)
  expect(JSON.parse(event!.text)).toMatchObject({
    name: 'config.rejected',
    file: 'a.yaml',
    running: 7,
    shortened: true,
  })
  expect(event!.text.length).toBeLessThan(1000)
})

test('of long events fewer are kept, and what is gone is known as gone', () => {
  const { hub } = scene()
  const first = hub.lastId
  for (let i = 0; i < 400; i++)
    hub.hear('warn', 'server_down', { server: `s${i}`, reason: 'x'.repeat(16_000) })
  const kept = hub.latest(ALL, 1000)
  expect(kept.length).toBeLessThan(262)
  expect(kept.length).toBeGreaterThan(250)
  expect(hub.after(first, ALL).isReset).toBe(true)
  expect(hub.after(kept[0]!.id - 1, ALL)).toMatchObject({ isReset: false, events: { length: kept.length } })
})

test('a frame has id, name and one line of data', () => {
  const { hub } = scene()
  const one = reader(hub)
  one.read()
  hub.hear('info', 'applied', { note: 'two\nlines' })
  expect(one.got[0]).toMatch(/^id: \d+\nevent: config\.applied\ndata: \{[^\n]*\}\n\n$/)
})

test('a reader gets what waits one by one, as it takes it', () => {
  const { hub } = scene()
  const one = reader(hub)
  hub.hear('info', 'applied', { revision: 1 })
  hub.hear('info', 'applied', { revision: 2 })
  expect(one.got).toEqual([])
  one.read()
  expect(one.got.length).toBe(1)
  one.read()
  expect(one.got[1]).toContain('"revision":2')
})

test('of figures a slow reader only gets the newest, and of states all', () => {
  const { hub } = scene()
  const one = reader(hub)
  for (let i = 0; i < 100; i++) hub.figures(`{"t":${i}}`)
  hub.hear('info', 'server_up', { server: 'a' })
  for (let i = 0; i < 5; i++) one.read()
  expect(one.got.length).toBe(2)
  expect(one.got[0]).toContain('health.healthy')
  expect(one.got[1]).toBe('event: figures\ndata: {"t":99}\n\n')
})

test('a reader that does not keep up with states is cut off, and others are not', () => {
  const { hub } = scene()
  const [slow, quick] = [reader(hub), reader(hub)]
  for (let i = 0; i < 257; i++) {
    hub.hear('info', 'applied', { revision: i })
    quick.read()
  }
  expect(slow.isCut()).toBe(true)
  expect(slow.got).toEqual([])
  expect(quick.isCut()).toBe(false)
  expect(quick.got.length).toBe(257)
})

test('a minute in which nothing happens is twelve heartbeats', () => {
  const { hub, beat } = scene()
  const one = reader(hub)
  one.read()
  for (let i = 0; i < 12; i++) {
    beat()
    one.read()
  }
  expect(one.got).toEqual(Array.from({ length: 12 }, () => ': hb\n\n'))
  expect(one.isCut()).toBe(false)
})

test('no heartbeat is sent where something else was', () => {
  const { hub, beat } = scene()
  const one = reader(hub)
  one.read()
  hub.figures('{}')
  one.read()
  beat()
  expect(one.got.length).toBe(1)
  beat()
  expect(one.got[1]).toBe(': hb\n\n')
})

test('a reader that takes nothing for a minute is cut off, and forgotten', () => {
  const { hub, beat, beating } = scene()
  const one = reader(hub)
  for (let i = 0; i < 11; i++) beat()
  expect(one.isCut()).toBe(false)
  beat()
  expect(one.isCut()).toBe(true)
  expect(hub.watchers).toBe(0)
  expect(beating()).toBe(false)
})

test('nothing beats while nobody watches', () => {
  const { hub, beating } = scene()
  expect(beating()).toBe(false)
  const one = reader(hub)
  expect(beating()).toBe(true)
  hub.remove(one.watcher)
  expect(beating()).toBe(false)
})

test('when the gateway stops, readers get what waits, then the end', () => {
  const { hub } = scene()
  const one = reader(hub)
  hub.hear('info', 'stopped', { aborted: 0 })
  hub.close()
  expect(one.got).toEqual([])
  one.read()
  expect(one.got[0]).toContain('worker.stopped')
  expect(one.got[1]).toBe('end')
})

test('the thousand-and-first who watches is refused', () => {
  const { hub } = scene()
  const made = (): Watcher => new Watcher(ALL, { send() {}, end() {}, cut() {} })
  for (let i = 0; i < 1000; i++) expect(hub.add(made())).toBe(true)
  expect(hub.add(made())).toBe(false)
})
