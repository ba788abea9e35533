// Events. What happens to the gateway itself (it serves, a server went down, …) goes to stdout as JSON lines,
// always: programs wait for it. Diagnostics go to stderr by level and format of `logs`.
import { LineSink, type Standard } from './line-sink.ts'
import type { LogsConfig } from './logs.options.ts'

export type LogLevel = LogsConfig['level']

/** In rising order; logs.options.ts has the same words, but loads the schema compiler. */
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
export type LogEvent = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void

const LIFECYCLE: ReadonlySet<string> = new Set([
  'serving',
  'applied',
  'rejected',
  'unconfirmed',
  'confirmed',
  'rolled_back',
  'watched',
  'rollout_step',
  'rollout_ended',
  'not_rolled_back',
  'not_written',
  'certificate_replaced',
  'certificate_obtained',
  'certificate_failed',
  'certificate_stand_in',
  'certificate_refused',
  'certificate_not_kept',
  'certificate_expires',
  'worker_hung',
  'worker_exited',
  'worker_replaced',
  'relay_exited',
  'relay_replaced',
  'server_up',
  'server_down',
  'server_ordered',
  'server_order_ended',
  'server_drained',
  'setup_needed',
  'audit',
  'draining',
  'stopped',
])

export interface EventLogOptions {
  readonly level: LogLevel
  readonly format: LogsConfig['format']
  /** Whether lines of the audit are told; default: they are. */
  readonly audit?: boolean | undefined
  readonly stdout: (line: string) => void
  readonly stderr: (line: string) => void
  readonly nowMs: () => number
}

/** The one place that decides where an event goes and how it looks. */
export function logEventTo(options: EventLogOptions): LogEvent {
  const lowest = LOG_LEVELS.indexOf(options.level)
  return (level, event, fields = {}) => {
    if (event === 'audit' && options.audit === false) return
    const isLifecycle = LIFECYCLE.has(event)
    if (!isLifecycle && LOG_LEVELS.indexOf(level) < lowest) return
    const time = new Date(options.nowMs()).toISOString()
    if (isLifecycle) options.stdout(jsonLine(time, level, event, fields))
    else options.stderr((options.format === 'json' ? jsonLine : textLine)(time, level, event, fields))
  }
}

type ToLine = (
  time: string,
  level: LogLevel,
  event: string,
  fields: Readonly<Record<string, unknown>>,
) => string

const jsonLine: ToLine = (time, level, event, fields) =>
  `${JSON.stringify({ time, level, event, ...fields })}\n`

const textLine: ToLine = (time, level, event, fields) => {
  const parts = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`)
  return [time, level.toUpperCase().padEnd(5), event, ...parts].join(' ') + '\n'
}

/** Bare when it is one printable word, else JSON: a line stays a line. */
function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[!#-~]+$/.test(value)) return value
  return JSON.stringify(value) ?? 'null'
}

/** Backlog of each stream, while nobody reads it. */
const BACKLOG_BYTES_MAX = 262_144
const encoder = new TextEncoder()

/**
 * A standard stream of this process. What it has no room for waits, and beyond a limit is dropped, and that
 * is told once there is room.
 */
class EventStream {
  readonly #to: Standard
  /** Opened when there is something to say. */
  #sink: LineSink | null = null

  constructor(to: Standard) {
    this.#to = to
  }

  get dropped(): number {
    return this.#sink?.dropped ?? 0
  }

  /** Whole lines; out at once, where there is room. */
  write(text: string): void {
    const sink = (this.#sink ??= this.#open())
    const bytes = encoder.encode(text)
    if (!sink.begin(bytes.length)) return
    sink.line.put(bytes)
    sink.end()
    sink.flush()
  }

  close(): Promise<void> {
    const sink = this.#sink
    return sink === null ? Promise.resolve() : sink.close()
  }

  #open(): LineSink {
    const stream = this.#to
    return new LineSink({
      to: stream,
      backlogBytesMax: BACKLOG_BYTES_MAX,
      onRoom: (count) => logEvent('warn', 'events_dropped', { stream, count }),
      onFailed: (reason) => {
        if (stream === 'stdout') logEvent('error', 'events_failed', { stream, reason })
      },
    })
  }
}

const stdout = new EventStream('stdout')
const stderr = new EventStream('stderr')
const PROCESS = {
  stdout: (text: string): void => stdout.write(text),
  stderr: (text: string): void => stderr.write(text),
  nowMs: () => Date.now(),
}
let current = logEventTo({ level: 'info', format: 'json', ...PROCESS })

/** Who hears events beside the log: whatever its level is. */
const taps = new Set<LogEvent>()

/** Logs an event of this process; never waits. */
export const logEvent: LogEvent = (level, event, fields) => {
  current(level, event, fields)
  hearEvent(level, event, fields)
}

/** An event that another process of this gateway has logged: only taps hear of it here. */
export const hearEvent: LogEvent = (level, event, fields) => {
  for (const tap of taps) tap(level, event, fields)
}

/** Hears all events from now on, until what is returned is called; what hears may not throw, nor log. */
export function tapEvents(tap: LogEvent): () => void {
  taps.add(tap)
  return () => void taps.delete(tap)
}

/** Shows lines for people on stderr, among the events; never waits. */
export const tellPeople = (text: string): void => stderr.write(text)

/** Events of this process that were dropped: nobody read them in time. */
export const droppedEvents = (): number => stdout.dropped + stderr.dropped

/** For the end of the process: settles when what was logged is out, or nobody took it in time. */
export async function finishEvents(): Promise<void> {
  await Promise.all([stdout.close(), stderr.close()])
}

/** Sets level and format of this process's events; again at each reload. */
export function configureEvents(logs: {
  readonly level: LogLevel
  readonly format: LogsConfig['format']
  readonly audit?: boolean
}): void {
  const { level, format, audit } = logs
  current = logEventTo({ level, format, audit, ...PROCESS })
}
