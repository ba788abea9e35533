import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import type { HeadersConfig } from '../../../server/middleware/headers.options.ts'
import { waitFor } from '../../support/wait.ts'
import { exchange, requestOf, responseOf } from './exchanges.ts'
import { stepOf, stepsOf, testGround } from '../../support/step-world.ts'

const ask = (step: Middleware<unknown>, x: Exchange) => step.request?.(x, undefined)

describe('headers', () => {
  const none = { set: {}, add: {}, remove: [], rename: {} }
  const headers = (config: Partial<HeadersConfig>) =>
    stepOf({ headers: { request: none, response: none, ...config } })

  test('removes, sets and adds fields of the request, in this order', () => {
    const step = headers({
      request: {
        remove: ['X-Gone', 'X-List'],
        set: { 'X-Set': 'new', Host: 'inner.example' },
        add: { 'X-List': 'b' },
        rename: {},
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

  test('fills in variables, and leaves a field out where one has no value', () => {
    const step = headers({
      request: {
        ...none,
        set: { 'X-Client': 'by {client_ip}', 'X-Tenant': '{header.X-None}', 'X-A': '{header.X-A|none}' },
        add: { 'X-List': '{header.X-None}', 'X-More': '{header.X-Old}' },
        rename: { 'x-old': 'X-New', 'X-Gone': 'X-Spoofed' },
      },
    })
    const request = requestOf(
      'X-Tenant: root',
      'X-List: a',
      'X-OLD: 1',
      'X-Old: 2',
      'X-New: 0',
      'X-Spoofed: 1',
    )
    ask(step, exchange({ request }))
    expect(request.edits?.added.map(({ line }) => line.toString())).toEqual([
      'X-New: 1\r\n',
      'X-New: 2\r\n',
      'X-Client: by 192.0.2.1\r\n',
      'X-A: none\r\n',
    ])
    for (const gone of ['x-tenant', 'x-old', 'x-spoofed']) expect(request.get(gone)).toBeNull()
    expect(request.get('x-list')).toBe('a')
  })

  test('edits the answer, and only that', () => {
    const step = headers({
      response: { remove: ['Server'], set: { 'X-Frame-Options': 'DENY' }, add: {}, rename: {} },
    })
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
    const answer = ask(stepOf({ ip: { mode: 'enforce', allow, deny } }), exchange({ address }))
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
    expect(() => stepOf({ ip: { mode: 'enforce', allow: ['10.0.0.0/99'], deny: [] } })).toThrow(RangeError)
  })
})

test('body_limit replaces the limit of the listener, up or down', () => {
  for (const size of [0, 5, 5000]) {
    const x = exchange({ bodyLimit: 100 })
    expect(ask(stepOf({ body_limit: { mode: 'enforce', size } }), x)).toBeUndefined()
    expect(x.bodyLimit).toBe(size)
  }
})

test('a step without a known name is refused', () => {
  expect(() => stepOf({})).toThrow(RangeError)
})

describe('mode', () => {
  const registryOf = () => {
    const counted: string[] = []
    const ground = testGround()
    const counter: typeof ground.counter = (name, labels) => {
      counted.push(`${name} ${labels.join(' ')}`)
      return ground.counter(name, labels)
    }
    return { counted, ground: { ...ground, counter } }
  }

  test('in shadow what would be refused passes, counted and named', () => {
    const { counted, ground } = registryOf()
    const x = exchange({ address: '192.0.2.1' })
    const deny = { mode: 'shadow', allow: [], deny: ['192.0.2.0/24'] } as const
    expect(ask(stepOf({ ip: { ...deny, allow: [], deny: [...deny.deny] } }, ground), x)).toBeUndefined()
    expect(x.shadow).toBe('ip')
    stepOf({ body_limit: { mode: 'shadow', size: 5 } }, ground).end?.({ ...x, bytesIn: 5 }, undefined)
    stepOf({ body_limit: { mode: 'shadow', size: 4 } }, ground).end?.(
      Object.assign(x, { bytesIn: 5 }),
      undefined,
    )
    expect(x.shadow).toBe('ip,body_limit')
    expect(x.bodyLimit).toBe(100)
    expect(counted).toEqual(['shadow_refusals_total test ip', 'shadow_refusals_total test body_limit'])
  })

  test('what is off is not there', () => {
    expect(stepsOf([{ ip: { mode: 'off', allow: [], deny: ['0.0.0.0/0'] } }])).toEqual([])
  })
})

describe('a reload', () => {
  const limit = (size: number) => ({ body_limit: { mode: 'enforce' as const, size } })
  const ip = { ip: { mode: 'enforce' as const, allow: [], deny: ['192.0.2.1'] } }

  test('keeps a step whose options are the same, also where others came before it', () => {
    const before = stepsOf([limit(1), limit(2)])
    const after = stepsOf([ip, limit(1), limit(3)], { before })
    expect(after[1]?.step).toBe(before[0]?.step as Middleware<unknown>)
    expect(after[2]?.step).not.toBe(before[1]?.step as Middleware<unknown>)
    expect(after[2]?.step.name).toBe('body_limit')
  })
})

test('no step keeps the one before it: many reloads leave one', async () => {
  const refs: WeakRef<object>[] = []
  let before = stepsOf([{ body_limit: { mode: 'shadow', size: 0 } }])
  for (let size = 1; size <= 50; size++) {
    refs.push(new WeakRef(before[0]!.step))
    before = stepsOf([{ body_limit: { mode: 'shadow', size } }], { before })
  }
  await waitFor(() => {
    Bun.gc(true)
    return refs.filter((ref) => ref.deref() !== undefined).length < 5
  })
  expect(before).toHaveLength(1)
})
