// The supervisor's crew: workers are started while the config is read, as many as its text seems to want, and
// another crew takes their place where that was wrong.
import type { Crew } from './processes/crew.ts'
import { type CrewParts, makeCrew } from './processes/make-crew.ts'
import type { Worker } from './processes/worker.ts'
import { earlyWorkers, guessWorkers } from './processes/worker-command.ts'

export type OwnCrewParts = Omit<CrewParts, 'count' | 'onOldest'>

export class OwnCrew {
  crew: Crew
  readonly #parts: OwnCrewParts
  readonly #text: string | null
  readonly #guess: number
  readonly #oldest = new Map<Worker, number>()

  /** Of a config with this text; nobody is at work yet. */
  constructor(text: string | null, parts: OwnCrewParts) {
    this.#parts = parts
    this.#text = text
    this.#guess = guessWorkers(text ?? 'workers: 0')
    this.crew = this.#make(this.#guess)
  }

  /** The oldest plan that any worker may still use. */
  get oldestPlan(): number {
    return Math.min(...this.#oldest.values())
  }

  /** Starts what takes a while: workers, and the question which sockets they may have. */
  startEarly(): void {
    if (this.#guess > 0) void this.crew.resize(earlyWorkers(this.#guess), 0)
    if (this.#text !== null) this.#parts.chosen.askEarly(this.#text)
  }

  /** The crew that was started early may be of the wrong kind, or too small to grow. */
  async fit(count: number): Promise<void> {
    const wanted = count === 0 ? 1 : count
    if ((count === 0) === this.crew.isInProcess && this.crew.hasRoomFor(wanted)) return
    await this.crew.kill()
    this.crew = this.#make(count)
  }

  #make(count: number): Crew {
    return makeCrew({
      ...this.#parts,
      count,
      onOldest: (worker, plan) => {
        if (plan === null) this.#oldest.delete(worker)
        else this.#oldest.set(worker, plan)
      },
    })
  }
}
