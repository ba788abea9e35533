import { describe, expect, test } from 'bun:test'
import { RequestHead } from '../../../server/head/request-head.ts'
import { ResponseHead } from '../../../server/head/response-head.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import { makeStep } from '../../../server/middleware/index.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import type { HeadersConfig } from '../../../server/middleware/headers.options.ts'

function requestOf(...fields: string[]): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(
    `GET / HTTP/1.1\r\nHost: example.org\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
  )
  expect(head.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 100, fields: 20 })).toBe(
    bytes.length,
  )
  return head
}

function responseOf(...fields: string[]): ResponseHead {
  const head = new ResponseHead()
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`)
  expect(head.scan(bytes, 0, bytes.length, { headBytes: 4096, fields: 20 })).toBe(bytes.length)
  return head
}

/** The part of an exchange that these steps look at. */
const exchange = (more: { request?: RequestHead; address?: string | null; bodyLimit?: number }): Exchange =>
  ({
    request: more.request ?? requestOf(),
    client: {
      address: more.address === undefined ? '192.0.2.1' : more.address,
      socketAddress: '127.0.0.1',
      port: 1,
      trusted: false,
      scheme: 'http',
    },
    bodyLimit: more.bodyLimit ?? 100,
  }) as Exchange

const ask = (step: Middleware<unknown>, x: Exchange) => step.request?.(x, undefined)

describe('headers', () => {
  const none = { set: {}, add: {}, remove: [] }
  const headers = (config: Partial<HeadersConfig>) =>
    makeStep({ headers: { request: none, response: none, ...config } })

  test('removes, sets and adds fields of the request, in this order', () => {
    const step = headers({
      request: {
        remove: ['X-Gone', 'X-List'],
        set: { 'X-Set': 'new', Host: 'inner.example' },
        add: { 'X-List': 'b' },
      },
    })
    const x = exchange({ request: requestOf('X-gone: 1', 'x-set: old', 'X-LIST: a', 'X-Kept: k') })
    expect(ask(step, x)).toBeUndefined()
    expect(x.request.get('x-gone')).toBeNull()
    expect(x.request.get('x-set')).toBe('new')
    expect(x.request.get('x-list')).toBe('b')
    expect(x.request.get('x-kept')).toBe('k')
    expect(x.request.get('host')).toBe('inner.example')
    expect(x.request.edits?.added.map(({ line }) => line.toString())).toEqual([
      'X-Set: new\r\n',
      'Host: inner.example\r\n',
      'X-List: b\r\n',
    ])
    expect(x.request.host).toBe('example.org')
  })

  test('edits the answer, and only that', () => {
    const step = headers({ response: { remove: ['Server'], set: { 'X-Frame-Options': 'DENY' }, add: {} } })
    const x = exchange({})
    const head = responseOf('Server: x', 'x-frame-options: SAMEORIGIN')
    step.response?.(x, head, undefined)
    expect(head.get('server')).toBeNull()
    expect(head.get('x-frame-options')).toBe('DENY')
    expect(x.request.edits).toBeNull()
  })

  test('has no step for a direction without edits', () => {
    expect(headers({ request: { ...none, remove: ['a'] } }).response).toBeUndefined()
    expect(headers({ response: { ...none, remove: ['a'] } }).request).toBeUndefined()
  })
})

describe('ip', () => {
  const ip = (allow: string[], deny: string[]) => (address: string | null) => {
    const answer = ask(makeStep({ ip: { allow, deny } }), exchange({ address }))
    return answer === undefined ? 'passes' : answer
  }

  test('lets in who is allowed and not denied', () => {
    const by = ip(['10.0.0.0/8', '2001:db8::/32'], ['10.9.0.0/16'])
    for (const address of ['10.1.2.3', '2001:db8::1', '::ffff:10.0.0.1']) expect(by(address)).toBe('passes')
    for (const address of ['10.9.1.1', '192.0.2.1', '::1', '', 'unknown'])
      expect(by(address)).toMatchObject({ status: 403, fault: 'denied' })
  })

  test('with an empty allow list only who is denied stays out', () => {
    const by = ip([], ['192.0.2.0/24'])
    expect(by('192.0.3.1')).toBe('passes')
    expect(by('192.0.2.1')).toMatchObject({ status: 403 })
  })

  test('keeps out whose address is not known, by either list', () => {
    for (const [allow, deny] of [
      [['0.0.0.0/0', '::/0'], []],
      [[], ['192.0.2.0/24']],
    ] as const)
      expect(ip([...allow], [...deny])(null)).toMatchObject({ status: 403, fault: 'denied' })
  })

  test('looks at the client, not at the proxy before us', () => {
    expect(ip([], ['127.0.0.1'])('192.0.2.1')).toBe('passes')
  })

  test('a bad range is refused when the step is made', () => {
    expect(() => makeStep({ ip: { allow: ['10.0.0.0/99'], deny: [] } })).toThrow(RangeError)
  })
})

test('body_limit replaces the limit of the listener, up or down', () => {
  for (const size of [0, 5, 5000]) {
    const x = exchange({ bodyLimit: 100 })
    expect(ask(makeStep({ body_limit: { size } }), x)).toBeUndefined()
    expect(x.bodyLimit).toBe(size)
  }
})

test('a step without a known name is refused', () => {
  expect(() => makeStep({})).toThrow(RangeError)
})
