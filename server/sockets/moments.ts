// Moments to come: each once, the earliest first (a binary heap).

export class Moments {
  readonly #heap: number[] = []
  readonly #known = new Set<number>()

  /** Infinity: none. */
  get earliest(): number {
    return this.#heap[0] ?? Infinity
  }

  add(moment: number): void {
    if (this.#known.has(moment)) return
    this.#known.add(moment)
    const heap = this.#heap
    let at = heap.push(moment) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= moment) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = moment
  }

  /** Takes the earliest away. */
  drop(): void {
    const heap = this.#heap
    if (heap.length === 0) return
    this.#known.delete(heap[0]!)
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= last) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }

  clear(): void {
    this.#heap.length = 0
    this.#known.clear()
  }
}
