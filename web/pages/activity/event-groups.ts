// Events as they are listed: those that are asked for, by the minute in which they were.
import { saidOf } from '../../data/event-words.ts'

export interface ListedEvent {
  readonly id: number
  readonly time: string
  readonly level: string
  readonly topic: string
  readonly name: string
  readonly event: string
  readonly [field: string]: unknown
}

export interface Minute {
  /** Begin of the minute, in ms since 1970. */
  readonly atMs: number
  /** The newest first. */
  readonly events: readonly ListedEvent[]
}

export interface EventFilter {
  /** Undefined: all. */
  readonly topics?: ReadonlySet<string> | undefined
  /** Only what is a warning or worse. */
  readonly isBad?: boolean
  /** All of its words must be found. */
  readonly words?: string
}

/** Those that pass, the newest first. */
export function chosenEvents(
  events: readonly ListedEvent[],
  { topics, isBad = false, words = '' }: EventFilter,
): readonly ListedEvent[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return events.filter((event) => {
    if (topics !== undefined && !topics.has(event.topic)) return false
    if (isBad && event.level === 'info') return false
    if (wanted.length === 0) return true
    const { title, detail } = saidOf(event)
    const text = `${title} ${detail} ${event.name} ${String(event['backend'] ?? '')}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

const MINUTE_MS = 60_000

/** `events`: the newest first. */
export function minutesOf(events: readonly ListedEvent[]): Minute[] {
  const minutes: { atMs: number; events: ListedEvent[] }[] = []
  for (const event of events) {
    const atMs = Math.floor(Date.parse(event.time) / MINUTE_MS) * MINUTE_MS
    const last = minutes.at(-1)
    if (last?.atMs === atMs) last.events.push(event)
    else minutes.push({ atMs, events: [event] })
  }
  return minutes
}
