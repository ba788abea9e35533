// What a worker tells of the bytes that it holds for whoever is slow.
import { bufferedBytes, buffersFullTimes } from '../lib/buffers.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Registry } from '../telemetry/registry.ts'

/** The limit may be reached many times a second. */
const TOLD_EVERY_MS = 10_000

/** Tells, now and then, that the limit was reached. */
export function fullTeller(nowMs: () => number): (limit: number) => void {
  let nextMs = Number.NEGATIVE_INFINITY
  return (limit) => {
    const now = nowMs()
    if (now < nextMs) return
    nextMs = now + TOLD_EVERY_MS
    logEvent('warn', 'buffers_full', {
      limit,
      setting: 'limits.buffers',
      hint: 'clients are read again as others take their answers; raise limits.buffers, or lower limits.connections of listeners',
    })
  }
}

export function meterBuffers(registry: Registry, processName: string): void {
  const bytes = registry.gauge('buffered_bytes', [processName])
  const full = registry.counter('buffers_full_total')
  registry.onRead(() => {
    if (bytes.value !== bufferedBytes()) bytes.set(bufferedBytes())
    full.set(buffersFullTimes())
  })
}
