// What persons ordered and what is about to end by itself: a server is used again then.
import type { OrderFacts } from '../../telemetry/server-health.ts'
import type { OverviewProblem } from './document.ts'
import type { Seen } from './seen.ts'
import { ageOf } from './words.ts'

const SOON_MS = 600_000

export function* orderProblems({ health, nowMs }: Seen): Generator<OverviewProblem> {
  for (const { backend, server, orders = [] } of health.backends)
    for (const { kind, value, by, reason, until, since } of orders) {
      const leftMs = until === null ? Infinity : Date.parse(until) - nowMs
      if (leftMs > SOON_MS || leftMs <= 0) continue
      yield {
        id: `order:${backend}/${server}:${kind}`,
        ...{ state: 'ending', severity: 'note', since },
        title: `${whatOf(kind, value)} of ${server} ends in ${ageOf(leftMs)}`,
        cause: `${by} ordered it${reason === null ? '' : ` (${reason})`}. ${THEN[kind]}`,
        remedy: 'Order it anew if it is to last longer.',
        about: { kind: 'server', name: server, backend },
        actions: [{ kind: 'open', label: 'Open server', role: 'viewer' }],
      }
    }
}

function whatOf(kind: OrderFacts['kind'], value: OrderFacts['value']): string {
  if (kind === 'admin') return value === 'drain' ? 'The drain' : 'The maintenance'
  if (kind === 'circuit') return `Breaker held ${value}`
  return `${kind === 'weight' ? 'Weight' : 'Health'} ${value}`
}

const THEN: Readonly<Record<OrderFacts['kind'], string>> = {
  admin: 'It takes new requests again then.',
  weight: 'The weight of the config holds then.',
  health: 'What checks say holds then.',
  circuit: 'It is closed then, and opens again when attempts fail.',
}
