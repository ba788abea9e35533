// The workers, one at each post. A post whose worker died gets another at once, then after 0.1, 0.2 … 5 s
// when they keep dying young; it takes over the sockets of its post and the last committed plan. A post that
// stays empty while others serve has no sockets: the kernel would send clients to where nobody accepts. Five
// early deaths after a new plan are the plan's fault.
import type { Answer } from '../children/kept.ts'
import type { Amendment, HandingOver, ServerOrdered } from '../../worker/messages.ts'
import { Probation } from './probation.ts'
import type { PlanBody, Worker } from './worker.ts'
import { WorkerPost } from './worker-post.ts'

/**
 * A replacement that has not said hello by then is no reason to let clients wait. A start takes a tenth of a
 * second, on a busy machine seconds: those in its queue are better served late than reset.
 */
const LATE_MS = 5000

export interface CrewOptions {
  readonly isInProcess: boolean
  /** Starts a worker; `exited` is called once when it is gone, after which its row is cleared. */
  readonly start: (slot: number, row: number) => Worker
  /** Rows on the scoreboard: no more workers at a time, those that drain included. */
  readonly rows: number
  readonly clearRow: (row: number) => void
  readonly closeSlot: (slot: number) => void
  /** Closes the sockets of a slot on which nobody accepts. */
  readonly vacateSlot: (slot: number) => void
  readonly onReplaced: (worker: Worker, previousPid: number) => void
  /** A worker did not get as far as serving the committed plan; told once for each reason. */
  readonly onNotStarted: (slot: number, why: string) => void
  /** Workers keep dying of the committed plan. */
  readonly onUnsound: () => void
}

export class Crew {
  /** Connections that drains cut off. */
  aborted = 0
  readonly isInProcess: boolean
  readonly rows: number
  readonly #posts: WorkerPost[] = []
  readonly #leaving = new Set<Worker>()
  readonly #freeRows: Set<number>
  readonly #options: CrewOptions
  #committed: PlanBody | null = null
  readonly #probation = new Probation()
  /** Why workers did not come up, as far as it was told. */
  readonly #told = new Set<string>()
  #isEnding = false
  /** What was told of that, in its order. */
  #handingOver: ((slot: number) => HandingOver)[] = []

  constructor(options: CrewOptions) {
    this.#options = options
    this.isInProcess = options.isInProcess
    this.rows = options.rows
    this.#freeRows = new Set(Array.from({ length: options.rows }, (_, row) => row))
  }

  /** Those at their posts now, in the order of the posts. */
  get workers(): Worker[] {
    return this.#posts.flatMap(({ kept }) => kept ?? [])
  }

  /** The same, and those that drain. */
  get everybody(): Worker[] {
    return [...this.workers, ...this.#leaving]
  }

  /** Ports of listeners that workers bound by themselves, by name. */
  get ports(): ReadonlyMap<string, number> {
    return this.#posts[0]?.kept?.ports ?? new Map()
  }

  /** Slots that someone accepts for, or soon will. */
  get slots(): number[] {
    return this.#posts.filter(({ isVacant }) => !isVacant).map(({ slot }) => slot)
  }

  /** How many there should be. */
  get wanted(): number {
    return this.#posts.length
  }

  /** How many serve a plan now. */
  get serving(): number {
    return this.#posts.filter(({ isServing }) => isServing).length
  }

  /** Whether there are rows for so many workers beside those that still drain. */
  hasRoomFor(count: number): boolean {
    return count + this.#leaving.size <= this.#options.rows
  }

  /**
   * Fills or dissolves posts until there are so many. Settles when the new ones serve the committed plan, if
   * there is one.
   */
  async resize(count: number, drainMs: number): Promise<void> {
    if (this.#isEnding) return
    while (this.#posts.length > count) this.#dissolve(drainMs)
    const added: Promise<boolean>[] = []
    while (this.#posts.length < count) {
      const post = new WorkerPost(this.#posts.length)
      this.#posts.push(post)
      added.push(this.#fill(post))
    }
    await Promise.all(added)
  }

  /** Asks all to be ready for a plan; returns what stands against it. */
  async prepare(plan: PlanBody): Promise<string[]> {
    const answers = await Promise.all(this.#posts.map((post) => this.#prepareAt(post, plan)))
    return [...new Set(answers.flatMap((answer) => (!answer || answer.is === 'ready' ? [] : answer.why)))]
  }

  drop(plan: PlanBody): void {
    for (const worker of this.workers) worker.drop(plan)
  }

  /** Makes all swap; those that are replaced meanwhile come up with it. */
  async commit(plan: PlanBody): Promise<void> {
    this.#committed = plan
    this.#probation.begin(performance.now())
    this.#told.clear()
    await Promise.all(this.#posts.map((post) => post.next(() => this.#commitAt(post, plan))))
  }

  /** Changes one thing of what all serve; those that are replaced meanwhile come up with this plan. */
  async amend(plan: PlanBody, amendment: Amendment): Promise<void> {
    this.#committed = plan
    const told = this.#posts.map((post) => post.next(async () => post.kept?.amend(amendment)))
    await Promise.all(told)
  }

  reason(backend: string, server: string, reason: string): void {
    for (const worker of this.workers) worker.reason(backend, server, reason)
  }

  /** A person has ordered something of a server; those that drain have connections to it as well. */
  ordered(order: ServerOrdered): void {
    for (const worker of this.everybody) void worker.amend(order)
  }

  /** Tells all that they will drain soon; `isHandedOver`: as another gateway serves in our place. */
  announceDrain(isHandedOver = false): void {
    for (const worker of this.workers) worker.announceDrain(isHandedOver)
  }

  /** Another gateway takes over, or this one does from another: what each is told, also who comes later. */
  handOver(told: ((slot: number) => HandingOver) | null): void {
    if (told === null) return void (this.#handingOver = [])
    this.#handingOver.push(told)
    for (const worker of this.workers) worker.handOver(told(worker.slot))
  }

  reopenLogs(): void {
    for (const worker of this.everybody) worker.reopenLogs()
  }

  /** Drains all; settles when the last is gone. */
  async drain(withinMs: number): Promise<void> {
    this.#isEnding = true
    while (this.#posts.length > 0) this.#dissolve(withinMs)
    await Promise.all([...this.#leaving].map((worker) => worker.exited))
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#isEnding = true
    const all = this.everybody
    for (const post of this.#posts) post.backOff.cancel()
    for (const worker of all) worker.kill()
    await Promise.all(all.map((worker) => worker.exited))
  }

  /**
   * Ends a worker that hangs. Its successor takes over its queue and does not wait for its end: one that
   * waits for a disk cannot even be killed.
   */
  displace(worker: Worker): void {
    const post = this.#posts.find(({ kept }) => kept === worker)
    if (post && this.#freeRows.size > 0 && !this.#isEnding) {
      this.#leaving.add(worker)
      this.#succeed(post, worker)
    }
    worker.kill()
  }

  /** Null: nobody is there to ask; whoever comes takes the committed plan. */
  async #prepareAt(post: WorkerPost, plan: PlanBody): Promise<Answer | null> {
    const answer = await post.answerTo(plan)
    // The first plan has to come up everywhere.
    return answer ?? (this.#committed ? null : { is: 'gone', why: 'a worker did not start' })
  }

  async #commitAt(post: WorkerPost, plan: PlanBody): Promise<void> {
    const worker = post.kept
    if (!worker) return
    if (post.readyFor !== plan) await this.#bringUp(post, worker)
    else if (await post.swap(worker, plan)) this.#vacateDeserted()
  }

  #fill(post: WorkerPost): Promise<boolean> {
    const [row] = this.#freeRows
    if (row === undefined) throw new Error('no row is left on the scoreboard')
    const worker = this.#startAt(post.slot, row)
    if (!worker) {
      this.#refillLater(post, true, false)
      return Promise.resolve(false)
    }
    this.#freeRows.delete(row)
    post.take(worker)
    void worker.exited.then(() => this.#onExit(post, worker))
    const late = setTimeout(() => this.#vacate(post), LATE_MS)
    return post.next(async () => {
      const isThere = await worker.hello
      clearTimeout(late)
      if (!isThere) return (this.#tell(post.slot, 'it ended before it said hello'), false)
      for (const told of this.#handingOver) worker.handOver(told(post.slot)) // before it opens anything
      return this.#bringUp(post, worker)
    })
  }

  #startAt(slot: number, row: number): Worker | null {
    try {
      return this.#options.start(slot, row)
    } catch (error) {
      this.#tell(slot, String(error))
      return null
    }
  }

  /** Gives a worker the last committed plan. */
  async #bringUp(post: WorkerPost, worker: Worker): Promise<boolean> {
    const plan = this.#committed
    if (!plan) return true
    // It asks for the sockets of its slot now: those that were closed are made anew.
    if (post.kept === worker) post.isVacant = false
    const why = await post.whyNotServing(worker, plan)
    if (why !== null) {
      this.#tell(post.slot, why)
      worker.kill()
      return false
    }
    this.#vacateDeserted()
    const replaced = post.takeReplaced()
    if (replaced !== null) this.#options.onReplaced(worker, replaced)
    return true
  }

  /** Now that somebody serves, those that wait at other posts need not. */
  #vacateDeserted(): void {
    for (const post of this.#posts) if (post.isDeserted) this.#vacate(post)
  }

  /** Closes the sockets of a post without a worker that accepts, if another one does. */
  #vacate(post: WorkerPost): void {
    if (post.isServing || post.isVacant || this.serving === 0 || !this.#posts.includes(post)) return
    post.isVacant = true
    this.#options.vacateSlot(post.slot)
  }

  #tell(slot: number, why: string): void {
    if (this.#isEnding || this.#told.has(why)) return
    this.#told.add(why)
    this.#options.onNotStarted(slot, why)
  }

  #onExit(post: WorkerPost, worker: Worker): void {
    // Its row is cleared before another can use it: what it had in flight is gone with it.
    this.#options.clearRow(worker.row)
    this.#freeRows.add(worker.row)
    this.aborted += worker.aborted
    if (this.#leaving.delete(worker) || this.#isEnding) return
    this.#succeed(post, worker)
  }

  /** The post is without this worker from now on. */
  #succeed(post: WorkerPost, worker: Worker): void {
    const { hasServed, diedEarly } = post.leave(worker)
    this.#refillLater(post, diedEarly, hasServed)
    if (this.#probation.failsBy(worker, hasServed, performance.now())) this.#options.onUnsound()
  }

  #refillLater(post: WorkerPost, diedEarly: boolean, hasServed: boolean): void {
    post.again(diedEarly, hasServed, () => void this.#fill(post))
    if (post.isDeserted) this.#vacate(post)
  }

  #dissolve(drainMs: number): void {
    const post = this.#posts.pop()
    if (!post) return
    post.backOff.cancel()
    const worker = post.kept
    // Ours first: when the worker closes its own copy, the socket is gone and the kernel sends nobody there.
    this.#options.closeSlot(post.slot)
    if (!worker) return
    this.#leaving.add(worker)
    void worker.hello.then((isThere) => isThere && worker.drain(drainMs, !this.#isEnding))
  }
}
