// Events. What happens to the gateway itself (it serves, a server went down, …) goes to stdout as JSON lines, always: programs wait for
// it. Diagnostics go to stderr by level and format of `logs`.
import { writeSync } from 'node:fs'
import type { LogsConfig } from './logs.options.ts'

export type LogLevel = LogsConfig['level']

/** In rising order; logs.options.ts has the same words, but loads the schema compiler. */
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
export type LogEvent = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void

const LIFECYCLE: ReadonlySet<string> = new Set([
  'serving',
  'applied',
  'rejected',
  'worker_hung',
  'worker_exited',
  'worker_replaced',
  'relay_exited',
  'relay_replaced',
  'server_up',
  'server_down',
  'draining',
  'stopped',
])

export interface EventLogOptions {
  readonly level: LogLevel
  readonly format: LogsConfig['format']
  readonly stdout: (line: string) => void
  readonly stderr: (line: string) => void
  readonly nowMs: () => number
}

/** The one place that decides where an event goes and how it looks. */
export function logEventTo(options: EventLogOptions): LogEvent {
  const lowest = LOG_LEVELS.indexOf(options.level)
  return (level, event, fields = {}) => {
    const isLifecycle = LIFECYCLE.has(event)
    if (!isLifecycle && LOG_LEVELS.indexOf(level) < lowest) return
    const time = new Date(options.nowMs()).toISOString()
    if (isLifecycle) options.stdout(jsonLine(time, level, event, fields))
    else options.stderr((options.format === 'json' ? jsonLine : textLine)(time, level, event, fields))
  }
}

function jsonLine(
  time: string,
  level: LogLevel,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({ time, level, event, ...fields }) + '\n'
}

function textLine(
  time: string,
  level: LogLevel,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  const parts = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`)
  return [time, level.toUpperCase().padEnd(5), event, ...parts].join(' ') + '\n'
}

/** Bare when it is one printable word, else JSON: a line stays a line. */
function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[!#-~]+$/.test(value)) return value
  return JSON.stringify(value) ?? 'null'
}

/** Writes at once, so that an event is out before the process may end. A descriptor that takes nothing more loses the line. */
function writeTo(fd: number): (line: string) => void {
  return (line) => {
    const bytes = Buffer.from(line)
    let at = 0
    for (let tries = 0; at < bytes.length && tries < 50; tries++) {
      try {
        at += writeSync(fd, bytes, at)
      } catch (error) {
        // EAGAIN: a pipe that some other process made non-blocking, and its reader is behind.
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return
        Bun.sleepSync(1)
      }
    }
  }
}

const PROCESS = { stdout: writeTo(1), stderr: writeTo(2), nowMs: () => Date.now() }
let current = logEventTo({ level: 'info', format: 'json', ...PROCESS })

/** Logs an event of this process. */
export const logEvent: LogEvent = (level, event, fields) => current(level, event, fields)

/** Sets level and format of this process's events; again at each reload. */
export function configureEvents(logs: {
  readonly level: LogLevel
  readonly format: LogsConfig['format']
}): void {
  current = logEventTo({ level: logs.level, format: logs.format, ...PROCESS })
}
