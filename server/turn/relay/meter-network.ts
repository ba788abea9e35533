// What the sockets of the relay count, as metrics: of all listeners together, as most of it is not known to
// be of one.
import { LABEL_NONE } from '../../tables/metrics.ts'
import type { LogEvent } from '../../telemetry/log.ts'
import type { Registry } from '../../telemetry/registry.ts'
import type { Counters } from '../sockets/counters.ts'

const REASONS: readonly (readonly [keyof Counters, string])[] = [
  ['truncated', 'too_long_received'],
  ['misdirected', 'misdirected'],
  ['full', 'buffer_full'],
  ['tooLong', 'too_long'],
  ['unsent', 'not_sent'],
  ['badHeaders', 'bad_header'],
]

/**
 * Brings the counters up to date each time the registry is read; tells when no more clients could be
 * accepted.
 */
export function meterNetwork(registry: Registry, counters: Counters, log: LogEvent): void {
  let toldPauses = 0
  registry.onRead(() => {
    for (const [name, reason] of REASONS)
      if (counters[name] > 0) registry.counter('turn_dropped_total', [LABEL_NONE, reason]).set(counters[name])
    if (counters.acceptPauses === toldPauses) return
    toldPauses = counters.acceptPauses
    log('warn', 'accept_paused', {
      process: 'turn-relay',
      why: 'no descriptor or no memory is left for further clients',
    })
  })
}
