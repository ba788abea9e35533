// What a process counts of its sockets.
import type { SocketsFigures } from '../sockets/figures.ts'
import { sockets, socketsFigures } from '../sockets/sockets.ts'
import type { MetricName } from '../tables/metrics.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Registry } from '../telemetry/registry.ts'

type Figure = Exclude<keyof SocketsFigures, 'lookAtPipes'>

const COUNTERS = {
  sockets_turns_total: 'turns',
  sockets_events_total: 'events',
  sockets_calls_total: 'calls',
  sockets_buffers_exhausted_total: 'buffersExhausted',
  sockets_accept_pauses_total: 'acceptPauses',
} as const satisfies Partial<Record<MetricName, Figure>>

/** What is now. */
const GAUGES = {
  sockets_buffers_lent: 'buffersLent',
  sockets_ring_requests: 'ringRequests',
  sockets_ring_connections: 'ringConnections',
  sockets_slots_used: 'slotsUsed',
  sockets_pipes_used: 'pipesUsed',
  sockets_pipes_spare: 'pipesSpare',
} as const satisfies Partial<Record<MetricName, Figure>>

const SPLICE_HINT =
  'the system refuses splice(2), perhaps by a seccomp profile: bytes in volume are copied, which costs more CPU'

/** Tells which sockets a process has, and what its loop counts, each time the registry is read. */
export function meterSockets(registry: Registry, process: string): void {
  registry.gauge('sockets_info', [process, sockets().kind]).set(1)
  if (socketsFigures() !== null) meterLoop(registry, process)
}

/** What a loop counts. */
function meterLoop(registry: Registry, process: string): void {
  const counters = Object.entries(COUNTERS).map(
    ([name, figure]) => [registry.counter(name as keyof typeof COUNTERS, [process]), figure] as const,
  )
  const onRing = registry.counter('sockets_sends_total', [process, 'ring'])
  const direct = registry.counter('sockets_sends_total', [process, 'direct'])
  const gauges = Object.entries(GAUGES).map(
    ([name, figure]) => [registry.gauge(name as keyof typeof GAUGES, [process]), figure] as const,
  )
  let isRefusalTold = false
  registry.onRead(() => {
    const figures = socketsFigures()
    if (figures === null) return
    for (const [counter, figure] of counters) counter.set(figures[figure])
    onRing.set(figures.ringSends)
    direct.set(figures.directSends)
    if (figures.spliceRefusal !== 0 && !isRefusalTold) {
      isRefusalTold = true
      logEvent('info', 'splice_refused', { process, errno: figures.spliceRefusal, hint: SPLICE_HINT })
    }
    for (const [gauge, figure] of gauges) if (gauge.value !== figures[figure]) gauge.set(figures[figure])
  })
}
