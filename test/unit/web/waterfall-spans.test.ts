import { expect, test } from 'bun:test'
import type { ServedRequest } from '../../../web/data/api-types.ts'
import { sharesOf, spansOf, ticksOf } from '../../../web/pages/activity/waterfall-spans.ts'

const request = (more: Partial<ServedRequest>): ServedRequest =>
  ({
    ...{
      attempts: [],
      total_ms: 10,
      first_byte_ms: null,
      queue_ms: 0,
      bytes_out: 0,
      fault: null,
      status: 200,
    },
    ...more,
  }) as ServedRequest

const FIRST = { reason: null, status: null }
const AGAIN = { reason: 'server_reset', status: 200 }
const LOST = {
  server: 'a',
  chosen: 'round_robin',
  phase: 'wait',
  fault: 'server_reset',
  connect_ms: 2,
  ...FIRST,
}
const MADE = { server: 'b', chosen: 'retry', phase: null, fault: null, connect_ms: 0, ...AGAIN }
const retried = request({
  total_ms: 184,
  first_byte_ms: 179,
  attempts: [
    { ...LOST, at_ms: 0.4, ms: 96 },
    { ...MADE, at_ms: 121.4, ms: 57.6 },
  ],
})

test('each try is told with what it did, the pause between them, and the body behind the last', () => {
  expect(
    spansOf(retried).map(({ name, kind, fromMs, ms }) => [name, kind, fromMs, Math.round(ms * 10) / 10]),
  ).toEqual([
    ['Head, rule, limits', 'gateway', 0, 0.4],
    ['Try 1 · a', 'lost', 0.4, 96],
    ['Connect', 'connect', 0.4, 2],
    ['Send, wait', 'wait', 2.4, 94],
    ['Pause before retry', 'pause', 96.4, 25],
    ['Try 2 · b', 'answered', 121.4, 62.6],
    ['Send, wait', 'wait', 121.4, 57.6],
    ['Body, 0 B', 'body', 179, 5],
  ])
})

test('the whole time is divided, and nothing is counted twice', () => {
  const { gateway, servers, waiting } = sharesOf(retried)
  expect([Math.round(servers * 10) / 10, waiting]).toEqual([158.6, 25])
  expect(gateway + servers + waiting).toBeCloseTo(184)
})

test('a connection that never was is one part, and an answer of the gateway has no try', () => {
  const refused = { ...LOST, phase: 'connect', fault: 'connect_refused', connect_ms: null, at_ms: 0, ms: 3 }
  const parts = spansOf(request({ attempts: [refused], fault: 'connect_refused', status: 502 }))
  expect(parts.filter(({ isPart }) => isPart).map(({ name, ms }) => [name, ms])).toEqual([['Connect', 3]])
  expect(spansOf(request({ fault: 'no_rule' })).map(({ name, note }) => [name, note])).toEqual([
    ['Head, rule, answer', 'no rule'],
  ])
})

test('a wait for a server with room stands before its try', () => {
  const own = { ...MADE, chosen: 'round_robin', at_ms: 8.2, ms: 1 }
  const spans = spansOf(request({ queue_ms: 8, first_byte_ms: 9.2, attempts: [own] }))
  expect(spans[1]).toMatchObject({ name: 'Queue', kind: 'pause', ms: 8 })
})

test('an attempt beside another, and an answer that was not passed on, are lost ones', () => {
  const spared = { ...LOST, phase: null, fault: null, status: 503, at_ms: 0, ms: 10 }
  const beaten = { ...LOST, phase: 'wait', fault: null, at_ms: 10, ms: 60 }
  const won = { ...MADE, chosen: 'hedge', reason: 'hedge', at_ms: 50, ms: 20 }
  const asked = request({ total_ms: 70, first_byte_ms: 70, status: 200, attempts: [spared, beaten, won] })
  const tries = spansOf(asked).filter(({ isPart, name }) => !isPart && name.startsWith('Try'))
  expect(tries.map(({ kind, fromMs, ms, note }) => [kind, fromMs, ms, note])).toEqual([
    ['lost', 0, 10, '503, not passed on'],
    ['lost', 10, 60, 'given up: another was answered first'],
    ['answered', 50, 20, '200, a kept connection'],
  ])
  // Two at once are not twice the time.
  expect(sharesOf(asked)).toEqual({ gateway: 0, servers: 70, waiting: 0 })
})

test('the axis has round numbers', () => {
  expect(ticksOf(184)).toEqual([0, 50, 100, 150])
  expect(ticksOf(6.5)).toEqual([0, 2, 4, 6])
  expect(ticksOf(0)).toEqual([0])
})
