// Opens the store once it is needed, and tells once why it cannot be opened: traffic goes on without it.
import { type LateKind, type LateWrite, LateWrites, type LateWritesParts } from './late-writes.ts'
import type { Found, LostDatabase } from './lost-database.ts'
import type { Store } from './store.ts'
import { StoreBusy, StoreProblem, whereItCan } from './store-problem.ts'

/** How long a failure is taken for granted. */
const AGAIN_MS = 5000
/**
 * How long a write may hold up the supervisor, which has servers to check and deadlines to keep, while
 * another process holds the database. Commands beside it are done sooner.
 */
const BUSY_MS = 20
/** Whoever holds it as it is to be opened has so long. */
const OPEN_WITHIN_MS = 5000
const OPEN_AGAIN_MS = 200

const RESTS = 'another gateway takes over from this one'

export interface StoreKeeperOptions extends Pick<LateWritesParts, 'onWaiting' | 'onKept'> {
  /** The data folder; null: there is no config yet. */
  readonly data: () => string | null
  readonly nowMs?: () => number
  /** It cannot be opened; told once for each cause. */
  readonly onNotOpen: (problem: StoreProblem) => void
}

export class StoreKeeper {
  readonly #options: StoreKeeperOptions
  #store: Store | null = null
  #opening: Promise<Store> | null = null
  #problem: { readonly problem: StoreProblem; readonly atMs: number } | null = null
  #told = ''
  #isClosed = false
  #isResting = false
  readonly #late = new Map<LateKind, LateWrites>()
  #lost: LostDatabase | null = null

  constructor(options: StoreKeeperOptions) {
    this.#options = options
  }

  /** What is open; null: not yet, or it cannot be. */
  get now(): Store | null {
    return this.#store
  }

  /** Why something is not kept, or not known, for now; null: all is. */
  get trouble(): string | null {
    if (this.#store === null && this.#problem !== null) return this.#problem.problem.message
    if (this.#store?.db.isThere() === false)
      return `${this.#store.db.path} was removed, or another was put in its place`
    const waiting = [...this.#late].filter(([, { why }]) => why !== null)
    const [first] = waiting
    if (first === undefined) return null
    return `${first[1].why}: ${waiting.map(([kind]) => kind).join(', ')} wait in memory`
  }

  /** Opens it at first need; rejects with a StoreProblem. */
  open(): Promise<Store> {
    const { nowMs = Date.now } = this.#options
    if (this.#store !== null) return Promise.resolve(this.#store)
    if (this.#problem !== null && Math.abs(nowMs() - this.#problem.atMs) < AGAIN_MS)
      return Promise.reject(this.#problem.problem)
    this.#opening ??= this.#open().finally(() => (this.#opening = null))
    return this.#opening
  }

  /**
   * Writes something now where that can be, else once it can be; nobody waits for it. False: it waits, or is
   * lost.
   */
  keep(write: LateWrite): boolean {
    const { onWaiting, onKept } = this.#options
    const known = this.#late.get(write.kind)
    const late =
      known ??
      new LateWrites(write.kind, {
        ...{ onWaiting, onKept },
        open: () => this.open(),
        now: () => this.#store,
      })
    this.#late.set(write.kind, late)
    return late.add(write)
  }

  /** Another gateway has it from now on: nothing is read or written until it is woken. */
  rest(): void {
    this.#isResting = true
    this.#store?.close()
    this.#store = null
  }

  wake(): void {
    this.#isResting = false
    this.#problem = null
  }

  close(): void {
    this.#isClosed = true
    for (const late of this.#late.values()) late.end()
    this.#store?.close()
    this.#store = null
  }

  /**
   * Whether the file of what is open is where it was, and what was done where it is not. It is used as long
   * as it is open: those who are known stay so, as they would not in an empty one.
   */
  look(): { readonly found: Found; readonly path: string; readonly problem: StoreProblem | null } | null {
    const store = this.#store
    if (store === null || this.#lost === null) return null
    const found = this.#lost.look(store.db, () => store.reopen())
    if (found === 'there') whereItCan(() => store.key.remember())
    return { found, path: store.db.path, problem: this.#lost.problem }
  }

  /** Waits for who holds it, with others having their turn meanwhile. */
  async #opened(open: () => Store): Promise<Store> {
    for (let leftMs = OPEN_WITHIN_MS; ; leftMs -= OPEN_AGAIN_MS) {
      try {
        return open()
      } catch (error) {
        if (!(error instanceof StoreBusy) || leftMs <= 0 || this.#isClosed) throw error
        await new Promise((resolve) => void setTimeout(resolve, OPEN_AGAIN_MS))
      }
    }
  }

  async #open(): Promise<Store> {
    const { nowMs = Date.now, onNotOpen } = this.#options
    try {
      // Loaded now: a start does not wait for SQLite.
      const [{ Store }, { LostDatabase }] = await Promise.all([
        import('./store.ts'),
        import('./lost-database.ts'),
      ])
      const data = this.#options.data()
      if (this.#isResting) throw new StoreProblem(RESTS, 'ask again in a moment')
      if (data === null || this.#isClosed)
        throw new StoreProblem('the gateway starts or stops', 'ask again once it serves')
      const opened = await this.#opened(() => new Store(data, nowMs, { busyMs: BUSY_MS }))
      if (this.#isResting as boolean) {
        opened.close()
        throw new StoreProblem(RESTS, 'ask again in a moment')
      }
      this.#store = opened
      this.#lost = new LostDatabase(nowMs)
      this.#problem = null
      return this.#store
    } catch (error) {
      const problem =
        error instanceof StoreProblem
          ? error
          : new StoreProblem(String(error), 'this is a bug of the gateway')
      this.#problem = { problem, atMs: nowMs() }
      if (this.#told !== problem.message && !this.#isClosed && !this.#isResting) onNotOpen(problem)
      this.#told = problem.message
      throw problem
    }
  }
}
