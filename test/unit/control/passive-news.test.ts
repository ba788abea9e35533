import { expect, test } from 'bun:test'
import { passiveNews } from '../../../server/control/passive-news.ts'
import { Totals } from '../../../server/telemetry/registry.ts'

test.each(['enforce', 'shadow'])('who is out, or would be, is out in the metric: %s', (mode) => {
  const totals = new Totals()
  const { onNews, onWatched } = passiveNews(totals)
  const place = { backend: 'api', server: 'a' }
  const out = { rule: 'failures', reason: 'passive: …', failures: 5, attempts: 9, inARow: 5 } as const
  const isOut = (): number => totals.gauge('passive_health_out', ['api', 'a']).value
  onWatched([place])
  expect(isOut()).toBe(0)
  const more = { success: null, mean: null, last: 0, forMs: 30_000, untilMs: 0, times: 1 }
  onNews({ ...place, mode, is: 'out', out: { ...out, ...more } })
  onWatched([place, { backend: 'api', server: 'b' }])
  expect(isOut()).toBe(1)
  onNews({ ...place, mode, is: 'back', why: 'cooldown', by: null })
  expect(isOut()).toBe(0)
})
