// What is told where something about certificates on demand cannot be read or written: a folder whose disk
// is full, or a bug. Whoever connects may ask for names, so it is told once an hour, however often it fails.
import type { LogEvent } from '../../telemetry/log.ts'
import { wayToWrite } from '../source/way-to-write.ts'

const HOUR_MS = 3_600_000

export class DemandMishaps {
  readonly #log: LogEvent
  readonly #nowMs: () => number
  /** When each was told, by the word that the system has for it: there are few of these. */
  readonly #toldMs = new Map<string, number>()

  constructor(log: LogEvent, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  tell(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException
    const why = error instanceof Error ? error.message : String(error)
    if (code === undefined)
      return this.#log('error', 'bug', { process: 'supervisor', part: 'acme', error: String(error) })
    const agoMs = this.#nowMs() - (this.#toldMs.get(code) ?? Number.NEGATIVE_INFINITY)
    // Behind a clock that is set back as well.
    if (Math.abs(agoMs) < HOUR_MS) return
    this.#toldMs.set(code, this.#nowMs())
    const until = 'until then no name gets a certificate on demand that has none'
    this.#log('warn', 'on_demand_failed', {
      why,
      hint: `${wayToWrite(error)}, in the folder "data"; ${until}`,
    })
  }
}
