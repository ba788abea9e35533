// Opens the store once it is needed, and tells once why it cannot be opened: traffic goes on without it.
import type { Store } from './store.ts'
import { StoreProblem } from './store-problem.ts'

/** How long a failure is taken for granted. */
const AGAIN_MS = 5000

export interface StoreKeeperOptions {
  /** The data folder; null: there is no config yet. */
  readonly data: () => string | null
  readonly nowMs?: () => number
  /** It cannot be opened; told once for each cause. */
  readonly onNotOpen: (problem: StoreProblem) => void
  /** What is open was removed, or another put in its place; told once. */
  readonly onGone: (path: string) => void
}

export class StoreKeeper {
  readonly #options: StoreKeeperOptions
  #store: Store | null = null
  #opening: Promise<Store> | null = null
  #problem: { readonly problem: StoreProblem; readonly atMs: number } | null = null
  #told = ''
  #isClosed = false
  #lookedMs = 0
  #isGone = false

  constructor(options: StoreKeeperOptions) {
    this.#options = options
  }

  /** What is open; null: not yet, or it cannot be. */
  get now(): Store | null {
    return this.#store
  }

  /** Opens it at first need; rejects with a StoreProblem. */
  open(): Promise<Store> {
    const { nowMs = Date.now } = this.#options
    if (this.#store !== null) {
      this.#look(this.#store, nowMs())
      return Promise.resolve(this.#store)
    }
    if (this.#problem !== null && Math.abs(nowMs() - this.#problem.atMs) < AGAIN_MS)
      return Promise.reject(this.#problem.problem)
    this.#opening ??= this.#open().finally(() => (this.#opening = null))
    return this.#opening
  }

  close(): void {
    this.#isClosed = true
    this.#store?.close()
    this.#store = null
  }

  /** It is used as long as it is open: those who are known stay so, as they would not in an empty one. */
  #look({ db }: Store, nowMs: number): void {
    if (this.#isGone || Math.abs(nowMs - this.#lookedMs) < AGAIN_MS) return
    this.#lookedMs = nowMs
    if (db.isThere()) return
    this.#isGone = true
    this.#options.onGone(db.path)
  }

  async #open(): Promise<Store> {
    const { nowMs = Date.now, onNotOpen } = this.#options
    try {
      // Loaded now: a start does not wait for SQLite.
      const { Store } = await import('./store.ts')
      const data = this.#options.data()
      if (data === null || this.#isClosed)
        throw new StoreProblem('the gateway starts or stops', 'ask again once it serves')
      this.#store = new Store(data, nowMs)
      this.#problem = null
      return this.#store
    } catch (error) {
      const problem =
        error instanceof StoreProblem
          ? error
          : new StoreProblem(String(error), 'this is a bug of the gateway')
      this.#problem = { problem, atMs: nowMs() }
      if (this.#told !== problem.message && !this.#isClosed) onNotOpen(problem)
      this.#told = problem.message
      throw problem
    }
  }
}
