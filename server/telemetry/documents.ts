// The two documents that tell how the gateway is: /_health and /_metrics. Pure: the supervisor and each
// worker make the same of the same scoreboard. In both, `backends` lists servers, as existing users of such
// endpoints expect.
import type { BackendLimitFacts } from './backend-limits.ts'
import type { CertificateFacts, RefusedFacts } from './certificate-documents.ts'
import type { OverloadFacts } from './overload-facts.ts'
import type { StickyFacts } from '../control/facts-of-sessions.ts'
import type { Config } from '../config/schema.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Plan } from '../snapshot/plan.ts'
import type { ListenerTotals } from './listener-totals.ts'
import { type OrderFacts, type ServerFacts, type ServerHealth, serverHealth } from './server-health.ts'

export interface HealthDocument {
  /** At least one server of every backend is up, or those that are down are used (panic_threshold). */
  readonly healthy: boolean
  readonly backends: readonly ServerHealth[]
  readonly healthy_count: number
  readonly total_count: number
  /** Of the gateway as a whole; its workers, which answer on the listeners, leave these out. */
  readonly draining?: boolean
  readonly config?: ConfigFacts
  readonly workers?: {
    readonly wanted: number
    readonly serving: number
    /** Those that may hang; they are replaced when they say nothing for five seconds. */
    readonly silent?: readonly { readonly pid: number; readonly slot: number; readonly silent_ms: number }[]
    readonly full?: readonly string[]
  }
  /** As they are open. */
  readonly listeners?: readonly ListenerFacts[]
  /** Only where there are turn listeners. */
  readonly turn?: TurnFacts
  /** Only where there are udp listeners: their flows, as of the last seconds. */
  readonly udp?: readonly FlowFacts[]
  readonly sockets?: SocketsFacts
  /** Only where there are some: those that end first. */
  readonly certificates?: readonly CertificateFacts[]
  /** Left out: there are none. */
  readonly refused_files?: readonly RefusedFacts[]
  /** Why something of the data folder is not kept, or not known; left out: all is. */
  readonly not_kept?: string
}

/** Which sockets the workers have: io_uring, epoll or bun. */
export interface SocketsFacts {
  readonly kind: string
  /** What was wanted more, and why it cannot be had; null: nothing was. */
  readonly why: string | null
  /** Those that could not make theirs, and have others. */
  readonly others: readonly { readonly process: string; readonly kind: string; readonly why: string | null }[]
}

export interface ListenerFacts {
  readonly listener: string
  readonly protocol: string
  /** None: its clients come by another listener. */
  readonly addresses: readonly string[]
}

/** Flows of a udp listener, of all workers. */
export interface FlowFacts {
  readonly listener: string
  readonly flows: number
}

/** The TURN relay. */
export interface TurnFacts {
  /** Whether it runs; one that died is about to be replaced. */
  readonly serving: boolean
  readonly listeners: readonly {
    readonly listener: string
    readonly realm: string
    /** As of the last second. */
    readonly allocations: number
  }[]
}

/** Whether the newest config is the one that is served. */
export interface ConfigFacts {
  readonly revision: number
  /** Another one for another text; not its SHA-256: whoever guesses a secret in it must not be told. */
  readonly hash?: string | null
  /** Where it came from. */
  readonly from?: 'file' | 'api' | 'rollback' | 'discovery' | null
  /** Until when it must be confirmed, or what was served before it comes back; null: it stays. */
  readonly unconfirmed?: string | null
  /** Why the newest one is not; null: it is. */
  readonly rejected: {
    readonly time: string
    readonly problems: readonly RejectedProblem[]
    /** It was served, and was taken back unasked. */
    readonly taken_back?: { readonly revision: number; readonly why: string }
  } | null
}

/** A problem with the config. Those of the file have `file`, `line`, `column` and `hint` as well. */
export interface RejectedProblem {
  readonly message: string
  /** Empty when it is no single place. */
  readonly path: string
  readonly [fact: string]: unknown
}

export interface MetricsDocument {
  readonly total_requests: number
  readonly total_failures: number
  /** Percent, two decimals; 100 when there were no requests. */
  readonly success_rate: number
  readonly backends: readonly ServerMetrics[]
  /** Of the gateway as a whole. */
  readonly listeners?: readonly ListenerTotals[]
  /** Only where there are some: backends whose servers have a limit together, or are waited for. */
  readonly limits?: readonly BackendLimitFacts[]
  /** Only where there are some: backends whose sessions stay with their servers. */
  readonly sticky?: readonly StickyFacts[]
  /** Only while a worker refuses new requests as it is overloaded, or would in shadow mode. */
  readonly overload?: OverloadFacts
}

export interface ServerMetrics {
  readonly url: string
  readonly total_requests: number
  readonly failed_requests: number
  readonly success_rate: number
  readonly active_connections: number
  readonly backend: string
  readonly server: string
  /**
   * Requests that were sent to it or were to be, those included that another server answered in the end; and
   * how many of them failed.
   */
  readonly attempts: number
  readonly failed_attempts: number
  /** Of those, which never reached the server. */
  readonly refused_attempts: number
  /** Of `attempts`, those whose client left (or was refused) before there was an answer. */
  readonly given_up_attempts: number
}

/** All servers of a plan, in the order of the config: what the supervisor has. */
export function serversOfPlan({
  config,
  slots,
  reasons,
  orders = new Map(),
  panics,
}: {
  readonly config: Pick<Config, 'backends'>
  readonly slots: Plan['slots']
  readonly reasons: Plan['reasons']
  /** What is ordered of servers, by their records. */
  readonly orders?: ReadonlyMap<number, readonly OrderFacts[]> | undefined
  /** Servers that are used although they are down, by their records. */
  readonly panics?: ReadonlySet<number>
}): ServerFacts[] {
  return Object.entries(config.backends).flatMap(([backend, options]) =>
    options.servers.flatMap(({ name, url, weight }): ServerFacts[] => {
      const server = name ?? url
      const slot = slots[backend]?.servers[server]?.index
      if (slot === undefined) return []
      const reason = reasons[backend]?.[server] ?? null
      const own = { backend, server, url, weight, slot, reason, orders: orders.get(slot) }
      return [{ ...own, ...(panics?.has(slot) === true && { isPanic: true }), ...policiesOf(options) }]
    }),
  )
}

/** All servers of a snapshot: what a worker has. */
export function serversOfSnapshot({ backends }: Snapshot): ServerFacts[] {
  return [...backends.values()].flatMap((backend) =>
    backend.servers.map(({ name, url, slot, index }): ServerFacts => {
      return {
        backend: backend.name,
        server: name,
        url,
        weight: backend.options.servers[index]!.weight,
        slot,
        ...policiesOf(backend.options),
        reason: backend.reasons.get(name) ?? null,
      }
    }),
  )
}

type Policies = Pick<ServerFacts, 'isChecked' | 'breaker' | 'isStartedSlowly' | 'dynamicWeights'>

const policiesOf = ({
  health_check,
  circuit_breaker,
  slow_start,
  dynamic_weights,
}: Config['backends'][string]): Policies => ({
  isChecked: health_check !== undefined,
  breaker: circuit_breaker === undefined || circuit_breaker.mode === 'off' ? null : circuit_breaker.mode,
  isStartedSlowly: slow_start !== undefined,
  dynamicWeights: dynamic_weights?.mode === 'off' ? undefined : dynamic_weights?.mode,
})

/** Which servers are up, at `nowS` (seconds since 1970). */
export function healthDocument(
  servers: readonly ServerFacts[],
  board: Scoreboard,
  nowS = Date.now() / 1000,
): HealthDocument {
  const backends = servers.map((server) => serverHealth(server, board, nowS))
  return healthOf(backends)
}

/** The document on these servers. */
export function healthOf(backends: readonly ServerHealth[]): HealthDocument {
  const named = new Set(backends.map(({ backend }) => backend))
  const up = backends.filter(({ healthy }) => healthy)
  // Requests are answered where servers are used that are down, too.
  const serving = backends.filter(({ healthy, panic }) => healthy || panic === true)
  return {
    healthy: new Set(serving.map(({ backend }) => backend)).size === named.size,
    backends,
    healthy_count: up.length,
    total_count: backends.length,
  }
}

/** What was served so far. */
export function metricsDocument(servers: readonly ServerFacts[], board: Scoreboard): MetricsDocument {
  const requests = board.requests(GATEWAY)
  const failures = board.failures(GATEWAY)
  const backends = servers.map(({ backend, server, url, slot }): ServerMetrics => {
    const ofServer = board.requests(slot)
    const failed = board.failures(slot)
    return {
      url,
      total_requests: ofServer,
      failed_requests: failed,
      success_rate: successRate(ofServer, failed),
      active_connections: board.inFlight(slot),
      backend,
      server,
      attempts: board.attempts(slot),
      failed_attempts: board.failedAttempts(slot),
      refused_attempts: board.refusedAttempts(slot),
      given_up_attempts: board.givenUpAttempts(slot),
    }
  })
  return metricsOf(backends, requests, failures)
}

/** The document on these servers. */
export const metricsOf = (
  backends: readonly ServerMetrics[],
  requests: number,
  failures: number,
): MetricsDocument => ({
  total_requests: requests,
  total_failures: failures,
  success_rate: successRate(requests, failures),
  backends,
})

/** Percent with two decimals. All and none are said only of all and none. */
export function successRate(requests: number, failures: number): number {
  if (requests <= 0 || failures <= 0) return 100
  if (failures >= requests) return 0
  const rounded = Math.round(((requests - failures) / requests) * 10_000) / 100
  return Math.min(Math.max(rounded, 0.01), 99.99)
}

/** Record 0 of the scoreboard. */
const GATEWAY = 0
