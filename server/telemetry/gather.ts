// Numbers that stand elsewhere, brought into the registry when somebody wants to read them.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { WHOLE } from '../scoreboard/shares.ts'
import { adminOf, STATE_UP, weightOf } from '../scoreboard/states.ts'
import type { WaitCounts } from '../backends/waiter.ts'
import type { ServerFacts } from './server-health.ts'
import { droppedEvents } from './log.ts'
import type { Registry, Totals } from './registry.ts'
import type { Gauge } from './series.ts'

/** Record 0 of the scoreboard. */
const GATEWAY = 0

/** What the scoreboard knows; servers that config no longer has are gone from it. */
export function gatherBoard(totals: Totals, servers: readonly ServerFacts[], board: Scoreboard): void {
  totals.gauge('active_connections').set(board.activeConnections())
  totals.counter('connections_total').set(board.acceptedConnections())
  totals.counter('bytes_total', ['in']).set(board.bytesIn(GATEWAY))
  totals.counter('bytes_total', ['out']).set(board.bytesOut(GATEWAY))
  totals.clear('backend_health_status')
  totals.clear('server_in_flight')
  totals.clear('server_admin_state')
  totals.clear('server_weight')
  totals.clear('server_share')
  totals.clear('server_dynamic_weight')
  totals.clear('attempts_total')
  totals.clear('circuit_breaker_state')
  totals.clear('circuit_held_total')
  totals.clear('circuit_shadow_attempts_total')
  for (const { backend, server, slot, weight, breaker, isStartedSlowly, dynamicWeights } of servers) {
    totals.gauge('backend_health_status', [backend, server]).set(board.state(slot) === STATE_UP ? 1 : 0)
    totals.gauge('server_in_flight', [backend, server]).set(board.inFlight(slot))
    if (breaker !== null) {
      const { circuits } = board
      totals.gauge('circuit_breaker_state', [backend, server]).set(circuits.state(slot))
      totals.counter('circuit_held_total', [backend, server]).set(circuits.held(slot))
      totals.counter('circuit_shadow_attempts_total', [backend, server]).set(circuits.shadowAttempts(slot))
    }
    const order = board.order(slot)
    totals.gauge('server_admin_state', [backend, server]).set(adminOf(order))
    totals.gauge('server_weight', [backend, server]).set(weightOf(order, weight))
    if (isStartedSlowly)
      totals.gauge('server_share', [backend, server]).set(board.shares.warmth(slot) / WHOLE)
    if (dynamicWeights !== undefined)
      totals
        .gauge('server_dynamic_weight', [backend, server])
        .set((weightOf(order, weight) * board.shares.merit(slot)) / WHOLE)
    const failed = board.failedAttempts(slot)
    const refused = board.refusedAttempts(slot)
    const givenUp = board.givenUpAttempts(slot)
    const answered = board.attempts(slot) - failed - givenUp
    totals.counter('attempts_total', [backend, server, 'answered']).set(answered)
    totals.counter('attempts_total', [backend, server, 'lost']).set(failed - refused)
    totals.counter('attempts_total', [backend, server, 'refused']).set(refused)
    totals.counter('attempts_total', [backend, server, 'given_up']).set(givenUp)
  }
}

/**
 * Counts CPU time, memory and lost events of this process under a name (supervisor, worker-0, …) each time
 * the registry is read.
 */
export function meterProcess(registry: Registry, processName: string): void {
  const seconds = registry.counter('process_cpu_seconds_total', [processName])
  const dropped = registry.counter('events_dropped_total', [processName])
  const memory = registry.gauge('process_resident_memory_bytes', [processName])
  registry.onRead(() => {
    const { user, system } = process.cpuUsage()
    seconds.set((user + system) / 1e6)
    dropped.set(droppedEvents())
    memory.set(residentBytes() ?? memory.value)
  })
}

/** Null: not known, as there is no descriptor left to look with. */
function residentBytes(): number | null {
  try {
    return process.memoryUsage.rss()
  } catch {
    return null
  }
}

/** Tells how many exchanges wait in this process, by backend, each time the registry is read. */
export function meterQueues(
  registry: Registry,
  processName: string,
  backends: () => Iterable<{ readonly name: string; readonly queue: { readonly length: number } }>,
): void {
  const known = new Map<string, Gauge>()
  registry.onRead(() => {
    const gone = new Set(known.keys())
    for (const { name, queue } of backends()) {
      const gauge = known.get(name)
      gone.delete(name)
      if (gauge === undefined)
        known.set(name, setGauge(registry.gauge('queue_length', [name, processName]), queue.length))
      else if (gauge.value !== queue.length) gauge.set(queue.length)
    }
    for (const name of gone) {
      known.get(name)?.set(0)
      known.delete(name)
    }
  })
}

/** What of new exchanges a process refuses, and how near each of its limits is: 1 is too much. */
export interface OverloadNow {
  readonly share: number
  readonly levels: Readonly<Record<string, number>>
}

/** Tells it each time the registry is read; null: nothing is looked at. */
export function meterOverload(registry: Registry, processName: string, look: () => OverloadNow | null): void {
  const told = new Map<string, Gauge>()
  const tell = (key: string, make: () => Gauge, value: number): void => {
    const gauge = told.get(key)
    if (gauge === undefined) told.set(key, setGauge(make(), value))
    else if (gauge.value !== value) gauge.set(value)
  }
  registry.onRead(() => {
    const now = look()
    if (now === null && told.size === 0) return
    tell('', () => registry.gauge('overload_share', [processName]), Math.round((now?.share ?? 0) * 100) / 100)
    const levels = new Map(Object.entries(now?.levels ?? {}))
    // What is looked at no more is not near anything.
    for (const cause of told.keys()) if (cause !== '' && !levels.has(cause)) levels.set(cause, 0)
    for (const [cause, level] of levels)
      tell(
        cause,
        () => registry.gauge('overload_level', [cause, processName]),
        Math.round(level * 1000) / 1000,
      )
  })
}

/** Counts how waits for a server ended, by backend, each time the registry is read. */
function meterWaits(
  registry: Registry,
  backends: () => Iterable<{
    readonly name: string
    readonly queue: { takeCounts(): WaitCounts }
    readonly limit: { takeShadowed(): number } | null
  }>,
): void {
  registry.onRead(() => {
    for (const { name, queue, limit } of backends()) {
      const shadowed = limit?.takeShadowed() ?? 0
      if (shadowed > 0) registry.counter('adaptive_limit_shadow_total', [name]).add(shadowed)
      for (const [outcome, count] of Object.entries(queue.takeCounts()))
        if (count > 0) registry.counter('queue_waits_total', [name, outcome]).add(count)
    }
  })
}

/** Counts answers with too much behind them, by server, each time the registry is read. */
export function meterSurplus(
  registry: Registry,
  backends: () => Iterable<{ readonly name: string; readonly servers: readonly MeteredServer[] }>,
): void {
  registry.onRead(() => {
    for (const { name, servers } of backends()) {
      for (const server of servers) {
        const { surplus } = server.live
        if (surplus === 0) continue
        server.live.surplus = 0
        registry.counter('surplus_answers_total', [name, server.name]).add(surplus)
      }
    }
  })
}

/** All that is told of the backends of this process. */
export function meterBackends(
  registry: Registry,
  processName: string,
  backends: Parameters<typeof meterQueues>[2] &
    Parameters<typeof meterWaits>[1] &
    Parameters<typeof meterSurplus>[1],
): void {
  meterQueues(registry, processName, backends)
  meterWaits(registry, backends)
  meterSurplus(registry, backends)
}

interface MeteredServer {
  readonly name: string
  readonly live: { surplus: number }
}

function setGauge(gauge: Gauge, value: number): Gauge {
  gauge.set(value)
  return gauge
}
