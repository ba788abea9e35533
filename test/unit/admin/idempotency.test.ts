import { expect, test } from 'bun:test'
import { IdempotencyKeys } from '../../../server/admin/idempotency.ts'
import { jsonAnswer, problem } from '../../../server/admin/problem.ts'
import type { Asked, Route } from '../../../server/admin/route.ts'
import type { Principal } from '../../../server/control/store/principal.ts'

const ROUTE = { method: 'POST', path: '/api/v1/x' } as Route
const ALICE: Principal = { kind: 'user', name: 'alice', role: 'editor', from: '::1', id: 'a' }

function scene() {
  let nowMs = 0
  let done = 0
  const keys = new IdempotencyKeys(() => nowMs)
  const ask = (
    key: string | null,
    {
      body = {},
      who = ALICE,
      make = () => jsonAnswer({ done: ++done }, 201, { ETag: '"e"' }) as Response | Promise<Response>,
    } = {},
  ) => {
    const headers = key === null ? {} : { 'Idempotency-Key': key }
    const request = new Request('http://localhost/api/v1/x', { method: 'POST', headers })
    const asked = { request, body, who } as unknown as Asked
    return keys.answer(ROUTE, asked, async () => make())
  }
  return { ask, done: () => done, pass: (ms: number) => void (nowMs += ms) }
}

test('the same request with the same key is done once, and answered the same', async () => {
  const { ask, done, pass } = scene()
  const [first, second] = await Promise.all([ask('k'), ask('k')])
  expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
    null,
    'true',
  ])
  expect([second.status, second.headers.get('etag'), await second.json()] as unknown[]).toEqual([
    201,
    '"e"',
    { done: 1 },
  ])
  pass(9 * 60_000)
  expect(await (await ask('k')).json()).toEqual({ done: 1 })
  pass(60_001)
  expect(await (await ask('k')).json()).toEqual({ done: 2 })
  await ask(null)
  await ask(null)
  expect(done()).toBe(4)
})

test('a key stands for one request of one person', async () => {
  const { ask, done } = scene()
  await ask('k', { body: { weight: 1 } })
  expect((await ask('k', { body: { weight: 2 } })).status).toBe(422)
  expect((await ask('k', { body: { weight: 2 }, who: { ...ALICE, name: 'bob', id: 'b' } })).status).toBe(201)
  expect((await ask('not visible\u00e4'.slice(0, 11))).status).toBe(400)
  expect(done()).toBe(2)
})

test('what was refused or failed is done when it is sent again, also by who waited for it', async () => {
  const { ask, done } = scene()
  const refused = await ask('k', { make: () => problem('not_now', 'Later.') })
  expect([refused.status, (await ask('k')).status, done()]).toEqual([503, 201, 1])
  const failing = ask('f', { make: () => Promise.reject(new Error('a bug of the test')) })
  const waiting = ask('f')
  expect(await failing.catch((error: Error) => error.message)).toBe('a bug of the test')
  expect([(await waiting).status, done()]).toEqual([201, 2])
})

test('what is kept is bounded, in number and in size', async () => {
  const { ask, done } = scene()
  for (let i = 0; i <= 1000; i++) await ask(`k${i}`)
  expect(await (await ask('k1000')).json()).toEqual({ done: 1001 })
  expect(await (await ask('k0')).json()).toEqual({ done: 1002 })
  const large = () => jsonAnswer('x'.repeat(100_000))
  expect((await ask('large', { make: large })).status).toBe(200)
  expect((await ask('large', { make: large })).status).toBe(409)
  expect(done()).toBe(1002)
})

test('ten thousand keys of one do not make anybody else do things twice', async () => {
  const { ask, done } = scene()
  const bob = { ...ALICE, name: 'bob', id: 'b' }
  await ask('own', { who: bob })
  for (let i = 0; i < 10_000; i++) await ask(`k${i}`, { who: { ...ALICE, id: String(i % 7) } })
  expect(done()).toBe(10_001)
  expect((await ask('own', { who: bob })).headers.get('idempotency-replayed')).toBe('true')
  // Their own last ones are kept as well.
  const last = await ask('k9999', { who: { ...ALICE, id: String(9999 % 7) } })
  expect(last.headers.get('idempotency-replayed')).toBe('true')
})
