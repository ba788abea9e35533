// Writes that cannot be made when they are due, as another process holds the database or its disk is full:
// they wait in their order, and are made once they can be. What waits has a bound, and nobody waits for it.
import { storeProblemOf, StoreProblem } from './store-problem.ts'
import type { Store } from './store.ts'

/** What is kept beside answers: those of one kind are written one after the other. */
export type LateKind = 'audit' | 'revisions' | 'orders'

export interface LateWrite {
  readonly kind: LateKind
  /** What it holds in memory while it waits, about. */
  readonly bytes: number
  /** Made once, unless it throws; within a transaction with others of its kind. */
  readonly write: (store: Store) => void
  /** It is not going to be made. */
  readonly onLost?: (why: string) => void
}

export interface LateWritesParts {
  /** Opened at need; rejects with a StoreProblem. */
  readonly open: () => Promise<Store>
  /** What is open. */
  readonly now: () => Store | null
  /** Writes of a kind wait from now on. */
  readonly onWaiting: (kind: LateKind, problem: StoreProblem) => void
  /** None of this kind waits any more: so many were made, and so many lost. */
  readonly onKept: (kind: LateKind, facts: { readonly kept: number; readonly lost: number }) => void
}

const WAITING_MAX = 2000
const BYTES_MAX = 32 * 1024 * 1024
/** In one transaction: each takes some ten microseconds. */
const BATCH = 100
const AGAIN_MS = 100
const AGAIN_MS_MAX = 2000

export class LateWrites {
  readonly #kind: LateKind
  readonly #parts: LateWritesParts
  #waiting: LateWrite[] = []
  #bytes = 0
  #kept = 0
  #lost = 0
  #isTold = false
  #problem: string | null = null
  #againMs = AGAIN_MS
  #timer: Timer | null = null
  #isBusy = false
  #hasEnded = false

  constructor(kind: LateKind, parts: LateWritesParts) {
    this.#kind = kind
    this.#parts = parts
  }

  /** Why something of it waits; null: nothing does. */
  get why(): string | null {
    return this.#waiting.length === 0 ? null : this.#problem
  }

  /** Makes it now where that can be, else later. False: it waits, or is lost. */
  add(write: LateWrite): boolean {
    const store = this.#parts.now()
    if (store !== null && this.#waiting.length === 0) {
      const problem = made(store, [write])
      if (problem === null) return true
      if (!(problem instanceof StoreProblem)) return this.#lose(write, problem)
      this.#tell(problem)
    }
    if (this.#hasEnded) return this.#lose(write, 'the gateway ends')
    if (this.#waiting.length >= WAITING_MAX || this.#bytes + write.bytes > BYTES_MAX)
      return this.#lose(write, `${this.#waiting.length} others wait to be kept`)
    this.#waiting.push(write)
    this.#bytes += write.bytes
    if (this.#timer === null && !this.#isBusy) void this.#go()
    return false
  }

  /** Tries once more, while it can. */
  end(): void {
    this.#hasEnded = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const store = this.#parts.now()
    while (store !== null && this.#waiting.length > 0 && this.#batch(store) === null);
    for (const write of this.#waiting.splice(0)) this.#lose(write, 'the gateway ends')
    this.#bytes = 0
  }

  async #go(): Promise<void> {
    this.#timer = null
    this.#isBusy = true
    const problem = await this.#all()
    this.#isBusy = false
    if (this.#hasEnded) return
    if (this.#waiting.length > 0) {
      if (problem !== null) this.#tell(problem)
      this.#timer = setTimeout(() => void this.#go(), this.#againMs)
      this.#timer.unref()
      this.#againMs = Math.min(this.#againMs * 2, AGAIN_MS_MAX)
      return
    }
    this.#againMs = AGAIN_MS
    if (this.#isTold) this.#parts.onKept(this.#kind, { kept: this.#kept, lost: this.#lost })
    this.#isTold = false
    this.#kept = 0
    this.#lost = 0
  }

  /** Null: nothing stood against it. */
  async #all(): Promise<StoreProblem | null> {
    try {
      const store = await this.#parts.open()
      while (this.#waiting.length > 0) {
        const problem = this.#batch(store)
        if (problem !== null) return problem
        // Others have their turn in between.
        await new Promise((resolve) => void setImmediate(resolve))
      }
      return null
    } catch (error) {
      return storeProblemOf(error) ?? new StoreProblem(String(error), 'this is a bug of the gateway')
    }
  }

  /** Null: they are made, and gone from those that wait. */
  #batch(store: Store): StoreProblem | null {
    const batch = this.#waiting.slice(0, BATCH)
    const problem = made(store, batch)
    if (problem instanceof StoreProblem) return problem
    for (const write of batch) {
      // One of them can never be made: each by itself, the others are.
      const own = problem === null ? null : made(store, [write])
      if (own instanceof StoreProblem) return own
      this.#waiting.shift()
      this.#bytes -= write.bytes
      if (own === null) this.#kept++
      else this.#lose(write, own)
    }
    return null
  }

  #tell(problem: StoreProblem): void {
    this.#problem = problem.message
    if (!this.#isTold) this.#parts.onWaiting(this.#kind, problem)
    this.#isTold = true
  }

  #lose({ onLost }: LateWrite, why: string): false {
    this.#lost++
    onLost?.(why)
    return false
  }
}

/** All or none; what stands against it: a problem of the store, which passes, or why it never can be. */
function made(store: Store, writes: readonly LateWrite[]): StoreProblem | string | null {
  try {
    if (writes.length === 1) writes[0]?.write(store)
    else store.db.transaction(() => writes.forEach(({ write }) => write(store)))
    return null
  } catch (error) {
    return storeProblemOf(error) ?? String(error)
  }
}
