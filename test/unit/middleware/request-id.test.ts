import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { RequestIdConfig } from '../../../server/middleware/request-id.options.ts'
import { stepOf } from '../../support/step-world.ts'
import { exchange, requestOf, responseOf } from './exchanges.ts'

const DEFAULTS: RequestIdConfig = {
  header: 'X-Request-Id',
  format: 'short',
  trust: 'trusted_proxies',
  response: true,
}

/** An exchange that a request of these fields has begun: its id is that of a trusted proxy, or made. */
function begun(trusted: boolean, ...fields: string[]): Exchange {
  const x = exchange({ request: requestOf(...fields) })
  const given = trusted ? x.request.get('x-request-id') : null
  return { ...x, id: given ?? 'made', client: { ...x.client, trusted } }
}

function ask(x: Exchange, words: Partial<RequestIdConfig> = {}): string {
  const step = stepOf({ request_id: { ...DEFAULTS, ...words } })
  expect(step.request?.(x, undefined)).toBeUndefined()
  return x.id
}

describe('request_id', () => {
  test('keeps the id of whoever is believed', () => {
    const fields = ['X-Request-Id: theirs']
    expect(ask(begun(true, ...fields))).toBe('theirs')
    expect(ask(begun(false, ...fields))).toBe('made')
    expect(ask(begun(false, ...fields), { trust: 'always' })).toBe('theirs')
    expect(ask(begun(true, ...fields), { trust: 'never' })).toMatch(/^[0-9a-f]{24}$/)
    expect(ask(begun(false, 'X-Trace: t1'), { trust: 'always', header: 'X-Trace' })).toBe('t1')
  })

  test('makes ids of each format', () => {
    expect(ask(begun(false), { format: 'uuid' })).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    const [a, b] = [ask(begun(false), { format: 'trace' }), ask(begun(false), { format: 'trace' })]
    expect(a).toMatch(/^[0-9a-f]{32}$/)
    expect(a).not.toBe(b)
  })

  test('takes the trace id of a traceparent, and of nothing that only looks like one', () => {
    const id = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traced = (value: string): string => ask(begun(true, `traceparent: ${value}`), { format: 'trace' })
    expect(traced(`00-${id}-00f067aa0ba902b7-01`)).toBe(id)
    expect(traced(`01-${id}-00f067aa0ba902b7-01-more`)).toBe(id)
    for (const wrong of [
      `ff-${id}-00f067aa0ba902b7-01`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `00-${id.toUpperCase()}-00f067aa0ba902b7-01`,
      `00-${id}-00f067aa0ba902b7`,
      id,
    ])
      expect(traced(wrong)).not.toBe(id)
  })

  test.each(['a b', 'ü', 'x'.repeat(129), 'x'.repeat(3000), 'a\tb'])('does not take %j', (value) => {
    expect(ask(begun(false, `X-Request-Id: ${value}`), { trust: 'always' })).toBe('made')
  })

  test('tells it in the field that is named, to servers and to clients', () => {
    const x = begun(false, 'X-Trace: theirs', 'X-Request-Id: other')
    const step = stepOf({ request_id: { ...DEFAULTS, header: 'X-Trace' } })
    step.request?.(x, undefined)
    expect([x.request.get('x-trace'), x.request.get('x-request-id')]).toEqual(['made', null])
    const head = responseOf('X-Trace: of the server')
    step.response?.(x, head, undefined)
    expect(head.get('x-trace')).toBe('made')
    expect(stepOf({ request_id: { ...DEFAULTS, response: false } }).response).toBeUndefined()
  })
})
