// What the rail says beside each page: how many there are, or how many of them want attention.
import type { Overview } from '../data/api-types.ts'

export interface RailCount {
  readonly n: number
  /** None: all is well, and the number is grey. */
  readonly state?: 'down' | 'warn'
  /** What the number is of, for who does not see the shape. */
  readonly what: string
}

type Counts = Overview['counts']

/** By the path of the page. */
export function railCounts(counts: Counts): Readonly<Record<string, RailCount>> {
  const { listeners, listeners_down: closed, rules, certificates, certificates_expiring: expiring } = counts
  return {
    '/listeners':
      closed > 0 ? { n: closed, state: 'down', what: 'not open' } : { n: listeners, what: 'listeners' },
    '/rules': { n: rules, what: 'rules' },
    '/backends': backends(counts),
    '/certificates':
      expiring > 0
        ? { n: expiring, state: 'warn', what: 'want attention' }
        : { n: certificates, what: 'certificates' },
  }
}

function backends({ backends: all, backends_down: down, backends_degraded: degraded }: Counts): RailCount {
  if (down > 0) return { n: down, state: 'down', what: 'down' }
  return degraded > 0 ? { n: degraded, state: 'warn', what: 'degraded' } : { n: all, what: 'in all' }
}
