// What persons ordered and what is about to end by itself: a server is used again then.
import type { OverviewProblem } from './document.ts'
import type { Seen } from './seen.ts'
import { ageOf } from './words.ts'

const SOON_MS = 600_000

export function* orderProblems({ health, nowMs }: Seen): Generator<OverviewProblem> {
  for (const { backend, server, orders = [] } of health.backends)
    for (const { kind, value, by, reason, until, since } of orders) {
      const leftMs = until === null ? Infinity : Date.parse(until) - nowMs
      if (leftMs > SOON_MS || leftMs <= 0) continue
      const what =
        kind === 'admin'
          ? value === 'drain'
            ? 'The drain'
            : 'The maintenance'
          : kind === 'weight'
            ? `Weight ${value}`
            : `Health ${value}`
      const then =
        kind === 'admin'
          ? 'It takes new requests again then.'
          : kind === 'weight'
            ? 'The weight of the config holds then.'
            : 'What checks say holds then.'
      yield {
        id: `order:${backend}/${server}:${kind}`,
        ...{ state: 'ending', severity: 'note', since },
        title: `${what} of ${server} ends in ${ageOf(leftMs)}`,
        cause: `${by} ordered it${reason === null ? '' : ` (${reason})`}. ${then}`,
        remedy: 'Order it anew if it is to last longer.',
        about: { kind: 'server', name: server, backend },
        actions: [{ kind: 'open', label: 'Open server', role: 'viewer' }],
      }
    }
}
