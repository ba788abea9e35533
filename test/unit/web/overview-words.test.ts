import { expect, test } from 'bun:test'
import { rowsOf } from '../../../web/pages/overview/backend-rows.ts'
import { stepsOf } from '../../../web/pages/overview/steps-to-go.ts'
import { tryLine } from '../../../web/pages/overview/try-line.ts'
import { railCounts } from '../../../web/shell/rail-counts.ts'

const backend = (id: string, live: object) => ({
  ...{ id, etag: '', configured: {}, effective: {}, live },
  place: { file: '', line: 1, column: 1, end_line: 1 },
})

test('backends that are not well come first, the others stay in the order of the file', () => {
  const items = [
    backend('web', { status: 'up', servers: 1, servers_up: 1 }),
    backend('api', { status: 'degraded', servers: 3, servers_up: 2, states: { up: 2, down: 1 } }),
    backend('app', { status: 'up', servers: 3, servers_up: 2, states: { up: 2, draining: 1 } }),
    backend('shop', { status: 'down', servers: 2, servers_up: 0 }),
  ]
  const rows = rowsOf({ items })
  expect(rows.map(({ name }) => name)).toEqual(['shop', 'api', 'web', 'app'])
  expect(rows[0]).toMatchObject({ word: 'Down', reason: 'No server up', pips: ['down', 'down'] })
  expect(rows[1]).toMatchObject({ reason: '2 of 3 take new requests', pips: ['up', 'up', 'down'] })
  // Whoever drains one of three wants it so: that is no ill of the backend.
  expect(rows[3]).toMatchObject({
    word: 'Up',
    reason: '2 of 3 take new requests',
    pips: ['up', 'up', 'drain'],
  })
})

test('of servers that nobody has asked nothing is claimed, and who fails all requests is not said to be up', () => {
  const only = (live: object) => rowsOf({ items: [backend('app', live)] })[0]
  const untried = { status: 'up', servers: 2, servers_up: 2, states: { unchecked: 2 } }
  expect(only({ ...untried, total_requests: 0 })).toMatchObject({ state: 'unk', word: 'Not known yet' })
  expect(only({ ...untried, total_requests: 1 })).toMatchObject({ state: 'up', word: 'Up', reason: '' })
  const worst = { server: 'b', reason: 'connect_refused, 18 in a row, the last 1 s ago' }
  const failing = { status: 'down', servers: 2, servers_up: 1, states: { up: 1, draining: 1 }, worst }
  expect(only(failing)).toMatchObject({
    ...{ state: 'down', word: 'Failing' },
    reason: 'b: connect_refused, 18 in a row, the last 1 s ago',
  })
})

test('a hundred servers are a count, not a hundred shapes', () => {
  const [row] = rowsOf({ items: [backend('big', { status: 'up', servers: 100, servers_up: 100 })] })
  expect(row).toMatchObject({ pips: [], up: 100, servers: 100 })
})

test('the line to try names the address that the shell reaches', () => {
  const line = (protocol: string, address: unknown, host = 'gw.example') =>
    tryLine([{ protocol, address }], host)
  expect(line('http', '0.0.0.0:8080')).toBe('curl http://gw.example:8080/')
  expect(line('https', ['[::]:8443'], '::1')).toBe('curl -k https://[::1]:8443/')
  expect(line('http', '10.0.0.1:80')).toBe('curl http://10.0.0.1:80/')
  expect(line('http', 'unix:/run/web.sock')).toBe('curl --unix-socket /run/web.sock http://localhost/')
  expect(line('http', "unix:/run/a b;id'")).toBe(
    String.raw`curl --unix-socket '/run/a b;id'\''' http://localhost/`,
  )
  expect(line('udp', '0.0.0.0:53')).toBeNull()
  expect(line('http', null)).toBeNull()
})

test('the rail counts what there is, or what of it wants attention', () => {
  const counts = {
    ...{ listeners: 5, listeners_down: 0, rules: 14, backends: 7, backends_down: 1, backends_degraded: 2 },
    ...{ servers: 20, servers_up: 16, certificates: 3, certificates_expiring: 2, problems: 5 },
  }
  expect(railCounts(counts)).toMatchObject({
    '/listeners': { n: 5 },
    '/rules': { n: 14 },
    '/backends': { n: 1, state: 'down' },
    '/certificates': { n: 2, state: 'warn' },
  })
  expect(railCounts({ ...counts, backends_down: 0 })['/backends']).toMatchObject({ n: 2, state: 'warn' })
  expect(railCounts({ ...counts, listeners_down: 1 })['/listeners']).toMatchObject({ n: 1, state: 'down' })
})

test('the steps to the first request end where something leads to a server', () => {
  const answers = { configured: { name: 'hello', respond: { status: 204 } } }
  const bare = { backends: 0, listeners: [{ configured: {} }], rules: [answers], changes: [] }
  expect(stepsOf(bare)).toEqual({ backend: 'open', lead: 'open' })
  expect(stepsOf({ ...bare, rules: [answers, { configured: { backend: 'api' } }] })).toBeNull()
  expect(stepsOf({ ...bare, rules: [{ configured: { backend: { split: [] } } }] })).toBeNull()
  expect(stepsOf({ ...bare, listeners: [{ configured: { protocol: 'turn' } }] })).toBeNull()
  expect(stepsOf({ ...bare, backends: 1 })).toEqual({ backend: 'done', lead: 'open' })
  const changes = [
    { op: 'create', resource: 'backends/api', value: { name: 'api' } },
    { op: 'update', resource: 'listeners/web', etag: '"1"', base: {}, patch: { backend: 'api' } },
  ] as const
  expect(stepsOf({ ...bare, changes })).toEqual({ backend: 'drafted', lead: 'drafted' })
})
