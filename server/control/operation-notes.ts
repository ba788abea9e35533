// What goes on for longer than a request is noted in the data folder while it does: a gateway that ends in
// the midst of it can say so when it is back.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readBounded } from '../lib/read-bounded.ts'
import { writeWhole } from '../lib/write-whole.ts'

/** An operation that runs, as far as the next start has to know it. */
export interface NotedOperation {
  readonly id: string
  readonly kind: string
  readonly started: string
  readonly facts: Readonly<Record<string, unknown>>
  /** What it has served last, and the hash of that; null: nothing yet. */
  readonly revision: number | null
  readonly hash: string | null
  /** What it did last. */
  readonly step: string
}

const FILE_BYTES_MAX = 1_048_576

export class OperationNotes {
  readonly #running = new Map<string, NotedOperation>()
  readonly #data: () => string | null

  /** `data` is the data folder; null: nothing is served yet. */
  constructor(data: () => string | null) {
    this.#data = data
  }

  note(one: NotedOperation): void {
    this.#running.set(one.id, one)
    this.#write()
  }

  /** It is over. */
  forget(id: string): void {
    if (this.#running.delete(id)) this.#write()
  }

  /** What the run before left in the midst; it is told once. */
  takeLeft(): readonly NotedOperation[] {
    const file = this.#file()
    if (file === null) return []
    try {
      const text = new TextDecoder().decode(readBounded(file, FILE_BYTES_MAX))
      rmSync(file, { force: true })
      const left: unknown = JSON.parse(text)
      return Array.isArray(left) ? left.filter(isNoted) : []
    } catch {
      // There was none: the usual case.
      return []
    }
  }

  #write(): void {
    const file = this.#file()
    if (file === null) return
    try {
      if (this.#running.size === 0) rmSync(file, { force: true })
      else writeWhole(file, `${JSON.stringify([...this.#running.values()])}\n`, { isLasting: true })
    } catch {
      // A folder that cannot be written is told of by what has to be there.
    }
  }

  #file(): string | null {
    const data = this.#data()
    return data === null ? null : join(data, 'operations.json')
  }
}

function isNoted(value: unknown): value is NotedOperation {
  const one = value as Partial<NotedOperation> | null
  const isText = (text: unknown): boolean => typeof text === 'string'
  return [one?.id, one?.kind, one?.started, one?.step].every(isText) && typeof one?.facts === 'object'
}
