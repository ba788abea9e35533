// Requests as they end, for one who follows them: workers keep them for a while, and are asked when the
// reader can take more. What found no room is counted.
import type { RequestFilter } from '../../telemetry/request-filter.ts'
import { type AskedWorker, answerOf, type FoundRequest, foundOf, fromWorker } from './gather.ts'

export interface Followed {
  /** The oldest first. */
  readonly requests: readonly FoundRequest[]
  /** So many more came than there was room for. */
  readonly left_out: number
  /** The reader was away for too long: what came meanwhile is not known. */
  readonly gap: boolean
}

export class RequestTail {
  readonly #workers: () => readonly AskedWorker[]
  readonly #filter: RequestFilter
  readonly #follower = crypto.randomUUID()
  /** Those that have been asked. */
  #known = new Set<number>()

  constructor(workers: () => readonly AskedWorker[], filter: RequestFilter) {
    this.#workers = workers
    this.#filter = filter
  }

  /** What came since the last time; of the first one nothing. */
  async next(): Promise<Followed> {
    const workers = this.#workers()
    const question = { is: 'tail', follower: this.#follower, filter: this.#filter } as const
    const answers = await Promise.all(workers.map((one) => answerOf(one, question)))
    const told = answers.flatMap((answer, i) => fromWorker(answer, workers[i]))
    const gap = workers.some(({ pid }, i) => answers[i]?.isNew === true && this.#known.has(pid))
    this.#known = new Set(workers.map(({ pid }) => pid))
    return {
      requests: told.toSorted((a, b) => a.told.atMs - b.told.atMs).map((one) => foundOf(one.told, one.pid)),
      left_out: answers.reduce((sum, answer) => sum + (answer?.left_out ?? 0), 0),
      gap,
    }
  }

  /** Nobody reads any more. */
  end(): void {
    for (const worker of this.#workers()) void answerOf(worker, { is: 'untail', follower: this.#follower })
  }
}
