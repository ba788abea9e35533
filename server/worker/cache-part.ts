// The stored answers of a worker: how much memory they may take, and what is told of them.
import { availableParallelism } from 'node:os'
import type { CacheStore } from '../cache/store.ts'
import type { Config } from '../config/schema.ts'
import type { Registry } from '../telemetry/registry.ts'

/** The part of one worker. */
export function memoryOf({ cache, workers }: Config): number {
  return Math.floor(cache.memory / Math.max(1, workers ?? availableParallelism()))
}

/** Nothing is told before something was stored. */
export function meterCache(registry: Registry, processName: string, store: CacheStore): void {
  registry.onRead(() => {
    const { entries, bytes, stored, evicted, purged } = store.figures
    if (stored === 0) return
    const tell = (name: 'cache_entries' | 'cache_bytes', value: number): void => {
      const gauge = registry.gauge(name, [processName])
      if (gauge.value !== value) gauge.set(value)
    }
    tell('cache_entries', entries)
    tell('cache_bytes', bytes)
    registry.counter('cache_stored_total', [processName]).set(stored)
    registry.counter('cache_evictions_total', [processName]).set(evicted)
    registry.counter('cache_purged_total', [processName]).set(purged)
  })
}
