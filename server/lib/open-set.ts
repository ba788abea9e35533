// What is open of one kind, and its end: all of it is waited for, up to a time.

export class OpenSet<T> {
  readonly #open = new Set<T>()
  #done: ((rest: readonly T[]) => void) | null = null
  #timer: Timer | null = null

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#open[Symbol.iterator]()
  }

  add(one: T): void {
    this.#open.add(one)
  }

  has(one: T): boolean {
    return this.#open.has(one)
  }

  /** The last that leaves is the end of a drain: whoever counts does so before. */
  delete(one: T): void {
    if (this.#open.delete(one) && this.#open.size === 0) this.#end()
  }

  /** `done` hears once: when nothing is open any more, or after `withinMs` what still is. */
  drain(withinMs: number, done: (rest: readonly T[]) => void): void {
    this.#done = done
    if (this.#open.size === 0) return this.#end()
    this.#timer = setTimeout(() => this.#end(), withinMs)
  }

  #end(): void {
    if (this.#timer) clearTimeout(this.#timer)
    const done = this.#done
    this.#done = null
    done?.([...this.#open])
  }
}
