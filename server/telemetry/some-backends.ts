// The two documents cut down to the servers of some backends, and what is true of the whole gateway.
import { type HealthDocument, healthOf, type MetricsDocument, metricsOf } from './documents.ts'

type IsWanted = (backend: string) => boolean

/** Of a backend there may be no server; null: none is of any. */
export function healthOfSome(document: HealthDocument, isWanted: IsWanted): HealthDocument | null {
  const servers = document.backends.filter(({ backend }) => isWanted(backend))
  if (servers.length === 0) return null
  const health = healthOf(servers)
  // As of the whole: not when nobody would answer, and no more once it drains.
  const isServing = document.workers?.serving !== 0 && document.draining !== true
  return { ...document, ...health, healthy: health.healthy && isServing }
}

/** Its totals are those of the servers; null: none is of any. */
export function metricsOfSome(document: MetricsDocument, isWanted: IsWanted): MetricsDocument | null {
  const backends = document.backends.filter(({ backend }) => isWanted(backend))
  if (backends.length === 0) return null
  const requests = backends.reduce((sum, { total_requests }) => sum + total_requests, 0)
  const failures = backends.reduce((sum, { failed_requests }) => sum + failed_requests, 0)
  const limits = document.limits?.filter(({ backend }) => isWanted(backend)) ?? []
  const sticky = document.sticky?.filter(({ backend }) => isWanted(backend)) ?? []
  return {
    ...metricsOf(backends, requests, failures),
    ...(limits.length > 0 && { limits }),
    ...(sticky.length > 0 && { sticky }),
    // Workers refuse whoever comes, for whichever backend.
    ...(document.overload && { overload: document.overload }),
  }
}
