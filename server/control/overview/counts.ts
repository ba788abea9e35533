// How many of everything there are, and how many are not well: for the rail of the dashboard.
import { type BackendState, sorted } from './backend-state.ts'
import type { Counts, OverviewProblem } from './document.ts'
import { isExpiring } from './of-certificates.ts'
import { type Seen, serversByBackend } from './seen.ts'

const DOWN: ReadonlySet<BackendState> = new Set(['down', 'out', 'failing'])

export function countsOf(seen: Seen, problems: readonly OverviewProblem[]): Counts {
  const { config, health, certificates, nowMs } = seen
  const states = [...serversByBackend(seen).values()].map((servers) => sorted(servers).state)
  const about = (kind: string, state: string): number =>
    problems.filter(({ about: { kind: is }, state: found }) => is === kind && found === state).length
  const failed = new Set(
    problems.filter(({ about: { kind } }) => kind === 'certificate').map(({ about: { name } }) => name),
  )
  for (const life of certificates) if (isExpiring(life, nowMs)) failed.add(life.certificate)
  return {
    listeners: Object.keys(config?.listeners ?? {}).length,
    listeners_down: about('listener', 'not_open'),
    rules: config?.rules.length ?? 0,
    backends: Object.keys(config?.backends ?? {}).length,
    backends_down: states.filter((state) => DOWN.has(state)).length,
    backends_degraded: states.filter((state) => state === 'degraded' || state === 'panic').length,
    servers: health.total_count,
    servers_up: health.healthy_count,
    certificates: Object.keys(config?.certificates ?? {}).length,
    certificates_expiring: failed.size,
    problems: problems.length,
  }
}
