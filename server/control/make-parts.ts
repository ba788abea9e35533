// What the supervisor works with once the first config is known.
import type { Config } from '../config/schema.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Resolver } from '../lib/resolver.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { AdminKeeper } from './admin-keeper.ts'
import { Applier } from './change/apply.ts'
import { AcmeCertificates } from './acme/acme-certificates.ts'
import { certificateSources } from './certificate-sources.ts'
import { RememberedPairs } from './source/good-pairs.ts'
import { LiveCertificates, type LiveCertificatesOptions } from './change/live-certificates.ts'
import { LiveTlsFiles, readPlanFiles } from './change/live-tls-files.ts'
import { type LiveFacts, liveFacts, together } from './live-facts.ts'
import { FilePart } from './change/file-part.ts'
import type { History } from './change/history.ts'
import type { RevisionBook } from './change/revision-book.ts'
import { bindProblems, partsOf } from './change/parts.ts'
import { dryRun, restartProblems, workersWanted } from './change/plan-checks.ts'
import { CircuitDesk } from './circuits/circuit-desk.ts'
import { circuitNews } from './circuit-news.ts'
import { OrderDesk } from './order-desk.ts'
import { passiveNews } from './passive-news.ts'
import { WEIGHT_NEWS } from './weight-news.ts'
import { WeightDesk } from './weights/weight-desk.ts'
import { orderStoreIn } from './order-store.ts'
import type { HealthChange, HealthResult } from './health/health-news.ts'
import { PassiveHealth } from './health/passive-health.ts'
import type { Prober, ProberOptions } from './health/prober.ts'
import { Board } from './processes/board.ts'
import type { ChosenSockets } from './processes/chosen-sockets.ts'
import type { Crew } from './processes/crew.ts'
import { untilOrphansEnd } from './processes/orphans.ts'
import {
  areHeldByOrphans,
  isRelayEnding,
  orphanMarks,
  readRunState,
  runStateFile,
  type ProcessMark,
} from './processes/state-file.ts'
import { workerEnv } from './processes/worker-command.ts'
import type { Edition } from './problem.ts'
import type { TurnKeeper, TurnKeeperOptions } from './relay/turn-keeper.ts'
import { TurnSide } from './relay/turn-side.ts'
import { RefusedFiles } from './source/refused-files.ts'
import type { AddressesByName } from './sockets/binds.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { HandedSockets } from './sockets/handed-sockets.ts'
import type { ListeningSockets } from './sockets/sockets.ts'
import { secretsFor } from './store/kept-secret.ts'
import type { StoreKeeper } from './store/store-keeper.ts'
import type { WorkerWish } from '../worker/messages.ts'
import { WorkerSockets } from './sockets/worker-sockets.ts'

export interface Parts {
  readonly board: Board
  /** The data folder. */
  readonly data: string
  readonly sockets: ListeningSockets
  readonly prober: Prober
  readonly desk: OrderDesk
  readonly turn: TurnSide
  readonly applier: Applier
  /** Files that are followed for themselves. */
  readonly followed: Pick<LiveCertificates, 'look' | 'stop'>
  readonly acme: AcmeCertificates
  /** What workers ask for. */
  readonly heard: (news: WorkerWish) => void
  readonly refused: RefusedFiles
  readonly history: History
  readonly book: RevisionBook
  /** All that runs is this process. */
  readonly isAlone: boolean
  /** Where it is said who runs: the same until the end. */
  readonly runState: string
  /** Workers of a supervisor that was killed, or of one before it. */
  readonly orphans: readonly ProcessMark[]
}

export interface PartsOptions {
  readonly config: Config
  readonly file: string
  readonly crew: Crew
  readonly chosen: ChosenSockets
  readonly admin: AdminKeeper
  readonly history: History
  readonly book: RevisionBook
  /** Whether files are followed. */
  readonly isWatching: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly build: { readonly version: string }
  readonly totals: Totals
  /** What is to be told of the TURN relay. */
  readonly onRelay: Pick<TurnKeeperOptions, 'onExit' | 'onReplaced' | 'onNotStarted'>
  readonly sockets: ListeningSockets | null
  /** Sockets that were open before us. */
  readonly handed: HandedSockets
  /** The gateway that this one takes over from; null: there is none. */
  readonly predecessor: Predecessor | null
  /** False once it is told to stop while it starts. */
  readonly isWanted: () => boolean
  readonly store: Pick<StoreKeeper, 'open' | 'keep'>
  /** A change waits to be confirmed, else what was before it comes back. */
  readonly isUnconfirmed: () => boolean
  /** The oldest plan that any worker may still use. */
  readonly oldestPlan: () => number
  readonly onHealthChange: (change: HealthChange) => void
  readonly onHealthResult: (result: HealthResult) => void
  /** An edition is served, and stands in the file where it is to. */
  readonly onWritten: (edition: Edition) => void
}

/** Makes them for the first config; nothing is open yet. */
export async function makeParts(options: PartsOptions): Promise<Parts> {
  const { config, crew, file, history } = options
  // Loaded here, beside which workers already start.
  const [{ Prober }, resolvers] = await Promise.all([
    import('./health/prober.ts'),
    import('../lib/resolver.ts'),
    options.chosen.choose(config),
  ])
  const { data } = config
  const board = crew.isInProcess ? Board.alone() : Board.shared(crew.rows, data)
  const runState = runStateFile(data, file)
  const leftBehind = readRunState(runState)
  const orphans = leftBehind === null ? [] : orphanMarks(leftBehind)
  const sockets =
    options.sockets ?? new WorkerSockets((inodes) => areHeldByOrphans(leftBehind, inodes), options.handed)
  const resolver = new resolvers.Resolver(config.resolver, () => performance.now())
  const weights = new WeightDesk({ board: () => board.scoreboard, ...WEIGHT_NEWS })
  const desk: OrderDesk = makeDesk(options, { board, weights, prober: () => prober })
  const prober = new Prober({
    board: board.scoreboard,
    resolver,
    ...heardByProber(options, { weights, desk }),
  })
  const isServing = (): boolean => applier.running !== null
  const turn = new TurnSide(
    () => makeTurnKeeper(options, { sockets, isEnding: () => isRelayEnding(leftBehind) }),
    (problems, from) => bindProblems(problems, isServing(), from),
  )
  const amend: LiveCertificatesOptions['amend'] = (change) =>
    applier.amend(async (plan) => {
      const amended = change(plan)
      if (amended === null) return plan
      await crew.amend(amended.plan, amended.amendment)
      if (amended.amendment.type === 'files') prober.filesChanged(amended.plan)
      return amended.plan
    })
  const { isWatching } = options
  const acme = new AcmeCertificates(options)
  const refused = new RefusedFiles()
  const certificates = new LiveCertificates({
    sources: certificateSources({ data, isWatching, nowMs: Date.now, acme }),
    nowMs: Date.now,
    refused,
    amend,
    good: new RememberedPairs(data),
  })
  const tlsFiles = new LiveTlsFiles({ isWatching, refused, amend })
  const facts = liveFacts({ data, isWatching, refused, amend })
  const hands = { board, prober, desk, resolver, sockets, turn, certificates, tlsFiles, facts }
  const applier: Applier = makeApplier(options, { ...hands, isServing })
  return {
    isAlone: crew.isInProcess,
    data,
    board,
    sockets,
    prober,
    desk,
    turn,
    applier,
    followed: together([certificates, tlsFiles, facts.geo, facts.keys, facts.plugins]),
    acme,
    heard: (news) => (news.type === 'keys-wanted' ? facts.keys.heard(news) : acme.heard(news)),
    refused,
    history,
    book: options.book,
    runState,
    orphans,
  }
}

/** Who is told what checks find, and who knows what is ordered. */
const heardByProber = (
  { onHealthChange, onHealthResult }: PartsOptions,
  { weights, desk }: { readonly weights: WeightDesk; readonly desk: OrderDesk },
): Pick<ProberOptions, 'onChange' | 'onResult' | 'orderOf' | 'onRevived'> => ({
  onChange: (change) => {
    weights.look()
    onHealthChange(change)
  },
  onResult: onHealthResult,
  orderOf: (place) => desk.healthOrderOf(place),
  onRevived: (place, why) => desk.revived(place, why),
})

interface DeskHands {
  readonly board: Board
  readonly weights: WeightDesk
  readonly prober: () => Prober
}

function makeDesk(options: PartsOptions, { board, weights, prober }: DeskHands): OrderDesk {
  const { config, crew, store, totals } = options
  const { onNews } = circuitNews(totals)
  const circuits = new CircuitDesk({
    board: () => board.scoreboard,
    onNews: (news) => {
      weights.look()
      onNews(news)
    },
  })
  return new OrderDesk({
    board: () => board.scoreboard,
    circuits,
    weights,
    crew,
    prober,
    passive: new PassiveHealth({
      board: () => board.scoreboard,
      onState: ({ backend, server }, why) => prober().setOut(backend, server, why),
      ...passiveNews(options.totals),
    }),
    openStore: orderStoreIn(config.data, store),
    isSettled: () => !options.isUnconfirmed(),
  })
}

type AppliedHands = Pick<Parts, 'board' | 'prober' | 'desk' | 'sockets' | 'turn'> & {
  readonly certificates: LiveCertificates
  readonly tlsFiles: LiveTlsFiles
  readonly facts: LiveFacts
  readonly resolver: Resolver
  readonly isServing: () => boolean
}

function makeApplier(options: PartsOptions, hands: AppliedHands): Applier {
  const { chosen, crew, file, history } = options
  const { board, certificates, facts, sockets, turn } = hands
  return new Applier({
    parts: partsOf({
      file: new FilePart({ file, onWritten: options.onWritten }),
      ...hands,
      ...facts,
      admin: options.admin,
      chosen,
      crew,
      history,
      book: options.book,
      predecessor: options.predecessor,
      first: options.config,
      portsFreed: ({ listeners }) => untilOrphansEnd(() => sockets.heldPorts(listeners), options.isWanted),
    }),
    isReusable: ({ index, sincePlan }) =>
      board.scoreboard.isEmpty(index) && options.oldestPlan() >= sincePlan,
    gather: async (words) => ({
      ...(await certificates.gather(words)),
      door: await turn.doorOf(words),
      files: await readPlanFiles(words),
      ...(await facts.gather(words)),
      ...secretsFor(words),
    }),
    dryRun,
    restartProblems: (words, running) => [
      ...restartProblems(words, running, crew),
      ...chosen.restartProblems(words),
    ],
    revisionOf: (edition) => history.revisionOf(edition),
    onBug: (part, error) => logEvent('error', 'bug', { process: 'supervisor', part, error: String(error) }),
  })
}

/** Where listeners are open, by name. */
export function openAddresses({ sockets, turn }: Parts, { listeners }: Config): AddressesByName {
  return { ...sockets.addresses(listeners), ...turn.keeper?.addresses(listeners) }
}

async function makeTurnKeeper(
  { config, crew, ...parts }: PartsOptions,
  { sockets, isEnding }: { readonly sockets: ListeningSockets; readonly isEnding: () => boolean },
): Promise<TurnKeeper> {
  const [{ TurnKeeper }, { relayProcess, relayThread }] = await Promise.all([
    import('./relay/turn-keeper.ts'),
    import('./relay/relay-start.ts'),
  ])
  return new TurnKeeper({
    ...parts.onRelay,
    data: config.data,
    file: parts.file,
    totals: parts.totals,
    start: crew.isInProcess ? relayThread : relayProcess(workerEnv(parts.env)),
    tcpAddresses: (listeners) => sockets.addresses(listeners),
    adminAddress: () => parts.admin.nextAddress,
    workersOf: workersWanted,
    isEnding,
    handed: parts.handed,
  })
}
