// Which plans exchanges may still be on. Slots are given away again by that: what nothing holds any more is
// collected as garbage, sooner or later.
import type { Server } from '../backends/server.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

interface Age {
  readonly number: number
  /** What exchanges may still hold of it. */
  readonly used: readonly WeakRef<object>[]
}

export class PlanAges {
  /** From the oldest on. */
  readonly #ages: Age[] = []

  /** A snapshot is served from now on. */
  begin(snapshot: Snapshot): void {
    this.#ages.push({ number: snapshot.number, used: [new WeakRef(snapshot)] })
  }

  /** The newest has another number from now on: these servers left it, and may still be in use. */
  renumber(number: number, left: readonly Server[]): void {
    const newest = this.#ages.pop()
    if (newest === undefined) return
    this.#ages.push({ number: newest.number, used: left.map((server) => new WeakRef(server)) })
    this.#ages.push({ number, used: newest.used })
  }

  /** The oldest that something may still be on. */
  oldest(): number {
    while (this.#ages.length > 1 && isUnused(this.#ages[0]?.used ?? [])) this.#ages.shift()
    return this.#ages[0]?.number ?? 0
  }
}

const isUnused = (used: readonly WeakRef<object>[]): boolean => used.every((one) => one.deref() === undefined)
