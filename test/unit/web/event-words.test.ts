import { expect, test } from 'bun:test'
import { EVENTS } from '../../../server/tables/events.ts'
import { saidOf } from '../../../web/data/event-words.ts'

const event = (name: string, fields: Readonly<Record<string, unknown>> = {}) => ({
  level: 'info',
  topic: EVENTS[name]?.topic ?? 'config',
  event: name,
  ...fields,
})
const ALL = {
  backend: 'shop',
  server: 'shop-3',
  certificate: 'www',
  listener: 'web',
  from: 'old',
  user: 'mira',
  limit: 'limits.connections',
  value: 100,
  until: null,
  revision: 7,
  file: '/etc/ca.crl',
  action: 'users.create',
  what: 'audit',
  bind: '127.0.0.1:80',
  slot: 0,
  process: 'worker-0',
  wanted: 100,
  order: 'drain',
  kind: 'admin',
  by: 'mira',
  outcome: 'kept',
  state: 'done',
  within_ms: 60_000,
  days_left: 4,
  pid: 4711,
  program: '/usr/local/bin/sluice',
  socket: 'web.socket',
  share: 0.25,
  issuer: 'login',
  keys: 2,
}

test('every event that is told has words of its own, and none has holes', () => {
  for (const name of Object.keys(EVENTS)) {
    const { title, detail } = saidOf(event(name, ALL))
    expect(title).not.toBe(name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' '))
    expect(`${title} ${detail}`).not.toMatch(/undefined|null|NaN|object/)
  }
})

test('an order says who gave it, why and until when', () => {
  const order = {
    kind: 'admin',
    order: 'drain',
    by: 'mira',
    reason: 'moves',
    backend: 'api',
    server: 'api-4',
  }
  const said = saidOf(event('server_ordered', order))
  expect(said).toMatchObject({ state: 'drain', title: 'mira drains api-4', detail: '“moves”' })
  expect(said.href).toEndWith('/backends/api/servers/api-4')
})

test('a rejected file names the line of its first problem, and how many more there are', () => {
  const problems = [{ line: 42, message: 'weight must be a number' }, { message: 'another' }]
  const { state, title, detail } = saidOf(event('rejected', { file: '/etc/s.yaml', running: 128, problems }))
  expect([state, title]).toEqual(['down', 'The file was rejected'])
  expect(detail).toBe('line 42: weight must be a number · and 1 more problem · r128 goes on')
})

test('what is not known is told by its name, with its reason and what to do', () => {
  const { state, title, detail } = saidOf({
    ...event('moon_is_full', { why: 'it is that time', hint: 'wait' }),
    level: 'warn',
  })
  expect([state, title, detail]).toEqual(['warn', 'Moon is full', 'it is that time · wait'])
})

test('a sign-in by a name that nobody has names nobody', () => {
  const { title } = saidOf(event('sign_in_failed', { user: null, why: 'sign_in_failed' }))
  expect(title).toBe('Signing in by a name that nobody has failed')
})
