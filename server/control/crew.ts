// The workers, one at each post. A post whose worker died gets another at once, then after 0.1, 0.2 … 5 s when they keep dying
// young; it takes over the sockets of its post and the last committed plan. Five early deaths after a new plan are the plan's fault.
import type { Answer, PlanBody, Reasons, Worker } from './worker.ts'

const YOUNG_MS = 10_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000
const EARLY_DEATHS_MAX = 5
/** A plan that was served for so long has proven itself. */
const PROVEN_MS = 60_000
/** A worker that dies of a plan is tried twice. */
const TRIES = 2

export interface CrewOptions {
  readonly isInProcess: boolean
  /** Starts a worker; `exited` is called once when it is gone, after which its row is cleared. */
  readonly start: (slot: number, row: number) => Worker
  /** Rows on the scoreboard: no more workers at a time, those that drain included. */
  readonly rows: number
  readonly clearRow: (row: number) => void
  readonly closeSlot: (slot: number) => void
  readonly reasons: () => Reasons
  readonly onReplaced: (worker: Worker, previousPid: number) => void
  readonly onStartFailed: (why: string) => void
  /** Workers keep dying of the committed plan. */
  readonly onUnsound: () => void
}

export class Crew {
  /** Connections that drains cut off. */
  aborted = 0
  readonly isInProcess: boolean
  readonly rows: number
  private readonly posts: Post[] = []
  private readonly leaving = new Set<Worker>()
  private readonly freeRows: Set<number>
  private readonly options: CrewOptions
  private committed: PlanBody | null = null
  private committedMs = 0
  private earlyDeaths = 0
  private isEnding = false

  constructor(options: CrewOptions) {
    this.options = options
    this.isInProcess = options.isInProcess
    this.rows = options.rows
    this.freeRows = new Set(Array.from({ length: options.rows }, (_, row) => row))
  }

  /** Those at their posts now, in the order of the posts. */
  get workers(): Worker[] {
    return this.posts.flatMap(({ worker }) => worker ?? [])
  }

  /** Ports of listeners that workers bound by themselves, by name. */
  get ports(): ReadonlyMap<string, number> {
    return this.posts[0]?.worker?.ports ?? new Map()
  }

  get slots(): number[] {
    return this.posts.map(({ slot }) => slot)
  }

  /** Whether there are rows for so many workers beside those that still drain. */
  hasRoomFor(count: number): boolean {
    return count + this.leaving.size <= this.options.rows
  }

  /** Fills or dissolves posts until there are so many. Settles when the new ones serve the committed plan, if there is one. */
  async resize(count: number, drainMs: number): Promise<void> {
    if (this.isEnding) return
    while (this.posts.length > count) this.dissolve(drainMs)
    const added: Promise<boolean>[] = []
    while (this.posts.length < count) {
      const post = new Post(this.posts.length)
      this.posts.push(post)
      added.push(this.fill(post))
    }
    await Promise.all(added)
  }

  /** Asks all to be ready for a plan; returns what stands against it. */
  async prepare(plan: PlanBody): Promise<string[]> {
    const answers = await Promise.all(this.posts.map((post) => this.prepareAt(post, plan)))
    return [...new Set(answers.flatMap((answer) => (!answer || answer.is === 'ready' ? [] : answer.why)))]
  }

  drop(plan: PlanBody): void {
    for (const { worker } of this.posts) worker?.drop(plan)
  }

  /** Makes all swap; those that are replaced meanwhile come up with it. */
  async commit(plan: PlanBody): Promise<void> {
    this.committed = plan
    this.committedMs = performance.now()
    this.earlyDeaths = 0
    await Promise.all(
      this.posts.map((post) =>
        post.next(async () => {
          if (post.worker && post.readyFor === plan) await post.worker.commit(plan)
          else if (post.worker) await this.bringUp(post, post.worker)
        }),
      ),
    )
  }

  reason(backend: string, server: string, reason: string): void {
    for (const { worker } of this.posts) worker?.reason(backend, server, reason)
  }

  reopenLogs(): void {
    for (const worker of [...this.workers, ...this.leaving]) worker.reopenLogs()
  }

  /** Drains all; settles when the last is gone. */
  async drain(withinMs: number): Promise<void> {
    this.isEnding = true
    while (this.posts.length > 0) this.dissolve(withinMs)
    await Promise.all([...this.leaving].map((worker) => worker.exited))
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.isEnding = true
    const all = [...this.workers, ...this.leaving]
    for (const post of this.posts) post.cancel()
    for (const worker of all) worker.kill()
    await Promise.all(all.map((worker) => worker.exited))
  }

  /** Null: nobody is there to ask; whoever comes takes the committed plan. */
  private async prepareAt(post: Post, plan: PlanBody): Promise<Answer | null> {
    let answer: Answer | null = null
    for (let tries = 0; tries < TRIES; tries++) {
      // Waits for the hello of a worker that was just started, which is in line before this.
      let asked: Worker | null = null
      const said = await post.next(() => {
        asked = post.worker
        return this.ask(post, plan)
      })
      answer = said ?? answer
      if (said?.is !== 'gone') break
      // By then its successor is at the post, or waits for its time.
      await (asked as Worker | null)?.exited
    }
    // The first plan has to come up everywhere.
    return answer ?? (this.committed ? null : { is: 'gone', why: 'a worker did not start' })
  }

  private async ask(post: Post, plan: PlanBody): Promise<Answer | null> {
    const { worker } = post
    if (!worker) return null
    if (!(await worker.hello)) return { is: 'gone', why: 'the worker ended before it said hello' }
    const said = await worker.prepare(plan, this.options.reasons())
    post.readyFor = said.is === 'ready' ? plan : null
    return said
  }

  private fill(post: Post): Promise<boolean> {
    const [row] = this.freeRows
    if (row === undefined) throw new Error('no row is left on the scoreboard')
    const worker = this.startAt(post.slot, row)
    if (!worker) {
      this.refillLater(post, 0)
      return Promise.resolve(false)
    }
    this.freeRows.delete(row)
    post.worker = worker
    post.readyFor = null
    void worker.exited.then(() => this.onExit(post, worker))
    return post.next(async () => (await worker.hello) && this.bringUp(post, worker))
  }

  private startAt(slot: number, row: number): Worker | null {
    try {
      return this.options.start(slot, row)
    } catch (error) {
      this.options.onStartFailed(String(error))
      return null
    }
  }

  /** Gives a worker the last committed plan. */
  private async bringUp(post: Post, worker: Worker): Promise<boolean> {
    const plan = this.committed
    if (!plan) return true
    const answer = await worker.prepare(plan, this.options.reasons())
    const isServing = answer.is === 'ready' && (await worker.commit(plan))
    if (!isServing) worker.kill()
    else if (post.replaces !== null) {
      this.options.onReplaced(worker, post.replaces)
      post.replaces = null
    }
    return isServing
  }

  private onExit(post: Post, worker: Worker): void {
    // Its row is cleared before another can use it: what it had in flight is gone with it.
    this.options.clearRow(worker.row)
    this.freeRows.add(worker.row)
    this.aborted += worker.aborted
    if (this.leaving.delete(worker) || this.isEnding) return
    const nowMs = performance.now()
    post.worker = null
    post.replaces ??= worker.pid
    this.refillLater(post, nowMs - worker.startedMs)
    this.judge(worker, nowMs)
  }

  /** At once, unless the last ones lived no longer than a moment either. */
  private refillLater(post: Post, livedMs: number): void {
    post.waitMs = livedMs >= YOUNG_MS ? 0 : nextWait(post.waitMs, post.diedYoung)
    post.diedYoung = livedMs < YOUNG_MS
    if (post.waitMs === 0) void this.fill(post)
    else post.timer = setTimeout(() => void this.fill(post), post.waitMs)
  }

  private judge(worker: Worker, nowMs: number): void {
    const underPlanMs = nowMs - Math.max(worker.startedMs, this.committedMs)
    if (!this.committed || nowMs - this.committedMs > PROVEN_MS || underPlanMs > YOUNG_MS) return
    this.earlyDeaths++
    if (this.earlyDeaths === EARLY_DEATHS_MAX) this.options.onUnsound()
  }

  private dissolve(drainMs: number): void {
    const post = this.posts.pop()
    if (!post) return
    post.cancel()
    const { worker } = post
    // Ours first: when the worker closes its own copy, the socket is gone and the kernel sends nobody there.
    this.options.closeSlot(post.slot)
    if (!worker) return
    this.leaving.add(worker)
    void worker.hello.then((isThere) => isThere && worker.drain(drainMs))
  }
}

/** A worker's place: its slot stays while workers come and go. What concerns its worker happens one after the other. */
class Post {
  readonly slot: number
  worker: Worker | null = null
  readyFor: PlanBody | null = null
  /** Process id of the worker that the present one stands in for, until it serves. */
  replaces: number | null = null
  waitMs = 0
  diedYoung = false
  timer: Timer | null = null
  private last: Promise<unknown> = Promise.resolve()

  constructor(slot: number) {
    this.slot = slot
  }

  next<T>(act: () => Promise<T>): Promise<T> {
    const done = this.last.then(act)
    this.last = done.catch(() => {})
    return done
  }

  cancel(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }
}

function nextWait(waitMs: number, diedYoung: boolean): number {
  if (!diedYoung) return 0
  return waitMs === 0 ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS)
}
