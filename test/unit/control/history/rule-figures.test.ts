import { expect, test } from 'bun:test'
import { RuleFigures } from '../../../../server/control/history/rule-figures.ts'
import { RulePresence } from '../../../../server/control/history/rule-presence.ts'
import type { MetricName } from '../../../../server/tables/metrics.ts'
import { HistoryWorld } from './history-world.ts'

const figuresOf = ({ totals, history, wallMs }: HistoryWorld): RuleFigures =>
  new RuleFigures({ totals, history, wallMs, presence: new RulePresence() })

test('how often a rule has matched, when last and how long it took is told, also of one that never did', () => {
  const world = new HistoryWorld()
  world.pass(3, () => world.requests(2, { rule: 'api', ms: 4 }))
  const lastMs = world.wallMs
  world.requests(1, { rule: 'api', status: '503', ms: 4 })
  world.pass(90, () => world.requests(1, { rule: 'other' }))
  const figures = figuresOf(world)
  const { matches, last_match, p99_ms } = figures.of('api')
  expect([matches, figures.matches('other'), figures.matches('never')]).toEqual([7, 90, 0])
  expect(Math.abs(Date.parse(last_match ?? '') - lastMs)).toBeLessThanOrEqual(1000)
  expect(p99_ms).toBeGreaterThan(1)
  expect(p99_ms).toBeLessThanOrEqual(5)
  expect(figures.of('never')).toEqual({
    ...{ matches: 0, last_match: null, unmatched_since: null, p99_ms: null },
    matches_per_min: 0,
  })
})

test('a rule that has not matched for long keeps the time of its last match, and has no latency', () => {
  const world = new HistoryWorld()
  world.pass(1, () => world.requests(1, { rule: 'old' }))
  const lastMs = world.wallMs
  world.pass(1200)
  const { matches, last_match, p99_ms } = figuresOf(world).of('old')
  expect([matches, p99_ms]).toEqual([1, null])
  expect(Math.abs(Date.parse(last_match ?? '') - lastMs)).toBeLessThanOrEqual(2000)
})

test('how often a rule matches now is that of the last minute, a steady one as well as one that has stopped', () => {
  const world = new HistoryWorld()
  world.pass(125, () => {
    world.requests(2, { rule: 'steady' })
  })
  world.pass(3, () => world.requests(2, { rule: 'steady' }))
  expect(figuresOf(world).of('steady').matches_per_min).toBeWithin(115, 126)
  world.pass(70, () => world.requests(1, { rule: 'other' }))
  const after = figuresOf(world)
  expect(after.of('steady').matches_per_min).toBe(0)
  expect(after.of('other').matches_per_min).toBeWithin(56, 64)
})

test('where there are more series than are kept apart, nobody says of a rule that it never matched', () => {
  const world = new HistoryWorld()
  world.requests(1, { rule: 'known' })
  for (let i = 0; i < 20_010; i++) world.requests(1, { rule: `r${i}` })
  const figures = figuresOf(world)
  expect([figures.matches('known'), figures.matches('r20009'), figures.of('none').matches]).toEqual([
    1,
    null,
    null,
  ])
})

test('a rule that never matched says since when: as long as it is there, over changes of others', () => {
  const world = new HistoryWorld()
  const presence = new RulePresence()
  const { totals, history } = world
  const figures = () => new RuleFigures({ totals, history, wallMs: world.wallMs, presence })
  const since = (rule: string): number => Date.parse(figures().of(rule).unmatched_since ?? '')
  const isThere = (...names: string[]) =>
    presence.look({ rules: names.map((name) => ({ name })) }, world.nowMs)
  const startMs = world.wallMs
  isThere('api')
  world.pass(60)
  const laterMs = world.wallMs
  isThere('api', 'new')
  world.pass(60)
  expect(Math.abs(since('api') - startMs)).toBeLessThanOrEqual(1000)
  expect(Math.abs(since('new') - laterMs)).toBeLessThanOrEqual(1000)
  world.pass(1, () => world.requests(1, { rule: 'new' }))
  expect([figures().of('new').unmatched_since, figures().of('gone').unmatched_since]).toEqual([null, null])
  // One that was taken out is another one when it comes back.
  isThere('new')
  world.pass(30)
  const backMs = world.wallMs
  isThere('new', 'api')
  expect(Math.abs(since('api') - backMs)).toBeLessThanOrEqual(1000)
})

test('what steps have decided is told beside it, what they would have refused in shadow as well', () => {
  const world = new HistoryWorld()
  const count = (name: MetricName, labels: string[], times: number): void =>
    void world.totals.counter(name, labels).add(times)
  count('rate_limit_requests_total', ['allowed', 'api'], 5)
  count('rate_limit_requests_total', ['refused', 'api'], 2)
  count('rate_limit_requests_total', ['shadow', 'api'], 3)
  count('shadow_refusals_total', ['api', 'rate_limit'], 3)
  count('shadow_refusals_total', ['api', 'ip'], 4)
  count('access_requests_total', ['allowed', 'other', 'jwt'], 1)
  const figures = figuresOf(world)
  expect(figures.of('api').steps).toEqual({
    rate_limit: { allowed: 5, refused: 2, shadow: 3 },
    ip: { shadow: 4 },
  })
  expect(figures.of('other').steps).toEqual({ jwt: { allowed: 1 } })
  expect(figures.of('none').steps).toBeUndefined()
})
