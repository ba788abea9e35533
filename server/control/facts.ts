// What the admin listener shows, from what the supervisor knows.
import type { Ranges } from '../lib/ranges.ts'
import {
  healthDocument,
  metricsDocument,
  serversOfPlan,
  type ConfigFacts,
  type HealthDocument,
  type MetricsDocument,
} from '../telemetry/documents.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import { gatherBackendLimits, limitsOf } from '../telemetry/backend-limits.ts'
import { gatherBoard } from '../telemetry/gather.ts'
import { listenerTotals } from '../telemetry/listener-totals.ts'
import { stickyOf } from './facts-of-sessions.ts'
import { type OverloadDocument, overloadDocument } from './facts-of-overload.ts'
import { renderMetrics } from '../telemetry/prometheus.ts'
import type { AdminConfig } from '../admin/admin.options.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { AdminKeeper } from './admin-keeper.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { Question } from '../turn/messages.ts'
import type { AcmeCertificates } from './acme/acme-certificates.ts'
import type { Applier } from './change/apply.ts'
import { certificateFacts, gatherCertificates, gatherRefused, refusedFacts } from './certificate-facts.ts'
import type { ChangeFacts } from './change/change-facts.ts'
import type { Changed, Changes } from './change/changes.ts'
import type { ChosenSockets } from './processes/chosen-sockets.ts'
import type { SilentWorker } from './processes/hung-workers.ts'
import { type OverviewFacts, overviewFactsOf } from './facts-of-overview.ts'
import { type GatewayFacts, gatewayFactsOf, type KnownGateway, listenerFacts } from './gateway-facts.ts'
import type { UpgradeDesk } from './upgrade/facts.ts'
import type { GuardedChanges } from './guarded-changes.ts'
import type { Parts } from './make-parts.ts'
import type { SeenLive } from './seen-live.ts'
import type { OrderDesk } from './order-desk.ts'
import type { ProcessMark } from './processes/state-file.ts'
import type { Reasons } from './processes/worker.ts'
import type { StoreKeeper } from './store/store-keeper.ts'
import { markedHash } from './store/tag-key.ts'
import { type TrafficFacts, trafficFactsOf } from './facts-of-traffic.ts'
import { flowFacts } from './facts-of-flows.ts'
import { askRelay, type TurnDesk, turnDeskOf, turnFacts, turnNames } from './facts-of-turn.ts'
import { TrustedRanges } from './trusted-ranges.ts'
import { panicsOf } from './weights/panics.ts'
import type { TurnKeeper } from './relay/turn-keeper.ts'

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
  /** How near workers are to more than they can do. */
  readonly overload: () => OverloadDocument
  /** `admin` of the config that is served; null: there is none, or it is turned off. */
  readonly access: () => AdminConfig | null
  /** What is kept beside the config file. */
  readonly store: Pick<StoreKeeper, 'open' | 'now' | 'keep'>
}

/** A stop that was begun. */
export interface Stopping {
  readonly process: ProcessMark
  /** How long what is in flight may take at most. */
  readonly within_ms: number
}

export type ServerDesk = Pick<
  OrderDesk,
  | 'names'
  | 'named'
  | 'document'
  | 'guards'
  | 'order'
  | 'orderCircuit'
  | 'history'
  | 'latest'
  | 'check'
  | 'bringBack'
>

/** What commands may ask of the gateway, and tell it. */
export interface ControlFacts extends Facts {
  /** The gateway as a whole. */
  readonly gateway: GatewayFacts
  /** That is served; 0 before the first. */
  readonly revision: () => number
  /** Events, and what was counted of late. */
  readonly live: Pick<SeenLive, 'events' | 'figures' | 'now' | 'rules' | 'policies'>
  readonly build: { readonly version: string; readonly commit: string }
  /** Names of turn listeners. */
  readonly listeners: () => readonly string[]
  /** Asks the TURN relay; rejects when it does not answer. */
  readonly ask: (question: Question) => Promise<unknown>
  readonly turn: TurnDesk
  /** Applies the config file as it is now, and reopens the logs. */
  readonly reload: () => Promise<Changed>
  /** Makes a text that of the config file, and applies it. */
  readonly apply: GuardedChanges['apply']
  /** What goes on for longer than a request. */
  readonly tasks: Pick<GuardedChanges, 'operations' | 'rollouts'>
  /** False: nothing waits to be confirmed. */
  readonly confirm: Changes['confirm']
  /** Whether a request with this server came by the admin listener as it was before it moved. */
  readonly isByOldDoor: (server: unknown) => boolean
  /** Where the admin listener is; null: nowhere. */
  readonly door: () => string | null
  /** When a change that waits to be confirmed is taken back; null: none waits. */
  readonly confirmBy: () => string | null
  /** Null: there is nothing to go back to. */
  readonly rollBack: Changes['rollBack']
  /** The revision that was taken back unasked, if nothing was changed since. */
  readonly takenBack: () => number | null
  /** Texts that were served, and what another one would do. */
  readonly changes: Pick<ChangeFacts, 'served' | 'list' | 'read' | 'named' | 'check' | 'review'>
  /** Handing over to another gateway. */
  readonly upgrade: UpgradeDesk
  /** Stops in order, as SIGTERM does. */
  readonly stop: () => Stopping
  /** Certificates that come by ACME. */
  readonly acme: Pick<AcmeCertificates, 'facts' | 'steps' | 'retry' | 'isStandIn'>
  /** What persons order of servers; null: there is no config yet. */
  readonly desk: () => ServerDesk | null
  /** What becomes of requests. */
  readonly traffic: TrafficFacts
  /** What the gateway says of itself. */
  readonly told: OverviewFacts
}

/** What facts are made of: a running supervisor. */
export interface Known extends KnownGateway {
  readonly totals: Totals
  readonly board: Scoreboard
  readonly live: SeenLive
  /** What is served; null before the first config. */
  readonly running: Applier['running']
  readonly isDraining: boolean
  readonly workerFacts: WorkerFacts
  readonly store: Facts['store'] & Pick<StoreKeeper, 'trouble'>
  readonly chosen: Pick<ChosenSockets, 'facts'>
  /** Why servers are not up. */
  readonly reasons: Reasons
  readonly changes: Pick<
    Changes,
    'rejection' | 'takenBack' | 'unconfirmed' | 'apply' | 'confirm' | 'rollBack' | 'check' | 'book'
  >
  readonly changeFacts: ChangeFacts
  readonly guarded: GuardedChanges
  readonly admin: Pick<AdminKeeper, 'address' | 'isBy'>
  /** Null: there was no turn listener yet. */
  readonly turn: Pick<TurnKeeper, 'relay' | 'allocationsOf' | 'testSecret'> | null
  /** Null: before the first config. */
  readonly certificates: () => Pick<Parts, 'acme' | 'refused' | 'desk'> | null
  reload(how: { readonly reopenLogs: boolean }): Promise<Changed>
  readonly handingOver: UpgradeDesk
  stopOnCommand(): Stopping
}

/** The facts of a running supervisor, made anew for each question. */
export function factsOf(known: Known): Facts {
  const trusted = new TrustedRanges()
  const isStandIn = (name: string): boolean => known.certificates()?.acme.isStandIn(name) ?? false
  return {
    store: known.store,
    access: () => accessOf(known),
    trusted: () => trusted.of(known.running?.edition.config ?? null),
    health: () => {
      const document = healthDocument(serverFacts(known), known.board)
      // Who asks whether to send traffic here: not when nobody would answer, and no more once it drains.
      const { isDraining, workerFacts: workers } = known
      const turn = turnFacts(known)
      const udp = flowFacts(known)
      const isServed = workers.serving > workers.silent.length && turn?.serving !== false
      const healthy = document.healthy && isServed && !isDraining
      const { facts: sockets } = known.chosen
      const certificates = certificateFacts(known.running, Date.now(), isStandIn)
      const refused = refusedFacts(known.certificates()?.refused)
      const { trouble } = known.store
      return {
        ...document,
        healthy,
        draining: isDraining,
        config: configFacts(known),
        workers,
        ...(known.running && { listeners: listenerFacts(known, known.running) }),
        ...(sockets && { sockets }),
        ...(turn && { turn }),
        ...(udp.length > 0 && { udp }),
        ...(certificates && { certificates }),
        ...(refused.length > 0 && { refused_files: refused }),
        ...(trouble !== null && { not_kept: trouble }),
      }
    },
    metrics: () => ({
      ...metricsDocument(serverFacts(known), known.board),
      ...(known.running && {
        listeners: listenerTotals(known.totals, known.running.edition.config.listeners),
      }),
      ...limitsOf(known),
      ...stickyOf(known),
    }),
    overload: () => overloadDocument(known),
    prometheus: () => {
      const { totals, running } = known
      gatherBoard(totals, serverFacts(known), known.board)
      gatherBackendLimits(known)
      gatherCertificates(totals, running, isStandIn)
      gatherRefused(totals, known.certificates()?.refused)
      const { version, commit } = known.options.build
      totals.gauge('build_info', [version, commit, Bun.version]).set(1)
      totals.gauge('config_revision').set(running?.revision ?? 0)
      totals.gauge('workers').set(known.workerFacts.serving)
      return renderMetrics(totals, running?.edition.config.metrics.prefix ?? 'lb')
    },
  }
}

/** The facts of a running supervisor for its commands. */
export function controlFactsOf(known: Known): ControlFacts {
  const facts = factsOf(known)
  return {
    ...facts,
    told: overviewFactsOf(known, { health: facts.health, servers: () => serverFacts(known) }),
    gateway: gatewayFactsOf(known),
    revision: () => known.running?.revision ?? 0,
    live: known.live,
    build: known.options.build,
    reload: () => known.reload({ reopenLogs: true }),
    apply: (given) => known.guarded.apply(given),
    tasks: known.guarded,
    confirm: (by) => known.changes.confirm(by),
    isByOldDoor: (server) => !known.admin.isBy(server),
    door: () => known.admin.address,
    confirmBy: () => {
      const { unconfirmed } = known.changes
      return unconfirmed && new Date(unconfirmed.untilMs).toISOString()
    },
    rollBack: (by, to) => known.changes.rollBack(by, to),
    changes: known.changeFacts,
    takenBack: () => known.changes.takenBack,
    stop: () => known.stopOnCommand(),
    get upgrade() {
      return known.handingOver
    },
    acme: {
      facts: () => known.certificates()?.acme.facts() ?? [],
      steps: (name) => known.certificates()?.acme.steps(name) ?? null,
      retry: (name) => known.certificates()?.acme.retry(name) ?? false,
      isStandIn: (name) => known.certificates()?.acme.isStandIn(name) ?? false,
    },
    // Before the first plan is served it knows no server.
    desk: () => (known.running === null ? null : (known.certificates()?.desk ?? null)),
    traffic: trafficFactsOf(known),
    listeners: () => turnNames(known),
    ask: (question) => askRelay(known, question),
    turn: turnDeskOf(known),
  }
}

function accessOf({ running }: Known): AdminConfig | null {
  const { admin } = running?.edition.config ?? { admin: false }
  return admin === false ? null : admin
}

function configFacts({ running, changes: { rejection, unconfirmed } }: Known): ConfigFacts {
  const rejected = rejection && {
    time: new Date(rejection.timeMs).toISOString(),
    problems: rejection.problems.map(({ text: _, path, message, ...facts }) => ({ path, message, ...facts })),
    ...(rejection.takenBack && { taken_back: rejection.takenBack }),
  }
  const until = unconfirmed && new Date(unconfirmed.untilMs).toISOString()
  const { revision = 0, edition } = running ?? {}
  // Monitoring needs no credential.
  const hash = edition === undefined ? null : markedHash(edition.hash, edition.config.data)
  return { revision, hash, from: edition?.from ?? null, rejected, unconfirmed: until }
}

/** All servers of the plan that is served, and where their cells are. */
export function serverFacts({
  running,
  reasons,
  certificates,
  board,
}: Pick<Known, 'running' | 'reasons' | 'certificates' | 'board'>): ServerFacts[] {
  if (!running) return []
  const orders = certificates()?.desk.orders.facts()
  const of = { config: running.edition.config, slots: running.plan.slots }
  return serversOfPlan({ ...of, reasons, orders, panics: panicsOf(of, board) })
}
