// What the admin listener shows, from what the supervisor knows.
import { Ranges } from '../lib/ranges.ts'
import {
  healthDocument,
  metricsDocument,
  serversOfPlan,
  type ConfigFacts,
  type HealthDocument,
  type MetricsDocument,
  type ServerFacts,
  type TurnFacts,
} from '../telemetry/documents.ts'
import { gatherBoard } from '../telemetry/gather.ts'
import { renderMetrics } from '../telemetry/prometheus.ts'
import type { Config } from '../config/schema.ts'
import type { ControlFacts } from './control-socket.ts'
import type { SilentWorker } from './processes/hung-workers.ts'
import { turnListeners } from './relay/relay-plan.ts'
import type { Supervisor } from './supervisor.ts'

/** How many workers there should be, and how many serve. */
export interface WorkerFacts {
  readonly wanted: number
  readonly serving: number
  /** Those that have said nothing for seconds: they may hang, and clients wait. */
  readonly silent: readonly SilentWorker[]
  /** Those that accept no clients, as their descriptors have run short. */
  readonly full: readonly string[]
}

export interface Facts {
  readonly trusted: () => Ranges
  readonly health: () => HealthDocument & { readonly workers: WorkerFacts }
  readonly metrics: () => MetricsDocument
  readonly prometheus: () => string
}

/** The facts of a running supervisor, made anew for each question. */
export function factsOf(supervisor: Supervisor): Facts {
  const trusted = new TrustedRanges()
  return {
    trusted: () => trusted.of(supervisor.running?.edition.config ?? null),
    health: () => {
      const document = healthDocument(serverFacts(supervisor), supervisor.board)
      // Who asks whether to send traffic here: not when nobody would answer, and no more once it drains.
      const { isDraining, workerFacts: workers } = supervisor
      const turn = turnFacts(supervisor)
      const isServed = workers.serving > workers.silent.length && turn?.serving !== false
      const healthy = document.healthy && isServed && !isDraining
      const facts = { ...document, healthy, draining: isDraining, config: configFacts(supervisor), workers }
      return turn === null ? facts : { ...facts, turn }
    },
    metrics: () => metricsDocument(serverFacts(supervisor), supervisor.board),
    prometheus: () => {
      const { totals, running } = supervisor
      gatherBoard(totals, serverFacts(supervisor), supervisor.board)
      const { version, commit } = supervisor.options.build
      totals.gauge('build_info', [version, commit, Bun.version]).set(1)
      totals.gauge('config_revision').set(running?.revision ?? 0)
      totals.gauge('workers').set(supervisor.workerFacts.serving)
      return renderMetrics(totals, running?.edition.config.metrics.prefix ?? 'lb')
    },
  }
}

/** The facts of a running supervisor for its commands. */
export function controlFactsOf(supervisor: Supervisor): ControlFacts {
  const { health, metrics } = factsOf(supervisor)
  return {
    health,
    metrics,
    reload: () => supervisor.reload({ reopenLogs: true }),
    stop: () => supervisor.stopOnCommand(),
    listeners: () =>
      supervisor.running ? Object.keys(turnListeners(supervisor.running.edition.config)) : [],
    ask: (question) =>
      supervisor.turn?.ask(question) ?? Promise.reject(new Error('there is no TURN relay now')),
  }
}

/** Of the TURN relay; null when the config has no listener for it. */
function turnFacts({ running, turn }: Supervisor): TurnFacts | null {
  if (!running || !turn) return null
  const listeners = turnListeners(running.edition.config)
  if (Object.keys(listeners).length === 0) return null
  const allocations = turn.allocationsOf(running.edition.config)
  return {
    serving: turn.isServing,
    listeners: Object.entries(listeners).map(([listener, { realm }]) => {
      return { listener, realm, allocations: allocations[listener] ?? 0 }
    }),
  }
}

function configFacts({ running, changes: { rejection } }: Supervisor): ConfigFacts {
  const rejected = rejection && {
    time: new Date(rejection.timeMs).toISOString(),
    problems: rejection.problems.map(({ text: _, path, message, ...facts }) => ({ path, message, ...facts })),
  }
  return { revision: running?.revision ?? 0, rejected }
}

/** All servers of the plan that is served, and where their cells are. */
export function serverFacts({ running, reasons }: Supervisor): ServerFacts[] {
  return running ? serversOfPlan({ config: running.edition.config, slots: running.plan.slots, reasons }) : []
}

/** Parsed once for each config. */
class TrustedRanges {
  #config: Config | null = null
  #ranges = Ranges.parse([])

  of(config: Config | null): Ranges {
    if (config === this.#config) return this.#ranges
    this.#config = config
    this.#ranges = Ranges.parse(config && config.admin !== false ? config.admin.trusted : [])
    return this.#ranges
  }
}
