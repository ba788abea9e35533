// What is told and counted of passive health.
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { PassiveHealthParts } from './health/passive-health.ts'
import { lastWord } from './health/passive-words.ts'

export const passiveNews = (totals: Totals): Pick<PassiveHealthParts, 'onNews' | 'onWatched'> => ({
  onNews: ({ backend, server, mode, ...news }) => {
    const about = { backend, server, ...(mode !== 'enforce' && { mode }) }
    const gauge = totals.gauge('passive_health_out', [backend, server])
    if (news.is === 'out') {
      const { rule, reason, failures, attempts, inARow, success, mean, last, forMs, times } = news.out
      gauge.set(1)
      totals.counter('passive_health_outs_total', [backend, server, rule, mode]).add(1)
      const figures = { failures, attempts, in_a_row: inARow, success, mean, last: lastWord(last) }
      logEvent('warn', 'passive_out', { ...about, rule, reason, ...figures, out_for_ms: forMs, times })
    } else if (news.is === 'back') {
      gauge.set(0)
      logEvent('info', 'passive_back', { ...about, why: news.why, ...(news.by !== null && { by: news.by }) })
    } else {
      totals.counter('passive_health_held_total', [backend, server]).add(1)
      const why = news.isLast ? 'no other server is in use' : 'max_out'
      if (news.isTold) logEvent('warn', 'passive_held', { ...about, rule: news.rule, why })
    }
  },
  onWatched: (all) => {
    const known = new Map(
      all.map(({ backend, server }) => [`${backend}\n${server}`, [backend, server] as const]),
    )
    const out = new Set<string>()
    for (const [key, labels] of known)
      if (totals.gauge('passive_health_out', labels).value === 1) out.add(key)
    // Servers that are judged no more have none.
    totals.clear('passive_health_out')
    for (const [key, labels] of known) totals.gauge('passive_health_out', labels).set(out.has(key) ? 1 : 0)
  },
})
