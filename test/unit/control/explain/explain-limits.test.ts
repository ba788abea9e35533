import { expect, test } from 'bun:test'
import { explainedText } from '../../../../server/cli/explained-text.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Explained, Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { networkKey } from '../../../../server/lib/ip-address.ts'
import { machineMs } from '../../../../server/lib/clock.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { ANSWERING, CARRIED } from '../../../../server/scoreboard/layout.ts'
import { Leases } from '../../../../server/scoreboard/leases.ts'

function told(client: string, rule: object, more: (ground: Ground) => void = () => {}): Explained {
  const words = {
    listeners: { web: { bind: '127.0.0.1:80' } },
    rules: [{ name: 'all', ...('backend' in rule ? {} : { respond: { status: 204 } }), ...rule }],
    backends: { app: { servers: [{ url: 'http://10.0.0.1' }], max_connections: 100, adaptive_limit: {} } },
  }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
  const asked = { method: 'GET', url: 'http://h/', headers: [], client, listener: null }
  const ground = offlineGround(loaded.config)
  more(ground)
  const explained = atOnce(explain(asked, ground))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained
}

test('what counts requests under way is told with how many may be, the limit of the rule behind all steps', () => {
  const step = (mode: string) => ({ concurrency: { max: 5, key: ['host', 'header X-User'], mode } })
  const rule = {
    middleware: [step('enforce'), step('off'), { ip: { deny: ['192.0.2.0/24'] } }],
    max_connections: 3,
  }
  const by = { limit: '5 at once, by host, header X-User' }
  const whole = { name: 'max_connections', limit: '3 at once, of the whole rule' }
  const explained = told('198.51.100.1', rule)
  expect(explained.middleware).toMatchObject([
    { name: 'concurrency', does: 'depends', acts_on: ['request', 'end'], ...by },
    { name: 'concurrency', does: 'off', ...by },
    { name: 'ip', does: 'passes' },
    { ...whole, does: 'depends' },
  ])
  expect(explainedText({ kind: 'request', ...explained }, false)).toContain(
    'max_connections: depends on what else comes (3 at once, of the whole rule), acts on request, end',
  )
  expect(told('192.0.2.1', rule).middleware.slice(-2)).toMatchObject([
    { name: 'ip', does: 'refuses' },
    { ...whole, does: 'not_reached' },
  ])
})

test('a rule without limits tells of none', () => {
  const { middleware } = told('198.51.100.1', { middleware: [{ ip: { deny: ['192.0.2.0/24'] } }] })
  expect(middleware.map(({ name, limit }) => [name, limit])).toEqual([['ip', undefined]])
})

test('of a running gateway it is told how much of each limit is in use, by the key of this request', () => {
  const rule = {
    middleware: [{ concurrency: { max: 5, key: ['client_ip'] } }],
    max_connections: 3,
    backend: 'app',
  }
  const busy = (ground: Ground): void => {
    const { board, slots } = ground.states
    const leases = Leases.private(65_536, 1, 0)
    leases.open()
    const take = (name: string, key: string) => leases.take(leases.names(name), key, 9, 0)
    for (let taken = 0; taken < 2; taken++) take('rules.all', '')
    take('all\0client_ip', networkKey('198.51.100.1', 64))
    const slot = slots['app']!.slot.index
    for (let taken = 0; taken < 4; taken++) board.gauges.enter(slot, CARRIED, 100)
    board.gauges.enter(slot, ANSWERING, 100)
    board.adaptive.setLimit(slot, 20)
    Object.assign(ground.states, { leases, waitingOf: () => 2 })
  }
  const explained = told('198.51.100.1', rule, busy)
  expect(explained.middleware.map(({ name, in_use }) => [name, in_use])).toEqual([
    ['concurrency', 1],
    ['max_connections', 2],
  ])
  expect(told('198.51.100.2', rule, busy).middleware[0]).toMatchObject({ in_use: 0 })
  expect(explained.backend?.limits).toEqual({
    ...{ in_flight: 4, most: 100, adaptive: { in_flight: 3, most: 20, mode: 'enforce' } },
    ...{ waiting: 2, queue: 1024 },
  })
  const text = explainedText({ kind: 'request', ...explained }, true)
  expect(text).toContain('(5 at once, by client_ip; 1 now)')
  expect(text).toContain('(3 at once, of the whole rule; 2 now)')
  expect(text).toContain(
    "limits      4 of 100 in flight; 3 of 20 wait for answers (adaptive_limit); 2 wait for a server, each worker's queue has room for 1024",
  )
  const offline = explainedText({ kind: 'request', ...told('198.51.100.1', rule) }, false)
  expect(offline).not.toContain('limits  ')
  expect(offline).not.toContain('now)')
})

test('of a rate it is told how many are left for the key of this request', () => {
  const limits: object[] = ['token_bucket', 'sliding_window'].map((algorithm) => ({
    rate_limit: { algorithm, requests: 5, per: '1h', key: 'host' },
  }))
  const rule = { middleware: [...limits, { rate_limit: { requests: 5, exempt: ['192.0.2.0/24'] } }] }
  const used = (ground: Ground): void => {
    const { buckets, windows } = ground.states.board
    buckets.open()
    windows.open()
    const rate = { tokens: 5, perMs: 3_600_000, burst: 5 }
    const window = windows.window('all\0host', { requests: 5, perMs: 3_600_000 })
    for (let taken = 0; taken < 2; taken++) buckets.take(buckets.limit('all\0host', rate), 'h', machineMs())
    for (let taken = 0; taken < 3; taken++) windows.take(window, 'h', machineMs())
    Object.assign(ground.states, { counts: ground.states.board })
  }
  const explained = told('192.0.2.1', rule, used)
  expect(explained.middleware.map(({ name, limit, left }) => [name, limit, left])).toEqual([
    ['rate_limit', '5 per 1h, by host', 3],
    ['rate_limit', '5 per 1h, by host', 2],
    ['rate_limit', '5 per 1s, by client_ip', undefined],
  ])
  expect(explainedText({ kind: 'request', ...explained }, true)).toContain('(5 per 1h, by host; 3 left)')
})

test('what slows down is told with how much', () => {
  const middleware = [
    { tarpit: { delay: '5s', max: 9 } },
    { tarpit: { delay: '1s', when: 'always' } },
    { bandwidth_limit: { answers: '1MiB', uploads: '64KiB', key: 'host' } },
    { header_limit: { fields: 1 } },
    { ip: { deny: ['192.0.2.0/24'] } },
  ]
  expect(told('192.0.2.1', { middleware }).middleware.map(({ does, why }) => [does, why])).toEqual([
    ['passes', 'holds refusals for 5s, at most 9 at once'],
    ['passes', 'holds it for 1s, at most 1000 at once'],
    ['passes', 'answers at 1MiB a second, uploads at 64KiB a second, by host'],
    ['passes', undefined],
    ['refuses', undefined],
  ])
  const heads = [{ header_limit: { fields: 0 } }]
  expect(told('192.0.2.1', { middleware: heads }).middleware[0]).toMatchObject({ does: 'refuses' })
})
