// A list that others add to while it is read: what is new waits while one reads, nothing that is shown moves,
// and the oldest go where there are too many.

export interface Listed {
  readonly id: string
  readonly time: string
}

/** So many are shown, and as many wait. */
export const ROWS_MAX = 1000

export class LiveList<Row extends Listed> {
  /** The newest first. */
  rows: readonly Row[] = []
  #waiting: Row[] = []
  readonly #known = new Set<string>()
  #dropped = 0

  /** That came and are not shown yet; those among them for which there was no room count as well. */
  get waiting(): number {
    return this.#waiting.length + this.#dropped
  }

  /** In any order; those that are known are not taken again. Gives how many were new. */
  add(found: readonly Row[]): number {
    const news = found.filter(({ id }) => !this.#known.has(id))
    for (const { id } of news) this.#known.add(id)
    this.#waiting.push(...news)
    const over = this.#waiting.length - ROWS_MAX
    if (over > 0) {
      this.#waiting.sort(newestLast)
      this.#forget(this.#waiting.splice(0, over))
      this.#dropped += over
    }
    return news.length
  }

  /** Shows what waits, above all that is shown: nothing that one has read changes its order. */
  show(): boolean {
    if (this.#waiting.length === 0) return false
    const news = this.#waiting.sort(newestLast).toReversed()
    this.#waiting = []
    this.#dropped = 0
    const all = [...news, ...this.rows]
    this.#forget(all.slice(ROWS_MAX))
    this.rows = all.slice(0, ROWS_MAX)
    return true
  }

  #forget(gone: readonly Row[]): void {
    for (const { id } of gone) this.#known.delete(id)
  }
}

const newestLast = (a: Listed, b: Listed): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
