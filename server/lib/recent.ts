// Things in the order in which they were put there, the latest on top; each may leave from wherever it
// stands. All that costs the same however many there are.

/** What may stand in such a list. The list's own. */
export interface Listed {
  older: Listed | null
  newer: Listed | null
  isListed: boolean
}

export class Recent<T extends Listed> {
  length = 0
  #newest: T | null = null
  #oldest: T | null = null

  /** The one that was put there first; null: there is none. */
  get oldest(): T | null {
    return this.#oldest
  }

  push(one: T): void {
    const newest = this.#newest
    one.older = newest
    one.isListed = true
    if (newest) newest.newer = one
    else this.#oldest = one
    this.#newest = one
    this.length++
  }

  /** Takes out the one that was put there last. */
  pop(): T | null {
    const newest = this.#newest
    if (newest) this.remove(newest)
    return newest
  }

  /** Takes one out; nothing happens when it stands in no list. */
  remove(one: T): void {
    if (!one.isListed) return
    const older = one.older as T | null
    const newer = one.newer as T | null
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
    // What left keeps nobody alive.
    one.older = one.newer = null
    one.isListed = false
    this.length--
  }
}
