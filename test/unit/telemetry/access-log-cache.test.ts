// What the access log says of a cache.
import { expect, test } from 'bun:test'
import { whoJson, whoText } from '../../../server/telemetry/why-line.ts'
import { fakeExchange } from './fake-exchange.ts'

test('what a cache did of a request stands in its line, where it met one', () => {
  expect(whoJson(fakeExchange({ cache: 'hit' }))).toBe(',"cache":"hit"')
  expect(whoText(fakeExchange({ cache: 'stale' }))).toBe(' cache=stale')
  expect([whoJson(fakeExchange({})), whoText(fakeExchange({}))]).toEqual(['', ''])
})
