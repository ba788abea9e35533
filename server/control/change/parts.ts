// The parts of each change, in the order in which they are staged and committed.
import type { Config } from '../../config/schema.ts'
import { finishMs } from '../../lib/drain.ts'
import type { Resolver } from '../../lib/resolver.ts'
import { configureEvents } from '../../telemetry/log.ts'
import type { Prober } from '../health/prober.ts'
import type { Orders } from '../orders/orders.ts'
import type { PlanBody } from '../processes/worker.ts'
import type { Board } from '../processes/board.ts'
import type { ChosenSockets } from '../processes/chosen-sockets.ts'
import type { Crew } from '../processes/crew.ts'
import type { ApplyProblem, Edition } from '../problem.ts'
import type { BindProblem } from '../sockets/bind-problem.ts'
import type { ListeningSockets } from '../sockets/sockets.ts'
import type { Part } from './part.ts'
import { accessLogProblem, takesLeases, takesTokens, takesWindows, workersWanted } from './plan-checks.ts'

/** Neither a start nor a change waits longer for the first checks of new servers. */
const JUDGING_MS_MAX = 2000

/** What a change moves. */
export interface PartHands {
  readonly file: Part
  readonly board: Pick<
    Board,
    'reserve' | 'reserveBuckets' | 'reserveWindows' | 'reserveLeases' | 'occupy' | 'adapt'
  >
  readonly prober: Pick<Prober, 'stage' | 'apply' | 'drop'>
  readonly desk: { readonly orders: Pick<Orders, 'load'>; commit(plan: PlanBody): void }
  readonly resolver: Pick<Resolver, 'configure'>
  readonly sockets: Pick<ListeningSockets, 'stage' | 'commit' | 'drop'>
  readonly admin: Part
  readonly turn: Part
  readonly chosen: Pick<ChosenSockets, 'listenerProblems'>
  readonly crew: Pick<Crew, 'slots' | 'prepare' | 'commit' | 'drop' | 'resize'>
  readonly history: Part
  readonly book: Part
  readonly certificates: Part
  readonly tlsFiles: Part
  readonly geo: Part
  readonly keys: Part
  readonly plugins: Part
  /** The gateway that this one takes over from; null: there is none. */
  readonly predecessor: { whenFree(): Promise<void> } | null
  /** The config of the start. */
  readonly first: Pick<Config, 'resolver'>
  readonly isServing: () => boolean
  /** Settles when no worker that a supervisor left behind, as it died, has a port of this config. */
  readonly portsFreed: (config: Config) => Promise<void>
}

/**
 * The file decides: what may fail at the end is done before anything is swapped. Servers have a state before
 * workers look at them, and the relay is there before workers bring it clients.
 */
export const partsOf = (hands: PartHands): readonly Part[] => [
  hands.file,
  boardPart(hands),
  ordersPart(hands),
  healthPart(hands),
  socketsPart(hands),
  hands.admin,
  hands.turn,
  LOGS,
  crewPart(hands),
  hands.certificates,
  hands.tlsFiles,
  hands.geo,
  hands.keys,
  hands.plugins,
  hands.history,
  // It has the number that the history gave.
  hands.book,
  predecessorPart(hands.predecessor),
]

/** The gateway that this one takes over from accepts until all else is ready. */
const predecessorPart = (predecessor: PartHands['predecessor']): Part => ({
  name: 'predecessor',
  stage: () => [],
  ready: async () => predecessor?.whenFree(),
  commit: () => {},
  drop: () => {},
})

function boardPart({ board }: PartHands): Part {
  return {
    name: 'board',
    stage: ({ config }, { records }) => {
      board.reserve(records)
      if (takesTokens(config)) board.reserveBuckets(config.limits.rate_limits)
      if (takesWindows(config)) board.reserveWindows(config.limits.rate_limits)
      if (takesLeases(config)) board.reserveLeases(config.limits.concurrency)
      return []
    },
    commit: ({ slots, config }) => {
      board.occupy(slots)
      board.adapt({ slots, config })
    },
    drop: () => {},
  }
}

/** Before anybody is checked, or gets work. */
function ordersPart({ desk }: PartHands): Part {
  return {
    name: 'orders',
    stage: async () => {
      await desk.orders.load()
      return []
    },
    commit: (plan) => desk.commit(plan),
    drop: () => {},
  }
}

function healthPart({ prober, resolver, first }: PartHands): Part {
  let served = first.resolver
  let judged: Promise<unknown> = Promise.resolve()
  return {
    name: 'health',
    stage: (_, { config: words, slots, files }) => {
      resolver.configure(words.resolver)
      judged = Promise.race([prober.stage(words, slots, files), Bun.sleep(JUDGING_MS_MAX)])
      return []
    },
    ready: () => judged.then(() => {}),
    commit: ({ config: words, slots, files }) => {
      served = words.resolver
      prober.apply(words, slots, files)
    },
    drop: () => {
      resolver.configure(served)
      prober.drop()
    },
  }
}

function socketsPart({ sockets, chosen, crew, isServing, portsFreed }: PartHands): Part {
  return {
    name: 'sockets',
    stage: async ({ from }, { config }) => {
      // Workers of our own kind, left behind by a supervisor that died, make way.
      if (!isServing()) await portsFreed(config)
      const problems = chosen.listenerProblems(config)
      if (problems.length > 0) return problems
      return bindProblems(sockets.stage(config.listeners, crew.slots), isServing(), from)
    },
    commit: ({ config: { listeners } }) => sockets.commit(listeners),
    drop: () => sockets.drop(),
  }
}

/** Addresses that cannot be opened; while something is served, a port in use is worth another try. */
export function bindProblems(
  problems: readonly BindProblem[],
  isServing: boolean,
  from: Edition['from'] = 'file',
): readonly ApplyProblem[] {
  return problems.map(({ path, code: system, message, hint, holder }) => {
    const told = { path, code: 'cannot_listen', system, message, ...(holder !== null && { holder }) }
    if (system === 'EADDRINUSE' && isServing)
      return { ...told, hint: `try again${AGAIN[from] ?? ''} once the port is free` }
    return hint === null ? told : { ...told, hint }
  })
}

/** A signal reads the file, which is not what a command was to apply. */
const AGAIN: Readonly<Partial<Record<Edition['from'], string>>> = {
  file: ' with SIGHUP',
  api: ' to apply it',
  rollback: ' to go back',
}

const LOGS: Part = {
  name: 'logs',
  stage: ({ config }) => {
    const problem = accessLogProblem(config)
    return problem === null ? [] : [problem]
  },
  commit: ({ config }) => configureEvents(config.logs),
  drop: () => {},
}

function crewPart({ crew }: PartHands): Part {
  return {
    name: 'crew',
    stage: () => [],
    ask: async (plan) => (await crew.prepare(plan)).map((why) => ({ path: '', message: why })),
    commit: (plan) => crew.commit(plan),
    drop: (plan) => crew.drop(plan),
    finish: ({ config }) => crew.resize(workersWanted(config), finishMs(config.drain)),
  }
}
