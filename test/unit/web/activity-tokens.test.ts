import { expect, test } from 'bun:test'
import {
  AUDIT_TOKENS,
  filtersOf,
  readTokens,
  REQUEST_TOKENS,
  timeOf,
} from '../../../web/pages/activity/tokens.ts'

const read = (text: string) => readTokens(text, REQUEST_TOKENS)

test('words become filters, also those that say by their form what they are', () => {
  expect(read('status:5xx path:/shop rule:"a b" retried')).toEqual({
    filters: { status: '5xx', path: '/shop', rule: 'a b', retried: 'true' },
  })
  expect(read('/shop/items 404 POST')).toEqual({
    filters: { path: '/shop/items', status: '404', method: 'POST' },
  })
  expect(read('method:get HOST:Shop.Example.com status:4XX')).toEqual({
    filters: { method: 'GET', host: 'shop.example.com', status: '4xx' },
  })
})

test('what cannot be meant is said, with what can be written', () => {
  expect(read('status:9xx')).toEqual({ odd: 'status cannot be “9xx”: write it as status:5xx.' })
  expect(read('rule:')).toEqual({ odd: 'Write what rule is to be, as rule:api.' })
  expect(read('colour:red')).toEqual({ odd: expect.stringContaining('There are status, host, path') })
})

test('an address has only filters that there are', () => {
  expect(filtersOf({ status: '5xx', q: 'x', rule: '' }, REQUEST_TOKENS)).toEqual({ status: '5xx' })
})

test('times of the audit are ages or dates', () => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  expect(timeOf('24h', now)).toBe('2026-11-29T12:00:00.000Z')
  expect(timeOf('2026-11-01', now)).toBe('2026-11-01T00:00:00.000Z')
  expect(timeOf(undefined, now)).toBeUndefined()
  expect(readTokens('since:yesterday', AUDIT_TOKENS)).toHaveProperty('odd')
})
