// Applying a change: one transaction, in numbered steps. Until step 7 nothing has changed, and whatever
// stands against the new config only leaves the old one running. One at a time: a newer request waits; one
// that reads the file replaces another such that has not started. Dry runs wait for all changes.
import type { Config } from '../../config/schema.ts'
import { assignSlots, NO_SLOTS, planSlots, type SlotTable, type VacantSlot } from '../processes/slots.ts'
import type { Gathered, PlanBody } from '../processes/worker.ts'
import { type ApplyProblem, type Checked, type Edition, problemOf, TOO_MANY } from '../problem.ts'
import { NOT_WRITABLE } from './file-part.ts'
import type { Part } from './part.ts'

/** What is served. */
export interface Served {
  /** Counts what was applied. */
  readonly revision: number
  readonly edition: Edition
  readonly plan: PlanBody
}

export type Outcome =
  | { readonly is: 'applied'; readonly served: Served }
  /**
   * As far as can be seen without serving it, nothing stands against it; nothing was changed. `notWritable`:
   * why the file could not be given it.
   */
  | { readonly is: 'sound'; readonly edition: Edition; readonly notWritable?: ApplyProblem | undefined }
  /** `edition`: what it stands against; null: there is none, as the text is no valid config. */
  | {
      readonly is: 'rejected'
      readonly problems: readonly ApplyProblem[]
      readonly edition: Edition | null
    }
  /** Another change came before this one was started, and there is nothing to do any more. */
  | { readonly is: 'superseded' }

export interface ApplierOptions {
  /** In the order in which they are staged and committed; they are dropped in reverse. */
  readonly parts: readonly Part[]
  /** What only a restart can change. */
  readonly restartProblems: (config: Config, running: Config) => readonly ApplyProblem[]
  readonly isReusable: (vacant: VacantSlot) => boolean
  /** What a plan has beside its config and slots. */
  readonly gather: (config: Config) => Promise<Gathered>
  /** Compiles on a scratch scoreboard; throws what compile throws. */
  readonly dryRun: (plan: PlanBody) => Promise<void>
  /** The revision that an edition will be. */
  readonly revisionOf: (edition: Edition) => number
  /** A part could not commit when there was no way back: a bug. */
  readonly onBug: (part: string, error: unknown) => void
}

export interface Wish {
  /** Finds what is to be applied, when its turn comes; null: nothing any more. */
  readonly check: () => Promise<Checked | null>
  /** It reads the file as it is then: of two that wait one is enough. */
  readonly isReading?: boolean
  /** Goes no further than to find out whether anything stands against it. */
  readonly isDryRun?: boolean
  /** Whose it is. */
  readonly account?: string | undefined
  /** Asked behind the check: what of it a dry run is to compile; null: nothing of it could be refused. */
  readonly tried?: (config: Config) => Config | null
  /** Called once all parts are asked, in a turn of its own. */
  readonly meanwhile?: (() => void) | undefined
}

interface Request {
  /** It reads the file, and another such may take its place before it is started. */
  readonly isReading: boolean
  readonly account?: string | undefined
  readonly run: () => Promise<void>
  readonly supersede: () => void
}

/** More that wait are refused, of changes and of dry runs. */
const WAITING_MAX = 64
/** Dry runs of one account that wait: the places of others are not theirs. */
const OF_ONE_MAX = 16

export class Applier {
  /** What is served. */
  running: Served | null = null
  readonly #options: ApplierOptions
  #table: SlotTable = NO_SLOTS
  #lastNumber = 0
  readonly #waiting: Request[] = []
  /** Dry runs: many would keep what runs from being mended, and from going back. */
  readonly #tries: Request[] = []
  #isBusy = false

  constructor(options: ApplierOptions) {
    this.#options = options
  }

  /** Applies what is wished for when its turn comes. */
  apply(wish: Wish): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const { isReading = false, isDryRun = false, account } = wish
    const last = this.#waiting.at(-1)
    if (isReading && last?.isReading) {
      this.#waiting.pop()
      last.supersede()
    }
    const queue = isDryRun ? this.#tries : this.#waiting
    const kind = isDryRun ? 'dry runs' : 'changes'
    const own = account === undefined ? 0 : this.#tries.filter((one) => one.account === account).length
    if (queue.length >= WAITING_MAX || (isDryRun && own >= OF_ONE_MAX))
      return Promise.resolve(
        rejected([{ path: '', code: TOO_MANY, message: `too many ${kind} wait already` }]),
      )
    this.#enqueue(queue, {
      ...{ isReading, account },
      run: async () => resolve(await this.#attempt(wish)),
      supersede: () => resolve({ is: 'superseded' }),
    })
    return promise
  }

  /** Changes one thing of what is served, between two changes: no revision, no other plan. */
  amend(act: (plan: PlanBody) => Promise<PlanBody>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const run = async (): Promise<void> => {
      try {
        const { running } = this
        if (running) this.running = { ...running, plan: await act(running.plan) }
        resolve()
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    this.#enqueue(this.#waiting, { isReading: false, run, supersede: resolve })
    return promise
  }

  #enqueue(queue: Request[], request: Request): void {
    queue.push(request)
    if (!this.#isBusy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    const next = (): Request | undefined => this.#waiting.shift() ?? this.#tries.shift()
    for (let request = next(); request; request = next()) await request.run()
    this.#isBusy = false
  }

  async #attempt(wish: Wish): Promise<Outcome> {
    try {
      return await this.#transact(wish)
    } catch (error) {
      return rejected([problemOf(error)])
    }
  }

  async #transact({ check, isDryRun = false, tried: triedOf, meanwhile }: Wish): Promise<Outcome> {
    const { running } = this
    const options = this.#options
    // 1. Parse and check: all problems at once, nothing changed.
    const checked = await check()
    if (checked === null) return { is: 'superseded' }
    if (checked.is === 'invalid') return rejected(checked.problems)
    const { edition } = checked
    const { config } = edition
    const problems = running ? options.restartProblems(config, running.edition.config) : []
    if (problems.length > 0) return rejected(problems, edition)

    // 2. Assign slots by identity: the same server keeps its counters.
    const number = ++this.#lastNumber
    const table = assignSlots(this.#table, config.backends, number, options.isReusable)
    const slots = planSlots(table, config.backends)
    let plan: PlanBody
    try {
      plan = { number, config, slots, records: table.records, ...(await options.gather(config)) }

      // 3. Compile as a dry run: constructors have no effects. At boot nothing runs that it would protect,
      //   and the workers compile as well.
      const tried = triedOf === undefined ? config : triedOf(config)
      if (running && tried !== null) {
        const all = plan
        // Of a part that is refused the whole tells where it stands.
        await options
          .dryRun({ ...all, config: tried })
          .catch((error: unknown) => (tried === config ? Promise.reject(error) : options.dryRun(all)))
      }
    } catch (error) {
      return rejected([problemOf(error)], edition)
    }

    // 4. Write the file beside the old one where the change does not come from it; open what is new: all that
    //   this process can see is told at once.
    // 5. Then send the plan to the others, and hear all of them; meanwhile servers that are new are judged.
    const staged: Part[] = []
    const found = await this.#stage(edition, plan, { begun: staged, meanwhile, isDryRun })
    const refusals = found.filter((one) => standsAgainst(one, isDryRun))

    // 6. Any against it: close what was opened; nothing was swapped. A dry run ends here as well.
    if (refusals.length > 0 || isDryRun) {
      drop(staged, plan)
      return refusals.length > 0
        ? rejected(refusals, edition)
        : { is: 'sound', edition, notWritable: found[0] }
    }

    // 7. Commit: the file is renamed, the workers swap. Not before what is new may be served: a server
    //   without a state would not be used.
    const served: Served = { revision: options.revisionOf(edition), edition, plan }
    const problem = await this.#commit(served, table, staged)
    if (problem !== null) return rejected([problem], edition)

    // 8. Listeners no longer named stop in each worker when their queue is empty; workers beyond the new
    //   number drain.
    await Promise.all(staged.map((part) => this.#surely(part, () => part.finish?.(plan))))
    return { is: 'applied', served }
  }

  /** What was found of a plan; `begun` gets the parts that are to be dropped where it stands against it. */
  async #stage(
    edition: Edition,
    plan: PlanBody,
    { begun, meanwhile, isDryRun }: Pick<Wish, 'meanwhile'> & { begun: Part[]; isDryRun: boolean },
  ): Promise<readonly ApplyProblem[]> {
    const problems: ApplyProblem[] = []
    for (const part of this.#options.parts) {
      begun.push(part)
      problems.push(...(await found(() => part.stage(edition, plan))))
    }
    if (problems.some((one) => standsAgainst(one, isDryRun))) return problems
    // One that fails does not leave the others at work behind it: what they begin is to be dropped.
    const asked = begun.map((part) => found(() => part.ask?.(plan) ?? []))
    // By the next turn they have been told.
    if (meanwhile) setImmediate(() => this.#spend(meanwhile))
    return [...problems, ...(await Promise.all(asked)).flat()]
  }

  /** Nobody waits for it: what it throws ends neither the change nor this process. */
  #spend(meanwhile: () => void): void {
    try {
      meanwhile()
    } catch (error) {
      this.#options.onBug('meanwhile', error)
    }
  }

  /** Null when all serve it. */
  async #commit(served: Served, table: SlotTable, staged: readonly Part[]): Promise<ApplyProblem | null> {
    const { plan } = served
    const [first, ...others] = staged
    try {
      for (const part of staged) await part.ready?.()
      await first?.commit(plan)
    } catch (error) {
      drop(staged, plan)
      return problemOf(error)
    }
    this.#table = table
    this.running = served
    for (const part of others) await this.#surely(part, () => part.commit(plan))
    return null
  }

  /** There is no way back: one that fails does not keep the others from going on. */
  async #surely(part: Part, act: () => void | Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#options.onBug(part.name, error)
    }
  }
}

/** What would come of a text can be told also where the file cannot be given it. */
const standsAgainst = ({ code }: ApplyProblem, isDryRun: boolean): boolean =>
  !isDryRun || code !== NOT_WRITABLE

const rejected = (problems: readonly ApplyProblem[], edition: Edition | null = null): Outcome => ({
  is: 'rejected',
  problems,
  edition,
})

function drop(staged: readonly Part[], plan: PlanBody): void {
  for (const part of staged.toReversed()) part.drop(plan)
}

/** What stands against something; what is thrown as well. */
async function found(
  look: () => readonly ApplyProblem[] | Promise<readonly ApplyProblem[]>,
): Promise<readonly ApplyProblem[]> {
  try {
    return await look()
  } catch (error) {
    return [problemOf(error)]
  }
}
