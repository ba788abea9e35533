// What goes on for longer than a request may: what it does, step by step, and how it ended. Kept in memory,
// the newest few; whoever asks for one that is not known any more is told so.
export type OperationState = 'running' | 'paused' | 'done' | 'failed' | 'aborted'

export interface Operation {
  readonly id: string
  /** Such as `change.watch`. */
  readonly kind: string
  readonly state: OperationState
  readonly started: string
  readonly ended: string | null
  readonly steps: readonly OperationStep[]
  /** What it works on, and what came of it. */
  readonly facts: Readonly<Record<string, unknown>>
}

interface OperationStep {
  readonly time: string
  readonly what: string
}

const KEPT_MAX = 100
const STEPS_MAX = 500

export class Operations {
  readonly #all = new Map<string, Operation>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs
  }

  /** Gives its id. */
  begin(kind: string, facts: Operation['facts']): string {
    const id = `op_${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
    this.#all.set(id, { id, kind, state: 'running', started: this.#now(), ended: null, steps: [], facts })
    // Those that are over go first: one that runs is asked for.
    for (const { id: old, ended } of this.#all.values())
      if (this.#all.size > KEPT_MAX && ended !== null) this.#all.delete(old)
    return id
  }

  /** One of the run before, which has ended with that; it keeps its id, for who asks for it still. */
  cut(
    one: Pick<Operation, 'id' | 'kind' | 'started'>,
    { what, facts }: { readonly what: string; readonly facts: Operation['facts'] },
  ): void {
    const { id, kind, started } = one
    const [time, steps] = [this.#now(), [{ time: started, what }]]
    this.#all.set(id, { id, kind, state: 'aborted', started, ended: time, steps, facts })
  }

  step(id: string, what: string, facts: Operation['facts'] = {}): void {
    const one = this.#all.get(id)
    if (one === undefined) return
    const steps = [...one.steps, { time: this.#now(), what }].slice(-STEPS_MAX)
    this.#all.set(id, { ...one, steps, facts: { ...one.facts, ...facts } })
  }

  /** It waits for somebody, or goes on. */
  mark(id: string, state: 'running' | 'paused'): void {
    const one = this.#all.get(id)
    if (one?.ended === null) this.#all.set(id, { ...one, state })
  }

  end(id: string, state: 'done' | 'failed' | 'aborted', facts: Operation['facts']): void {
    const one = this.#all.get(id)
    if (one === undefined) return
    this.#all.set(id, { ...one, state, ended: this.#now(), facts: { ...one.facts, ...facts } })
  }

  get(id: string): Operation | null {
    return this.#all.get(id) ?? null
  }

  /** The newest first. */
  list(): readonly Operation[] {
    return [...this.#all.values()].reverse()
  }

  #now(): string {
    return new Date(this.#nowMs()).toISOString()
  }
}
