// The stored answers of a worker: how much memory they may take, what is told of them, and what is taken
// out of them at the word of others.
import { availableParallelism } from 'node:os'
import type { Purge } from '../cache/purge.ts'
import type { CacheAnswer, CacheChanged, CacheQuestion } from '../cache/questions.ts'
import { CacheStore } from '../cache/store.ts'
import type { Config } from '../config/schema.ts'
import type { Registry } from '../telemetry/registry.ts'

export class WorkerCache {
  readonly store = new CacheStore(0)
  #say: ((message: CacheChanged) => void) | null = null
  #changed: Purge[] = []

  /** What its requests have changed is to be told to others by this. */
  tellTo(say: (message: CacheChanged) => void): void {
    this.#say = say
  }

  /** By this config from now on: each worker has an equal part. */
  serve({ cache, workers = availableParallelism() }: Pick<Config, 'cache' | 'workers'>): void {
    this.store.limit(Math.floor(cache.memory / Math.max(1, workers)))
    this.store.tell = this.#say === null || workers < 2 ? null : (purge) => this.#tell(purge)
  }

  /** What a turn of the loop has changed goes in one message. */
  #tell(purge: Purge): void {
    if (this.#changed.push(purge) === 1) setImmediate(() => this.#send())
  }

  #send(): void {
    const purges = this.#changed
    this.#changed = []
    this.#say?.({ type: 'cache-changed', purges })
  }

  /** Others have changed what may be stored here. */
  changed({ purges }: CacheChanged): void {
    for (const purge of purges) this.store.purge(purge)
  }

  /** Null: it is not asked about the cache. */
  answer(question: unknown): CacheAnswer | null {
    const asked = question as CacheQuestion | null
    if (asked?.is !== 'cache' && asked?.is !== 'cache_purge') return null
    const purges = asked.is === 'cache_purge' ? asked.purges : []
    const removed = purges.reduce((sum, purge) => sum + this.store.purge(purge), 0)
    return { ...this.store.figures, removed }
  }

  /** Nothing is told before something was stored. */
  meter(registry: Registry, processName: string): void {
    registry.onRead(() => {
      const { entries, bytes, stored, evicted, purged } = this.store.figures
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
}
