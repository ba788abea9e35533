// What operators are told while the gateway runs: events of servers and workers.
import type { Crew } from './processes/crew.ts'
import { STATE_DOWN, STATE_UP } from '../scoreboard/states.ts'
import type { AttemptNews } from '../telemetry/attempts.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { ApplyProblem, Edition } from './problem.ts'
import type { HealthChange, HealthResult } from './health/health-news.ts'
import type { Order, OrderNews, ServerPlace } from './orders/order.ts'
import type { RelayKeeperOptions } from './relay/relay-keeper.ts'
import type { CrewParts } from './processes/make-crew.ts'
import { StoreProblem } from './store/store-problem.ts'
import { tellCircuitNews } from './circuit-news.ts'

/** A server is up, or down. */
export function tellHealthChange(
  { backend, server, state, was, reason }: HealthChange,
  crew: Pick<Crew, 'reason'>,
): void {
  crew.reason(backend, server, reason ?? '')
  if (state === STATE_UP && was !== STATE_UP) logEvent('info', 'server_up', { backend, server })
  if (state === STATE_DOWN && was !== STATE_DOWN) logEvent('warn', 'server_down', { backend, server, reason })
}

/** A person has ordered something of a server, or that is over. */
export function tellOrder(news: OrderNews): void {
  const { backend, server, kind, order, was, cause } = news
  if (kind === 'circuit') return tellCircuitNews(news)
  const what = {
    backend,
    server,
    kind,
    order: order?.value ?? NO_ORDER[kind],
    was: was?.value ?? NO_ORDER[kind],
  }
  if (cause !== 'asked') return logEvent('info', 'server_order_ended', { ...what, why: WHY_ENDED[cause] })
  const { by = null, reason = null, untilMs = null } = order ?? {}
  const until = untilMs === null ? null : new Date(untilMs).toISOString()
  logEvent('info', 'server_ordered', { ...what, by, reason, until })
}

const NO_ORDER = { admin: 'ready', weight: 'config', health: 'checks' } as const
const WHY_ENDED = { until: 'its time is over', gone: 'the config names the server no more' } as const

/** A server that gets no new work has nothing left. */
export function tellDrained({ backend, server }: ServerPlace, { value, sinceMs }: Order): void {
  logEvent('info', 'server_drained', {
    backend,
    server,
    order: value,
    after_ms: Math.max(0, Date.now() - sinceMs),
  })
}

/** An order is in force, but a restart does not know it. */
export function tellOrderNotKept({ backend, server }: ServerPlace, error: unknown): void {
  logEvent('warn', 'server_order_not_kept', { backend, server, why: whyOf(error) })
}

/** What was ordered before this run is not known. */
export const tellOrdersNotRead = (error: unknown): void =>
  logEvent('warn', 'server_orders_not_read', { why: whyOf(error) })

const whyOf = (error: unknown): string => (error instanceof StoreProblem ? error.message : String(error))

/** Requests to a server began to fail, or are answered again. */
export function tellAttempts({ backend, server, fault, failed }: AttemptNews): void {
  if (fault !== null) logEvent('warn', 'server_failing', { backend, server, fault, failed })
  else logEvent('info', 'server_recovered', { backend, server, failed })
}

/** What was rejected: what the config file says, or a text that was to take its place. */
export type Rejected =
  | { readonly file: string }
  | { readonly from: Edition['from']; readonly by: string | null; readonly hash: string }

/** A config was rejected; `running` is the revision that goes on. */
export function tellRejected(
  what: Rejected,
  running: number | undefined,
  problems: readonly ApplyProblem[],
): void {
  // `text` is as a person reads it: that goes to stderr.
  const facts = problems.map(({ text: _, file, ...known }) => {
    // Its places are those of the text that was given: the file has another.
    return file === undefined || !('file' in what) ? known : { file, ...known }
  })
  logEvent('error', 'rejected', { ...what, running, problems: facts })
}

/** Of a change: which text is served. */
export const editionFacts = (revision: number, { from, by, hash }: Edition): object => ({
  revision,
  from,
  ...(by !== null && { by }),
  hash,
})

/** A check of a server has ended. */
export function countCheck(totals: Totals, { backend, server, reason }: HealthResult): void {
  totals.counter('health_checks_total', [backend, server, reason === null ? 'pass' : 'fail']).add(1)
}

/** When something is told of a process, everything it says holds: `onChange` comes first. */
export interface ProcessNews {
  /** Those that were started before the config turned out to be of no use are nobody's news. */
  readonly isServing: () => boolean
  readonly onChange: () => void
}

/** What is told of workers. */
export function workerNews(
  totals: Totals,
  { isServing, onChange }: ProcessNews,
): Pick<CrewParts, 'onExit' | 'onReplaced' | 'onNotStarted'> {
  return {
    onExit: ({ pid, slot }, how) => {
      if (!isServing()) return
      onChange()
      logEvent(how.code === 0 ? 'info' : 'warn', 'worker_exited', { pid, slot, ...how })
    },
    onReplaced: ({ pid, slot }, previous) => {
      totals.counter('worker_restarts_total').add(1)
      onChange()
      logEvent('info', 'worker_replaced', { pid, previous, slot })
    },
    onNotStarted: (slot, why) => logEvent('warn', 'worker_not_started', { slot, why }),
  }
}

/** What is told of the TURN relay. */
export function relayNews(
  totals: Totals,
  { isServing, onChange }: ProcessNews,
): Pick<RelayKeeperOptions, 'onExit' | 'onReplaced' | 'onNotStarted'> {
  return {
    onExit: ({ pid }, how) => {
      if (!isServing()) return
      onChange()
      logEvent(how.code === 0 ? 'info' : 'warn', 'relay_exited', { pid, ...how })
    },
    onReplaced: ({ pid }, previous) => {
      totals.counter('turn_relay_restarts_total').add(1)
      onChange()
      logEvent('info', 'relay_replaced', { pid, previous })
    },
    onNotStarted: (why) => logEvent('warn', 'relay_not_started', { why }),
  }
}
