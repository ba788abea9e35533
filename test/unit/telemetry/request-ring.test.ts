import { expect, test } from 'bun:test'
import { RequestHead } from '../../../server/head/request-head.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import { HEAD_BYTES_MAX } from '../../../server/telemetry/kept-request.ts'
import { FOLLOWERS_MAX, RequestRing } from '../../../server/telemetry/request-ring.ts'
import { tellRequest } from '../../../server/telemetry/told-request.ts'
import { KeptRequest } from '../../../server/telemetry/kept-request.ts'
import { fault } from '../../../server/tables/faults.ts'
import { fakeExchange, type FakeFields } from './fake-exchange.ts'

const LIMITS = { headBytes: 1_000_000, targetBytes: 100_000, fields: 1000 }

function exchangeOf(target: string, headers = '', fields: FakeFields = {}): Exchange {
  const request = new RequestHead()
  const bytes = Buffer.from(`junk before GET ${target} HTTP/1.1\r\nHost: a.test\r\n${headers}\r\n`, 'latin1')
  request.scan(bytes, 12, bytes.length, LIMITS)
  return { ...fakeExchange(fields), request }
}

function ringOf(requests: number, bytes = 64 * 1024): RequestRing {
  const ring = new RequestRing()
  ring.configure({ requests, bytes })
  return ring
}

const list = (ring: RequestRing, limit = 1000, isRaw = false) =>
  ring.answer({ is: 'requests', filter: {}, limit, isRaw }, 0)
const paths = (ring: RequestRing): string[] => list(ring).requests.map(({ path }) => path)

test('so many are kept, the newest first, and one is found by its number as long as it is', () => {
  const ring = ringOf(3)
  for (let i = 1; i <= 5; i++) ring.exchange(exchangeOf(`/${i}`))
  expect(paths(ring)).toEqual(['/5', '/4', '/3'])
  expect(list(ring, 2)).toMatchObject({ requests: [{ seq: 5 }, { seq: 4 }], left_out: 1 })
  expect(ring.answer({ is: 'request', seq: 3 }, 0).requests).toMatchObject([{ path: '/3', seq: 3 }])
  expect(ring.answer({ is: 'request', seq: 2 }, 0).requests).toEqual([])
})

test('they are found by who a step knows their client to be', () => {
  const ring = ringOf(9)
  ring.exchange(exchangeOf('/1', '', { identity: { via: 'api_key', name: 'anna', claims: {} } }))
  ring.exchange(exchangeOf('/2'))
  const { requests } = ring.answer({ is: 'requests', filter: { user: 'anna' }, limit: 9 }, 0)
  expect(requests).toMatchObject([{ path: '/1', user: 'anna' }])
  expect(list(ring).requests.map(({ user }) => user)).toEqual([null, 'anna'])
})

test('a hundred are told at a time, and older ones to who asks for those before', () => {
  const ring = ringOf(300)
  for (let i = 1; i <= 250; i++) ring.exchange(exchangeOf(`/${i}`))
  const ask = (before?: number) =>
    ring.answer({ is: 'requests', filter: {}, limit: 1000, ...(before !== undefined && { before }) }, 0)
  const [first, second, third] = [ask(), ask(151), ask(51)]
  expect(
    [first, second, third].map(({ requests, left_out }) => [requests.length, requests[0]?.seq, left_out]),
  ).toEqual([
    [100, 250, 150],
    [100, 150, 50],
    [50, 50, 0],
  ])
})

test('the heads of all take so much memory: older ones go first, and none is told with the bytes of another', () => {
  const ring = ringOf(100, HEAD_BYTES_MAX)
  for (let i = 0; i < 50; i++) ring.exchange(exchangeOf(`/${i}/${'x'.repeat(i * 7)}`, `X-N: ${i}\r\n`))
  const kept = list(ring).requests
  expect(kept.length).toBeGreaterThan(5)
  expect(kept.length).toBeLessThan(20)
  kept.forEach(({ path, headers }, place) => {
    const i = 49 - place
    expect([path, headers]).toEqual([
      `/${i}/${'x'.repeat(i * 7)}`,
      [
        ['Host', 'a.test'],
        ['X-N', String(i)],
      ],
    ])
  })
})

test('of a long head the beginning is kept, and said to be that', () => {
  const ring = ringOf(2)
  ring.exchange(exchangeOf('/a', `X-Short: 1\r\nX-Long: ${'x'.repeat(HEAD_BYTES_MAX)}\r\nX-Last: 1\r\n`))
  expect(list(ring).requests).toMatchObject([
    {
      headers_cut: true,
      headers: [
        ['Host', 'a.test'],
        ['X-Short', '1'],
      ],
    },
  ])
})

test('a head that was refused is kept with what is known of it', () => {
  const ring = ringOf(2)
  const request = new RequestHead()
  const bytes = Buffer.from('GET /a HTTP/1.1\r\nHost: a b\r\n\r\n')
  expect(request.scan(bytes, 0, bytes.length, LIMITS)).toBe('host_invalid')
  const x = {
    ...fakeExchange({ rule: null, server: null, status: 400, fault: fault('host_invalid', false) }),
    request,
  }
  ring.exchange(x)
  expect(list(ring).requests).toMatchObject([
    { method: 'GET', path: '/a', fault: 'host_invalid', rule: null, status: 400 },
  ])
})

test('what carries a credential is hidden, and told only raw', () => {
  const ring = ringOf(1)
  const secret = 's3cr3t'
  const headers = [
    ...[
      'Authorization',
      'Proxy-Authorization',
      'Cookie',
      'X-Api-Key',
      'X-Auth-Token',
      'X-Amz-Security-Token',
    ],
    ...['X-CSRF-Token', 'X-Session-Id', 'X-Hub-Signature'],
  ]
    .map((name) => `${name}: ${secret}\r\n`)
    .join('')
  const other = `X-Odd: Bearer ${secret}\r\nReferer: http://b/?access_token=${secret}&a=1\r\nX-Plain: seen\r\n`
  const target = `/p?api_key=${secret}&password=${secret}&X-Amz-Signature=${secret}&sig=${secret};key=${secret}&x=seen`
  ring.exchange(exchangeOf(target, `${headers}${other}`))
  const [shown] = list(ring).requests
  expect(JSON.stringify(shown)).not.toContain(secret)
  expect(shown?.path).toEndWith('&x=seen')
  expect(shown?.headers).toContainEqual(['X-Plain', 'seen'])
  expect(shown?.hidden_headers.length).toBe(11)
  const [raw] = list(ring, 1, true).requests
  expect(JSON.stringify(raw).split(secret).length - 1).toBe(16)
})

test('a follower hears what comes after it began and passes its filter, and how much there was no room for', () => {
  const ring = ringOf(1000)
  const ask = (nowMs: number, follower = 'f') =>
    ring.answer({ is: 'tail', follower, filter: { path: '/a' } }, nowMs)
  ring.exchange(exchangeOf('/a/before'))
  expect(ask(1000)).toEqual({ requests: [], left_out: 0, isNew: true })
  ring.exchange(exchangeOf('/a/1'))
  ring.exchange(exchangeOf('/b'))
  expect(ask(1000)).toMatchObject({ requests: [{ path: '/a/1' }], left_out: 0 })
  for (let i = 0; i < 250; i++) ring.exchange(exchangeOf(`/a/${i}`))
  const many = ask(1000)
  expect([many.requests.length, many.requests[0]?.path, many.left_out]).toEqual([100, '/a/0', 150])
  expect(ask(1000)).toEqual({ requests: [], left_out: 0 })
  ring.answer({ is: 'untail', follower: 'f' }, 1000)
  ring.exchange(exchangeOf('/a/2'))
  expect(ask(1000)).toMatchObject({ requests: [], isNew: true })
})

test('a follower that asks no more is forgotten, and there are only so many', () => {
  const ring = ringOf(10)
  const ask = (follower: string, nowMs: number) => ring.answer({ is: 'tail', follower, filter: {} }, nowMs)
  for (let i = 0; i <= FOLLOWERS_MAX; i++) ask(String(i), 0)
  ring.exchange(exchangeOf('/1', '', { endedMs: 5000 }))
  expect(ask('0', 5000).requests.length).toBe(1)
  expect(ask(String(FOLLOWERS_MAX), 5000)).toMatchObject({ requests: [], isNew: true })
  ring.exchange(exchangeOf('/2', '', { endedMs: 12_000 }))
  expect(ask('1', 12_000)).toMatchObject({ requests: [], isNew: true })
  expect(ask('0', 12_000).requests.length).toBe(1)
})

test('none are kept where none are wanted, and other bounds begin anew', () => {
  const ring = new RequestRing()
  ring.exchange(exchangeOf('/0'))
  expect(paths(ring)).toEqual([])
  ring.configure({ requests: 2, bytes: 65_536 })
  ring.exchange(exchangeOf('/1'))
  ring.configure({ requests: 2, bytes: 65_536 })
  expect(paths(ring)).toEqual(['/1'])
  ring.configure({ requests: 3, bytes: 65_536 })
  expect(paths(ring)).toEqual([])
})

test('numbers are those of the exchange, and what has not come to be is null', () => {
  const kept = new KeptRequest(Buffer.alloc(0))
  kept.take(
    fakeExchange({ attempts: 0, server: null, rule: null, status: 0, firstByteMs: 0, endedMs: 1012.3456 }),
  )
  expect(tellRequest(kept, false)).toMatchObject({
    ...{ status: null, connect_ms: null, first_byte_ms: null, total_ms: 12.346, attempts: [], backend: null },
  })
})

test('an attempt that a session has chosen is told as that, and others as chosen by the algorithm', () => {
  const ring = ringOf(9)
  const chosenOf = (sticky: Exchange['sticky']): unknown => {
    ring.exchange(exchangeOf('/', '', { sticky }))
    return list(ring, 1).requests[0]?.attempts[0]?.chosen
  }
  expect(chosenOf({ result: 'hit', why: null })).toBe('sticky')
  expect(chosenOf({ result: 'elsewhere', why: 'failed' })).toBe('sticky')
  expect(chosenOf({ result: 'elsewhere', why: 'full' })).toBe('round_robin')
  expect(chosenOf({ result: 'moved', why: 'down' })).toBe('round_robin')
  expect(chosenOf(null)).toBe('round_robin')
})
