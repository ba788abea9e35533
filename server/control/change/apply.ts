// Applying a change: one transaction, in numbered steps. Until step 7 nothing has changed, and whatever
// stands against the new config only leaves the old one running. One at a time: a newer request waits, and
// replaces one that has not started.
import type { Config } from '../../config/schema.ts'
import type { BindProblem } from '../sockets/bind-problem.ts'
import { finishMs } from '../../lib/drain.ts'
import { readCertificates } from './certificates.ts'
import type { Sockets } from '../sockets/sockets.ts'
import type { Board } from '../processes/board.ts'
import type { Crew } from '../processes/crew.ts'
import type { TurnSide } from '../relay/turn-side.ts'
import { assignSlots, NO_SLOTS, planSlots, type SlotTable, type VacantSlot } from '../processes/slots.ts'
import type { PlanBody } from '../processes/worker.ts'
import { takesTokens } from './plan-checks.ts'
import { type ApplyProblem, type Checked, type Edition, problemOf } from '../problem.ts'

/** What is served. */
export interface Served {
  /** Counts what was applied. */
  readonly revision: number
  readonly edition: Edition
  readonly plan: PlanBody
}

export type Outcome =
  | { readonly is: 'applied'; readonly served: Served }
  /** `edition`: what it stands against; null: there is none, as the text is no valid config. */
  | {
      readonly is: 'rejected'
      readonly problems: readonly ApplyProblem[]
      readonly edition: Edition | null
    }
  /** A newer request came before this one was started. */
  | { readonly is: 'superseded' }

/** What a transaction moves. */
export interface Hands {
  readonly sockets: Pick<Sockets, 'stage' | 'commit' | 'drop'>
  /**
   * At boot: settles when no worker of our own kind, left behind by a supervisor that died, has a port of
   * this config.
   */
  readonly portsFreed: (config: Config) => Promise<void>
  readonly crew: Pick<Crew, 'slots' | 'prepare' | 'commit' | 'drop' | 'resize' | 'hasRoomFor'>
  readonly board: Pick<Board, 'reserve' | 'reserveBuckets' | 'occupy'>
  readonly isReusable: (vacant: VacantSlot) => boolean
  /** The admin listener: bound anew when its address changes. */
  readonly admin: {
    stage(config: Config): Promise<ApplyProblem | null>
    commit(config: Config): void
    drop(): void
  }
  /** The TURN relay, with its UDP sockets and its door. */
  readonly turn: Pick<TurnSide, 'doorOf' | 'stage' | 'prepare' | 'commit' | 'drop'>
  /** What stands against writing the access log. */
  readonly logProblem: (config: Config) => ApplyProblem | null
  /** Compiles on a scratch scoreboard; throws what compile throws. */
  readonly dryRun: (plan: PlanBody) => Promise<void>
  readonly health: {
    /**
     * Checks the servers that the plan brings; settles when each has a state, or when that has taken long
     * enough.
     */
    judge(plan: PlanBody): Promise<void>
    /** Told before the workers swap, so that new servers have a state when they are first looked at. */
    commit(plan: PlanBody): void
    drop(): void
  }
  readonly workersOf: (config: Config) => number
  /** What only a restart can change. */
  readonly restartProblems: (config: Config, running: Config) => readonly ApplyProblem[]
}

interface Request {
  readonly check: () => Promise<Checked>
  readonly settle: (outcome: Outcome) => void
}

export class Applier {
  /** What is served. */
  running: Served | null = null
  readonly #hands: Hands
  #table: SlotTable = NO_SLOTS
  #lastNumber = 0
  #lastRevision = 0
  #waiting: Request | null = null
  #isBusy = false

  constructor(hands: Hands) {
    this.#hands = hands
  }

  /** Applies what `check` finds when its turn comes. */
  apply(check: () => Promise<Checked>): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#waiting?.settle({ is: 'superseded' })
    this.#waiting = { check, settle: resolve }
    if (!this.#isBusy) void this.#work()
    return promise
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let request = this.#waiting; request; request = this.#waiting) {
      this.#waiting = null
      request.settle(await this.#attempt(request))
    }
    this.#isBusy = false
  }

  async #attempt(request: Request): Promise<Outcome> {
    try {
      return await this.#transact(request)
    } catch (error) {
      return { is: 'rejected', problems: [problemOf(error)], edition: null }
    }
  }

  async #transact(request: Request): Promise<Outcome> {
    const { running } = this
    const hands = this.#hands
    // 1. Parse and check: all problems at once, nothing changed.
    const checked = await request.check()
    if (checked.is === 'invalid') return { is: 'rejected', problems: checked.problems, edition: null }
    const { edition } = checked
    const { config } = edition
    const problems = running ? hands.restartProblems(config, running.edition.config) : []
    if (problems.length > 0) return { is: 'rejected', problems, edition }
    const certificates = await readCertificates(config)

    // 2. Assign slots by identity: the same server keeps its counters.
    const number = ++this.#lastNumber
    const table = assignSlots(this.#table, config.backends, number, hands.isReusable)
    const slots = planSlots(table, config.backends)
    const door = await hands.turn.doorOf(config)
    const plan: PlanBody = { number, config, slots, records: table.records, door, certificates }

    // 3. Compile as a dry run: constructors have no effects. At boot nothing runs that it would protect, and
    //   the workers compile as well.
    if (running) await hands.dryRun(plan)

    // 4. Writing the file is for edits that do not come from it; these do.

    // 5. Open what is new, send the plan to the workers, hear all of them; meanwhile servers that are new are
    //   judged.
    const judged = hands.health.judge(plan)
    const refusals = await this.#prepare(plan)

    // 6. Any against it: close what was opened; nothing was swapped.
    if (refusals.length > 0) {
      this.#drop(plan)
      return { is: 'rejected', problems: refusals, edition }
    }

    // 7. Commit: the workers swap. Not before: a server without a state would not be used.
    await judged
    const served: Served = { revision: ++this.#lastRevision, edition, plan }
    await this.#commit(served, table)

    // 8. Listeners no longer named stop in each worker when their queue is empty; workers beyond the new
    //   number drain.
    await hands.crew.resize(hands.workersOf(config), finishMs(config.drain))
    return { is: 'applied', served }
  }

  async #prepare(plan: PlanBody): Promise<readonly ApplyProblem[]> {
    const hands = this.#hands
    try {
      hands.board.reserve(plan.records)
      if (takesTokens(plan.config)) hands.board.reserveBuckets(plan.config.limits.rate_limits)
      if (!this.running) await hands.portsFreed(plan.config)
      // All that this process can see is told at once; the workers are asked when nothing was found.
      const bound = hands.sockets.stage(plan.config.listeners, hands.crew.slots)
      const [boundForTurn, ...opened] = await allSettled([
        hands.turn.stage(plan.config),
        hands.admin.stage(plan.config),
        hands.logProblem(plan.config),
      ])
      const problems = [
        ...[...bound, ...boundForTurn].map((problem) => this.#problemOfBind(problem)),
        ...opened,
      ].filter((problem) => problem !== null)
      if (problems.length > 0) return problems
      const [ofWorkers, ofRelay] = await allSettled([hands.crew.prepare(plan), hands.turn.prepare(plan)])
      return [...ofRelay, ...ofWorkers.map((why) => ({ path: '', message: why }))]
    } catch (error) {
      return [problemOf(error)]
    }
  }

  #problemOfBind({ path, code, message, hint }: BindProblem): ApplyProblem {
    if (code === 'EADDRINUSE' && this.running)
      return { path, message, hint: 'try again with SIGHUP once the port is free' }
    return hint === null ? { path, message } : { path, message, hint }
  }

  #drop(plan: PlanBody): void {
    this.#hands.health.drop()
    this.#hands.crew.drop(plan)
    this.#hands.turn.drop()
    this.#hands.sockets.drop()
    this.#hands.admin.drop()
  }

  async #commit(served: Served, table: SlotTable): Promise<void> {
    const hands = this.#hands
    const { plan } = served
    hands.board.occupy(table)
    hands.health.commit(plan)
    this.#table = table
    this.running = served
    hands.sockets.commit(plan.config.listeners)
    hands.admin.commit(plan.config)
    // The relay first: workers bring it clients as soon as they have swapped.
    await hands.turn.commit()
    await hands.crew.commit(plan)
  }
}

/**
 * As Promise.all, but one that fails does not leave the others at work behind it: what they open is to be
 * dropped.
 */
async function allSettled<const T extends readonly unknown[]>(work: T) {
  await Promise.allSettled(work)
  return Promise.all(work)
}
