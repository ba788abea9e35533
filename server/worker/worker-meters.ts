// What a worker tells of itself each time its counts are read.
import type { Backend } from '../backends/backend.ts'
import { meterBackends, meterOverload, type OverloadNow } from '../telemetry/gather.ts'
import type { Registry } from '../telemetry/registry.ts'
import { meterBuffers } from './buffer-news.ts'
import { meterAccepting } from './descriptor-news.ts'
import { meterServerTls } from './server-tls-news.ts'
import type { WorkerCache } from './worker-cache.ts'

interface Metered {
  readonly cache: WorkerCache
  readonly backends: () => Iterable<Backend>
  readonly overload: () => OverloadNow | null
  /** Lines of the access log that were dropped. */
  readonly dropped: () => number
}

export function meterWorker(registry: Registry, process: string, metered: Metered): void {
  meterBackends(registry, process, metered.backends)
  meterOverload(registry, process, metered.overload)
  meterBuffers(registry, process)
  metered.cache.meter(registry, process)
  meterServerTls(registry)
  meterAccepting(registry, process)
  const dropped = registry.counter('log_lines_dropped_total')
  registry.onRead(() => dropped.set(metered.dropped()))
}
