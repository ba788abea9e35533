import { expect, test } from 'bun:test'
import { PolicyFigures } from '../../../../server/control/history/policy-figures.ts'
import { CARRIED, RETRIES, bytesOf } from '../../../../server/scoreboard/layout.ts'
import { Scoreboard } from '../../../../server/scoreboard/scoreboard.ts'
import { metricsOf, type ServerMetrics } from '../../../../server/telemetry/documents.ts'
import { metricsOfSome } from '../../../../server/telemetry/some-backends.ts'
import { stickyOf } from '../../../../server/control/facts-of-sessions.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import { configWith } from '../../../support/seen-with.ts'

const server = { name: 'a', url: 'http://192.0.2.1:80' }
const config = configWith({
  listeners: { web: { bind: '127.0.0.1:0' } },
  backends: {
    shop: {
      servers: [server, { ...server, name: 'b' }],
      sticky: true,
      retry: { hedge: {}, budget: { ratio: 0.5, least: 2 } },
    },
    plain: { servers: [server], retry: { attempts: 1 }, sticky: { header: 'X-User' } },
    bytes: { servers: [{ url: 'tcp://192.0.2.1:80' }], max_connections: 9 },
    found: { servers: [server], retry: { attempts: 1 }, adaptive_limit: { mode: 'shadow', least: 4 } },
  },
  rules: ['shop', 'plain', 'found'].map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
})

function figures() {
  const totals = new Totals()
  const board = new Scoreboard(new Uint8Array(bytesOf(8, 1)), 1, 0)
  const slot = (index: number) => ({ index, generation: 0 })
  const slots = {
    bytes: { slot: slot(5), servers: { 'tcp://192.0.2.1:80': slot(6) } },
    found: { slot: slot(7), servers: { a: slot(1) } },
    shop: { slot: slot(2), servers: { a: slot(3), b: slot(4) } },
  }
  totals.counter('retries_total', ['shop', 'status_503']).add(3)
  totals.counter('retries_total', ['other', 'status_503']).add(9)
  totals.counter('retry_budget_exhausted_total', ['shop']).add(2)
  totals.counter('hedges_total', ['shop', 'won']).add(1)
  totals.counter('sticky_total', ['shop', 'hit']).add(7)
  totals.counter('sticky_total', ['plain', 'hit']).add(7)
  for (const process of ['worker-1', 'worker-2']) totals.gauge('queue_length', ['shop', process]).set(2)
  board.gauges.enter(5, CARRIED, 9)
  return { board, policies: new PolicyFigures({ totals, board, config, slots }) }
}

test('what a backend has is counted, with how much of its budget is in use', () => {
  const { board, policies } = figures()
  for (let i = 0; i < 8; i++) board.enter(3 + (i % 2), 100)
  board.gauges.enter(2, RETRIES, 9)
  expect(policies.of('shop')).toEqual({
    waiting: 4,
    retries: { by_reason: { status_503: 3 }, refused: 2, under_way: 1, most: 4 },
    hedges: { won: 1 },
    sticky: { hit: 7 },
  })
})

test('a limit that was found is told with how it is meant', () => {
  const { board, policies } = figures()
  board.adaptive.setLimit(7, 40)
  board.gauges.enter(7, CARRIED, 9)
  expect(policies.of('found')).toEqual({
    waiting: 0,
    adaptive_limit: { in_flight: 1, most: 40, mode: 'shadow' },
  })
})

test('what it has not is left out', () => {
  const { policies } = figures()
  expect(policies.of('plain')).toEqual({ waiting: 0 })
  expect(policies.of('bytes')).toEqual({ limit: { in_flight: 1, most: 9 } })
  expect(policies.of('nobody')).toEqual({})
})

test('metrics tell by what sessions of a backend stay, with counts where that is a cookie', () => {
  const totals = new Totals()
  totals.counter('sticky_total', ['shop', 'moved']).add(2)
  totals.counter('sticky_total', ['plain', 'hit']).add(7)
  const running = { edition: { config } }
  expect(stickyOf({ running, totals })).toEqual({
    sticky: [
      { backend: 'shop', by: 'cookie', name: 'sluice_sticky', requests: { moved: 2 } },
      { backend: 'plain', by: 'header', name: 'X-User' },
    ],
  })
  expect(stickyOf({ running: null, totals })).toEqual({})
  const all = { ...metricsOf([], 0, 0), ...stickyOf({ running, totals }), overload: OVERLOAD }
  const served = ['shop', 'plain'].map((backend) => ({ backend }) as ServerMetrics)
  expect(metricsOfSome({ ...all, backends: served }, (name) => name === 'shop')).toMatchObject({
    sticky: [{ backend: 'shop' }],
    overload: OVERLOAD,
  })
})

const OVERLOAD = { share: 0.2, workers: 1, mode: 'enforce' } as const
