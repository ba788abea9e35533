// What the supervisor works with once the first config is known.
import type { Config } from '../config/schema.ts'
import type { Resolver } from '../lib/resolver.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import { Applier, type Hands } from './change/apply.ts'
import { Board } from './processes/board.ts'
import type { Crew } from './processes/crew.ts'
import { accessLogProblem, dryRun, restartProblems, workersOf } from './change/plan-checks.ts'
import type { HealthChange, HealthResult, Prober } from './health/prober.ts'
import { Sockets, type ListeningSockets } from './sockets/sockets.ts'
import { untilOrphansEnd } from './processes/orphans.ts'
import {
  areHeldByOrphans,
  isRelayEnding,
  orphanMarks,
  readRunState,
  runStateFile,
  writeRunState,
  type ProcessMark,
} from './processes/state-file.ts'
import type { TurnKeeper, TurnKeeperOptions } from './relay/turn-keeper.ts'
import { TurnSide } from './relay/turn-side.ts'
import { workerEnv } from './processes/worker-command.ts'

/** Neither a start nor a change waits longer for the first checks of new servers. */
const JUDGING_MS_MAX = 2000

export interface Machinery {
  readonly board: Board
  readonly sockets: ListeningSockets
  readonly prober: Prober
  readonly turn: TurnSide
  readonly applier: Applier
  /** Where it is said who runs: the same until the end. */
  readonly runState: string
  /** Workers of a supervisor that was killed, or of one before it. */
  readonly orphans: readonly ProcessMark[]
}

export interface MachineryParts {
  readonly config: Config
  readonly file: string
  readonly crew: Crew
  readonly admin: Hands['admin'] & { readonly nextAddress: string | null }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly totals: Totals
  /** What is to be told of the TURN relay. */
  readonly onRelay: Pick<TurnKeeperOptions, 'onExit' | 'onReplaced' | 'onNotStarted'>
  readonly sockets: ListeningSockets | null
  /** False once it is told to stop while it starts. */
  readonly isWanted: () => boolean
  /** The oldest plan that any worker may still use. */
  readonly oldestPlan: () => number
  readonly onHealthChange: (change: HealthChange) => void
  readonly onHealthResult: (result: HealthResult) => void
}

/** Makes the machinery for the first config; nothing is open yet. */
export async function makeMachinery(parts: MachineryParts): Promise<Machinery> {
  const { config, crew } = parts
  // Loaded here, beside which workers already start.
  const [{ Prober }, resolvers] = await Promise.all([
    import('./health/prober.ts'),
    import('../lib/resolver.ts'),
  ])
  const { data } = config
  const board = crew.isInProcess ? Board.alone() : Board.shared(crew.rows, data)
  const runState = runStateFile(data, parts.file)
  const leftBehind = readRunState(runState)
  const orphans = leftBehind === null ? [] : orphanMarks(leftBehind)
  const sockets = parts.sockets ?? new Sockets((inodes) => areHeldByOrphans(leftBehind, inodes))
  const turn = new TurnSide(() =>
    makeTurnKeeper(parts, { sockets, isEnding: () => isRelayEnding(leftBehind) }),
  )
  const resolver = new resolvers.Resolver(config.resolver, () => performance.now())
  const prober = new Prober({
    board: board.scoreboard,
    resolver,
    onChange: parts.onHealthChange,
    onResult: parts.onHealthResult,
  })
  const applier = new Applier({
    board,
    sockets,
    crew,
    admin: parts.admin,
    turn,
    isReusable: ({ index, sincePlan }) =>
      board.scoreboard.inFlight(index) === 0 && parts.oldestPlan() >= sincePlan,
    logProblem: accessLogProblem,
    dryRun,
    health: healthOf(config, prober, resolver),
    portsFreed: ({ listeners }) => untilOrphansEnd(() => sockets.heldPorts(listeners), parts.isWanted),
    workersOf: workersWanted,
    restartProblems: (words, running) => restartProblems(words, running, crew),
  })
  return { board, sockets, prober, turn, applier, runState, orphans }
}

function healthOf(config: Config, prober: Prober, resolver: Resolver): Hands['health'] {
  let served = config.resolver
  return {
    judge: ({ config: words, slots }) => {
      resolver.configure(words.resolver)
      return Promise.race([prober.stage(words, slots), Bun.sleep(JUDGING_MS_MAX)])
    },
    commit: ({ config: words, slots }) => {
      served = words.resolver
      prober.apply(words, slots)
    },
    drop: () => {
      resolver.configure(served)
      prober.drop()
    },
  }
}

async function makeTurnKeeper(
  { config, crew, ...parts }: MachineryParts,
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
  })
}

/** How many there are of them, also when they are all one with the supervisor. */
export const workersWanted = (config: Config): number => Math.max(1, workersOf(config))

/** Where listeners are open, by name. */
export function openAddresses({ sockets, turn }: Machinery, { listeners }: Config): Record<string, string> {
  return { ...sockets.addresses(listeners), ...turn.addresses(listeners) }
}

const UNKNOWN_TO_SUCCESSOR =
  'let the user of the gateway write there, or name another folder with "data"; until then a gateway that follows after a kill does not know our workers'

/** Says who runs, for the supervisor that comes when this one was killed. */
export class RunStateKeeper {
  #hasWarned = false

  keep({ runState: file, turn, orphans }: Machinery, workers: readonly number[]): void {
    try {
      writeRunState(file, { workers, relay: turn.pid, orphans })
    } catch (error) {
      if (!this.#hasWarned)
        logEvent('warn', 'data_not_writable', { file, why: String(error), hint: UNKNOWN_TO_SUCCESSOR })
      this.#hasWarned = true
    }
  }
}
