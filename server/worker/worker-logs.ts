// A worker's access log as the config of the moment wants it. A reload that leaves its place and format alone
// keeps it. A file that cannot be opened stops nobody: it is told, lines are counted as dropped, and it is
// tried again. The supervisor refuses new plans with one.
import type { LogSegments } from '../scoreboard/log-segments.ts'
import { AccessLog } from '../telemetry/access-log.ts'
import { configureEvents, logEvent } from '../telemetry/log.ts'
import type { LogsConfig } from '../telemetry/logs.options.ts'

export class WorkerLogs {
  #accessLog: AccessLog | null = null
  #used = ''
  /** Of logs that are no longer used, and may still write what waits. */
  readonly #closing = new Map<AccessLog, Promise<void>>()
  #droppedBefore = 0
  readonly #segments: LogSegments | null

  constructor(segments: LogSegments | null = null) {
    this.#segments = segments
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    let sum = this.#droppedBefore + (this.#accessLog?.dropped ?? 0)
    for (const log of this.#closing.keys()) sum += log.dropped
    return sum
  }

  /** The access log of this config; null when there is none. */
  use(logs: LogsConfig): AccessLog | null {
    configureEvents(logs)
    const wanted = JSON.stringify([logs.access, logs.format])
    if (wanted === this.#used) return this.#accessLog
    this.#used = wanted
    this.#retire()
    const { enabled, file = null } = logs.access
    const segments = this.#segments
    this.#accessLog = enabled
      ? new AccessLog({ file, format: logs.format, onEvent: logEvent, segments })
      : null
    return this.#accessLog
  }

  reopen(): void {
    this.#accessLog?.reopen()
  }

  /** Settles when all is written, or was given up. */
  async close(): Promise<void> {
    this.#retire()
    await Promise.all(this.#closing.values())
  }

  #retire(): void {
    const accessLog = this.#accessLog
    this.#accessLog = null
    if (!accessLog) return
    const closed = accessLog.close().then(() => {
      this.#closing.delete(accessLog)
      this.#droppedBefore += accessLog.dropped
    })
    this.#closing.set(accessLog, closed)
  }
}
