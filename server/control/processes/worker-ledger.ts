// The ledger of one worker process as the supervisor holds it, from its start to its end.
import { Ledger } from '../../scoreboard/ledger.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { LogsConfig } from '../../telemetry/logs.options.ts'
import { counterReader, type Totals } from '../../telemetry/registry.ts'
import { writeLastLines } from './last-lines.ts'

/** Lines of dead workers that are being written. */
const settling = new Set<Promise<void>>()

/** Settles when nothing is left of the workers that are dead. */
export async function ledgersSettled(): Promise<void> {
  await Promise.all(settling)
}

export class WorkerLedger {
  #ledger: Ledger | null = null
  #reader: ReturnType<typeof counterReader> | null = null
  readonly #totals: Totals

  constructor(totals: Totals) {
    this.#totals = totals
  }

  /**
   * Makes it; its descriptor. Null: there is no memory for one, and what the worker has not handed over is
   * lost with it.
   */
  open(folder: string): number | null {
    try {
      const ledger = new Ledger(Ledger.create(folder))
      this.#ledger = ledger
      this.#reader = counterReader(ledger)
      this.#totals.follow(this.#reader)
      return ledger.fd
    } catch (error) {
      logEvent('warn', 'no_ledger', { why: String(error) })
      return null
    }
  }

  /** Adds what the worker has counted to the totals. */
  collect(): void {
    if (this.#reader) this.#totals.collect(this.#reader)
  }

  /** The worker is dead: takes what it has left. */
  settle(logs: LogsConfig | null): void {
    const ledger = this.#ledger
    if (!ledger) return
    this.collect()
    if (this.#reader) this.#totals.leave(this.#reader)
    this.#ledger = null
    this.#reader = null
    const written = this.#writeLines(ledger, logs).finally(() => void settling.delete(written))
    settling.add(written)
  }

  async #writeLines(ledger: Ledger, logs: LogsConfig | null): Promise<void> {
    try {
      const dropped = logs === null ? 0 : await writeLastLines(ledger, logs)
      if (dropped > 0) this.#totals.counter('log_lines_dropped_total').add(dropped)
    } finally {
      ledger.close()
    }
  }
}
