// Says who runs, for the supervisor that comes when this one was killed.
import { logEvent } from '../telemetry/log.ts'
import type { Parts } from './make-parts.ts'
import { writeRunState } from './processes/state-file.ts'
import { wayToWrite } from './source/way-to-write.ts'

const UNKNOWN_TO_SUCCESSOR =
  'or name another folder with "data"; until then a gateway that follows after a kill does not know our workers'

export class RunStateKeeper {
  #hasWarned = false

  keep({ runState: file, turn, orphans }: Parts, workers: readonly number[]): void {
    try {
      writeRunState(file, { workers, relay: turn.keeper?.relay.pid ?? null, orphans })
    } catch (error) {
      const hint = `${wayToWrite(error)}, ${UNKNOWN_TO_SUCCESSOR}`
      if (!this.#hasWarned) logEvent('warn', 'data_not_writable', { file, why: String(error), hint })
      this.#hasWarned = true
    }
  }
}
