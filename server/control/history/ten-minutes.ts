// Figures of ten minutes on their way to the disk. Where they cannot be kept there that is told, those of the
// last hour wait, and what is in memory goes on.
import type { LogEvent } from '../../telemetry/log.ts'
import type { FigureKind, TenMinutesOf } from '../../tables/figures.ts'
import { addCells } from '../../telemetry/figure-cells.ts'
import type { Figures } from '../store/figures.ts'

const WAITING_MAX = 6

interface Batch {
  readonly beganS: number
  readonly all: readonly TenMinutesOf[]
}

export interface TenMinutesParts {
  /** Where they are kept; rejects where that cannot be opened. */
  readonly figures: () => Promise<Pick<Figures, 'add'>>
  readonly tell: LogEvent
}

export class TenMinutes {
  readonly #parts: TenMinutesParts
  readonly #waiting: Batch[] = []
  #isTold = false
  #last: Promise<void> = Promise.resolve()

  constructor(parts: TenMinutesParts) {
    this.#parts = parts
  }

  /** Keeps those of ten minutes that began then (seconds since 1970), when it can. */
  keep(beganS: number, all: readonly TenMinutesOf[]): void {
    this.#waiting.push({ beganS, all })
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift()
    this.#last = this.#last.then(() => this.#write())
  }

  /** Settles when all is written that can be. */
  settled(): Promise<void> {
    return this.#last
  }

  /** What waits of a name. */
  waiting(kind: FigureKind, name: string): { readonly atS: number; readonly cells: Float64Array }[] {
    return this.#waiting.flatMap(({ beganS, all }) =>
      all
        .filter((one) => one.kind === kind && one.name === name)
        .map(({ cells }) => ({ atS: beganS, cells })),
    )
  }

  async #write(): Promise<void> {
    try {
      const figures = await this.#parts.figures()
      for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
        figures.add(batch.beganS, batch.all)
        this.#waiting.shift()
      }
      if (this.#isTold) this.#parts.tell('info', 'figures_kept_again')
      this.#isTold = false
    } catch (error) {
      this.#tell(error)
    }
  }

  #tell(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    const why = error instanceof Error ? error.message : String(error)
    const hint =
      'figures of the last day are there all the same, until the gateway ends; those of an hour wait to be kept'
    this.#parts.tell('warn', 'figures_not_kept', { why, hint })
  }
}

/** The same times put together; the earliest first. */
export function byTime(
  all: readonly { readonly atS: number; readonly cells: Float64Array }[],
): { readonly atS: number; readonly cells: Float64Array }[] {
  const times = new Map<number, Float64Array>()
  for (const { atS, cells } of all) {
    const known = times.get(atS)
    if (known === undefined) times.set(atS, cells.slice())
    else addCells(known, cells)
  }
  return [...times].map(([atS, cells]) => ({ atS, cells })).sort((a, b) => a.atS - b.atS)
}
